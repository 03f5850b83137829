"""Formats of networks, archives and services elsewhere."""

import re
from dataclasses import replace

from apnp.data.readers.about import About
from apnp.data.readers.formats.preambles import iem, synoptic
from apnp.data.readers.text_format import Element, Quality, TextFormat, Times

_LOCAL = "00-00 local (assumed)"
_OF_MODELS = r"(?!.*(metno_forecast|dwd_mosmix|model)).*"
_METEOSTAT_KEPT = "fails: sources that are forecast models (metno_forecast, dwd_mosmix)"
_METEOSTAT_LIST = "a station list; the id is the name of the file"

METEOSTAT_DAILY = TextFormat(
    about=About(
        "Meteostat daily", "Meteostat", "temp, tmax, tmin", "local day",
        quality=_METEOSTAT_KEPT, positions=_METEOSTAT_LIST,
    ),
    header=re.compile(r"^year,month,day,(?!hour,).*\btemp,"),
    columns={},
    times=Times(("year", "month", "day"), "%Y %m %d"),
    elements={
        "tas": Element("temp", _LOCAL),
        "tasmax": Element("tmax", _LOCAL),
        "tasmin": Element("tmin", _LOCAL),
    },
    quality=Quality("{}_source", _OF_MODELS),
    station_of_file=r"^([A-Za-z0-9]{5})\b",
)  # fmt: skip

METEOSTAT_HOURLY = replace(
    METEOSTAT_DAILY,
    about=replace(
        METEOSTAT_DAILY.about, name="Meteostat hourly", reads="temp", day="instants"
    ),
    header=re.compile(r"^year,month,day,hour,.*\btemp,"),
    times=Times(("year", "month", "day", "hour"), "%Y %m %d %H"),
    elements={"tas": Element("temp")},
)

METEOSTAT_BULK_DAILY = replace(
    METEOSTAT_DAILY,
    about=replace(
        METEOSTAT_DAILY.about, name="Meteostat bulk v2, daily",
        reads="tavg, tmax, tmin", quality="the files do not tell models apart",
    ),
    header=re.compile(r"^\d{4}-\d\d-\d\d,(-?[\d.]*,){9}-?[\d.]*$"),
    names=("date", "tavg", "tmin", "tmax", "prcp", "snow", "wdir", "wspd", "wpgt",
           "pres", "tsun"),
    times=Times(("date",), "%Y-%m-%d"),
    elements={
        "tas": Element("tavg", _LOCAL),
        "tasmax": Element("tmax", _LOCAL),
        "tasmin": Element("tmin", _LOCAL),
    },
    quality=None,
)  # fmt: skip

METEOSTAT_BULK_HOURLY = replace(
    METEOSTAT_BULK_DAILY,
    about=replace(
        METEOSTAT_BULK_DAILY.about, name="Meteostat bulk v2, hourly", reads="temp",
        day="instants",
    ),
    header=re.compile(r"^\d{4}-\d\d-\d\d,\d{1,2},(-?[\d.]*,){10}-?[\d.]*$"),
    names=("date", "hour", "temp", "dwpt", "rhum", "prcp", "snow", "wdir", "wspd",
           "wpgt", "pres", "tsun", "coco"),
    times=Times(("date", "hour"), "%Y-%m-%d %H"),
    elements={"tas": Element("temp")},
)  # fmt: skip

IEM_ASOS = TextFormat(
    about=About(
        "IEM ASOS/METAR", "Iowa Environmental Mesonet", "tmpf or tmpc", "instants",
        "degF or degC", positions="in the file, or a station list",
    ),
    header=re.compile(r"^station[,\t]valid[,\t].*\btmpf\b"),
    row=re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d"),
    delimiter=",\t",
    columns={
        "station": ("station",), "lat": ("lat",), "lon": ("lon",),
        "elevation": ("elevation",),
    },
    times=Times(("valid",), "%Y-%m-%d %H:%M"),
    elements={"tas": Element("tmpf")},
    units="degF",
    preamble=iem,
)  # fmt: skip

IEM_ASOS_CELSIUS = replace(
    IEM_ASOS,
    about=replace(IEM_ASOS.about, name="IEM ASOS/METAR (tmpc)"),
    header=re.compile(r"^station[,\t]valid[,\t].*\btmpc\b"),
    elements={"tas": Element("tmpc")},
    units="degC",
)

IEM_DAILY = TextFormat(
    about=About(
        "IEM daily", "Iowa Environmental Mesonet", "max_temp_f, min_temp_f",
        "local day", "degF", positions="a station list",
    ),
    header=re.compile(r"^station,day,.*\bmax_temp_f\b"),
    columns={"station": ("station",)},
    times=Times(("day",), "%Y-%m-%d"),
    elements={
        "tasmax": Element("max_temp_f", "local"),
        "tasmin": Element("min_temp_f", "local"),
    },
    units="degF",
)  # fmt: skip

ECCC_DAILY = TextFormat(
    about=About(
        "Environment Canada daily", "Environment and Climate Change Canada",
        "Mean, Max, Min Temp", "local day", quality="kept: blank and E (estimated)",
        positions="in the file; elevation from a station list",
    ),
    header=re.compile(r'^"?Longitude \(x\)"?,"?Latitude \(y\)"?,.*"?Mean Temp \('),
    columns={
        "station": ("Climate ID",), "lat": ("Latitude (y)",), "lon": ("Longitude (x)",),
        "station_name": ("Station Name",),
    },
    times=Times(("Date/Time",), "%Y-%m-%d"),
    elements={
        "tas": Element("Mean Temp (°C)", _LOCAL, quality="Mean Temp Flag"),
        "tasmax": Element("Max Temp (°C)", _LOCAL, quality="Max Temp Flag"),
        "tasmin": Element("Min Temp (°C)", _LOCAL, quality="Min Temp Flag"),
    },
    quality=Quality("", "|E"),
)  # fmt: skip

CDS_LAND = TextFormat(
    about=About(
        "CDS in-situ land, sub-daily", "Copernicus Climate Data Store",
        "air temperature", "instants", "as each row states",
        "kept: Passed", "in the file; elevation from a station list",
    ),
    header=re.compile(r"(?=.*\bobserved_variable\b)(?=.*\bobservation_value\b)"
                      r"(?=.*\bprimary_station_id\b)(?=.*\bdate_time\b)"),
    delimiter=",|;",
    columns={
        "station": ("primary_station_id",), "lat": ("latitude",),
        "lon": ("longitude",), "station_name": ("station_name",),
        "elevation": ("station_elevation", "elevation",
                      "height_of_station_above_sea_level"),
    },
    times=Times(("date_time",)),
    elements={
        "tas": Element(
            "observation_value",
            rows={"observed_variable": "air[ _]temperature",
                  "value_significance": "(?i)(?!.*(max|min|accum)).*"},
        ),
    },
    units_column="units",
    quality=Quality("quality_flag", "Passed|passed|0"),
)  # fmt: skip

_CDS_ROWS = {"observed_variable": "air[ _]temperature"}


def _significance(word: str) -> dict[str, str]:
    return _CDS_ROWS | {"value_significance": f"(?i).*{word}.*"}


CDS_LAND_DAILY = replace(
    CDS_LAND,
    about=replace(
        CDS_LAND.about, name="CDS in-situ land, daily",
        reads="air temperature: mean, maximum, minimum", day="local day",
    ),
    row=re.compile(r"(?i)\b(daily|1 day|24 ?h\w*)\b"),
    elements={
        "tas": Element("observation_value", _LOCAL, rows=_significance("mean")),
        "tasmax": Element("observation_value", _LOCAL, rows=_significance("max")),
        "tasmin": Element("observation_value", _LOCAL, rows=_significance("min")),
    },
)  # fmt: skip

SYNOPTIC = TextFormat(
    about=About(
        "Synoptic (MesoWest) time series", "Synoptic Data", "air_temp_set_1",
        "instants", "as the row of units states",
    ),
    header=re.compile(r"^Station_ID,Date_Time,.*\bair_temp_set_1\b"),
    columns={"station": ("Station_ID",)},
    times=Times(("Date_Time",)),
    elements={"tas": Element("air_temp_set_1")},
    units_row=True,
    preamble=synoptic,
)  # fmt: skip

CDS_LAND_REPORTS = replace(
    CDS_LAND,
    about=replace(CDS_LAND.about, name="CDS in-situ land, sub-daily (reports)"),
    header=re.compile(r"(?=.*\bobserved_variable\b)(?=.*\bobservation_value\b)"
                      r"(?=.*\bprimary_station_id\b)(?=.*\breport_timestamp\b)"),
    times=Times(("report_timestamp",)),
)  # fmt: skip

NDBC = TextFormat(
    about=About(
        "NDBC standard meteorological", "NOAA NDBC", "ATMP", "instants",
        positions="a station list; the id is the name of the file",
    ),
    header=re.compile(r"^#?YY(YY)?\s+MM\s+DD\s+hh\s+mm\s.*\bATMP\b"),
    delimiter="",
    columns={},
    times=Times(("YY", "MM", "DD", "hh", "mm"), "%Y %m %d %H %M"),
    elements={"tas": Element("ATMP")},
    units_row=True,
    missing=(999.0, 99.0),
    station_of_file=r"^([A-Za-z0-9]{5})",
)  # fmt: skip

_BOM_DAY = "09-09 local"

BOM_MAXIMUM = TextFormat(
    about=About(
        "BOM IDCJAC0010", "Bureau of Meteorology (Australia)", "maximum temperature",
        "09-09 local, of the date", quality="kept: Y and N (not yet checked)",
        positions="a station list",
    ),
    header=re.compile(r"^\"?Product code\"?,.*Maximum temperature \(Degree C\)"),
    columns={"station": ("Bureau of Meteorology station number",)},
    times=Times(("Year", "Month", "Day"), "%Y %m %d"),
    elements={"tasmax": Element("Maximum temperature (Degree C)", f"{_BOM_DAY} start")},
    rows={"Days of accumulation of maximum temperature": "1?"},
    quality=Quality("Quality", "Y|N|"),
)  # fmt: skip

BOM_MINIMUM = replace(
    BOM_MAXIMUM,
    about=replace(
        BOM_MAXIMUM.about, name="BOM IDCJAC0011", reads="minimum temperature",
        day="09-09 local, dated by its end",
    ),
    header=re.compile(r"^\"?Product code\"?,.*Minimum temperature \(Degree C\)"),
    elements={"tasmin": Element("Minimum temperature (Degree C)", f"{_BOM_DAY} end")},
    rows={"Days of accumulation of minimum temperature": "1?"},
)  # fmt: skip

GEOSPHERE_DAILY = TextFormat(
    about=About(
        "GeoSphere klima-v2-1d", "GeoSphere Austria", "tl_mittel, tlmax, tlmin",
        "UTC day (assumed)", positions="a station list",
    ),
    header=re.compile(r"^(?=.*\btime\b)(?=.*\bstation\b).*\btl_mittel\b"),
    columns={"station": ("station",)},
    times=Times(("time",)),
    elements={
        "tas": Element("tl_mittel", "00-00 UTC (assumed)"),
        "tasmax": Element("tlmax", "00-00 UTC (assumed)"),
        "tasmin": Element("tlmin", "00-00 UTC (assumed)"),
    },
)  # fmt: skip

FORMATS = (
    METEOSTAT_DAILY, METEOSTAT_HOURLY, METEOSTAT_BULK_DAILY, METEOSTAT_BULK_HOURLY,
    IEM_ASOS, IEM_ASOS_CELSIUS, IEM_DAILY, ECCC_DAILY, CDS_LAND_DAILY, CDS_LAND,
    CDS_LAND_REPORTS, SYNOPTIC, NDBC, BOM_MAXIMUM, BOM_MINIMUM, GEOSPHERE_DAILY,
)  # fmt: skip
