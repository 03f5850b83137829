"""Units of temperature: conversion to degC, and a guess when values are impossible."""

import re

import numpy as np
from numpy.typing import NDArray

from apnp.errors import DataError
from apnp.variables import Variable

# Units -> (factor, offset): degC = factor * value + offset.
_TO_DEGC = {
    "degC": (1.0, 0.0),
    "K": (1.0, -273.15),
    "degF": (5 / 9, -160 / 9),
    "tenths of degC": (0.1, 0.0),
    "hundredths of degC": (0.01, 0.0),
}
_SPELLINGS = {
    "degC": "degc c celsius celcius degcelsius degreecelsius degreescelsius degreec"
    " degreesc cel cdeg celsiusdegree celsiusdegrees degcel degsc degscelsius",
    "K": "k kelvin kelvins degk degreekelvin degreeskelvin degreek degreesk",
    "degF": "degf f fahrenheit degfahrenheit degreefahrenheit degreesfahrenheit"
    " degreef degreesf fdeg fahrenheitdegree fahrenheitdegrees",
    "tenths of degC": "tenthsofdegc 0.1degc 0.1c degc/10 tenthsdegc tenthdegc tenths"
    " tenthsofcelsius 0.1celsius degc*10 1/10degc 1/10c 1/10celsius ddegc",
    "hundredths of degC": "hundredthsofdegc 0.01degc 0.01c degc/100 hundredths"
    " 1/100degc 1/100c 1/100celsius degc*100 cdegc",
}
_CANONICAL = {
    spelling: name for name, all_ in _SPELLINGS.items() for spelling in all_.split()
}


def canonical_units(units: str, where: str) -> str:
    """The canonical spelling of units of temperature, e.g. `degC` for "Celsius".

    Raises:
        DataError: If the units are not of temperature or not known.
    """
    text = units.replace("℃", "degC").replace("℉", "degF")
    plain = re.sub(r"[\s_]|\^", "", re.sub("[°º˚]", "deg", text)).lower()
    if plain not in _CANONICAL:
        raise DataError(
            f"{where}: unknown units {units!r} of temperature; known are "
            f"{', '.join(_TO_DEGC)}. If they are one of these, say so with --units, "
            "e.g. --units tas=degF; if not, convert the values first."
        )
    return _CANONICAL[plain]


def to_degc(value: NDArray[np.float64], units: str) -> NDArray[np.float64]:
    """Values in degC. `units` is canonical.

    >>> to_degc(np.array([50.0]), "degF").round(9).tolist()
    [10.0]
    """
    factor, offset = _TO_DEGC[units]
    return value if units == "degC" else factor * value + offset


_METRES = {"m": 1.0, "ft": 0.3048, "km": 1000.0, "us_ft": 1200 / 3937}
_LENGTHS = {
    "m": "m meter meters metre metres masl mamsl gpm 1m metersabovesealevel"
    " metresabovesealevel metersasl metresasl mabovesealevel geopotentialmeters",
    "ft": "ft feet foot ' ′ internationalfoot internationalfeet ftasl ftamsl feetasl",
    "us_ft": "ussurveyfoot ussurveyfeet usft",
    "km": "km kilometre kilometres kilometer kilometers",
}
_LENGTH_OF = {text: name for name, all_ in _LENGTHS.items() for text in all_.split()}


def to_metres(value: NDArray, units: str, where: str) -> NDArray[np.float64]:
    """Heights in metres.

    Raises:
        DataError: If the units are not of length or not known.

    >>> to_metres(np.array([1000.0]), "feet", "a.csv").tolist()
    [304.8]
    """
    plain = re.sub(r"[\s_.]", "", units).lower()
    if plain not in _LENGTH_OF:
        raise DataError(
            f"{where}: unknown units {units!r} of elevation; known are m, ft and km. "
            "If they are one of these, say so with --units, e.g. --units elevation=ft; "
            "if not, convert the elevations first."
        )
    return np.asarray(value, dtype=np.float64) * _METRES[_LENGTH_OF[plain]]


def guess_units(value: NDArray[np.float64], about: Variable) -> list[str]:
    """Units in which raw values would be plausible, the likeliest first.

    Kelvin stands alone where it fits, and a reading of degrees Fahrenheit before
    tenths of a degree: dividing by ten makes plausible what the others explain.
    """
    codes = (value <= -900) | (value >= 9000)
    if codes.all():
        return []
    core = np.quantile(value[~codes], [0.02, 0.98])
    low, high = about.plausible
    fits = [
        units
        for units in ("K", "degF", "tenths of degC", "hundredths of degC")
        if low <= to_degc(core, units)[0] and to_degc(core, units)[1] <= high
    ]
    return fits[:1] if fits[:1] != ["degF"] else fits[:2]
