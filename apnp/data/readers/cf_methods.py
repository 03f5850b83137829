"""Cell methods, parsed after section 7.3 of the CF conventions."""

import re
from collections.abc import Collection

from apnp.errors import DataError

KNOWN = ("point", "mean", "maximum", "minimum", "mid_range", "midrange")
"""Methods whose values are temperatures of an instant or a day."""

_LONG = re.compile(r"interval\s*:\s*[\d.]*\s*(month|year)", re.IGNORECASE)
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
        DataError: If the values are climatological (section 7.4), or made of means of
            months or by several methods in turn.

    >>> time_method("area: point time:mean (interval: 1 hour)", ["time"], "a.nc")
    'mean'
    """
    bare = text
    while _COMMENT.search(bare):
        bare = _COMMENT.sub(" ", bare)
    if _LONG.search(text):
        raise DataError(
            f"{where}: cell_methods {text!r} describe values made of those of months "
            "or years, which belong to no day. Give the values of single days."
        )
    found = []
    names = {"time", "t", *(n.lower() for n in time_names)}
    for dims, method, rest in _ENTRY.findall(bare):
        if not names & {d.strip().lower() for d in dims.split(":")}:
            continue
        if re.search(r"\b(within|over)\b", rest):
            raise DataError(
                f"{where}: cell_methods {text!r} describe a climatology, whose values "
                "belong to no day. Give the values of single days or instants."
            )
        found.append(method.lower())
    methods = [m for m in found if m != "point"] or found[:1]
    if len(methods) > 1:
        raise DataError(
            f"{where}: cell_methods {text!r} apply {' and then '.join(methods)} to "
            "time. Give the values of single days or instants, of one method."
        )
    return methods[0] if methods else ""
