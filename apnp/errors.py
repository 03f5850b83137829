"""The errors a user may meet: each names the place, the value, the rule, the remedy."""

import errno
import unicodedata


class ApnpError(Exception):
    """Base of every error that the command line reports without a traceback."""


class DataError(ApnpError):
    """A file or table of observations breaks a rule of its format or of its quality."""


class ConfigError(ApnpError):
    """A configuration or command-line argument breaks a rule."""


class CheckpointError(ApnpError):
    """A run folder or checkpoint is missing, damaged, or does not fit its use."""


def printable(text: str) -> str:
    """The text with control characters written out, so that no terminal obeys them.

    >>> printable("a\x1b[2Jb\u202e")
    'a\\x1b[2Jb\\u202e'
    """
    if text.isprintable():
        return text
    return "".join(
        c
        if c.isprintable() or c in "\n\t" or unicodedata.category(c) == "Zs"
        else ascii(c)[1:-1]
        for c in text
    )


def one_line(text: str) -> str:
    """The text as `printable`, its line breaks and tabs written out too."""
    return printable(text).replace("\n", "\\n").replace("\t", "\\t")


_HINTS = {
    errno.ENOSPC: "free some space, or write elsewhere",
    errno.EDQUOT: "free some space, or write elsewhere",
    errno.EROFS: "write elsewhere",
    errno.EACCES: "check the rights of the file and of its folder",
    errno.EPERM: "check the rights of the file and of its folder",
    errno.ENOENT: "check the path",
}
"""What to do about errors of the system."""


def told(error: Exception) -> str:
    """An error in one line, for a terminal: the system's errors with what to do."""
    if not isinstance(error, OSError) or error.strerror is None:
        return printable(str(error))
    where = f"{error.filename}: " if error.filename is not None else ""
    hint = _HINTS.get(error.errno or 0)
    return printable(f"{where}{error.strerror}{f'; {hint}' if hint else ''}.")
