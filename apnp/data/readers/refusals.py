"""Files that are known and not read: what each is, and what to do instead."""

import re
from dataclasses import dataclass

from apnp.data.readers.file_head import Head

_MONTHS = (
    "Means of months are no values of a day or an instant, and a map of one would be "
    "wrong. Give the daily or hourly values"
)


@dataclass(frozen=True)
class Refusal:
    """A kind of file that is not read.

    Attributes:
        what: What the file is.
        way_out: What to do instead.
        magic: How its bytes begin; blank for text.
        text: Regular expression that one of its first lines matches.
        readings: Whether it holds readings of stations, so that it must not be passed
            over in a folder.
    """

    what: str
    way_out: str
    magic: bytes = b""
    text: re.Pattern[str] | None = None
    readings: bool = False


REFUSALS = (
    Refusal(
        "an Excel workbook or another Office document",
        "Save the sheet as CSV and give that.", b"PK\x03\x04",
        re.compile(r"\[Content_Types\]\.xml|xl/workbook"),
    ),
    Refusal("an old Excel file", "Save the sheet as CSV and give that.",
            b"\xd0\xcf\x11\xe0"),
    Refusal("GRIB", "Stations come as tables or NetCDF; fields are relief or "
            "covariates, after `grib_to_netcdf` or xarray with cfgrib.", b"GRIB"),
    Refusal("BUFR", "Decode it to a table first, e.g. with pdbufr.", b"BUFR"),
    Refusal("a PDF", "Give the data that it describes.", b"%PDF"),
    Refusal(
        "a web page, not data",
        "Fetch the file itself: a login page or a message came in its place.",
        text=re.compile(r"^\s*<(!doctype html|html)\b", re.IGNORECASE),
    ),
    Refusal(
        "XML", "Fetch the same data as CSV.", text=re.compile(r"^\s*<\?xml\b")
    ),
    Refusal(
        "JSON",
        "Fetch the same data as CSV, or write them as a table with columns station, "
        "time, lat, lon, elevation, tas.",
        text=re.compile(r'^\s*(\{\s*("|$)|\[\s*(\{|$))'),
    ),
    Refusal(
        "monthly means of Berkeley Earth",
        f"{_MONTHS}: Berkeley Earth has no daily ones by station; GHCN-Daily has.",
        text=re.compile(r"^%\s*Station ID,\s*Series Number,\s*Date"),
        readings=True,
    ),
    Refusal(
        "monthly values of the DWD", f"{_MONTHS}: produkt_klima_tag_*.txt.",
        text=re.compile(r"^STATIONS_ID;MESS_DATUM_BEGINN;MESS_DATUM_ENDE;"),
        readings=True,
    ),
    Refusal(
        "monthly values of Météo-France", f"{_MONTHS}: files Q_*.csv.gz.",
        text=re.compile(r"^\s*NUM_POSTE;NOM_USUEL;LAT;LON;ALTI;AAAAMM;"),
        readings=True,
    ),
    Refusal(
        "monthly values of MeteoSwiss", f"{_MONTHS}: ogd-*_d_*.csv.",
        text=re.compile(r"^station_abbr;reference_timestamp;.*tre200m"),
        readings=True,
    ),
    Refusal(
        "monthly values of SMHI", f"{_MONTHS}: parameters 1, 2, 19 and 20.",
        text=re.compile(r"^Från Datum Tid \(UTC\);Till .*;Representativ månad;"),
        readings=True,
    ),
    Refusal(
        "hourly values of Environment Canada, in local standard time",
        "The file does not state the offset from UTC. Give the daily file, or write "
        "a table with columns station, time, lat, lon, tas whose times carry it, like "
        "2021-07-01T12:00-05:00.",
        text=re.compile(r'^\ufeff?"?Longitude \(x\)"?,.*"?Time \(LST\)"?,'),
        readings=True,
    ),
)  # fmt: skip


def refusal_of(head: Head) -> Refusal | None:
    """What a file is, if it is known and not read."""
    for kind in REFUSALS:
        fits = head.magic.startswith(kind.magic)
        lines = head.lines[:60]
        if fits and (kind.text is None or any(map(kind.text.search, lines))):
            return kind
    return None
