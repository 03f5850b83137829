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
    " degreesc",
    "K": "k kelvin degk degreekelvin degreeskelvin degreek degreesk",
    "degF": "degf f fahrenheit degfahrenheit degreefahrenheit degreesfahrenheit"
    " degreef degreesf",
    "tenths of degC": "tenthsofdegc 0.1degc 0.1c degc/10 tenthsdegc tenthdegc tenths"
    " tenthsofcelsius 0.1celsius degc*10",
    "hundredths of degC": "hundredthsofdegc 0.01degc 0.01c degc/100 hundredths",
}
_CANONICAL = {
    spelling: name for name, all_ in _SPELLINGS.items() for spelling in all_.split()
}


def canonical_units(units: str, where: str) -> str:
    """The canonical spelling of units of temperature, e.g. `degC` for "Celsius".

    Raises:
        DataError: If the units are not of temperature or not known.
    """
    plain = re.sub(r"[\s_]|\^", "", units.replace("°", "deg")).lower()
    if plain not in _CANONICAL:
        raise DataError(
            f"{where}: unknown units {units!r} of temperature; known are "
            f"{', '.join(_TO_DEGC)}. Name them with --units, e.g. --units tas=degF."
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
    "m": "m meter meters metre metres masl gpm 1m metersabovesealevel",
    "ft": "ft feet foot internationalfoot internationalfeet",
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
            "Name them with --units, e.g. --units elevation=ft."
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
