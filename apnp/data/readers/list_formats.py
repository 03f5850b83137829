"""The layouts of the lists of stations that weather services publish.

A list is recognised by its line of names; each canonical column is one of its columns.
"""

import csv
import re
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

_COLUMNS = ("station", "lat", "lon", "elevation", "station_name")
_FEET = 0.3048  # metres


@dataclass(frozen=True)
class ListFormat:
    """A list with one station a row.

    Attributes:
        name: What it is called, for messages.
        header: Regular expression that its line of names matches.
        delimiter: Character between the cells.
        columns: Names of the columns of id, latitude, longitude, elevation and name.
        metres: Metres in the unit of elevation.
        begin: Column of the day (YYYYMMDD) from which on a station stood there, for
            lists with a row for each of its places.
    """

    name: str
    header: re.Pattern[str]
    delimiter: str
    columns: tuple[str, str, str, str, str]
    metres: float = 1.0
    begin: str = ""


LISTS = (
    ListFormat(
        "ghcnh-station-list.csv", re.compile(r'^"?GHCN_ID"?,"?LATITUDE"?,'), ",",
        ("GHCN_ID", "LATITUDE", "LONGITUDE", "ELEVATION", "NAME"),
    ),
    ListFormat(
        "DWD Metadaten_Geographie", re.compile(r"^\s*Stations_id\s*;\s*Stationshoehe"),
        ";", ("Stations_id", "Geogr.Breite", "Geogr.Laenge", "Stationshoehe",
              "Stationsname"), begin="von_datum",
    ),
    ListFormat(
        "MeteoSwiss ogd_meta_stations",
        re.compile(r"^station_abbr;(?=.*station_coordinates_wgs84_lat)"), ";",
        ("station_abbr", "station_coordinates_wgs84_lat",
         "station_coordinates_wgs84_lon", "station_height_masl", "station_name"),
    ),
    ListFormat(
        "Météo-France postesSynop", re.compile(r"^ID;Nom;Latitude;Longitude;Altitude"),
        ";", ("ID", "Latitude", "Longitude", "Altitude", "Nom"),
    ),
    ListFormat(
        "USCRN stations.tsv", re.compile(r"^WBAN\t.*\tLATITUDE\t.*\tELEVATION\b"), "\t",
        ("WBAN", "LATITUDE", "LONGITUDE", "ELEVATION", "NAME"), metres=_FEET,
    ),
    ListFormat(
        "Environment Canada station inventory",
        re.compile(r'^"?Name"?,"?Province"?,"?Climate ID"?,'), ",",
        ("Climate ID", "Latitude (Decimal Degrees)", "Longitude (Decimal Degrees)",
         "Elevation (m)", "Name"),
    ),
)  # fmt: skip


def list_format(lines: list[str]) -> tuple[ListFormat, int] | None:
    """The format of a list, and the index of its line of names; None if unknown."""
    for k, line in enumerate(lines[:10]):
        for form in LISTS:
            if form.header.search(line):
                return form, k
    return None


def read_list(lines: list[str], form: ListFormat, at: int) -> pd.DataFrame:
    """The stations that the lines after the line of names hold, as text."""
    names = [n.strip() for n in next(csv.reader([lines[at]], delimiter=form.delimiter))]
    rows = [
        [cell.strip() for cell in row]
        for row in csv.reader(lines[at + 1 :], delimiter=form.delimiter)
        if len(row) >= len(names)
    ]
    frame = pd.DataFrame([row[: len(names)] for row in rows], columns=names, dtype=str)
    table = frame[list(form.columns)].set_axis(list(_COLUMNS), axis=1).copy()
    if form.metres != 1.0:
        feet = pd.to_numeric(table["elevation"], errors="coerce")
        table["elevation"] = (feet * form.metres).round(2)
    if form.begin:
        table["begin"] = days(frame[form.begin])
        table = table.sort_values("begin", ascending=False, kind="stable")
    return table.reset_index(drop=True)


def days(texts: pd.Series) -> pd.Series:
    """The times of YYYYMMDD or YYYY-MM-DD; NaT where a text is neither."""
    plain = texts.str.replace("-", "").str.slice(0, 8)
    return pd.to_datetime(plain, format="%Y%m%d", errors="coerce").astype("M8[ns]")


def dwd_description(lines: list[str]) -> pd.DataFrame:
    """DWD `*_Beschreibung_Stationen.txt`: columns aligned by blanks."""
    rows = [m.group(1, 3, 4, 2, 5) for m in map(DWD_LINE.match, lines) if m]
    return pd.DataFrame(rows, columns=list(_COLUMNS), dtype=str)


def ecad_sources(lines: list[str]) -> pd.DataFrame:
    """ECA&D `sources.txt`: rows by station, then by source; names may hold commas."""
    rows = []
    for line in lines:
        cells = [cell.strip() for cell in line.split(",")]
        at = [k for k, cell in enumerate(cells) if _SEXAGESIMAL.match(cell)]
        if len(at) == 2 and cells[0].isdigit() and cells[1].isdigit():
            lat, lon = (sexagesimal(cells[k]) for k in at)
            name = ",".join(cells[2 : at[0] - 1]).strip()
            ids = [str(int(cell)) for cell in cells[:2]]
            rows.append((*ids, lat, lon, cells[at[1] + 1], name))
    frame = pd.DataFrame(rows, columns=["station", "source", *_COLUMNS[1:]])
    by_source = frame.assign(station=frame["source"])
    return pd.concat([frame, by_source], ignore_index=True)[list(_COLUMNS)]


def hadisd_info(lines: list[str]) -> pd.DataFrame:
    """HadISD station lists: id, latitude, longitude, elevation, name."""
    rows = [m.groups() for m in map(HADISD_LINE.match, lines) if m]
    return pd.DataFrame(rows, columns=list(_COLUMNS), dtype=str)


def sexagesimal(text: str) -> float:
    """Degrees of +DD:MM:SS.

    >>> sexagesimal("-00:30:00")
    -0.5
    """
    d, m, s = (abs(float(part)) for part in text.strip().split(":"))
    return (-1 if text.strip().startswith("-") else 1) * (d + m / 60 + s / 3600)


DWD_LINE = re.compile(
    r"^\s*(\d{1,5})\s+\d{8}\s+\d{8}\s+(-?\d+)\s+(-?\d+\.\d+)\s+(-?\d+\.\d+)\s+"
    r"(\S.*?)(?:\s{2,}.*)?$"
)
HADISD_LINE = re.compile(
    r"^\s*([A-Z0-9]{6}-\d{5})\s+(-?\d+\.\d+)\s+(-?\d+\.\d+)\s+(-?\d+\.\d+)\s*(.*)$"
)
ECAD_SOURCES = re.compile(r"^\s*STAID\s*,\s*SOUID\s*,\s*SOUNAME")
_SEXAGESIMAL = re.compile(r"^[+-]\d{1,3}:\d\d:\d\d$")

# Layouts that no delimiter describes: a line that tells them -> the parser.
FIXED: tuple[tuple[re.Pattern[str], Callable[[list[str]], pd.DataFrame]], ...] = (
    (re.compile(r"^\s*Stations_id\s+von_datum\s+bis_datum"), dwd_description),
    (ECAD_SOURCES, ecad_sources),
    (HADISD_LINE, hadisd_info),
)
