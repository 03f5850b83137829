"""Cell methods, parsed after section 7.3 of the CF conventions."""

import re
from collections.abc import Collection

from apnp.errors import DataError

_COMMENT = re.compile(r"\([^()]*\)")
_ENTRY = re.compile(r"((?:\w+\s*:\s*)+)(\w+)((?:\s+(?:where|over|within)\s+\w+)*)")


def time_method(text: str, time_names: Collection[str], where: str) -> str:
    """The method that applies to time: mean, maximum, point, ...; blank if none.

    Comments in parentheses, with the interval of the original data or not, do not
    change what a value is.

    Args:
        text: The attribute `cell_methods`.
        time_names: Names that stand for time: the coordinate and its dimensions.
        where: The file, for messages.

    Raises:
        DataError: If the values are climatological (section 7.4).

    >>> time_method("area: point time:mean (interval: 1 hour)", ["time"], "a.nc")
    'mean'
    """
    bare = text
    while _COMMENT.search(bare):
        bare = _COMMENT.sub(" ", bare)
    names = {"time", "t", *(n.lower() for n in time_names)}
    for dims, method, rest in _ENTRY.findall(bare):
        if not names & {d.strip().lower() for d in dims.split(":")}:
            continue
        if re.search(r"\b(within|over)\b", rest):
            raise DataError(
                f"{where}: cell_methods {text!r} describe a climatology, whose values "
                "belong to no day. Give the values of single days or instants."
            )
        return method.lower()
    return ""
