"""A property of the models, broken on purpose."""

from typing import NamedTuple


class Mutation(NamedTuple):
    """A property, the text that keeps it, what breaks it, and who should notice.

    `tests` names the file or folder of the tests that should fail, `select` words of
    their names. Without the module `needs` these tests are skipped, and so is the row.
    """

    breaks: str
    path: str
    old: str
    new: str
    tests: str
    select: str = ""
    needs: str = ""
