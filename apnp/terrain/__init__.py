"""The relief and land fraction that ship with the package.

One NetCDF file holds `elevation` (m, 0 over the sea) and `land_fraction` (0 to 1) of
the Earth at 0.25 degree; PROVENANCE.md tells where they come from. Wherever a gridded
file may be named, the name "terrain" stands for this file. A file of your own with
that name is given as "./terrain".
"""

from os import PathLike, fspath
from pathlib import Path

TERRAIN = "terrain"
"""What names the packaged file in configurations and arguments."""

SOURCE = "the packaged terrain (0.25 degree; ETOPO20 and GLOBE)"
"""How outputs name it."""

_FILE = Path(__file__).with_name("terrain_0p25deg.nc")


def is_terrain(path: str | PathLike[str]) -> bool:
    """Whether a name stands for the packaged file, or is its path.

    >>> is_terrain("terrain"), is_terrain("./terrain")
    (True, False)
    """
    return fspath(path) == TERRAIN or Path(path) == _FILE


def gridded_path(path: str | PathLike[str]) -> Path:
    """The file that a name stands for: the packaged one, or the path itself.

    >>> gridded_path("terrain").name
    'terrain_0p25deg.nc'
    >>> gridded_path("relief.nc").name
    'relief.nc'
    """
    return _FILE if is_terrain(path) else Path(path)
