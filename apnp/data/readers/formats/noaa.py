"""Formats of the National Centers for Environmental Information (NOAA)."""

import re
from collections.abc import Sequence
from dataclasses import replace

from apnp.data.readers.about import About
from apnp.data.readers.text_format import Element, Quality, TextFormat, Times

_NCEI = "NOAA NCEI"
_PLACE = {
    "station": ("STATION", "Station_ID"),
    "lat": ("LATITUDE", "Latitude"),
    "lon": ("LONGITUDE", "Longitude"),
    "elevation": ("ELEVATION", "Elevation"),
    "station_name": ("NAME", "Station_name", "STATION_NAME"),
}

GHCNH = TextFormat(
    about=About(
        "GHCNh", _NCEI, "air temperature", "instants",
        quality="kept: blank, 1 and 5; every other code fails",
    ),
    header=re.compile(r'^"?STATION"?[|,].*"?DATE"?[|,].*[|,]"?temperature"?[|,]'),
    delimiter="|,",
    columns=_PLACE,
    times=Times(("DATE",)),
    elements={"tas": Element("temperature")},
    quality=Quality("{}_Quality_Code", "|1|5"),
)  # fmt: skip

GHCNH_OLD = replace(
    GHCNH,
    about=replace(GHCNH.about, name="GHCNh (before 2026)"),
    header=re.compile(r'^"?Station_ID"?[|,].*"?Minute"?[|,].*[|,]"?temperature"?[|,]'),
    times=Times(("Year", "Month", "Day", "Hour", "Minute"), "%Y %m %d %H %M"),
)

_DAY = "00-00 local (assumed)"
_ATTRIBUTES = Quality("{}_ATTRIBUTES", "", part=1)
_GHCND = {
    "tas": Element("TAVG", _DAY),
    "tasmax": Element("TMAX", _DAY),
    "tasmin": Element("TMIN", _DAY),
}


def _access_units(texts: Sequence[str]) -> str:
    """The files hold whole tenths; the same table from a service may hold degrees."""
    return "degC" if any("." in text for text in texts) else "tenths of degC"


def _order_units(texts: Sequence[str]) -> str:
    """Orders in metric units have decimals; those in standard units have none."""
    return "degC" if any("." in text for text in texts) else "degF"


GHCND_ACCESS = TextFormat(
    about=About(
        "GHCN-Daily access (CSV)", _NCEI, "TAVG, TMAX, TMIN",
        "local day of observation",
        "0.1 degC, or degC where values have decimals",
        "any quality flag in the attributes fails",
    ),
    header=re.compile(
        r'^"?STATION"?,"?DATE"?,"?LATITUDE"?,"?LONGITUDE"?,"?ELEVATION"?,"?NAME"?,'
        r'(?=.*"?(TAVG|TMAX|TMIN|TOBS|PRCP|SNOW)"?(,|$))(?!.*FRSHTT)(?!.*"?TMP"?,)'
    ),
    columns=_PLACE,
    times=Times(("DATE",), "%Y-%m-%d"),
    elements=_GHCND,
    units=_access_units,
    missing=(-9999.0, 9999.0),
    quality=_ATTRIBUTES,
    half_sum="more days",
)  # fmt: skip

CDO_ORDER = replace(
    GHCND_ACCESS,
    about=replace(
        GHCND_ACCESS.about, name="GHCN-Daily order (CDO, CSV)",
        units="degC with decimals, else degF",
        positions="in the file, or ghcnd-stations.txt",
    ),
    header=re.compile(
        r'^"?STATION"?,("?NAME"?,)?("?(LATITUDE|LONGITUDE|ELEVATION)"?,)*"?DATE"?,'
        r'(?=.*"?(TAVG|TMAX|TMIN)"?(,|$))(?!"?(LATITUDE|SOURCE|TEMP)"?,)'
    ),
    station_prefix="GHCND:",
    units=_order_units,
)  # fmt: skip

CDO_ORDER_OLD = replace(
    CDO_ORDER,
    about=replace(
        CDO_ORDER.about, name="GHCN-Daily order (CDO, before 2016)",
        units="0.1 degC, or degC where values have decimals",
    ),
    header=re.compile(
        r'^"?STATION"?,"?STATION_NAME"?,.*"?DATE"?,(?=.*"?(TAVG|TMAX|TMIN)"?(,|$))'
    ),
    times=Times(("DATE",), "%Y%m%d"),
    units=_access_units,
    quality=None,
)  # fmt: skip

ISD_GLOBAL_HOURLY = TextFormat(
    about=About(
        "ISD global-hourly (CSV)", _NCEI, "TMP", "instants", "0.1 degC",
        "kept: 0, 1, 4, 5, 9 and the letters A, C, I, M, P, R, U",
    ),
    header=re.compile(r'^"?STATION"?,"?DATE"?,"?SOURCE"?,.*,"?TMP"?(,|$)'),
    columns=_PLACE,
    times=Times(("DATE",)),
    elements={"tas": Element("TMP", part=0)},
    units="tenths of degC",
    missing=(9999.0,),
    quality=Quality("{}", "[01459ACIMPRU]", part=1),
)  # fmt: skip

GSOD = TextFormat(
    about=About("GSOD (CSV)", _NCEI, "TEMP, MAX, MIN", "UTC day", "degF"),
    header=re.compile(r'^"?STATION"?,"?DATE"?,.*"?TEMP_ATTRIBUTES"?,.*"?FRSHTT"?'),
    columns=_PLACE,
    times=Times(("DATE",), "%Y-%m-%d"),
    elements={
        "tas": Element("TEMP", "UTC"),
        "tasmax": Element("MAX", "UTC"),
        "tasmin": Element("MIN", "UTC"),
    },
    units="degF",
    missing=(9999.9,),
    half_sum="never",
)

_USCRN_PLACE = {"station": ("WBANNO",), "lat": ("LATITUDE",), "lon": ("LONGITUDE",)}
_USCRN_MISSING = (-9999.0, -99.0)
_LIST = "in the file; elevation from a station list"
_SOIL = tuple(f"SOIL_{k}" for k in range(10))

USCRN_DAILY = TextFormat(
    about=About(
        "USCRN daily01", _NCEI, "T_DAILY_MEAN = (max + min) / 2, _MAX, _MIN",
        "local standard day", positions=_LIST,
    ),
    header=re.compile(r"^\s*\d{3,5}\s+\d{8}\s+[\d.-]+(\s+-?\d+\.\d+){2}(\s+\S+){23}\s*$"),
    names=(
        "WBANNO", "LST_DATE", "CRX_VN", "LONGITUDE", "LATITUDE", "T_DAILY_MAX",
        "T_DAILY_MIN", "T_DAILY_MEAN", "T_DAILY_AVG", "P_DAILY_CALC", "SOLARAD_DAILY",
        "SUR_TEMP_DAILY_TYPE", "SUR_TEMP_DAILY_MAX", "SUR_TEMP_DAILY_MIN",
        "SUR_TEMP_DAILY_AVG", "RH_DAILY_MAX", "RH_DAILY_MIN", "RH_DAILY_AVG", *_SOIL,
    ),
    delimiter="",
    columns=_USCRN_PLACE,
    times=Times(("LST_DATE",), "%Y%m%d"),
    elements={
        "tas": Element(
            "T_DAILY_MEAN", "local",
            "T_DAILY_MEAN = (maximum + minimum) / 2; the mean of all readings is "
            "--columns tas=T_DAILY_AVG",
        ),
        "tasmax": Element("T_DAILY_MAX", "local"),
        "tasmin": Element("T_DAILY_MIN", "local"),
    },
    missing=_USCRN_MISSING,
    half_sum="never",
)  # fmt: skip

USCRN_HOURLY = TextFormat(
    about=About(
        "USCRN hourly02", _NCEI, "T_CALC, the mean of the last 5 minutes", "instants",
        positions=_LIST,
    ),
    header=re.compile(r"^\s*\d{3,5}(\s+\d{8}\s+\d{4}){2}(\s+\S+){33}\s*$"),
    names=(
        "WBANNO", "UTC_DATE", "UTC_TIME", "LST_DATE", "LST_TIME", "CRX_VN", "LONGITUDE",
        "LATITUDE", "T_CALC", "T_HR_AVG", "T_MAX", "T_MIN", "P_CALC",
        *(f"OTHER_{k}" for k in range(25)),
    ),
    delimiter="",
    columns=_USCRN_PLACE,
    times=Times(("UTC_DATE", "UTC_TIME"), "%Y%m%d %H%M"),
    elements={"tas": Element("T_CALC")},
    missing=_USCRN_MISSING,
)  # fmt: skip

USCRN_SUBHOURLY = replace(
    USCRN_HOURLY,
    about=replace(
        USCRN_HOURLY.about, name="USCRN subhourly01", reads="AIR_TEMPERATURE"
    ),
    header=re.compile(r"^\s*\d{3,5}(\s+\d{8}\s+\d{4}){2}(\s+\S+){18}\s*$"),
    names=(*USCRN_HOURLY.names[:8], "AIR_TEMPERATURE",
           *(f"OTHER_{k}" for k in range(14))),
    elements={"tas": Element("AIR_TEMPERATURE")},
)  # fmt: skip

FORMATS = (
    GHCNH, GHCNH_OLD, ISD_GLOBAL_HOURLY, GSOD, GHCND_ACCESS, CDO_ORDER_OLD, CDO_ORDER,
    USCRN_DAILY, USCRN_HOURLY, USCRN_SUBHOURLY,
)  # fmt: skip
