import errno

import pytest

from apnp.errors import ConfigError, printable, told


def test_control_characters_are_written_out():
    text = "station \x1b[31mRED\x07\u202e, Zürich\n"
    expected = "station \\x1b[31mRED\\x07\\u202e, Zürich\n"
    assert printable(text) == expected
    assert told(ConfigError(text)) == expected


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device", "f.nc"),
            "f.nc: No space left on device; free some space, or write elsewhere.",
        ),
        (
            PermissionError(errno.EACCES, "Permission denied"),
            "Permission denied; check the rights of the file and of its folder.",
        ),
        (OSError("the disk is on fire"), "the disk is on fire"),
    ],
)
def test_errors_of_the_system_are_told_in_one_line(error, line):
    assert told(error) == line
