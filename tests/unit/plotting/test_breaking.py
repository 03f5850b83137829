import cartopy.crs as ccrs
import numpy as np
import pytest
import xarray as xr
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import Collection, PathCollection, QuadMesh

from apnp import plotting
from apnp.errors import ConfigError, DataError
from apnp.plotting.breaking import mean_and_breaking

LAT, LON = np.arange(-85.0, 90, 10), np.arange(-175.0, 180, 10)


def field(mean, std=None, elevation=None):
    dims, shape = ("time", "lat", "lon"), (1, LAT.size, LON.size)

    def cells(values):
        return dims, np.broadcast_to(values, shape[1:]).reshape(shape), {"units": "K"}

    ds = xr.Dataset(
        {
            "tas_difference": cells(mean),
            "tas_stderr_difference": cells(0.1 * mean if std is None else std),
        },
        {"time": [np.datetime64("2021-07-01", "ns")], "lat": LAT, "lon": LON},
        {"title": "warmth changed by fixed inputs"},
    )
    if elevation is not None:
        ds["elevation"] = ("lat", "lon"), elevation
    return ds


def panels(figure):
    return [axes for axes in figure.axes if hasattr(axes, "projection")]


def mesh(axes):
    return next(a for a in axes.get_children() if isinstance(a, QuadMesh))


def colour(figure, axes, *places):
    """Colours of the pixels that show places (lon, lat), nothing but cells drawn."""
    axes.spines["geo"].set_visible(False)
    for artist in axes.get_children():
        if isinstance(artist, Collection) and not isinstance(artist, QuadMesh):
            artist.set_visible(False)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    image = np.asarray(canvas.buffer_rgba())[..., :3].astype(int)
    out = []
    for lon, lat in places:
        x, y = axes.projection.transform_point(lon, lat, ccrs.PlateCarree())
        column, row = axes.transData.transform((x, y))
        out.append(image[image.shape[0] - 1 - int(row), int(column)])
    return np.array(out)


def test_colours_are_symmetric_about_zero_and_each_panel_has_its_own():
    """One-sided values: an ordinary range would begin at their least."""
    mean = np.linspace(0.2, 3, LAT.size)[:, None] + 0 * LON
    figure = plotting.symmetry_breaking(field(mean, 0.5 - mean))
    left, right = (mesh(axes) for axes in panels(figure))
    for drawn, values in ((left, mean), (right, 0.5 - mean)):
        low, high = drawn.get_clim()
        assert low == -high
        assert high == pytest.approx(np.percentile(np.abs(values), 99))
    np.testing.assert_array_equal(left.get_array(), mean)
    np.testing.assert_array_equal(right.get_array(), 0.5 - mean)


def test_no_change_is_white_and_signs_are_blue_and_red():
    mean = np.zeros((LAT.size, LON.size))
    mean[:, :12], mean[:, -12:] = -1.3, 1.3
    figure = plotting.symmetry_breaking(field(mean))
    cold, none, warm = colour(figure, panels(figure)[0], (-120, 3), (2, 3), (120, 3))
    assert none.min() > 240
    assert cold[2] > cold[0] + 30
    assert warm[0] > warm[2] + 30


def test_a_model_that_changes_nothing_can_be_drawn():
    figure = plotting.symmetry_breaking(field(0.0))
    assert mesh(panels(figure)[0]).get_clim() == (-1, 1)


def test_no_seam_at_the_date_line_and_no_gap_at_the_poles():
    figure = plotting.symmetry_breaking(field(LAT[:, None] / 20))
    axes = panels(figure)[0]
    for latitude in (-62.0, 7.0, 58.0):
        places = [(x, latitude) for x in (-178.7, -60, 120, 178.7)]
        assert np.ptp(colour(figure, axes, *places), axis=0).max() <= 12
    poles = colour(figure, axes, (10, 89), (10, -89))
    assert poles.min() < 200


def test_units_titles_and_headings_say_what_it_is():
    figure = plotting.symmetry_breaking(field(LAT[:, None] / 20))
    headings = [axes.get_title() for axes in panels(figure)]
    assert headings == [
        "Mean, with fixed inputs minus without",
        "Standard deviation, with fixed inputs minus without",
    ]
    bars = [axes.get_xlabel() for axes in figure.axes if axes.get_xlabel()]
    assert bars == ["K", "K"]
    title = figure.get_suptitle()
    assert title.splitlines()[0] == "Warmth changed by fixed inputs, 2021-07-01"


def test_the_relief_is_a_third_panel_where_it_is_asked_for():
    height = np.maximum(50.0 * LAT[:, None] + 0 * LON, 0)
    ds = field(LAT[:, None] / 20, elevation=height)
    assert len(panels(plotting.symmetry_breaking(ds))) == 2
    figure = plotting.symmetry_breaking(ds, relief=True)
    *_, third = panels(figure)
    assert third.get_title() == "Elevation"
    np.testing.assert_array_equal(mesh(third).get_array(), height)
    assert mesh(third).get_clim()[0] == 0
    assert [a.get_xlabel() for a in figure.axes if a.get_xlabel()] == ["K", "K", "m"]
    with pytest.raises(DataError, match=r"needs `elevation`.* Leave `relief` out"):
        plotting.symmetry_breaking(field(1.0), relief=True)


def test_stations_are_dots(tmp_path):
    stations = xr.Dataset({"lat": ("station", [5.0]), "lon": ("station", [7.0])})
    path = tmp_path / "map.png"
    figure = plotting.symmetry_breaking(field(1.0), path, stations=stations)
    dots = [a for a in panels(figure)[0].collections if isinstance(a, PathCollection)]
    assert [len(d.get_offsets()) for d in dots] == [1]
    assert path.read_bytes().startswith(b"\x89PNG")


def test_what_is_no_difference_is_refused(tmp_path):
    ds = field(1.0).rename(tas_difference="tas", tas_stderr_difference="tas_stderr")
    with pytest.raises(DataError, match=r"e\.g\. `tas_difference` and .* holds tas,"):
        plotting.symmetry_breaking(ds)
    with pytest.raises(DataError, match=r"e\.g\. `tas` and `tas_stderr`; this one"):
        plotting.map(field(1.0))
    with pytest.raises(ConfigError, match="a figure's name ends in"):
        plotting.symmetry_breaking(field(1.0), tmp_path / "map.nc")


def test_a_mean_is_drawn_beside_what_fixed_inputs_change_and_the_relief():
    mean = 10 + LAT[:, None] / 9 + 0 * LON
    ds = field(0.2 * np.sin(LON / 40) + 0 * LAT[:, None], elevation=abs(mean))
    ds["tas"] = 0 * ds["tas_difference"] + mean
    ds["tas_stderr"] = 1 + ds["tas_difference"]
    ds["tas"].attrs["units"] = "degC"
    first, second, third = panels(mean_and_breaking(ds))
    low, high = mesh(first).get_clim()
    assert (low, high) == pytest.approx((mean.min(), mean.max()))
    low, high = mesh(second).get_clim()
    assert low == -high == pytest.approx(-0.2, rel=0.05)
    assert third.get_title() == "Elevation"
    known = xr.Dataset({"lat": ("station", LAT[:2]), "lon": ("station", LON[:2])})
    (legend,) = mean_and_breaking(ds, stations=known).legends
    assert [t.get_text() for t in legend.get_texts()] == ["known cells (2)"]
    assert len(panels(mean_and_breaking(ds.drop_vars("elevation")))) == 2
    with pytest.raises(DataError, match="change is `tas_difference`"):
        mean_and_breaking(ds.drop_vars("tas_difference"))
