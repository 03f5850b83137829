"""What the lines before the table of a format say of its stations."""

import re
from itertools import pairwise
from pathlib import Path

import pandas as pd

from apnp.data.readers.list_formats import days
from apnp.data.readers.text_format import Element, Preamble
from apnp.errors import DataError

_FEET = 0.3048  # metres


def _sites(rows: list[tuple]) -> pd.DataFrame | None:
    names = ["station", "lat", "lon", "elevation", "station_name"]
    return pd.DataFrame(rows, columns=names) if rows else None


def knmi(lines: list[str], path: Path) -> Preamble:
    """Rows `# id  longitude  latitude  altitude  name`, in old files not there."""
    found = [
        re.match(r"^#?\s*(\d{3}):?((?:\s+-?\d+\.\d+){2,3})\s+(.*)$", line)
        for line in lines
    ]
    rows = []
    for match in filter(None, found):
        lon, lat, *rest = map(float, match[2].split())
        elevation = rest[0] if rest else float("nan")
        rows.append((match[1], lat, lon, elevation, match[3].strip()))
    return Preamble(_sites(rows))


def smhi(lines: list[str], path: Path) -> Preamble:
    """Blocks of names and values: station, parameter, and where it stood when."""
    block: dict[str, str] = {}
    places = []
    for names, values in pairwise(lines):
        if names.startswith(("Stationsnamn;", "Parameternamn;")):
            block |= dict(zip(names.split(";"), values.split(";"), strict=False))
        elif re.match(r"^\d{4}-\d\d-\d\d[^;]*;\d{4}", values):
            places.append(values.split(";"))
    station = block.get("Stationsnummer", "").strip()
    name = block.get("Stationsnamn", "").strip()
    if not places and "Latitud" in block:
        height = next((v for k, v in block.items() if k.startswith("Stationsh")), "nan")
        places = [["", "", height, block["Latitud"], block.get("Longitud", "")]]
    try:
        rows = [
            (station, float(row[3]), float(row[4]), float(row[2]), name)
            for row in reversed(places)
        ]
    except (ValueError, IndexError):
        rows = []
    if not station or not rows:
        raise DataError(
            f"{path}: the lines before the table name no station with its number, "
            "height, latitude and longitude. Take the file as SMHI delivers it."
        )
    sites = _sites(rows)
    if sites is not None and places[0][0]:
        begin = pd.Series([row[0] for row in reversed(places)])
        sites["begin"] = days(begin).to_numpy()
    return Preamble(sites, station, elements=_smhi_element(block, path))


def _smhi_element(block: dict[str, str], path: Path) -> dict[str, Element]:
    """What the value is, which the parameter's description alone tells."""
    about = block.get("Beskrivning", "").lower()
    column = "Lufttemperatur"
    if "momentan" in about:
        return {"tas": Element(column)}
    if "medel" in about and "dygn" in about:
        return {"tas": Element(column, "UTC")}
    for word, variable in (("max", "tasmax"), ("min", "tasmin")):
        if about.startswith(word) and "dygn" in about:
            return {variable: Element(column, "18-18 UTC")}
    raise DataError(
        f"{path}: the parameter is {about!r}; readings at instants, and means, maxima "
        "and minima of a day are read."
    )


def midas(lines: list[str], path: Path) -> Preamble:
    """Lines `key,G,value,...` of the BADC-CSV convention."""
    block = {}
    for line in lines:
        key, kind, *values = [part.strip() for part in line.split(",")] + [""]
        if kind == "G":
            block[key] = values
    try:
        lat, lon = map(float, block["location"][:2])
        height = float(block["height"][0]) if "height" in block else float("nan")
    except (KeyError, ValueError):
        raise DataError(
            f"{path}: the lines before the table name no location (`location,G,lat,"
            "lon`) or height. The file is cut or changed."
        ) from None
    unit = block.get("height", ["", "m"])[1]
    if unit not in ("m", "ft", ""):
        raise DataError(
            f"{path}: unknown units {unit!r} of height; known are m and ft."
        )
    name = block.get("observation_station", [""])[0]
    scale = _FEET if unit == "ft" else 1.0
    return Preamble(_sites([("", lat, lon, height * scale, name)]))


def iem(lines: list[str], path: Path) -> Preamble:
    """The time zone that the comments state; UTC where there are none."""
    for line in lines:
        found = re.match(r"^#DEBUG: Time Zone\s*->\s*(\S+)", line)
        if found:
            zone = found[1]
            if zone in ("Etc/UTC", "UTC"):
                return Preamble()
            said = f"times converted from {zone}, hours that occur twice as summer time"
            return Preamble(zone=zone, assumed=(said,))
    return Preamble(assumed=("times are UTC (no comment states a time zone)",))


def synoptic(lines: list[str], path: Path) -> Preamble:
    """Lines `# KEY: value`; elevations are in feet."""
    found = [re.match(r"^#\s*([A-Z ]+?)\s*(\[\w+\])?\s*:\s*(.*)$", li) for li in lines]
    block = {m[1]: (m[3].strip(), m[2]) for m in found if m}
    try:
        lat, lon = (float(block[k][0]) for k in ("LATITUDE", "LONGITUDE"))
        height, unit = block.get("ELEVATION", ("nan", None))
        elevation = float(height) * (1.0 if unit == "[m]" else _FEET)
    except (KeyError, ValueError):
        raise DataError(
            f"{path}: the lines before the table name no LATITUDE, LONGITUDE or "
            "ELEVATION. The file is cut or changed."
        ) from None
    station = block.get("STATION", ("", None))[0]
    name = block.get("STATION NAME", ("", None))[0]
    return Preamble(_sites([(station, lat, lon, elevation, name)]), station)
