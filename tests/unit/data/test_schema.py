import numpy as np
import pytest

from apnp.data import from_arrays, validate
from apnp.errors import ConfigError, DataError

GOOD = {
    "station": ["A", "B"], "lat": [10.5, -90.0], "lon": [180.0, 359.0],
    "elevation": [np.nan, 2835.0], "time": ["2021-07-01", "2021-07-02", "2021-07-04"],
}  # fmt: skip
VALUES = [[1.5, np.nan, 3.5], [-60.5, -61.5, -62.5]]


def make(values=VALUES, variable="tas", **changed):
    return from_arrays(variable, values, **{**GOOD, **changed})


def test_a_dataset_says_what_it_holds():
    ds = make(variable="tasmin", cell_method="time: minimum")
    assert ds["tasmin"].dims == ("station", "time")
    assert ds["tasmin"].dtype == np.float32
    assert ds["lon"].values.tolist() == [-180.0, -1.0]
    assert ds["station"].attrs["cf_role"] == "timeseries_id"
    assert ds["tasmin"].attrs["standard_name"] == "air_temperature"
    assert ds["tasmin"].attrs["units"] == "degC"
    assert ds["tasmin_flag"].values.tolist() == [[0, 1, 0], [0, 0, 0]]
    assert ds.attrs["featureType"] == "timeSeries"
    assert validate(ds) is ds


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"station": ["A", "A"]}, r"ids must differ; 'A' occurs 2 times"),
        ({"lat": [10.5, 90.5]}, r"'lat' of station 'B' is 90.5; it must lie in \[-90"),
        ({"lat": [np.nan, 9.5]}, r"'lat' of station 'A' is nan"),
        ({"elevation": [9999.0, 5.0]}, r"'elevation' of station 'A' is 9999"),
        ({"time": GOOD["time"][::-1]}, r"`time` must increase"),
        ({"time": [*GOOD["time"][:2], "NaT"]}, r"`time` must increase"),
        ({"values": [[1.5, 2.5, 61.5], [1, 2, 3]]}, r"'A' has 61.5 at 2021-07-04"),
        ({"values": np.zeros((2, 0)), "time": []}, r"2 stations and 0 times"),
    ],
)
def test_broken_rules_are_named(changed, message):
    with pytest.raises(DataError, match=message):
        make(**changed)


def test_stale_units_are_refused():
    ds = make()
    ds["tas"] = ds["tas"] + 273.15
    ds["tas"].attrs["units"] = "K"
    with pytest.raises(DataError, match=r"must be in degC; its units are 'K'"):
        validate(ds)


def test_parts_that_are_missing_are_named():
    with pytest.raises(DataError, match=r"a coordinate 'elevation'"):
        validate(make().drop_vars("elevation"))
    with pytest.raises(DataError, match=r"must have dims \('station',\)"):
        validate(make().assign_coords(elevation=5.0))
    with pytest.raises(DataError, match=r"holds a variable with dims"):
        validate(make().drop_vars("tas"))
    with pytest.raises(DataError, match=r"Unknown variable 'rain'"):
        validate(make().rename(tas="rain"))
    with pytest.raises(ConfigError, match=r"Unknown variable 'rain'"):
        make(variable="rain")
