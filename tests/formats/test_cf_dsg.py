import netCDF4
import numpy as np
import pytest

from apnp.data import read_stations
from apnp.errors import DataError

LAT, LON, ALT = [48.5, -33.9, 60.25], [190.5, 18.4, -1.5], [35.0, -999.9, 270.0]
IDS = ["alpha", "beta", "gämma"]
VALUES = np.array([[1.5, -3.25, 7.0, 9.5], [11.0, np.nan, 13.5, 2.0], [21, 22, 23, 24]])


def create(path, **attrs):
    file = netCDF4.Dataset(path, "w")
    file.setncatts({"Conventions": "CF-1.8", "featureType": "timeSeries", **attrs})
    return file


def put(file, name, dims, values, dtype="f8", fill=None, **attrs):
    variable = file.createVariable(name, dtype, dims, fill_value=fill)
    variable.setncatts(attrs)
    variable[:] = values
    return variable


def put_stations(file, lat="lat", lon="lon", dim="station", ids=True):
    file.createDimension(dim, 3)
    put(file, lat, (dim,), LAT, standard_name="latitude", units="degrees_north")
    put(file, lon, (dim,), LON, standard_name="longitude", units="degrees_east")
    put(file, "alt", (dim,), ALT, standard_name="surface_altitude", units="m")
    if ids:
        file.createDimension("strlen", 6)
        names = np.array([i.encode() for i in IDS], dtype="S6").view("S1").reshape(3, 6)
        put(file, "sid", (dim, "strlen"), names, "S1", cf_role="timeseries_id")


def check(ds):
    assert ds["station"].values.tolist() == IDS
    np.testing.assert_allclose(ds["lat"], LAT)
    np.testing.assert_allclose(ds["lon"], [-169.5, 18.4, -1.5])
    np.testing.assert_array_equal(ds["elevation"], [35.0, np.nan, 270.0])
    days = np.array(["2019-12-30", "2019-12-31", "2020-01-01", "2020-01-02"], "M8[ns]")
    np.testing.assert_array_equal(ds["time"], days)
    np.testing.assert_allclose(ds["tas"], VALUES, atol=1e-5)
    assert ds["tas"].dims == ("station", "time")
    assert ds["tas"].attrs["units"] == "degC"
    assert ds["tas_flag"].values[1].tolist() == [0, 1, 0, 0]


@pytest.mark.parametrize("dims", [("station", "time"), ("time", "station")])
def test_orthogonal_in_any_order_and_any_name(tmp_path, dims):
    with create(tmp_path / "a.nc", license="ask first") as file:
        put_stations(file, "breite", "laenge")
        file.createDimension("time", 4)
        put(file, "tag", ("time",), [-2, -1, 0, 1], standard_name="time",
            units="days since 2020-01-01")  # fmt: skip
        packed = np.ma.masked_invalid(VALUES + 273.15)
        put(file, "q", dims, packed if dims[0] == "station" else packed.T, "f4", -1e30,
            standard_name="air_temperature", units="Kelvin", cell_methods="time: mean",
            comment="well aired")  # fmt: skip
    ds = read_stations(tmp_path / "a.nc")
    check(ds)
    assert ds["tas"].attrs["cell_methods"] == "time: mean"
    assert ds["tas"].attrs["comment"] == "well aired"
    assert ds.attrs["license"] == "ask first"
    assert "1 station of unknown elevation" in ds.attrs["quality_control"]


@pytest.mark.parametrize("kind", ["contiguous", "indexed", "multidimensional"])
def test_ragged_arrays(tmp_path, kind):
    station, step = np.nonzero(np.isfinite(VALUES))
    with create(tmp_path / "a.nc") as file:
        put_stations(file)
        file.createDimension("obs", station.size)
        dims = ("obs",)
        value, time = VALUES[station, step], step - 2.0
        if kind == "contiguous":
            put(file, "n", ("station",), [4, 3, 4], "i4", sample_dimension="obs")
        elif kind == "indexed":
            order = np.random.default_rng(3).permutation(station.size)
            value, time, station = value[order], time[order], station[order]
            put(file, "i", dims, station, "i4", instance_dimension="station")
        else:
            file.createDimension("k", 4)
            dims, value = ("station", "k"), VALUES.copy()
            value[1] = [11.0, 13.5, 2.0, np.nan]
            put(file, "time", dims, [[-2, -1, 0, 1], [-2, 0, 1, 9], [-2, -1, 0, 1.0]],
                units="days since 2020-01-01")  # fmt: skip
            dims, value = ("k", "station"), value.T
        if kind != "multidimensional":
            put(file, "time", dims, time, units="days since 2020-01-01")
        put(file, "temperature", dims, value, units="Celsius")
    check(read_stations(tmp_path / "a.nc"))


def test_one_station_without_a_dimension_of_its_own(tmp_path):
    with create(tmp_path / "a.nc") as file:
        put(file, "lat", (), 12.5, units="degrees_north")
        put(file, "lon", (), 7.5, units="degrees_east")
        file.createDimension("time", 2)
        put(file, "time", ("time",), [1 / 3, 5 / 7 / 24], units="days since 1799-12-31")
        put(file, "tas", ("time",), [3.5, 4.5], units="degC")
    ds = read_stations(tmp_path / "a.nc")
    times = ds["time"].values.astype(str).tolist()
    assert times == ["1799-12-31T00:42:51.000000000", "1799-12-31T08:00:00.000000000"]
    assert ds["tas"].values.tolist() == [[4.5, 3.5]]
    assert ds["tas"].attrs["cell_methods"] == "time: point"
    assert np.isnan(ds["elevation"].item())


def extremes(path, **names):
    with create(path) as file:
        put_stations(file)
        file.createDimension("time", 4)
        put(file, "time", ("time",), [-2, -1, 0, 1], units="days since 2020-01-01")
        for name, shift in names.items():
            put(file, name, ("station", "time"), VALUES + shift, units="degC",
                standard_name="air_temperature")  # fmt: skip


def test_mean_of_extremes_where_there_is_no_mean(tmp_path):
    extremes(tmp_path / "a.nc", tasmax=5.0, tasmin=-3.0)
    ds = read_stations(tmp_path / "a.nc")
    np.testing.assert_allclose(ds["tas"], VALUES + 1.0, atol=1e-5)
    assert ds["tas"].attrs["comment"] == "(tasmax + tasmin) / 2"
    maximum = read_stations(tmp_path / "a.nc", variable="tasmax")["tasmax"]
    np.testing.assert_allclose(maximum, VALUES + 5.0, atol=1e-5)
    assert maximum.attrs["cell_methods"] == "time: maximum"


def test_extremes_in_different_units_make_no_mean(tmp_path):
    extremes(tmp_path / "a.nc", tasmax=5.0, tasmin=-3.0)
    with netCDF4.Dataset(tmp_path / "a.nc", "a") as file:
        file["tasmin"].units = "degF"
    with pytest.raises(DataError, match=r"no variable tas"):
        read_stations(tmp_path / "a.nc")


def test_two_candidates_are_refused_and_the_user_decides(tmp_path):
    extremes(tmp_path / "a.nc", shelter=2.0, roof=4.0)
    with pytest.raises(
        DataError, match=r"shelter and roof could all be tas.*--columns"
    ):
        read_stations(tmp_path / "a.nc")
    ds = read_stations(tmp_path / "a.nc", columns={"tas": "roof"})
    np.testing.assert_allclose(ds["tas"], VALUES + 4.0, atol=1e-5)


@pytest.mark.parametrize(
    ("count", "message"),
    [([4, 3, 5], r"sum to 12, but there are 11"), (None, r"no count variable")],
)
def test_damaged_ragged_arrays_are_refused(tmp_path, count, message):
    with create(tmp_path / "a.nc") as file:
        put_stations(file)
        file.createDimension("obs", 11)
        if count:
            put(file, "n", ("station",), count, "i4", sample_dimension="obs")
        put(file, "time", ("obs",), np.arange(11.0), units="days since 2020-01-01")
        put(file, "tas", ("obs",), np.arange(11.0), units="degC")
    with pytest.raises(DataError, match=message):
        read_stations(tmp_path / "a.nc")


def test_a_station_index_out_of_bounds_is_refused(tmp_path):
    with create(tmp_path / "a.nc") as file:
        put_stations(file)
        file.createDimension("obs", 2)
        put(file, "i", ("obs",), [0, 3], "i4", instance_dimension="station")
        put(file, "time", ("obs",), [0.0, 1.0], units="days since 2020-01-01")
        put(file, "tas", ("obs",), [0.5, 1.5], units="degC")
    with pytest.raises(DataError, match=r"runs from 0 to 3, but there are 3 stations"):
        read_stations(tmp_path / "a.nc")


def test_a_grid_is_refused(tmp_path):
    with create(tmp_path / "a.nc") as file:
        for name, size in (("time", 2), ("lat", 3), ("lon", 4)):
            file.createDimension(name, size)
        put(file, "lat", ("lat",), [0, 1, 2], units="degrees_north")
        put(file, "lon", ("lon",), [0, 1, 2, 3], units="degrees_east")
        put(file, "time", ("time",), [0, 1], units="days since 2020-01-01")
        put(file, "tas", ("time", "lat", "lon"), 5.0, units="degC")
    with pytest.raises(DataError, match=r"gridded fields and ships are not stations"):
        read_stations(tmp_path / "a.nc")


def test_units_must_be_of_temperature(tmp_path):
    with create(tmp_path / "a.nc") as file:
        put_stations(file)
        file.createDimension("time", 4)
        put(file, "time", ("time",), [-2, -1, 0, 1], units="days since 2020-01-01")
        put(file, "tas", ("station", "time"), VALUES, units="mm")
    with pytest.raises(DataError, match=r"units 'mm'"):
        read_stations(tmp_path / "a.nc")
    check(read_stations(tmp_path / "a.nc", units={"tas": "degC"}))


def test_no_leap_calendar_is_refused(tmp_path):
    with create(tmp_path / "a.nc") as file:
        put_stations(file)
        file.createDimension("time", 4)
        put(file, "time", ("time",), [1, 2, 3, 4], units="days since 2020-02-27",
            calendar="360_day")  # fmt: skip
        put(file, "tas", ("station", "time"), VALUES, units="degC")
    with pytest.raises(DataError, match=r"calendar '360_day'.*convert_calendar"):
        read_stations(tmp_path / "a.nc")


def test_real_european_file(real_data):
    ds = read_stations(real_data / "europe_daily_mean_2017_2019.nc")
    assert dict(ds.sizes) == {"station": 2773, "time": 1095}
    assert ds["lon"].values.min() < -169
    assert ds["lon"].values.max() < 180
    assert "46 stations at 23 places merged" in ds.attrs["quality_control"]
    assert "Klein Tank" in ds.attrs["license"]


def test_real_file_of_wrong_units_is_caught(real_data):
    path = real_data / "raw" / "cf_dsg" / "ghcn-dsg_wrong_units.nc"
    with pytest.raises(DataError, match=r"values look like tenths of degC.*--units"):
        read_stations(path)
    ds = read_stations(path, units={"tas": "tenths of degC"})
    assert -30 < np.nanmin(ds["tas"]) < np.nanmax(ds["tas"]) < 45
