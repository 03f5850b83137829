"""One reader a format: each offers NAME, recognises(head) and read(paths, request)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from apnp.data.readers import (
    cf_dsg,
    ghcn_by_year,
    ghcn_daily,
    hadisd,
    isd_lite,
    table,
)
from apnp.data.readers.about import About
from apnp.data.readers.file_head import Head
from apnp.data.readers.formats import FORMATS
from apnp.data.readers.text_reader import TextReader
from apnp.data.readings import Readings, Request


class Reader(Protocol):
    """What a module or an object offers that reads one format."""

    @property
    def ABOUT(self) -> About:
        """What people want to know of the format."""
        ...

    @property
    def NAME(self) -> str:
        """Name of the format."""
        ...

    def recognises(self, head: Head) -> bool:
        """Whether a file is of the format."""
        ...

    def read(self, paths: Sequence[Path], request: Request) -> list[Readings]:
        """The readings of files of the format."""
        ...


# The first that recognises a file reads it; tables come last, being least particular.
READERS: tuple[Reader, ...] = (
    hadisd, cf_dsg, ghcn_daily, ghcn_by_year, isd_lite,
    *map(TextReader, FORMATS), table,
)  # fmt: skip
