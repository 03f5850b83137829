import numpy as np
import pytest
import xarray as xr
from pyproj import CRS, Geod

from apnp.errors import ConfigError, DataError
from apnp.geometry.sphere import great_circle_km
from apnp.maps import projected_spacing
from apnp.maps.crs import grid_mapping, read_crs
from apnp.maps.curvilinear_grid import CurvilinearGrid
from apnp.maps.grid_choice import as_grid, grid_around
from apnp.maps.grid_file import read_grid
from apnp.maps.projected_grid import ProjectedGrid

ALL = slice(None)
ROTATED = {
    "grid_mapping_name": "rotated_latitude_longitude",
    "grid_north_pole_latitude": 39.25, "grid_north_pole_longitude": -162.0,
}  # fmt: skip


@pytest.fixture(autouse=True)
def _warn_again():
    projected_spacing.warn_once.cache_clear()


def test_cells_of_all_regions_are_the_same_multiples_of_the_spacing():
    one = as_grid("EPSG:3035,1000", (5, 50, 6, 51))
    other = as_grid("EPSG:3035,1000", (5.31, 50.2, 7, 51.9))
    for axis in ("x", "y"):
        a, b = getattr(one, f"{axis}_bnds"), getattr(other, f"{axis}_bnds")
        assert (np.diff(a[:, 0]) == 1000).all()
        assert (a % 1000 == 0).all()
        shared = np.isin(a[:, 0], b[:, 0])
        assert shared.sum() > 20
    # No place of the region is left out, even where its sides bulge on the map.
    lon, lat = np.meshgrid(np.linspace(5, 6, 40), np.linspace(50, 51, 40))
    x, y = projected_spacing.project(one.crs, lat, lon)
    assert one.x_bnds.min() <= x.min() <= one.x_bnds.min() + 1000
    assert one.y_bnds.max() >= y.max() >= one.y_bnds.max() - 1000


def test_an_extent_is_kept_as_it_is():
    # West of the area of use of zone 33, as the grid of the whole of Norway.
    grid = as_grid("EPSG:25833,1000,-75000,6450000,-72000,6452000")
    assert grid.x.tolist() == [-74500, -73500, -72500]
    assert grid.y.tolist() == [6450500, 6451500]
    shifted = as_grid("EPSG:3035,10,4000005,3000005,4000025,3000015")
    assert shifted.x_bnds.tolist() == [[4000005, 4000015], [4000015, 4000025]]


def test_the_smallest_box_around_stations_is_taken(caplog):
    grid = grid_around("EPSG:3035,5e4", np.array([50.0, 52.0]), np.array([9.0, 10.0]))
    assert grid.x_bnds[[0, -1], [0, 1]].tolist() == [4200000, 4350000]
    assert grid.y_bnds[[0, -1], [0, 1]].tolist() == [2950000, 3250000]
    assert not caplog.text


@pytest.mark.parametrize(
    ("crs", "x", "y", "lat", "lon"),
    [
        ("EPSG:3035", 4321000, 3210000, 52.0, 10.0),  # its origin
        # Caister water tower, the worked example of the Ordnance Survey's guide, whose
        # own latitude and longitude (OSGB36) lie some 130 m away from those of WGS 84.
        ("EPSG:27700", 651409.903, 313177.270, 52.657977, 1.716054),
        ("EPSG:2056", 2600000, 1200000, 46.951083, 7.438637),  # the observatory of Bern
        ("EPSG:3413", 0, 0, 90.0, 0.0),
        ("EPSG:28992", 155000, 463000, 52.155172, 5.387204),  # Amersfoort
    ],
)
def test_cells_lie_where_surveyors_say(crs, x, y, lat, lon):
    extent = f"{x - 20},{y - 20},{x + 20},{y + 20}"
    at_lat, at_lon = as_grid(f"{crs},40,{extent}").points(ALL)
    assert great_circle_km(at_lat[0], at_lon[0], lat, lon) < 0.012


@pytest.mark.parametrize(
    ("text", "region", "scale"),
    [
        ("EPSG:3035,20000", (5, 50, 7, 51), 1.0),  # equal areas
        ("EPSG:32632,20000", (8.9, 50, 9.1, 50.2), 0.9996**2),
        ("EPSG:3857,20000", (5, 59.9, 5.3, 60.1), None),  # four times as large
        ("EPSG:2285,65616.8", (-122, 47.9, -121.8, 48), None),  # feet
    ],
)
def test_areas_are_those_on_the_ellipsoid(text, region, scale):
    grid = as_grid(text, region)
    area = grid.located(ALL)["cell_area"]
    lat, lon = grid.corners(ALL)
    expected, _ = Geod(ellps="WGS84").polygon_area_perimeter(
        [lon[0, 0], lon[0, 1], lon[1, 1], lon[1, 0]],
        [lat[0, 0], lat[0, 1], lat[1, 1], lat[1, 0]],
    )
    assert area[0, 0] == pytest.approx(expected, rel=1e-4)
    if scale:
        np.testing.assert_allclose(area, 4e8 / scale, rtol=2e-4)


def test_the_box_of_a_grid_around_a_pole_holds_the_pole():
    grid = as_grid("EPSG:3413,100000", (-180, 60, 180, 90))
    west, south, east, north = grid.box
    assert (west, east, north) == (-180, 180, 90)
    assert 40 < south < 60  # at the corners of the square
    west, south, east, north = as_grid("EPSG:3035,1e5", (5, 50, 7, 51)).box
    assert 3 < west <= 5 < 7 <= east < 9
    assert 49 < south <= 50 < 51 <= north < 52


@pytest.mark.parametrize(
    ("text", "region", "message"),
    [
        ("EPSG:4326,0.5", (5, 50, 6, 51), "EPSG:4326 is latitude.* degrees alone"),
        ("EPSG:4978,1000", (5, 50, 6, 51), "EPSG:4978 is a Geocentric CRS"),
        ("EPSG:5773,10", (5, 50, 6, 51), "is a Vertical CRS"),
        ("EPSG:5513,1000", (14, 49, 15, 50), "point south and west.*EPSG:5514"),
        ("EPSG:999999,1000", (5, 50, 6, 51), "no coordinate reference system"),
        ("Europe,1000", (5, 50, 6, 51), "'Europe' is no coordinate reference system"),
        ("+proj=airy +lat_b=45,1000", (5, 50, 6, 51), "no inverse"),
        ("+proj=laea +lat_0=50 +units=ch,9", (5, 50, 6, 51), "is in chain; known are"),
        ("EPSG:3035,0", (5, 50, 6, 51), "number above 0 in m. Got 0"),
        ("EPSG:3035,-1000", (5, 50, 6, 51), "Got -1000"),
        ("EPSG:3035,nan", (5, 50, 6, 51), "Got nan"),
        ("EPSG:3035,inf", (5, 50, 6, 51), "Got inf"),
        ("EPSG:3035,1", (-10, 36, 30, 70), "cells; at most .*larger cells"),
        ("EPSG:3035,1000", (150, -40, 160, -30), "outside the area of use.*inside it"),
        ("EPSG:2193,1000", (-10, -40, 10, -35), "area of use of EPSG:2193"),
        ("EPSG:3035,1000", (5, 51, 6, 50), "south < north"),
        ("EPSG:3035,1000,0,0,10000,10000", (5, 50, 6, 51), "states an extent already"),
        ("EPSG:3035,1000,4e6,3e6,4000500,3001000", None, "do not fill x.*4e.06"),
        ("EPSG:3035,1000,4e6,3e6,3e6,4e6", None, "lowest x, lowest y"),
        ("EPSG:3035,1000,0,-9e6,1e9,-8e6", None, "no place on the Earth|cells; at"),
        ("EPSG:3832,1e5", (-20, -10, 20, 10), "outside the area of use"),
        ("+proj=eqearth +lon_0=0,1e5", (170, 0, -170, 10), "is cut within the region"),
        ("+proj=robin,1e6", (-180, -90, 180, 90), "no place on the Earth"),
    ],
)  # fmt: skip
def test_refusals_tell_the_rule_and_the_way_out(text, region, message):
    with pytest.raises(ConfigError, match=message) as error:
        as_grid(text, region)
    assert "\n" not in str(error.value)


def test_what_lies_partly_outside_or_has_no_cf_attributes_is_said_once(caplog):
    for _ in range(2):
        as_grid("EPSG:25833,10000", (5, 58, 31, 71))  # as the Norwegian grid
        as_grid("EPSG:28992,10000", (4, 51, 7, 53))
    assert caplog.text.count("reaches beyond the area of use of EPSG:25833") == 1
    assert caplog.text.count("cannot express EPSG:28992 (Oblique Stereographic)") == 1


@pytest.mark.parametrize(
    "code", [3035, 25833, 27700, 2154, 3413, 3031, 5070, 2285, 6933, 3347, 31287]
)
def test_cf_attributes_lead_to_the_same_place_without_the_wkt(code):
    attrs, expressed = grid_mapping(read_crs(f"EPSG:{code}"))
    assert expressed
    assert CRS.from_wkt(attrs["crs_wkt"]).to_epsg() == code
    assert attrs["horizontal_datum_name"]


@pytest.mark.parametrize("code", [28992, 2056, 5514, 3857, 23700, 27572])
def test_attributes_that_would_place_it_elsewhere_are_left_out(code):
    attrs, expressed = grid_mapping(read_crs(f"EPSG:{code}"))
    assert not expressed
    assert "grid_mapping_name" not in attrs
    assert CRS.from_wkt(attrs["crs_wkt"]).to_epsg() == code


def test_a_conic_of_one_parallel_keeps_its_latitude_of_origin():
    crs = read_crs("+proj=lcc +lat_1=49.5 +lat_0=49.5 +lon_0=10.5 +R=6371229")
    attrs, expressed = grid_mapping(crs)
    assert expressed
    assert attrs["latitude_of_projection_origin"] == attrs["standard_parallel"] == 49.5


def projected_file(path, crs="EPSG:3035", units="m", scale=1.0, places=False, **attrs):
    x, y = np.arange(4.0e6, 4.05e6, 1e4), np.arange(3.04e6, 2.99e6, -1e4)
    mapping = CRS(crs).to_cf() | attrs
    mapping = {k: v for k, v in mapping.items() if v is not None}
    ds = xr.Dataset(
        {
            "rain": (("x", "y"), np.zeros((x.size, y.size)), {"grid_mapping": "laea"}),
            "laea": ((), 0, mapping),
        },
        {
            "x": ("x", x / scale, {"axis": "X", "units": units}),
            "y": ("y", y / scale, {"axis": "Y", "units": units}),
        },
    )
    if places:
        lat, lon = ProjectedGrid.of_centres(y, x, CRS(crs)).points(ALL)
        about = {"units": "degrees_north"}, {"units": "degrees_east"}
        ds["lat"] = ("y", "x"), lat.reshape(y.size, x.size), about[0]
        ds["lon"] = ("y", "x"), lon.reshape(y.size, x.size) + places - 1, about[1]
    ds.to_netcdf(path)
    return path


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"units": "km", "scale": 1000.0},
        {"units": "1000 m", "scale": 1000.0},
        {"crs_wkt": None},  # the parameters alone
        {"grid_mapping_name": None},  # the WKT alone
        {"places": 1.0},
    ],
)
def test_the_projected_grid_of_a_file_is_kept_as_it_stands(tmp_path, options):
    grid = as_grid(projected_file(tmp_path / "grid.nc", **options))
    assert isinstance(grid, ProjectedGrid)
    assert grid.dims == ("y", "x")
    np.testing.assert_allclose(grid.x, np.arange(4.0e6, 4.05e6, 1e4))
    np.testing.assert_allclose(grid.y, np.arange(3.04e6, 2.99e6, -1e4))
    assert grid.y_bnds[0].tolist() == [3045000, 3035000]
    lat, lon = grid.points(ALL)
    whole = as_grid("EPSG:3035,10000,3995000,2995000,4045000,3045000")
    np.testing.assert_allclose(
        np.reshape([lat, lon], (2, 5, 5)),
        np.reshape(whole.points(ALL), (2, 5, 5))[:, ::-1], atol=1e-7,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"places": 1.5}, "places a cell at .* km from where"),
        ({"units": "km", "places": 1.0}, "no place on the Earth|places a cell at"),
        ({"units": "rad"}, "y is in 'rad'; m or km"),
        ({"longitude_of_projection_origin": 20.0}, "its WKT place the first cell"),
        ({"crs_wkt": None, "grid_mapping_name": "nonsense"}, "does not understand"),
    ],
)
def test_files_that_contradict_themselves_are_refused(tmp_path, options, message):
    path = projected_file(tmp_path / "grid.nc", **options)
    with pytest.raises(DataError, match=message) as error:
        read_grid(path)
    assert str(path) in str(error.value)


def rotated_file(path, **sizes):
    rlat, rlon = np.arange(-10.0, -7, 0.5), np.arange(-5.0, 3, 0.5)
    ds = xr.Dataset(
        {
            "t": (("rlat", "rlon"), np.zeros((6, 16)), {"grid_mapping": "pole"}),
            "pole": ((), 0, ROTATED),
        },
        {
            "rlat": ("rlat", rlat, {"standard_name": "grid_latitude"}),
            "rlon": ("rlon", rlon, {"standard_name": "grid_longitude"}),
        },
    )
    ds.to_netcdf(path)
    return rlat, rlon


def test_the_rotated_grid_of_a_file_is_kept_as_it_stands(tmp_path):
    rlat, rlon = rotated_file(tmp_path / "grid.nc")
    grid = as_grid(tmp_path / "grid.nc")
    assert grid.dims == ("rlat", "rlon")
    assert grid.y.tolist() == rlat.tolist()
    # By hand: rotate about the y axis by the colatitude of the pole, then in longitude.
    lam, phi = np.radians(np.meshgrid(rlon, rlat))
    tilt = np.radians(39.25)
    up = np.sin(phi) * np.sin(tilt) + np.cos(phi) * np.cos(lam) * np.cos(tilt)
    along = np.arctan2(
        np.cos(phi) * np.sin(lam),
        np.cos(phi) * np.cos(lam) * np.sin(tilt) - np.sin(phi) * np.cos(tilt),
    )
    lat, lon = grid.points(ALL)
    np.testing.assert_allclose(lat, np.degrees(np.arcsin(up)).ravel(), atol=1e-6)
    np.testing.assert_allclose(lon, np.degrees(along).ravel() + 18, atol=1e-6)
    area = grid.located(ALL)["cell_area"]
    assert area.mean() == pytest.approx(
        (111.2e3 / 2) ** 2 * np.cos(np.radians(8.75)), rel=0.01
    )
    assert grid_mapping(grid.crs)[1]


@pytest.mark.parametrize("transposed", [False, True])
def test_a_curvilinear_grid_keeps_its_places(tmp_path, transposed):
    rotated_file(tmp_path / "rotated.nc")
    grid = read_grid(tmp_path / "rotated.nc")
    lat, lon = (each.reshape(grid.shape) for each in grid.points(ALL))
    ds = xr.Dataset({"lat": (("j", "i"), lat), "lon": (("j", "i"), lon % 360)})
    (ds.transpose("i", "j") if transposed else ds).to_netcdf(tmp_path / "curved.nc")
    curved = as_grid(tmp_path / "curved.nc")
    assert isinstance(curved, CurvilinearGrid)
    assert curved.shape == (grid.shape[::-1] if transposed else grid.shape)
    np.testing.assert_array_equal(curved.lat, lat.T if transposed else lat)
    area = curved.located(ALL)["cell_area"]
    known = grid.located(ALL)["cell_area"]
    np.testing.assert_allclose(area.T if transposed else area, known, rtol=0.01)
    # Cells of some rows have the corners that they have among all.
    np.testing.assert_allclose(
        curved.corners(slice(2, 4)), np.array(curved.corners(ALL))[:, 2:5], atol=1e-12
    )
    west, south, east, north = curved.box
    assert (south, north) < (lat.min(), lat.max() + 1)
    assert west < lon.min() < lon.max() < east


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda ds: ds.assign(lat=ds.lat.where(ds.lat > 50.5)), "finite everywhere"),
        (lambda ds: ds.assign(lat=ds.lat + 60), r"\[-90, 90\]"),
        (lambda ds: ds[["lat"]], "no one-dimensional latitude.*two-dimensional"),
    ],
)
def test_curvilinear_files_without_places_are_refused(tmp_path, change, message):
    lat, lon = np.meshgrid(np.arange(50.0, 53), np.arange(4.0, 9), indexing="ij")
    ds = xr.Dataset({"lat": (("y", "x"), lat), "lon": (("y", "x"), lon)})
    change(ds).to_netcdf(tmp_path / "grid.nc")
    with pytest.raises(DataError, match=message):
        read_grid(tmp_path / "grid.nc")
