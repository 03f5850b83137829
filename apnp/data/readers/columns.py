"""Which column of a table is what: the usual spellings, and units in names."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from apnp.data.readings import Request
from apnp.errors import DataError

VARIABLES = ("tas", "tasmax", "tasmin")
PLACES = ("station", "lat", "lon", "elevation", "station_name")

_SPELLINGS = {
    "station": "station stationid id wban usaf staid wmo wmoid ghcnid stn stnid site"
    " siteid stationcode stationnumber primarystationid platform platformid icao"
    " stationname stationabbr",
    "time": "time date datetime timestamp validtime timeobs obstime observationtime"
    " dateutc timeutc datetimeutc utctime timenominal valid observedat observed"
    " observationdate observationdatetime obsdate obsdatetime measuredat datetimegmt"
    " timestamputc referencetimestamp localtime timelocal datetimelocal localdatetime"
    " localtimestamp timelst lst",
    "lat": "lat latitude latdeg latitudedeg ylat stationlatitude latdd",
    "lon": "lon long longitude lng londeg longitudedeg xlon xlong stationlongitude"
    " londd",
    "elevation": "elevation elev alt altitude hght hgt stationelevation"
    " stationaltitude stationheight groundelevation surfacealtitude"
    " elevfromisdhistory altitudem elevationm elevm altm",
    "station_name": "name stationname locationname sitename isdname stname staname",
    "qc": "qc qcflag qualityflag quality qualitycontrol qualitycode"
    " qartod qartodflag qartodaggregate",
    "tas": "tas tmean tavg temp temperature airtemperature airtemp t2m tg meantemp"
    " tempmean temperaturemean tm t 2mtemperature temp2m tempavg ta tmp drybulb"
    " drybulbtemperature meantemperature avgtemp temperatureavg",
    "tasmax": "tasmax tmax tx maxtemp maxtemperature tempmax temperaturemax mx2t"
    " airtemperaturemax maximumtemperature",
    "tasmin": "tasmin tmin tn mintemp mintemperature tempmin temperaturemin mn2t"
    " airtemperaturemin minimumtemperature",
    "year": "year yr yyyy jahr annee ano",
    "month": "month mon mo mm monat mois mes",
    "dayofmonth": "day dd dayofmonth tag jour dia",
    "dayofyear": "doy yday dayofyear julianday julday jday",
    "date": "date day obsdate observationdate dateutc utcdate datum datadate",
    "hour": "hour hr hh hourutc utchour hourofday stunde heure time timeutc utctime"
    " clock hhmm obstime timeobs observationtime",
    "minute": "minute min minutes minuteutc",
    "half": "ampm meridiem meridian",
    "zone": "timezone tz tzname utcoffset timeoffset tzoffset gmtoffset offsetutc"
    " utcoffsethours timezoneoffset utcoffsetseconds utcoffsethr",
    "parameter": "parameter parametername parametercode observedvariable variable"
    " variablename element datatype quantity measurement obstype observedproperty",
    "value": "value observationvalue val datavalue reading observation obsvalue"
    " result measuredvalue",
    "units": "units unit uom unitofmeasure unitofmeasurement",
}
_DATES_AND_CLOCKS = frozenset((_SPELLINGS["date"] + " " + _SPELLINGS["hour"]).split())
_TEMPERATURES = {
    "degc": "degC", "c": "degC", "celsius": "degC", "f": "degF", "degf": "degF",
    "fahrenheit": "degF", "k": "K", "degk": "K", "kelvin": "K",
    "degreesc": "degC", "degreec": "degC", "degreesf": "degF", "degreef": "degF",
    "cel": "degC", "kelvins": "K", "cdeg": "degC", "fdeg": "degF",
    "degcelsius": "degC", "degreescelsius": "degC", "degreecelsius": "degC",
}  # fmt: skip
_LENGTHS = {
    "m": "m", "meter": "m", "meters": "m", "metre": "m", "metres": "m", "masl": "m",
    "mamsl": "m", "metersasl": "m", "metresasl": "m",
    "ft": "ft", "feet": "ft", "foot": "ft", "km": "km",
}  # fmt: skip
_BRACKETS = re.compile(r"^(?P<base>.*?)[\s_]*[(\[](?P<units>[^()\[\]]*)[)\]]\s*$")
_FEET = re.compile(r"^(?P<base>.*?\w)[\s_]*(?P<units>['′])\s*$")
_QUALITY = re.compile(r"qc|qflag|flag|quality|qualite|qual\b|_qual|attributes", re.I)
_QUALITY_AFFIXES = (
    "{}_flag", "{}_qc", "{}_qflag", "{}_quality", "{}_quality_code", "{}_qc_flag",
    "{}_flags", "{}_qcflag", "{}_qf", "{}DD", "qc_{}", "flag_{}", "q_{}",
)  # fmt: skip


def plain(name: str) -> str:
    """A name in lower case, of letters and digits only."""
    text = name.replace("℃", "degC").replace("℉", "degF").lower()
    return re.sub(r"[^a-z0-9]", "", re.sub("[°º˚]", "deg", text))


def find_column(
    canonical: str, columns: Iterable[str]
) -> tuple[str, str | None] | None:
    """The column that is `canonical`, and the units its name states, if any.

    Spellings are tried in order of likelihood; a name without units comes before one
    in degC, and that before other units.

    >>> find_column("tas", ["date", "tmean_degF"])
    ('tmean_degF', 'degF')
    >>> find_column("elevation", ["elev (ft)"])
    ('elev (ft)', 'ft')
    """
    found: dict[str, tuple[str, str | None]] = {}
    for name in columns:
        key, units = _parted(name)
        found.setdefault(key, (name, units))
    known = _TEMPERATURES if canonical in VARIABLES else {}
    if canonical == "elevation":
        known = _LENGTHS
    for spelling in _SPELLINGS[canonical].split():
        if spelling in found:
            name, units = found[spelling]
            return name, units if known else None
        for suffix, units in known.items():
            if spelling + suffix in found:
                return found[spelling + suffix][0], units
    return None


def _parted(name: str) -> tuple[str, str | None]:
    """A name as `plain`, and the units in brackets at its end."""
    match = _BRACKETS.match(name) or _FEET.match(name)
    if match is None or not match["base"]:
        return plain(name), None
    return plain(match["base"]), match["units"].strip() or None


def units_in_name(name: str) -> str | None:
    """Units of temperature or height that the last word of a name states.

    >>> units_in_name("air_max (F)"), units_in_name("tmean"), units_in_name("k")
    ('degF', None, None)
    """
    words = re.findall(r"[a-z0-9]+", name.lower().replace("°", "deg"))
    return (_TEMPERATURES | _LENGTHS).get(words[-1]) if len(words) > 1 else None


def spellings_among(canonical: str, columns: Iterable[str]) -> list[str]:
    """All columns whose names are usual spellings of `canonical`.

    >>> spellings_among("tas", ["date", "temp", "tmean", "rain"])
    ['temp', 'tmean']
    """
    return [name for name in columns if find_column(canonical, [name]) is not None]


def variable_of_name(name: str) -> str | None:
    """`tas`, `tasmax` or `tasmin` if `name` is a usual spelling of it."""
    return next((v for v in VARIABLES if find_column(v, [name])), None)


def looks_like_quality(name: str) -> bool:
    """Whether a column's name sounds like one of quality codes."""
    return _QUALITY.search(name) is not None


@dataclass
class Columns:
    """The columns of a long table that a request needs.

    Attributes:
        available: Names of the columns.
        where: The table, for messages.
        request: What is wanted.
        of: Canonical name -> name in the table; `qc:tas` is the quality of `tas`.
        units: Canonical name -> units that the table states.
        ignored: Columns that look like ones of use, and are not used.

    Raises:
        DataError: If a column is not there, or several could be it.
    """

    available: Sequence[str]
    where: str
    request: Request
    stated: Mapping[str, str] = field(default_factory=dict)
    of: dict[str, str] = field(default_factory=dict)
    units: dict[str, str | None] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for canonical in PLACES:
            self._choose(canonical)
        if self.of.get("station_name") == self.of.get("station"):
            self.of.pop("station_name", None)
        self._choose_times()
        if self.request.columns.get("zone", "").lower() != "none":
            self._choose("zone")
        self._choose_values()
        self._choose_quality()

    @property
    def wanted(self) -> list[str]:
        """All columns that are to be read."""
        return list(dict.fromkeys(self.of.values()))

    @property
    def values(self) -> list[str]:
        """Canonical names of the columns of values."""
        return [c for c in (*VARIABLES, "value") if c in self.of]

    def _choose(self, canonical: str) -> None:
        """Note the column of `canonical`, if there is one, and the units it states."""
        asked = self.request.columns.get(canonical)
        found = find_column(canonical, self.available)
        if asked is not None:
            if asked not in self.available:
                raise DataError(
                    f"{self.where}: no column {asked!r} (asked for as {canonical}); "
                    f"the table has {', '.join(self.available)}."
                )
            found = asked, (find_column(canonical, [asked]) or (0, None))[1]
            found = asked, found[1] or units_in_name(asked)
        if found is None:
            return
        name = found[0]
        same = [c for c in self.available if c == name]
        if len(same) > 1:
            raise DataError(
                f"{self.where}: {len(same)} columns are called {name!r}. Which one is "
                f"{canonical} cannot be known: give the columns different names."
            )
        alike = [c for c in self.available if plain(c) == plain(name)]
        if len(alike) > 1 and asked is None:
            raise DataError(
                f"{self.where}: the columns {' and '.join(map(repr, alike))} could "
                f"both be {canonical}. Say --columns {canonical}=NAME."
            )
        self.of[canonical] = name
        self.units[canonical] = self.stated.get(name) or found[1]

    def _choose_times(self) -> None:
        """One column of times, or the columns of date and clock that make them."""
        asked = self.request.columns
        if "time" not in asked and "date" not in asked and self._parts():
            return
        if "time" in asked or not {"date", "hour"} & set(asked):
            self._choose("time")
        whole = plain(self.of.get("time", "")) not in _DATES_AND_CLOCKS
        if "time" in self.of and (whole or "time" in asked) and "hour" not in asked:
            return
        date = asked.get("date") or asked.get("time")
        if date is None:
            found = find_column("date", self.available) or find_column(
                "time", self.available
            )
            date = found[0] if found else None
        if date is None or date not in self.available:
            raise self._missing("time")
        self.of.pop("time", None)
        others = [c for c in self.available if c != date]
        for part in ("hour", "minute", "half"):
            found = find_column(part, others)
            if part in asked:
                self._choose(part)
            elif found is not None and (part == "hour" or "hour" in self.of):
                self.of[part] = found[0]
        self.of["date" if "hour" in self.of else "time"] = date

    def _parts(self) -> bool:
        """Choose columns of year, month and day, or of year and day of the year."""
        parts = [p for p in ("month", "dayofmonth") if self._has(p)]
        if len(parts) < 2:
            parts = ["dayofyear"] if self._has("dayofyear") else []
        if not parts or not self._has("year"):
            return False
        for part in ("year", *parts, "hour", "minute", "half"):
            self._choose(part)
        return True

    def _has(self, canonical: str) -> bool:
        asked = canonical in self.request.columns
        return asked or find_column(canonical, self.available) is not None

    def _choose_values(self) -> None:
        """The variable itself, the extremes its mean is made of, or a parameter."""
        name = self.request.variable.name
        asked = self.request.columns.get(name)
        wide = asked is None and find_column(name, self.available) is not None
        if not wide and self._by_parameter(asked):
            return
        self._choose(name)
        if name == "tas" and asked is None:
            self._choose("tasmax")
            self._choose("tasmin")
            if not {"tasmax", "tasmin"} <= set(self.of):
                self.of.pop("tasmax", None)
                self.of.pop("tasmin", None)
        if not self.values:
            raise self._missing(name)

    def _by_parameter(self, asked: str | None) -> bool:
        """Choose the columns of a table whose rows hold one parameter each.

        `asked` is the column of the values, or the parameter that is wanted.
        """
        parameter = self.request.columns.get("parameter") or next(
            iter(find_column("parameter", self.available) or ()), None
        )
        value = asked if asked in self.available else None
        if value is None and "value" not in self.request.columns:
            value = next(iter(find_column("value", self.available) or ()), None)
        if parameter is None or (value is None and not self._has("value")):
            return False
        self._choose("parameter")
        if "value" in self.request.columns:
            self._choose("value")
        else:
            assert value is not None
            self.of["value"] = value
            self.units["value"] = self.stated.get(value) or units_in_name(value)
        self._choose("units")
        return True

    def _choose_quality(self) -> None:
        """The columns of quality codes that go with the values, if any."""
        asked = self.request.columns.get("qc")
        if asked is not None and asked.lower() in ("", "none"):
            self._note_ignored()
            return
        if asked is not None:
            self._choose("qc")
        else:
            for canonical in self.values:
                for affix in _QUALITY_AFFIXES:
                    name = plain(affix.format(self.of[canonical]))
                    if affix == "{}DD":
                        name = ""
                        if f"{self.of[canonical]}DD" in self.available:
                            self.of[f"qc:{canonical}"] = f"{self.of[canonical]}DD"
                    fit = [c for c in self.available if plain(c) == name and name]
                    if fit and f"qc:{canonical}" not in self.of:
                        self.of[f"qc:{canonical}"] = fit[0]
            if not any(key.startswith("qc:") for key in self.of):
                self._choose("qc")
        self._note_ignored()

    def _note_ignored(self) -> None:
        used = set(self.of.values())
        self.ignored = [
            c for c in self.available if looks_like_quality(c) and c not in used
        ]

    def _missing(self, canonical: str) -> DataError:
        return DataError(
            f"{self.where}: no column for {canonical!r} found; the table has "
            f"{', '.join(self.available)}. Say --columns {canonical}=NAME."
        )
