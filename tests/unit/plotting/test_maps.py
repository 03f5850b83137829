import socket
import subprocess
import sys

import cartopy.crs as ccrs
import numpy as np
import pytest
import xarray as xr
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import (
    Collection,
    LineCollection,
    PathCollection,
    QuadMesh,
)
from pyproj import Transformer

from apnp import plotting
from apnp.errors import ConfigError, DataError


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a map asked for the network")

    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refuse)


def field(lat, lon, *, mean=None, std=None, flag=None):
    dims, shape = ("time", "lat", "lon"), (1, len(lat), len(lon))
    mean = 20 - 0.5 * np.abs(lat)[:, None] + 0 * lon if mean is None else mean
    std = np.full(shape[1:], 1.5) + 0.01 * lat[:, None] if std is None else std
    ds = xr.Dataset(
        {
            "tas": (
                dims,
                mean.reshape(shape),
                {"units": "degC", "long_name": "warmth"},
            ),
            "tas_stderr": (dims, std.reshape(shape), {"units": "degC"}),
        },
        {"time": [np.datetime64("2021-07-01", "ns")], "lat": lat, "lon": lon},
    )
    if flag is not None:
        about = {"flag_values": np.int8([0, 1, 2])}
        about["flag_meanings"] = "interpolated extrapolated masked"
        ds["tas_flag"] = (dims, flag.reshape(shape).astype(np.int8), about)
    return ds


def globe(step=5.0, west=-180.0):
    return np.arange(-90 + step / 2, 90, step), np.arange(
        west + step / 2, west + 360, step
    )


def panels(figure):
    return [axes for axes in figure.axes if hasattr(axes, "projection")]


def pixels(figure):
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].astype(int)


def at(axes, image, lon, lat):
    """Colour of the pixel that shows a place."""
    x, y = axes.projection.transform_point(lon, lat, ccrs.PlateCarree())
    column, row = axes.transData.transform((x, y))
    return image[image.shape[0] - 1 - int(row), int(column)]


def bare(figure):
    """The figure with nothing but the coloured cells in its panels."""
    for axes in panels(figure):
        axes.spines["geo"].set_visible(False)
        for artist in axes.get_children():
            if isinstance(artist, Collection) and not isinstance(artist, QuadMesh):
                artist.set_visible(False)
    return figure


@pytest.mark.parametrize("west", [-180.0, 0.0, -182.5])
def test_no_blank_or_wrong_column_up_to_the_date_line_on_both_sides(west):
    """A field that depends on latitude alone: each row of pixels has one colour."""
    lat, lon = globe(5.0, west)
    figure = bare(plotting.map(field(lat, lon)))
    image = pixels(figure)
    for axes in panels(figure):
        for latitude in (-62.0, -31.0, 1.0, 33.0, 58.0):
            places = [(x, latitude) for x in (-178.7, -178, -60, 0, 120, 178, 178.7)]
            colours = np.array([at(axes, image, *place) for place in places])
            assert np.ptp(colours, axis=0).max() <= 12, (latitude, colours)
            assert colours.min() < 255


def test_the_whole_globe_is_covered_up_to_the_poles():
    lat, lon = globe(10.0)
    figure = bare(plotting.map(field(lat, lon, mean=np.full((18, 36), 10.0))))
    image, axes = pixels(figure), panels(figure)[0]
    lat, lon = np.meshgrid(np.linspace(-89, 89, 60), np.linspace(-176, 176, 50))
    colours = {tuple(at(axes, image, *p)) for p in zip(lon.flat, lat.flat, strict=True)}
    assert len(colours) == 1


def test_either_order_of_latitude_draws_the_same():
    lat, lon = globe(10.0)
    ds = field(lat, lon, mean=lat[:, None] + 0.1 * lon)
    one, two = (
        pixels(plotting.map(ds)),
        pixels(plotting.map(ds.isel(lat=slice(None, None, -1)))),
    )
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize(
    ("centre", "code"),
    [((50.0, 10.0), 3035), ((-42.0, 172.0), 2193), ((88.0, 0.0), 3413)],
)
@pytest.mark.parametrize("flipped", [False, True])
def test_a_projected_field_is_drawn_where_its_cells_are(centre, code, flipped):
    """Values rise towards the east, or the pole, of the true Earth."""
    to_plane = Transformer.from_crs(4326, code, always_xy=True)
    x0, y0 = to_plane.transform(centre[1], centre[0])
    x, y = (c + np.arange(-20, 21) * 20_000.0 for c in (x0, y0))
    if flipped:
        y = y[::-1]
    lon, lat = to_plane.transform(*np.meshgrid(x, y), direction="INVERSE")
    polar = code == 3413
    ds = field(np.arange(41.0), np.arange(41.0), mean=lat if polar else lon)
    ds = ds.drop_vars(["lat", "lon"]).rename(lat="y", lon="x")
    ds = ds.assign_coords(lat=(("y", "x"), lat), lon=(("y", "x"), lon))
    figure = bare(plotting.map(ds))
    image, axes = pixels(figure), panels(figure)[0]
    mesh = next(a for a in axes.get_children() if isinstance(a, QuadMesh))
    for row, column in (
        (3, 4),
        (19, 22),
        (33, 12),
        (8, 37),
        (30, 30),
    ):  # off graticules
        value = ds.tas.values[0, row, column]
        colour = mesh.to_rgba(np.array([value]))[0, :3] * 255
        shown = at(axes, image, lon[row, column], lat[row, column])
        # A neighbouring cell, or a pixel next to it, differs by very little.
        assert np.abs(shown - colour).max() <= 14, (row, column, shown, colour)


def test_a_region_across_the_date_line_is_one_piece():
    lat, lon = np.arange(50.5, 70), np.arange(165.5, 195)
    mean = np.broadcast_to(np.arange(30.0), (20, 30))
    figure = plotting.map(field(lat, lon, mean=mean))
    image, axes = pixels(bare(figure)), panels(figure)[0]
    assert isinstance(axes.projection, ccrs.LambertAzimuthalEqualArea)
    x0, x1 = axes.get_xlim()
    assert x1 - x0 < 2.5e6  # 30 degrees at 50 north are 2,100 km, not the Earth's width
    greens = [
        at(axes, image, lon, 58.0)[1] for lon in (167, 175, 179.5, -178.5, -172, -167)
    ]
    assert (np.diff(greens) > 0).all()  # viridis rises in green, also past 180


@pytest.mark.parametrize(
    ("lat", "lon", "expected"),
    [
        ((-89.0, 90, 6), (-177.0, 180, 6), "Robinson"),
        ((51.0, 90, 3), (-177.0, 180, 6), "LambertAzimuthalEqualArea"),
        ((-88.0, -55, 3), (0.0, 360, 6), "LambertAzimuthalEqualArea"),
        ((-39.0, 40, 6), (0.0, 360, 6), "PlateCarree"),
        ((-39.0, 40, 6), (100.0, 290, 6), "PlateCarree"),
        ((36.0, 70, 2), (-10.0, 40, 2), "LambertAzimuthalEqualArea"),
    ],
)  # fmt: skip
def test_projection_fits_the_range_and_draws(lat, lon, expected):
    figure = plotting.map(field(np.arange(*lat), np.arange(*lon)))
    assert type(panels(figure)[0].projection).__name__ == expected
    pixels(figure)


def test_stations_of_the_day_within_the_map_are_drawn_and_counted():
    lat, lon = np.arange(40.5, 60), np.arange(0.5, 20)
    ids, days = ["a", "b", "c", "d"], np.array(["2021-06-30", "2021-07-01"], "M8[ns]")
    value = np.array([[1, 2], [3, np.nan], [5, 6], [7, 8]], dtype=float)
    stations = xr.Dataset(
        {"tas": (("station", "time"), value)},
        {
            "station": ids, "time": days,
            "lat": ("station", [50.0, 51.0, 48.0, -30.0]),
            "lon": ("station", [10.0, 11.0, 5.0, 100.0]),
        },
    )  # fmt: skip
    figure = plotting.map(field(lat, lon), stations=stations)
    dots = [c for c in panels(figure)[0].collections if isinstance(c, PathCollection)]
    assert [len(d.get_offsets()) for d in dots] == [2]
    (legend,) = figure.legends
    assert [t.get_text() for t in legend.get_texts()] == ["stations (2)"]


def test_extrapolated_cells_are_hatched_and_named():
    lat, lon = globe(10.0)
    flag = np.where(np.abs(lat)[:, None] > 60, 1, 2 * (lon > 90))
    plain = plotting.map(field(lat, lon, flag=np.zeros((18, 36))))
    assert not plain.legends
    hatched = plotting.map(field(lat, lon, flag=flag))
    assert [t.get_text() for t in hatched.legends[0].get_texts()] == ["extrapolated"]
    changed = np.abs(pixels(plain) - pixels(hatched)).sum(axis=2) > 60
    axes, image = panels(hatched)[0], changed[..., None]
    x0, y0 = axes.transData.transform(
        axes.projection.transform_point(-60, 65, ccrs.PlateCarree())
    )
    x1, y1 = axes.transData.transform(
        axes.projection.transform_point(60, 80, ccrs.PlateCarree())
    )
    h = image.shape[0]
    assert changed[h - int(y1) : h - int(y0), int(x0) : int(x1)].mean() > 0.03


def test_masked_cells_are_blank_and_all_masked_still_draws():
    lat, lon = globe(10.0)
    mean = np.full((18, 36), 12.0)
    mean[:, 18:] = np.nan
    figure = plotting.map(field(lat, lon, mean=mean, std=mean / 10))
    image, axes = pixels(bare(figure)), panels(figure)[0]
    assert at(axes, image, 85.0, -15.0).min() == 255
    assert at(axes, image, -95.0, -15.0).min() < 200
    pixels(plotting.map(field(lat, lon, mean=mean * np.nan, std=mean * np.nan)))


def test_titles_units_and_colour_range():
    lat, lon = globe(5.0)
    figure = plotting.map(
        field(lat, lon, mean=np.linspace(-40, 30, 36)[:, None] + 0 * lon)
    )
    assert figure.get_suptitle() == "Warmth, 2021-07-01"
    meshes = [
        c
        for axes in panels(figure)
        for c in axes.collections
        if isinstance(c, QuadMesh)
    ]
    low, high = meshes[0].get_clim()
    assert low == pytest.approx(-high)  # about zero: freezing is white
    assert 38 < high <= 40
    labels = [axes.get_xlabel() for axes in figure.axes]
    assert [label for label in labels if label] == ["°C", "K"]
    summer = plotting.map(field(lat, lon, mean=10 + 0.1 * lat[:, None] + 0 * lon))
    mesh = next(c for c in panels(summer)[0].collections if isinstance(c, QuadMesh))
    assert mesh.get_clim()[0] > 0
    assert plotting.map(field(lat, lon), title="mine").get_suptitle() == "mine"
    titled = field(lat, lon).assign_attrs(title="warmth, SIMULATED")
    assert plotting.map(titled).get_suptitle() == "Warmth, SIMULATED, 2021-07-01"
    assert (
        plotting.map(titled, title="mine").get_suptitle() == "mine\nwarmth, SIMULATED"
    )


def test_big_fields_are_thinned():
    lat, lon = globe(0.25)
    ds = field(lat, lon, mean=np.ones((720, 1440)), std=np.ones((720, 1440)))
    mesh = next(
        c for c in panels(plotting.map(ds))[0].collections if isinstance(c, QuadMesh)
    )
    rows, columns = mesh.get_array().shape
    assert rows <= 600
    assert columns <= 1200


def test_a_failed_write_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "map.png"
    path.write_bytes(b"old")
    lat, lon = globe(30.0)

    def fail(self, file, **kwargs):
        file.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", fail)
    with pytest.raises(ConfigError, match=r"map\.png: cannot be written \(No space"):
        plotting.map(field(lat, lon), path)
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["map.png"]


def test_refusals_name_the_way_out(tmp_path):
    lat, lon = globe(30.0)
    ds = field(lat, lon)
    with pytest.raises(ConfigError, match=r"ends in \.png.*Got '\.gif'"):
        plotting.map(ds, tmp_path / "map.gif")
    with pytest.raises(ConfigError, match="there is no folder"):
        plotting.map(ds, tmp_path / "none" / "map.png")
    with pytest.raises(DataError, match="`tas_stderr`; this one holds tas"):
        plotting.map(ds[["tas"]])
    later = ds.assign_coords(time=ds["time"] + np.timedelta64(1, "D"))
    with pytest.raises(DataError, match="one time; this field holds 2"):
        plotting.map(xr.concat([ds, later], "time"))
    with pytest.raises(DataError, match="`lat` and `lon`; it has x"):
        plotting.map(ds, stations=xr.Dataset({"x": 1}))


def test_plotting_loads_no_torch():
    code = "import sys, apnp.plotting; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_map_of_less_than_60_degrees_draws_the_finer_coast_and_borders():
    """Ireland at 1:50 million has hundreds of points; at 1:110 million it has nine."""
    near = field(np.arange(51.5, 56.0, 0.5), np.arange(-11.0, -4.0, 0.5))
    wide = field(np.arange(20.5, 85.0, 2.0), np.arange(-61.0, 60.0, 2.0))

    def drawn(ds):
        axes = panels(plotting.map(ds))[0]
        return [len(c.get_segments()) for c in axes.collections if is_lines(c)]

    def is_lines(each):
        return isinstance(each, LineCollection)

    borders, coasts = drawn(near)
    (coarse,) = drawn(wide)[:1]
    assert borders > 300
    assert coasts > 1000 > coarse
