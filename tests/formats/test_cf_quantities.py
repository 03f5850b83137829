"""CF variables that are no air temperature, and positions that are no degrees."""

import warnings

import numpy as np
import pytest
import xarray as xr

from apnp.data import read_stations
from apnp.errors import DataError

VALUES = np.array([[11.5, 12.25, 13.0], [7.0, 6.5, 6.0]])


def written(tmp_path, ds, name="a.nc", **encoding):
    ds.to_netcdf(tmp_path / name, encoding=encoding)
    return tmp_path / name


def dataset(name="tas", values=VALUES, **attrs):
    attrs = {"standard_name": "air_temperature", "units": "degC", **attrs}
    return xr.Dataset(
        {
            name: (("station", "time"), values, attrs),
            "lat": ("station", [46.5, 47.5], {"units": "degrees_north"}),
            "lon": ("station", [7.5, 8.5], {"units": "degrees_east"}),
            "sid": ("station", ["A", "B"], {"cf_role": "timeseries_id"}),
        },
        {"time": ("time", [0.0, 1.0, 2.0], {"units": "days since 2021-06-29"})},
    )


@pytest.mark.parametrize(
    ("attrs", "message"),
    [
        ({"cell_methods": "time: standard_deviation"}, "cell method 'standard_dev"),
        ({"cell_methods": "time: sum"}, r"'sum'.*--columns tas=NAME"),
        ({"cell_methods": "time: mean (interval: 1 month)"}, "months or years"),
        ({"cell_methods": "time: mean time: variance"}, "mean and then variance"),
        ({"standard_name": "soil_temperature"}, "says that it is 'soil_temperature'"),
        ({"standard_name": "air_temperature_anomaly"}, "no air temperature"),
        ({"standard_name": "", "long_name": "dew point"}, "'dew point'"),
    ],
)  # fmt: skip
def test_other_quantities_are_refused(tmp_path, attrs, message):
    with pytest.raises(DataError, match=message):
        read_stations(written(tmp_path, dataset(**attrs)))
    other = written(tmp_path, dataset("temperature", **attrs), "b.nc")
    with pytest.raises(DataError, match=rf"no variable tas|{message}"):
        read_stations(other)


def test_what_the_user_names_is_read(tmp_path):
    path = written(tmp_path, dataset(standard_name="surface_temperature"))
    assert read_stations(path, columns={"tas": "tas"})["tas"].values[1, 0] == 7


@pytest.mark.parametrize(
    ("axis", "attrs"),
    [("lat", {"units": "radians"}), ("lon", {"units": "degrees_west"}),
     ("lat", {"units": "degrees", "standard_name": "grid_latitude"}),
     ("lon", {"units": "m", "standard_name": "projection_x_coordinate"})],
)  # fmt: skip
def test_positions_in_other_units_are_refused(tmp_path, axis, attrs):
    ds = dataset()
    ds[axis].attrs = attrs
    with pytest.raises(DataError, match=rf"'{axis}' has .*--columns {axis}=NAME"):
        read_stations(written(tmp_path, ds))


@pytest.mark.parametrize(
    "attrs",
    [{"valid_range": np.array([6.2, 40.0])}, {"valid_min": 6.2},
     {"missing_value": np.array([6.0, -99.0])}],
)  # fmt: skip
def test_what_a_file_declares_missing_is_missing(tmp_path, attrs):
    got = read_stations(written(tmp_path, dataset(**attrs)))["tas"].values
    np.testing.assert_array_equal(got[1], [7.0, 6.5, np.nan])
    assert np.isfinite(got[0]).all()


def test_the_valid_range_of_packed_values_is_packed(tmp_path):
    ds = dataset(valid_range=np.array([-38, 30], np.int16))
    packed = {"dtype": "int16", "scale_factor": 0.1, "add_offset": 10.0,
              "_FillValue": -999}  # fmt: skip
    got = read_stations(written(tmp_path, ds, tas=packed))["tas"].values
    np.testing.assert_allclose(got[1], [7.0, 6.5, np.nan], atol=1e-5)
    np.testing.assert_allclose(got[0], [11.5, 12.2, 13.0], atol=0.051)


def test_a_dimension_of_one_level_is_no_obstacle(tmp_path):
    ds = dataset().expand_dims(height=[2.0])
    assert read_stations(written(tmp_path, ds))["tas"].values[0, 1] == 12.25


def test_flags_that_are_not_used_or_understood_are_named(tmp_path):
    ds = dataset()
    ds["quality"] = (("station", "time"), np.zeros((2, 3), np.int8))
    said = read_stations(written(tmp_path, ds)).attrs["assumptions"]
    assert "does not name them: quality (--columns qc=NAME" in said
    ds = dataset(ancillary_variables="f")
    flags = {"flag_values": np.array([0, 1], np.int8), "flag_meanings": "gut schlecht"}
    ds["f"] = (("station", "time"), np.zeros((2, 3), np.int8), flags)
    said = read_stations(written(tmp_path, ds, "b.nc")).attrs["assumptions"]
    assert "not understood, and kept: gut, schlecht" in said


def test_values_without_a_time_are_counted(tmp_path):
    ds = dataset().assign_coords(time=("time", [0.0, np.nan, 2.0]))
    ds["time"].attrs["units"] = "days since 2021-06-29"
    got = read_stations(written(tmp_path, ds))
    assert got.sizes["time"] == 2
    assert "2 values without a time dropped" in got.attrs["quality_control"]


@pytest.mark.parametrize("form", [2, 3])
def test_ids_of_zarr_stores_are_kept(tmp_path, form):
    ds = dataset().rename(sid="station").set_coords("station")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of zarr, on texts in its new format
        ds.to_zarr(tmp_path / "a.zarr", zarr_format=form)
    assert read_stations(tmp_path / "a.zarr")["station"].values.tolist() == ["A", "B"]


def ragged(kind, numbers, dtype="i4"):
    """Three observations of two stations, as a count or an index says."""
    attrs = {"count": {"sample_dimension": "obs"},
             "index": {"instance_dimension": "station"}}[kind]  # fmt: skip
    dim = "station" if kind == "count" else "obs"
    time = ("obs", [0.0, 1.0, 0.0], {"units": "days since 2021-06-29",
                                     "standard_name": "time"})  # fmt: skip
    ds = dataset().drop_vars(["tas", "time"])
    ds["tas"] = ("obs", [5.0, 6.0, 7.0], {"units": "degC"})
    return ds.assign(time=time, n=(dim, np.array(numbers, dtype), attrs))


@pytest.mark.parametrize(
    ("kind", "numbers", "dtype"),
    [
        ("count", [2, 1], "i4"), ("index", [0, 0, 1], "i8"), ("count", [2, 1], "f8"),
        ("count", [2, 2], "i4"), ("count", [-1, 4], "i4"),
        ("count", [2**63 - 1, 4], "i8"),
        ("count", [2**62, -(2**62) + 3], "i8"), ("count", [2**64 - 1, 4], "u8"),
        ("count", [1.5, 1.5], "f8"), ("index", [0, 0, 2], "i4"),
        ("index", [0, -1, 1], "i1"),
        ("index", [0, 0, 2**64 - 1], "u8"), ("index", [0, 0, np.nan], "f8"),
        ("count", [3], "i4"),
    ],
)  # fmt: skip
def test_counts_and_indices_fit_the_observations(tmp_path, kind, numbers, dtype):
    if len(numbers) == 1:
        ds = ragged("index", [0, 0, 1]).drop_vars("n")
        ds["n"] = ("other", np.array(numbers), {"sample_dimension": "obs"})
    else:
        ds = ragged(kind, numbers, dtype)
    path = written(tmp_path, ds)
    if numbers in ([2, 1], [0, 0, 1]):
        got = read_stations(path)["tas"].values
        np.testing.assert_array_equal(got, [[5.0, 6.0], [7.0, np.nan]])
    else:
        with pytest.raises(DataError, match=r"a\.nc: the .*damaged"):
            read_stations(path)
