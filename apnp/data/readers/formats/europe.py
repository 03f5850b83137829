"""Formats of the weather services of Europe and of ECA&D."""

import re
from dataclasses import replace

from apnp.data.readers.about import About
from apnp.data.readers.formats.preambles import knmi, midas, smhi
from apnp.data.readers.text_format import Element, Quality, TextFormat, Times

ECAD = TextFormat(
    about=About(
        "ECA&D station file", "ECA&D (KNMI)", "TG, TX, TN",
        "the day of each national service", "0.1 degC", "kept: 0",
        "stations.txt or sources.txt",
    ),
    header=re.compile(
        r"^\s*(STAID\s*,\s*)?(SOUID\s*,\s*)?DATE\s*,\s*T\w+\s*,\s*Q_T\w+\s*$"
    ),
    columns={"station": ("STAID", "SOUID")},
    times=Times(("DATE",), "%Y%m%d"),
    elements={
        "tas": Element("TG", "00-00 local (assumed)"),
        "tasmax": Element("TX", "00-00 local (assumed)"),
        "tasmin": Element("TN", "00-00 local (assumed)"),
    },
    units="tenths of degC",
    missing=(-9999.0,),
    quality=Quality("Q_{}", "0"),
    license=(
        "ECA&D: non-commercial research and education only; acknowledge Klein Tank, "
        "A.M.G. and Coauthors, 2002, Int. J. of Climatol., 22, 1441-1453, "
        "https://www.ecad.eu"
    ),
)  # fmt: skip

_DWD_LISTS = "Metadaten_Geographie_*.txt or *_Beschreibung_Stationen.txt"
_DWD_LEVEL = "QN is the level of checks, no verdict on a value: not used"

DWD_DAILY = TextFormat(
    about=About(
        "DWD klima_tag", "DWD", "TMK, TXK, TNK", "UTC day", quality=_DWD_LEVEL,
        positions=_DWD_LISTS,
    ),
    header=re.compile(r"^\s*STATIONS_ID\s*;\s*MESS_DATUM\s*;.*;\s*TMK\s*;"),
    delimiter=";",
    columns={"station": ("STATIONS_ID",)},
    times=Times(("MESS_DATUM",), "%Y%m%d"),
    elements={
        "tas": Element("TMK", "UTC"),
        "tasmax": Element("TXK", "UTC"),
        "tasmin": Element("TNK", "UTC"),
    },
    missing=(-999.0,),
    formerly=(
        "2001-04-01",
        "the mean from the readings of 7:30, 14:30 and twice 21:30 CET (local mean "
        "times before 1987), the extremes of the 24 hours that end at 21:30",
    ),
)  # fmt: skip

DWD_HOURLY = replace(
    DWD_DAILY,
    about=replace(
        DWD_DAILY.about, name="DWD stundenwerte TU", reads="TT_TU", day="instants"
    ),
    header=re.compile(r"^\s*STATIONS_ID\s*;\s*MESS_DATUM\s*;.*;\s*TT_TU\s*;"),
    times=Times(("MESS_DATUM",), "%Y%m%d%H"),
    elements={"tas": Element("TT_TU")},
    formerly=None,
)

DWD_10_MINUTES = replace(
    DWD_HOURLY,
    about=replace(DWD_HOURLY.about, name="DWD zehn_min tu", reads="TT_10"),
    header=re.compile(r"^\s*STATIONS_ID\s*;\s*MESS_DATUM\s*;.*;\s*TT_10\s*;"),
    times=Times(("MESS_DATUM",), "%Y%m%d%H%M"),
    elements={"tas": Element("TT_10")},
    formerly=("2000-01-01", "with times in CET (UTC+01:00), which are read as UTC"),
)

METEO_FRANCE_DAILY = TextFormat(
    about=About(
        "Météo-France quotidiennes", "Météo-France", "TM, TX, TN",
        "TM: UTC day; TX: 06-06 UTC; TN: 18-18 UTC",
        quality="kept: 0, 1 and 9; 2 (doubtful) fails",
    ),
    header=re.compile(r"^\s*NUM_POSTE;NOM_USUEL;LAT;LON;ALTI;AAAAMMJJ;"),
    delimiter=";",
    columns={
        "station": ("NUM_POSTE",), "lat": ("LAT",), "lon": ("LON",),
        "elevation": ("ALTI",), "station_name": ("NOM_USUEL",),
    },
    times=Times(("AAAAMMJJ",), "%Y%m%d"),
    elements={
        "tas": Element("TM", "UTC"),
        "tasmax": Element("TX", "06-06 UTC"),
        "tasmin": Element("TN", "18-18 UTC"),
    },
    quality=Quality("Q{}", "|0|1|9"),
)  # fmt: skip

METEO_FRANCE_HOURLY = replace(
    METEO_FRANCE_DAILY,
    about=replace(
        METEO_FRANCE_DAILY.about, name="Météo-France horaires", reads="T",
        day="instants",
    ),
    header=re.compile(r"^\s*NUM_POSTE;NOM_USUEL;LAT;LON;ALTI;AAAAMMJJHH;"),
    times=Times(("AAAAMMJJHH",), "%Y%m%d%H"),
    elements={"tas": Element("T")},
)  # fmt: skip

METEO_FRANCE_SYNOP = TextFormat(
    about=About(
        "Météo-France SYNOP", "Météo-France", "t", "instants", "K",
        positions="postesSynop.csv",
    ),
    header=re.compile(r"^numer_sta;date;.*;t;"),
    delimiter=";",
    columns={"station": ("numer_sta",)},
    times=Times(("date",), "%Y%m%d%H%M%S"),
    elements={"tas": Element("t")},
    units="K",
)  # fmt: skip

METEOSWISS_DAILY = TextFormat(
    about=About(
        "MeteoSwiss OGD daily", "MeteoSwiss", "tre200d0, tre200dx, tre200dn", "UTC day",
        positions="ogd-*_meta_stations.csv",
    ),
    header=re.compile(r"^station_abbr;reference_timestamp;.*tre200d"),
    delimiter=";",
    columns={"station": ("station_abbr",)},
    times=Times(("reference_timestamp",), "%d.%m.%Y %H:%M"),
    elements={
        "tas": Element("tre200d0", "UTC"),
        "tasmax": Element("tre200dx", "UTC"),
        "tasmin": Element("tre200dn", "UTC"),
    },
)  # fmt: skip

METEOSWISS_HOURLY = replace(
    METEOSWISS_DAILY,
    about=replace(
        METEOSWISS_DAILY.about, name="MeteoSwiss OGD hourly", reads="tre200h0",
        day="instants",
    ),
    header=re.compile(r"^station_abbr;reference_timestamp;.*tre200h0"),
    elements={"tas": Element("tre200h0", comment="means of an hour")},
)  # fmt: skip

METEOSWISS_10_MINUTES = replace(
    METEOSWISS_HOURLY,
    about=replace(
        METEOSWISS_HOURLY.about, name="MeteoSwiss OGD 10 minutes", reads="tre200s0"
    ),
    header=re.compile(r"^station_abbr;reference_timestamp;.*tre200s0"),
    elements={"tas": Element("tre200s0")},
)

KNMI_DAILY = TextFormat(
    about=About(
        "KNMI etmgeg", "KNMI", "TG, TX, TN", "UTC day", "0.1 degC",
        positions="in the file, or a station list",
    ),
    header=re.compile(r"^#?\s*STN\s*,\s*YYYYMMDD\s*,(?!\s*HH\s*,).*\bT[GNX]\b"),
    columns={"station": ("STN",)},
    times=Times(("YYYYMMDD",), "%Y%m%d"),
    elements={
        "tas": Element("TG", "UTC"),
        "tasmax": Element("TX", "UTC"),
        "tasmin": Element("TN", "UTC"),
    },
    units="tenths of degC",
    preamble=knmi,
)  # fmt: skip

KNMI_HOURLY = replace(
    KNMI_DAILY,
    about=replace(KNMI_DAILY.about, name="KNMI uurgeg", reads="T", day="instants"),
    header=re.compile(r"^#?\s*STN\s*,\s*YYYYMMDD\s*,\s*HH\s*,.*,\s*T\s*(,|$)"),
    times=Times(("YYYYMMDD",), "%Y%m%d", hours="HH"),
    elements={"tas": Element("T")},
)

_SMHI_KEPT = "kept: G (checked) and Y (roughly checked or aggregated); R fails"

SMHI_DAILY = TextFormat(
    about=About(
        "SMHI metobs, daily", "SMHI", "Lufttemperatur: mean, maximum or minimum",
        "mean: UTC day; extremes: 18-18 UTC", quality=_SMHI_KEPT,
    ),
    header=re.compile(r"^Från Datum Tid \(UTC\);Till .*;Representativt dygn;Luft"),
    delimiter=";",
    columns={},
    times=Times(("Representativt dygn",), "%Y-%m-%d"),
    elements={},
    quality=Quality("Kvalitet", "G|Y"),
    preamble=smhi,
    ragged=True,
)  # fmt: skip

SMHI_HOURLY = replace(
    SMHI_DAILY,
    about=replace(
        SMHI_DAILY.about, name="SMHI metobs, hourly", reads="Lufttemperatur",
        day="instants",
    ),
    header=re.compile(r"^Datum;Tid \(UTC\);Lufttemperatur;"),
    times=Times(("Datum", "Tid (UTC)"), "%Y-%m-%d %H:%M:%S"),
)  # fmt: skip

_MIDAS_KEPT = "fails: status (hundreds digit) not 0, or an accumulated value"
_MIDAS_GOOD = r"|\d{1,2}|0\d\d|\d0\d\d|[01]\d0\d\d"

MIDAS_DAILY = TextFormat(
    about=About(
        "MIDAS Open daily temperature", "Met Office (CEDA)",
        "max_air_temp, min_air_temp of 24 hours", "09-09 UTC, dated by its end",
        quality=_MIDAS_KEPT,
    ),
    header=re.compile(r"^ob_end_time,.*max_air_temp,"),
    columns={"station": ("src_id",)},
    times=Times(("ob_end_time",)),
    elements={
        "tasmax": Element("max_air_temp", "09-09 end"),
        "tasmin": Element("min_air_temp", "09-09 end"),
    },
    rows={"ob_hour_count": "24"},
    quality=Quality("{}_q", _MIDAS_GOOD),
    preamble=midas,
    footer="end data",
)  # fmt: skip

MIDAS_HOURLY = replace(
    MIDAS_DAILY,
    about=replace(
        MIDAS_DAILY.about, name="MIDAS Open hourly weather", reads="air_temperature",
        day="instants",
    ),
    header=re.compile(r"^ob_time,.*\bair_temperature,"),
    times=Times(("ob_time",)),
    elements={"tas": Element("air_temperature")},
    rows={},
)  # fmt: skip

FORMATS = (
    ECAD, DWD_DAILY, DWD_HOURLY, DWD_10_MINUTES, METEO_FRANCE_DAILY,
    METEO_FRANCE_HOURLY, METEO_FRANCE_SYNOP, METEOSWISS_DAILY, METEOSWISS_HOURLY,
    METEOSWISS_10_MINUTES, KNMI_DAILY, KNMI_HOURLY, SMHI_DAILY, SMHI_HOURLY,
    MIDAS_DAILY, MIDAS_HOURLY,
)  # fmt: skip
