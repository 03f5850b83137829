"""Spellings under which tables and files name the canonical columns."""

import re
from collections.abc import Iterable

_SPELLINGS = {
    "station": "station stationid id wban usaf staid wmo wmoid ghcnid stn stnid site"
    " siteid stationname platform platformid",
    "time": "time date datetime timestamp validtime timeobs obstime observationtime"
    " dateutc timeutc datetimeutc day timenominal",
    "lat": "lat latitude latdeg latitudedeg ylat",
    "lon": "lon long longitude lng londeg longitudedeg xlon xlong",
    "elevation": "elevation elev alt altitude elevationm elevm altm altitudem hght hgt"
    " height stationelevation elevfromisdhistory",
    "station_name": "name stationname station_name locationname sitename isdname"
    " stname staname",
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
VARIABLES = ("tas", "tasmax", "tasmin")


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower().replace("°", "deg"))


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
        if _plain(spelling) in plain:
            return plain[_plain(spelling)], None
        if canonical in VARIABLES:
            for suffix, units in _UNITS.items():
                if spelling + suffix in plain:
                    return plain[spelling + suffix], units
    return None


def variable_of_name(name: str) -> str | None:
    """`tas`, `tasmax` or `tasmin` if `name` is a usual spelling of it."""
    for variable in VARIABLES:
        if find_column(variable, [name]):
            return variable
    return None
