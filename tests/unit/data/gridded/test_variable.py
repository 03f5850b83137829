import numpy as np
import pytest
import xarray as xr

from apnp.data.gridded.variable import find_fields, open_gridded
from apnp.errors import DataError

LAT, LON = np.arange(40.0, 56.0, 2.0), np.arange(-6.0, 21.0, 3.0)
DAYS = np.arange("2020-01-01", "2020-01-04", dtype="M8[D]")


def plain(name="t2m", days=None, units="K"):
    g = np.random.default_rng(4)
    dims, coords = ("lat", "lon"), {"lat": LAT, "lon": LON}
    if days is not None:
        dims, coords = ("time", *dims), {"time": days.astype("M8[ns]"), **coords}
    shape = [len(coords[d]) for d in dims]
    return xr.Dataset({name: (dims, g.normal(size=shape), {"units": units})}, coords)


@pytest.fixture
def written(tmp_path):
    def write(ds, name="f.nc"):
        ds.to_netcdf(tmp_path / name)
        return tmp_path / name

    return write


@pytest.mark.parametrize("changed", ["latitude", "turned", "dims", "whole", "level"])
def test_a_field_reads_the_same_in_any_layout(written, changed):
    ds = plain()
    if changed == "whole":  # the globe, its first meridian twice, from 0 to 360
        lon = np.arange(0.0, 361.0, 30.0)
        values = np.random.default_rng(1).normal(size=(LAT.size, 13))
        values[:, -1] = values[:, 0]
        ds = xr.Dataset({"t2m": (("lat", "lon"), values)}, {"lat": LAT, "lon": lon})
        ds["t2m"].attrs["units"] = "K"
    other = {
        "latitude": lambda: ds.isel(lat=slice(None, None, -1)).rename(lat="latitude"),
        "turned": lambda: ds.assign_coords(lon=ds.lon % 360),
        "dims": lambda: ds.transpose("lon", "lat"),
        "whole": lambda: ds.isel(lon=slice(0, -1)).assign_coords(lon=lon[:-1] - 180)
        .assign(t2m=ds.t2m.isel(lon=slice(0, -1)).roll(lon=6).drop_vars("lon")),
        "level": lambda: ds.expand_dims("height"),
    }[changed]()  # fmt: skip
    one = open_gridded(written(ds, "a.nc"), "t2m")
    two = open_gridded(written(other, "b.nc"), "t2m")
    lat, lon = np.random.default_rng(2).uniform([41, -5], [53, 17], (30, 2)).T
    a, b = (f.grid.at(f.values(DAYS[0]), lat, lon) for f in (one, two))
    assert np.isfinite(a).all()
    np.testing.assert_allclose(a, b, atol=1e-10)
    assert (two.units, two.days, two.height) == ("K", None, False)


def test_a_day_is_the_mean_of_its_times_and_found_by_any_of_them(written):
    hours = np.arange("2020-01-01T00", "2020-01-03T00", 6, dtype="M8[h]")
    ds = plain(days=hours)
    field = open_gridded(written(ds), "t2m")
    assert field.days.tolist() == DAYS[:2].tolist()
    for day in (1, 0, 1):
        asked = DAYS[day] + np.timedelta64(13, "h")
        mean = ds.t2m.values[4 * day : 4 * day + 4].mean(0)
        np.testing.assert_allclose(field.values(asked), mean, atol=1e-12)


def test_fields_of_many_days_and_windows_do_not_mix(written):
    days = np.arange("2020-01-01", "2020-01-12", dtype="M8[D]")
    path = written(plain(days=days))
    kept = open_gridded(path, "t2m")
    for day in (*days, *days[::-3]):
        for km in (0.0, 150.0, 400.0):
            fresh = open_gridded(path, "t2m")
            assert (kept.values(day, km) == fresh.values(day, km)).all()
        for km in (500.0, 900.0):
            fresh = open_gridded(path, "t2m")
            (_, one), (_, other) = (f.coarsened(day, km) for f in (kept, fresh))
            assert one.shape == other.shape
            assert (one == other).all()


def test_spread_is_how_much_a_field_varies_within_the_window(written):
    ds = plain(days=DAYS)
    ds["t2m"][1] = 7.0 + 3 * (-1.0) ** np.indices(ds.t2m.shape[1:]).sum(0)
    ds["t2m"][1, 2, 3] = np.nan
    field = open_gridded(written(ds), "t2m")
    found = field.spread(ds.time.values[1], 400.0)
    np.testing.assert_allclose(found, 3.0, atol=0.1)
    assert (np.diff(field.spread(ds.time.values[0], 400.0)) != 0).all()


def test_heights_are_metres_and_the_sea_is_zero(written):
    ds = plain("elevation", units="m")
    ds["elevation"] *= 1000
    ds["elevation"][0, 0] = np.nan
    field = open_gridded(written(ds, "a.nc"), "elevation")
    assert field.height
    found = field.values(DAYS[0])
    assert np.isnan(found[0, 0])
    np.testing.assert_allclose(found, ds.elevation.clip(min=0), atol=1e-9)
    geo = (9.80665 * ds.elevation).assign_attrs(
        units="m2 s-2", standard_name="surface_geopotential"
    )
    other = open_gridded(written(geo.to_dataset(name="phi"), "b.nc"), "phi")
    assert other.height
    np.testing.assert_allclose(other.values(DAYS[0]), found, atol=1e-9)
    depth = open_gridded(written(plain("z", units="1"), "c.nc"), "z")
    assert not depth.height
    assert (depth.values(DAYS[0]) < 0).any()


def test_a_day_that_is_not_there_is_refused_with_those_that_are(written):
    path = written(plain(days=DAYS))
    field = open_gridded(path, "t2m")
    with pytest.raises(
        DataError, match=r"f\.nc: t2m has no 2021-05-01; it holds 3 days from 2020-01-0"
        r"1 to 2020-01-03"
    ):  # fmt: skip
        field.values(np.datetime64("2021-05-01"))


def test_files_that_hold_no_such_field_are_refused_by_name(written, tmp_path):
    ds = plain()
    (tmp_path / "text.nc").write_text("lat,lon")
    bare = xr.Dataset({"t2m": (("y", "x"), np.ones((3, 4)))})
    levels = ds.expand_dims(level=[1, 2])
    tangled = ds.assign_coords(lon=[0.0, 5, 3, *range(7, 13)])
    for path, name, message in (
        (tmp_path / "absent.nc", "t2m", r"absent\.nc: .*there is no such file"),
        (tmp_path / "text.nc", "t2m", r"text\.nc: cannot be read as NetCDF"),
        (written(ds), "tas", r"f\.nc: no variable 'tas'. It holds: t2m"),
        (written(bare, "g.nc"), "t2m", r"no one-dimensional latitude"),
        (written(levels, "h.nc"), "t2m", r"lat, lon and at most one of time.*level"),
        (written(tangled, "i.nc"), "t2m", r"lon must hold two or more .* only rise"),
    ):
        with pytest.raises(DataError, match=message):
            open_gridded(path, name)


def test_fields_come_from_the_files_given_else_from_those_of_the_training(written):
    both = written(plain().merge(plain("tcc").tcc), "both.nc")
    other = written(plain() + 50, "other.nc")
    trained = {"t2m": str(both), "tcc": str(both)}
    found = find_fields(trained, [other])
    assert {f.name: f.path for f in found} == {"t2m": str(other), "tcc": str(both)}
    assert [f.path for f in find_fields(trained)] == [str(both)] * 2
    with pytest.raises(DataError, match=r"no\.nc in training.*--covariates FILE"):
        find_fields({"t2m": "no.nc"})
    assert find_fields({"t2m": "no.nc"}, [other])
    with pytest.raises(DataError, match=r"holds none of the fields .* tcc"):
        find_fields({"tcc": str(both)}, [other])
    with pytest.raises(DataError, match="which are none"):
        find_fields({}, [other])
