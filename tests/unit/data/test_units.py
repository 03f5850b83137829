import numpy as np
import pytest

from apnp.data.units import canonical_units, to_degc
from apnp.errors import DataError


@pytest.mark.parametrize(
    ("units", "value"),
    [
        ("degC", 23.4), ("Celsius", 23.4), ("°C", 23.4), ("degrees_Celsius", 23.4),
        ("K", 296.55), ("Kelvin", 296.55), ("degF", 74.12), ("fahrenheit", 74.12),
        ("tenths of degC", 234.0), ("0.1 degC", 234.0), ("tenths", 234.0),
        ("hundredths of degC", 2340.0),
    ],
)  # fmt: skip
def test_every_spelling_gives_degc(units, value):
    degc = to_degc(np.array([value]), canonical_units(units, "file"))
    np.testing.assert_allclose(degc, 23.4, atol=1e-9)


def test_other_units_are_refused():
    with pytest.raises(DataError, match=r"file: unknown units 'mm'.*--units tas=degF"):
        canonical_units("mm", "file")
