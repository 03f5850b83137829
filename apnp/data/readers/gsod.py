"""GSOD, the Global Summary of the Day: a CSV file a station and year, UTC days.

TEMP, MAX and MIN in degrees Fahrenheit, 9999.9 missing. Every file holds its
station's position.
"""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from apnp.data.readers.file_head import Head
from apnp.data.readers.ghcn_elements import names_of, where_of
from apnp.data.readings import Readings, Request, readings
from apnp.errors import DataError

NAME = "GSOD (CSV)"

_COLUMNS = {"tas": "TEMP", "tasmax": "MAX", "tasmin": "MIN"}
_PLACE = ["STATION", "LATITUDE", "LONGITUDE", "ELEVATION", "NAME"]


def recognises(head: Head) -> bool:
    """Whether the first line names the columns of GSOD."""
    names = {n.strip().strip('"') for n in head.lines[0].split(",")}
    return {"STATION", "DATE", "TEMP", "TEMP_ATTRIBUTES", "FRSHTT"} <= names


def read(paths: Sequence[Path], request: Request) -> list[Readings]:
    """Readings of GSOD files.

    Raises:
        DataError: If a file is damaged.
    """
    column = request.columns.get(request.variable.name, _COLUMNS[request.variable.name])
    table = pd.concat([_table(path, column) for path in paths], ignore_index=True)
    site, _ = pd.factorize(pd.MultiIndex.from_frame(table[_PLACE]))
    sites = table[_PLACE].drop_duplicates().set_axis(
        ["station", "lat", "lon", "elevation", "station_name"], axis=1
    )  # fmt: skip
    for name in ("lat", "lon", "elevation"):
        sites[name] = pd.to_numeric(sites[name], errors="coerce")
    found = readings(
        where_of(paths),
        sites, site, table["DATE"].to_numpy(),
        table[column].where(table[column] != 9999.9),
        units=request.units.get(request.variable.name, "degF"),
        cell_method=request.variable.cell_method,
        attrs={"source": f"{NAME}: {names_of(paths)}"},
    )  # fmt: skip
    return [found]


def _table(path: Path, column: str) -> pd.DataFrame:
    try:
        table = pd.read_csv(
            path, usecols=[*_PLACE, "DATE", column], dtype=str, keep_default_na=False
        )
        table[column] = pd.to_numeric(table[column].str.strip().replace("", "nan"))
        table["DATE"] = pd.to_datetime(table["DATE"], format="ISO8601").astype(
            "datetime64[ns]"
        )
    except (OSError, ValueError, EOFError) as error:
        raise DataError(
            f"{path}: cannot be read as GSOD ({error}). The file is damaged or cut "
            "short."
        ) from None
    return table
