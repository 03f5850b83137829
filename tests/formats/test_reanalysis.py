import netCDF4
import numpy as np
import pytest

from apnp.data.gridded.reanalysis import read_reanalysis
from apnp.errors import DataError

LAT, LON = [52.0, 51.5, 51.0], [358.5, 359.0, 359.5, 0.0]
HOURS = ["2019-03-01T00", "2019-03-01T01"]
CELSIUS = np.array([[[1.5, 2.0, 2.5, 3.0], [4, 5, 6, 7], [8.5, 9, 9.5, 10]]] * 2)
CELSIUS[1] -= 7.25


def write(path, layout="new", *, lat=LAT, lon=LON, values=CELSIUS, name="t2m", **attrs):
    """A file as the Climate Data Store makes it: "new", "old" (packed) or "merge"."""
    old = layout != "new"
    time = "time" if old else "valid_time"
    dims = (time, "latitude", "longitude")
    with netCDF4.Dataset(path, "w") as file:
        for dim, size in zip(dims, (len(values), len(lat), len(lon)), strict=True):
            file.createDimension(dim, size)
        t = file.createVariable(time, "i4" if old else "i8", (time,))
        t.units = "hours since 1900-01-01" if old else "seconds since 1970-01-01"
        begun = 1044552 if old else 1551398400  # 2019-03-01T00
        t[:] = begun + np.arange(len(values)) * (1 if old else 3600)
        for axis, value in (("latitude", lat), ("longitude", lon)):
            file.createVariable(axis, "f4", (axis,))[:] = value
        kelvin = values + 273.15
        if layout == "merge":
            file.createDimension("expver", 2)
            file.createVariable("expver", "i4", ("expver",))[:] = [5, 1]
            shape = (len(values), 2, len(lat), len(lon))
            both = np.ma.masked_array(np.full(shape, 250.0), mask=True)
            both[0, 1], both[1, 0] = kelvin[0], kelvin[1]
            both[0, 0] = 200.0  # preliminary, and replaced by what is final
            kelvin, dims = both, (time, "expver", *dims[1:])
        if layout == "new":
            file.createVariable("number", "i8", ())[:] = 0
            file.createVariable("expver", str, (time,))[:] = np.array(
                ["0001", "0005"], dtype=object
            )[: len(values)]
        kind, fill = ("i2", -32767) if old else ("f4", np.nan)
        variable = file.createVariable(name, kind, dims, fill_value=fill)
        if old:
            variable.scale_factor, variable.add_offset = 0.002, 260.0
        variable.setncatts({"units": "K", "standard_name": "unknown"} | attrs)
        variable[:] = kelvin
    return path


@pytest.mark.parametrize("layout", ["new", "old", "merge"])
def test_every_layout_is_the_same_dataset(tmp_path, layout):
    ds = read_reanalysis(write(tmp_path / "a.nc", layout))
    assert ds["tas"].dims == ("time", "lat", "lon")
    assert ds["time"].values.astype("M8[h]").astype(str).tolist() == HOURS
    assert ds["lat"].values.tolist() == [51.0, 51.5, 52.0]
    assert ds["lon"].values.tolist() == [-1.5, -1.0, -0.5, 0.0]
    np.testing.assert_allclose(ds["tas"], CELSIUS[:, ::-1], atol=0.0011)
    assert ds["tas"].dtype == np.float32
    assert ds["tas"].attrs["units"] == "degC"
    assert ds["lat"].attrs["units"] == "degrees_north"
    assert set(ds.variables) == {"tas", "time", "lat", "lon"}


def test_a_missing_value_stays_missing(tmp_path):
    values = CELSIUS.copy()
    values[1, 0, 2] = np.nan
    ds = read_reanalysis(write(tmp_path / "a.nc", values=values))
    assert np.argwhere(np.isnan(ds["tas"].values)).tolist() == [[1, 2, 2]]


def test_a_region_across_the_date_line_is_not_torn(tmp_path):
    ds = read_reanalysis(write(tmp_path / "a.nc", lon=[179.0, 179.5, -180.0, -179.5]))
    assert ds["lon"].values.tolist() == [179.0, 179.5, 180.0, 180.5]
    np.testing.assert_allclose(ds["tas"], CELSIUS[:, ::-1], atol=1e-4)


def test_files_of_several_times_are_joined_in_order(tmp_path):
    write(tmp_path / "b.nc", values=CELSIUS[:1])
    write(tmp_path / "a.nc", "old", values=CELSIUS)
    with netCDF4.Dataset(tmp_path / "a.nc", "a") as file:
        file["time"][:] += 5
    ds = read_reanalysis([tmp_path / "a.nc", tmp_path / "b.nc"])
    assert ds["time"].dt.hour.values.tolist() == [0, 5, 6]
    np.testing.assert_allclose(ds["tas"][1], CELSIUS[0, ::-1], atol=0.0011)
    with pytest.raises(DataError, match=r"time 2019-03-01T00.* occurs twice"):
        read_reanalysis([tmp_path / "b.nc"] * 2)
    write(tmp_path / "c.nc", lat=[52.0, 51.0, 50.0])
    with pytest.raises(DataError, match=r"c.nc: its lat differ from those of .*b.nc"):
        read_reanalysis([tmp_path / "b.nc", tmp_path / "c.nc"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "warmth"}, r"tas must be one variable .* holds .*warmth.*`name`"),
        ({"units": "mm"}, r"'t2m': unknown units 'mm'"),
        ({"units": "degC"}, r"holds 2\d\d.\d+ degC .* units are 'degC': check"),
        ({"lat": [52.0, 51.5, 50.0]}, r"lat must be even steps.*0.5 to 1.5 degrees"),
        ({"lat": [99.0, 98.0, 97.0]}, r"latitude lies in \[-90, 90\] .* 99 to 97"),
        (
            {"lon": [0.0, 1.0, 1.0, 2.0]},
            r"longitude must hold two or more values that only rise",
        ),
        ({"lon": [0.0, 1.0, 1.5, 2.0]}, r"lon must be even steps"),
        ({"values": CELSIUS * np.nan}, r"holds no value"),
    ],
)
def test_refusals(tmp_path, change, message):
    path = write(tmp_path / "a.nc", **change)
    with pytest.raises(DataError, match=r"a\.nc: .*" + message):
        read_reanalysis(path)


def test_the_user_may_say_which_variable_it_is(tmp_path):
    path = write(tmp_path / "a.nc", name="warmth")
    assert "tas" in read_reanalysis(path, name="warmth")


def test_files_that_are_none_are_refused(tmp_path):
    path = write(tmp_path / "a.nc")
    with netCDF4.Dataset(path, "a") as file:
        file.renameVariable("latitude", "breite")
    with pytest.raises(DataError, match=r"no one-dimensional latitude coordinate"):
        read_reanalysis(path)
    write(path)
    with netCDF4.Dataset(path, "a") as file:
        file["t2m"].delncattr("units")
        file["valid_time"].delncattr("units")
    with pytest.raises(DataError, match=r"times of 't2m' are not dates"):
        read_reanalysis(path)
    (tmp_path / "b.zip").write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(DataError, match=r"cannot be read as NetCDF .* ZIP.* unpack"):
        read_reanalysis(tmp_path / "b.zip")
    with pytest.raises(DataError, match="Name one or more"):
        read_reanalysis([])


def test_real_era5(real_data):
    path = real_data / "era5_t2m_uk_201903.nc"
    if not path.exists():
        pytest.skip(f"real observations: there is no {path.name} in APNP_REAL_DATA")
    ds = read_reanalysis(path)
    assert dict(ds.sizes) == {"time": 744, "lat": 33, "lon": 49}
    assert ds["lat"].values[[0, -1]].tolist() == [50, 58]
    assert ds["lon"].values[[0, -1]].tolist() == [-10, 2]
    with netCDF4.Dataset(path) as file:
        first = file["t2m"][7, 0, 5]
    assert float(ds["tas"][7, -1, 5]) == pytest.approx(float(first) - 273.15, abs=1e-4)
    assert -20 < float(ds["tas"].min()) < float(ds["tas"].max()) < 25
