import numpy as np
import pandas as pd
import pytest

from apnp.data import Daily, from_table
from apnp.errors import ConfigError, DataError


def hours(*readings):
    return pd.DataFrame(
        [("A", t, 46.5, 7.5, 400.0, v) for t, v in readings],
        columns=["station", "time", "lat", "lon", "elevation", "tas"],
    )


READINGS = hours(
    ("2021-06-30T20:00", 7.0),
    ("2021-07-01T00:00", 1.0), ("2021-07-01T00:20", 3.0), ("2021-07-01T05:00", 5.0),
    ("2021-07-01T17:59", 30.0), ("2021-07-01T18:00", 12.5), ("2021-07-02T03:00", 4.0),
)  # fmt: skip


def test_mean_is_of_hours_not_of_reports():
    ds = from_table(READINGS, daily=Daily("mean", min_obs=4))
    assert ds["time"].values.tolist() == [np.datetime64("2021-07-01", "ns").astype(int)]
    assert ds["tas"].item() == pytest.approx((2.0 + 5.0 + 30.0 + 12.5) / 4)
    assert ds["tas"].attrs["cell_methods"] == "time: mean"
    assert (
        "2 station days with readings in fewer than 4 hours dropped"
        in (ds.attrs["quality_control"])
    )


@pytest.mark.parametrize(
    ("statistic", "name", "values"),
    [("max", "tasmax", [7.0, 30.0, 4.0]), ("min", "tasmin", [7.0, 1.0, 4.0])],
)
def test_extremes_are_of_readings_and_have_their_own_names(statistic, name, values):
    ds = from_table(READINGS, daily=Daily(statistic, min_obs=1))
    np.testing.assert_allclose(ds[name].values[0], values)


def test_day_start():
    """From -6 a day runs from 18 UTC of the day before, 18:00 itself included."""
    ds = from_table(READINGS, daily=Daily("max", min_obs=1, day_start=-6))
    days = ds["time"].values.astype("M8[D]").astype(str).tolist()
    assert days == ["2021-07-01", "2021-07-02"]
    np.testing.assert_allclose(ds["tasmax"].values[0], [30.0, 12.5])
    later = from_table(READINGS, daily=Daily("max", min_obs=1, day_start=6))
    assert later["time"].values.astype("M8[D]").astype(str).tolist() == [
        "2021-06-30", "2021-07-01",
    ]  # fmt: skip
    np.testing.assert_allclose(later["tasmax"].values[0], [7.0, 30.0])


def test_days_before_1970():
    frame = hours(("1969-12-31T23:00", 2.5), ("1969-12-30T01:00", 3.5))
    ds = from_table(frame, daily=Daily("mean", min_obs=1))
    days = ds["time"].values.astype("M8[D]").astype(str).tolist()
    assert days == ["1969-12-30", "1969-12-31"]


def test_refusals():
    with pytest.raises(DataError, match="daily already"):
        from_table(hours(("2021-07-01", 2.5), ("2021-07-02", 2.5)), daily=Daily())
    with pytest.raises(
        DataError, match=r"No day has readings in 9 different hours; .* 4"
    ):
        from_table(READINGS, daily=Daily(min_obs=9))
    for arguments in ({"statistic": "median"}, {"min_obs": 25}, {"day_start": 24}):
        with pytest.raises(ConfigError, match=str(*arguments.values())):
            Daily(**arguments)
