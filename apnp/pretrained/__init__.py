"""The weights that ship with the package.

The folder `weights` is a checkpoint like any other: `weights.safetensors` and
`model.json`, with the hash of each, which loading verifies. Wherever a run folder may
be named, the name "pretrained" stands for it. A run folder of your own with that name
is given as "./pretrained".
"""

from os import PathLike, fspath
from pathlib import Path

PRETRAINED = "pretrained"
"""What names the shipped weights in arguments."""

_FOLDER = Path(__file__).with_name("weights")


def is_pretrained(run: str | PathLike[str]) -> bool:
    """Whether a name stands for the shipped weights.

    >>> is_pretrained("pretrained"), is_pretrained("runs/mine")
    (True, False)
    """
    return fspath(run) == PRETRAINED


def run_path(run: str | PathLike[str]) -> Path:
    """The folder that a name stands for: that of the shipped weights, or the path.

    >>> run_path("pretrained").name
    'weights'
    >>> str(run_path("runs/mine"))
    'runs/mine'
    """
    return _FOLDER if is_pretrained(run) else Path(run)
