"""Which column of a table, or variable of a file, is what: the usual spellings."""

import re
from collections.abc import Iterable

from apnp.data.readings import Request
from apnp.errors import DataError

VARIABLES = ("tas", "tasmax", "tasmin")

_SPELLINGS = {
    "station": "station stationid id wban usaf staid wmo wmoid ghcnid stn stnid site"
    " siteid stationname platform platformid",
    "time": "time date datetime timestamp validtime timeobs obstime observationtime"
    " dateutc timeutc datetimeutc day timenominal",
    "lat": "lat latitude latdeg latitudedeg ylat",
    "lon": "lon long longitude lng londeg longitudedeg xlon xlong",
    "elevation": "elevation elev alt altitude elevationm elevm altm altitudem hght hgt"
    " height stationelevation elevfromisdhistory",
    "station_name": "name stationname locationname sitename isdname stname staname",
    "qc": "qc qcflag qualityflag quality",
    "tas": "tas tmean tavg temp temperature airtemperature airtemp t2m tg meantemp"
    " tempmean temperaturemean tm t 2mtemperature temp2m tempavg ta",
    "tasmax": "tasmax tmax tx maxtemp maxtemperature tempmax temperaturemax mx2t"
    " airtemperaturemax",
    "tasmin": "tasmin tmin tn mintemp mintemperature tempmin temperaturemin mn2t"
    " airtemperaturemin",
}
_UNITS = {
    "degc": "degC", "c": "degC", "celsius": "degC", "f": "degF", "degf": "degF",
    "fahrenheit": "degF", "k": "K", "degk": "K", "kelvin": "K",
}  # fmt: skip
_QUALITY_SUFFIXES = ("_flag", "_qc", "_qflag", "_quality", "DD")


def find_column(
    canonical: str, columns: Iterable[str]
) -> tuple[str, str | None] | None:
    """The column that is `canonical`, and the units its name states, if any.

    Spellings are tried in order of likelihood; a name without units comes before one
    in degC, and that before other units.

    >>> find_column("tas", ["date", "tmean_degF"])
    ('tmean_degF', 'degF')
    """
    plain = {_plain(c): c for c in reversed(list(columns))}
    for spelling in _SPELLINGS[canonical].split():
        if spelling in plain:
            return plain[spelling], None
        if canonical in VARIABLES:
            for suffix, units in _UNITS.items():
                if spelling + suffix in plain:
                    return plain[spelling + suffix], units
    return None


def units_in_name(name: str) -> str | None:
    """Units of temperature that the last word of a name states.

    >>> units_in_name("air_max (F)"), units_in_name("tmean"), units_in_name("k")
    ('degF', None, None)
    """
    words = re.findall(r"[a-z0-9]+", name.lower().replace("°", "deg"))
    return _UNITS.get(words[-1]) if len(words) > 1 else None


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower().replace("°", "deg"))


def variable_of_name(name: str) -> str | None:
    """`tas`, `tasmax` or `tasmin` if `name` is a usual spelling of it."""
    return next((v for v in VARIABLES if find_column(v, [name])), None)


class Columns:
    """The columns of a long table that a request needs.

    Attributes:
        of: Canonical name -> name in the table.
        units: Units of the variable, as asked for or as a name states them.
        comment: How the variable is made of others, or blank.

    Args:
        available: Names of the columns.
        where: The table, for messages.
        request: What is wanted.

    Raises:
        DataError: If a column is not there.
    """

    def __init__(self, available: list[str], where: str, request: Request):
        self.available, self.where, self.request = available, where, request
        self.of: dict[str, str] = {}
        self.comment = ""
        name = request.variable.name
        for canonical in ("station", "lat", "lon", "elevation", "time", "station_name"):
            self._choose(canonical)
        if self.of.get("station_name") == self.of.get("station"):
            self.of.pop("station_name", None)
        if "time" not in self.of:
            raise self._missing("time")
        stated = self._choose(name)
        if name not in self.of:
            stated = self._choose_extremes()
        self._choose_quality()
        self.units = request.units.get(name) or stated or request.variable.units

    def _choose(self, canonical: str) -> str | None:
        """Note the column of `canonical`; return the units its name states."""
        wanted = self.request.columns.get(canonical)
        found = find_column(canonical, self.available)
        if wanted is not None:
            if wanted not in self.available:
                raise DataError(
                    f"{self.where}: no column {wanted!r} (asked for as {canonical}); "
                    f"the table has {', '.join(self.available)}."
                )
            found = wanted, units_in_name(wanted)
        if found is None:
            return None
        self.of[canonical] = found[0]
        return found[1]

    def _choose_extremes(self) -> str | None:
        """Maximum and minimum, of which a mean is made; return their units."""
        name = self.request.variable.name
        if name != "tas":
            raise self._missing(name)
        stated, other = self._choose("tasmax"), self._choose("tasmin")
        if "tasmax" not in self.of or "tasmin" not in self.of or stated != other:
            raise self._missing(name)
        self.comment = f"({self.of['tasmax']} + {self.of['tasmin']}) / 2"
        return stated

    def _choose_quality(self) -> None:
        """The column of quality codes that goes with the variable, if any."""
        for canonical in VARIABLES:
            for suffix in _QUALITY_SUFFIXES:
                name = f"{self.of.get(canonical)}{suffix}"
                if name in self.available and "qc" not in self.of:
                    self.of["qc"] = name
        if "qc" not in self.of:
            self._choose("qc")

    def _missing(self, canonical: str) -> DataError:
        return DataError(
            f"{self.where}: no column for {canonical!r} found; the table has "
            f"{', '.join(self.available)}. Say --columns {canonical}=NAME."
        )
