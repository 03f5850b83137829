"""Fields, read by the programs that climate scientists use, as those programs see them.

Each test runs a real client and is skipped, with the reason, where it is absent:
CDO, NCO, GDAL, GMT and R from the system's packages, the Python libraries from the
extra `clients`.
"""

import json
import os
import shutil
import subprocess

import numpy as np
import pytest
import xarray as xr

from apnp.data import from_arrays
from apnp.output.field_output import FieldOutput
from apnp.prediction import load

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("default"),
    pytest.mark.xdist_group("clients"),  # they share the fields
]

DAYS = np.array(["2021-07-01", "2021-07-02"], "datetime64[ns]")
LEVELS = (0.05, 0.95)
NAMELESS = ("distance_to_station", "tas_quantile", "tas_sample")
OUTPUTS = ("day", "period", "dateline", "masked")
EUROPE = {"grid": "EPSG:3035,100000", "region": (0, 44, 16, 56), "mask": "land"}


@pytest.fixture(scope="module")
def files(tmp_path_factory, random_run):
    """Every kind of field that is written, by name."""
    folder = tmp_path_factory.mktemp("clients")
    rng = np.random.default_rng(5)
    n = 60
    lat, lon = rng.uniform(-60, 70, n), rng.uniform(-180, 180, n)
    elevation = rng.uniform(0, 900, n)
    value = 30 - 0.3 * np.abs(lat) - 0.0065 * elevation + rng.normal(0, 1, (2, n))
    ds = from_arrays(
        "tas", value.T, station=[f"s{i}" for i in range(n)], lat=lat, lon=lon,
        elevation=elevation, time=DAYS, attrs={"title": "Simulated stations"},
    )  # fmt: skip
    model = load(random_run(folder / "run", ds))
    first, both = "2021-07-01", "2021-07-01/2021-07-02"
    made = {}
    for name, options in {
        "day.nc": {"time": first, "grid": 6.0},
        "period.nc": {"time": both, "grid": 6.0, "quantiles": LEVELS, "samples": 3},
        "dateline.nc": {"time": first, "grid": 2.0, "region": (170, -46, -160, -30)},
        "masked.nc": {"time": first, "grid": 6.0, "mask": "land"},
        "projected.nc": {"time": both, **EUROPE, "samples": 2},
        "british.nc": {"time": first, "grid": "EPSG:27700,100000",
                       "region": (-6, 50, 1, 57)},
        "dutch.nc": {"time": first, "grid": "EPSG:28992,50000",
                     "region": (4, 51, 6, 53)},
        "globe.tif": {"time": first, "grid": 6.0},
        "europe.tif": {"time": first, **EUROPE},
        "beyond.tif": {"time": first, "grid": 2.0, "region": (170, -46, -160, -30)},
        "store.zarr": {"time": both, "grid": 6.0, "quantiles": LEVELS},
        "second.zarr": {"time": both, "grid": 6.0, "quantiles": LEVELS},
    }.items():  # fmt: skip
        output = FieldOutput(
            folder / name, zarr_format=2 if name == "second.zarr" else 3
        )
        field = model.predict_grid(ds, output=output, recalibration=False, **options)
        field.close()
        made[name.split(".")[0]] = folder / name
    return made


def run(*command, warnings=False):
    """What a program prints; its absence skips the test, its failure fails it."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, timeout=300,
        env={**os.environ, "GMT_SESSION_NAME": "apnp"}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout + (done.stderr if warnings else "")


def mean_of(path, name="tas"):
    with xr.open_dataset(path) as ds:
        return float(ds[name].mean()), ds[name].values


@pytest.mark.parametrize("name", OUTPUTS)
def test_cdo_reads_every_variable(files, name):
    printed = run("cdo", "-s", "showname", files[name], warnings=True)
    assert "arning" not in printed, printed
    with xr.open_dataset(files[name]) as ds:
        assert set(printed.split()) == {str(v) for v in ds.data_vars} - {
            v for v in ds.data_vars if str(v).endswith("_bnds") or v == "crs"
        }
    mean, _ = mean_of(files[name])
    told = run(
        "cdo", "-s", "outputf,%.6f", "-timmean", "-fldmean,weights=false",
        "-selname,tas", files[name],
    )  # fmt: skip
    assert float(told.split()[0]) == pytest.approx(mean, abs=2e-3)


def test_cdo_reads_times_levels_and_members(files):
    assert run("cdo", "-s", "showdate", files["period"]).split() == [
        "2021-07-01", "2021-07-02",
    ]  # fmt: skip
    for name, count in (("tas_quantile", 2), ("tas_sample", 3)):
        levels = run("cdo", "-s", "nlevel", f"-selname,{name}", files["period"])
        assert levels.split() == [str(count)]


def test_cdo_knows_the_cells_across_the_date_line(files):
    grid = run("cdo", "-s", "griddes", files["dateline"])
    assert "gridtype  = lonlat" in grid
    assert "xfirst    = 171" in grid
    assert "xinc      = 2" in grid
    assert "xbounds   = 170 172" in grid


@pytest.mark.parametrize("name", OUTPUTS)
def test_nco_copies_and_averages(files, name, tmp_path):
    run("ncks", "-O", "-v", "tas", files[name], tmp_path / "copy.nc")
    with xr.open_dataset(tmp_path / "copy.nc") as ds:
        # What belongs to a variable comes with it.
        assert {"lat_bnds", "lon_bnds", "crs"} <= set(ds.variables)
    run("ncwa", "-O", "-a", "time", "-v", "tas", files[name], tmp_path / "mean.nc")
    np.testing.assert_allclose(
        mean_of(tmp_path / "mean.nc")[0], mean_of(files[name])[0], rtol=1e-4
    )


@pytest.mark.parametrize("name", OUTPUTS)
def test_gdal_knows_reference_extent_and_missing_cells(files, name):
    printed = run("gdalinfo", "-json", "-stats", f"NETCDF:{files[name]}:tas")
    told = json.loads(printed[printed.index("{") : printed.rindex("}") + 1])
    assert 'ID["EPSG",4326]' in told["coordinateSystem"]["wkt"]
    west, north = told["cornerCoordinates"]["upperLeft"]
    assert (west, north) == ((170, -30) if name == "dateline" else (-180, 90))
    values = mean_of(files[name])[1][0]
    assert told["bands"][0]["mean"] == pytest.approx(np.nanmean(values), abs=1e-3)
    assert told["bands"][0]["unit"] == "degC"


def test_gmt_opens_a_field_of_a_file_and_the_variable_named(files):
    # Unless a variable is named, GMT opens the first that has two dimensions.
    assert "elevation the prediction is made for [m]" in run(
        "gmt", "grdinfo", files["day"]
    )
    told = run("gmt", "grdinfo", f"{files['day']}?tas")
    assert "predicted near-surface air temperature [degC]" in told
    assert "x_min: -180 x_max: 180 x_inc: 6" in told
    assert "Geographic grid" in told


R_SCRIPT = """
suppressMessages({library(terra); library(stars)})
for (path in commandArgs(TRUE)) {
  r <- rast(path, "tas")
  cat(crs(r, describe=TRUE)$code, as.vector(ext(r)), nlyr(r), units(r)[1],
      format(time(r)[1]), global(r[[1]], "mean", na.rm=TRUE)[[1]], "")
  s <- suppressWarnings(read_stars(path, sub="tas", quiet=TRUE))
  cat(sf::st_crs(s)$epsg, mean(as.numeric(s[[1]]), na.rm=TRUE), "\\n")
}
"""
PROJECTED = {"projected": 3035, "british": 27700, "dutch": 28992}


@pytest.fixture(scope="module")
def read_by_r(files, tmp_path_factory):
    """What terra and stars say of each field, by its name; R is started once."""
    if shutil.which("Rscript") is None:
        pytest.skip("Rscript is not installed")
    has = "cat(all(sapply(c('terra', 'stars'), requireNamespace, quietly=TRUE)))"
    if "TRUE" not in run("Rscript", "-e", has):
        pytest.skip("R lacks terra or stars")
    script = tmp_path_factory.mktemp("r") / "read.R"
    script.write_text(R_SCRIPT)
    names = [*OUTPUTS, *PROJECTED]
    lines = run("Rscript", script, *(files[name] for name in names)).splitlines()
    return {name: line.split() for name, line in zip(names, lines, strict=True)}


@pytest.mark.parametrize("name", OUTPUTS)
def test_terra_and_stars_know_reference_and_values(files, read_by_r, name):
    terra, stars = read_by_r[name][:9], read_by_r[name][9:]
    everything, values = mean_of(files[name])
    edges = [170, 200, -46, -30] if name == "dateline" else [-180, 180, -90, 90]
    assert terra[0] == "4326"
    assert [float(edge) for edge in terra[1:5]] == edges
    assert terra[5:8] == [str(len(values)), "degC", "2021-07-01"]
    assert float(terra[8]) == pytest.approx(np.nanmean(values[0]), abs=1e-3)
    assert stars[0] == "4326"
    assert float(stars[1]) == pytest.approx(everything, abs=1e-3)


@pytest.mark.parametrize("name", OUTPUTS)
def test_rasterio_knows_the_epsg_code(files, name):
    rasterio = pytest.importorskip("rasterio")
    with rasterio.open(f"netcdf:{files[name]}:tas") as raster:
        assert raster.crs.to_epsg() == 4326
        assert raster.units[0] == "degC"
        values = mean_of(files[name])[1][0]
        np.testing.assert_allclose(raster.read(1), values[::-1], rtol=1e-6)


@pytest.mark.parametrize("name", OUTPUTS)
def test_iris_loads_cubes_with_their_relations(files, name):
    iris = pytest.importorskip("iris")
    if int(pytest.importorskip("xxhash").VERSION.split(".")[0]) > 3:
        pytest.skip("Iris 3.14 cannot load such files beside xxhash 4")
    cube = iris.load_cube(str(files[name]), "air_temperature")
    assert str(cube.units) == "degC"
    assert cube.coord("time").bounds[0, 1] - cube.coord("time").bounds[0, 0] == 1
    assert len(cube.ancillary_variables()) == 3
    assert cube.coord_system().grid_mapping_name == "latitude_longitude"
    assert cube.coord("longitude").has_bounds()
    assert float(np.ma.mean(cube.data)) == pytest.approx(
        mean_of(files[name])[0], abs=1e-3
    )


@pytest.mark.parametrize("name", OUTPUTS)
def test_cf_python_reads_fields_and_reference(files, name):
    cf = pytest.importorskip("cf")
    found = cf.read(str(files[name])).select_by_identity("air_temperature")
    assert len(found) == 1
    field = found[0]
    assert field.units == "degC"
    assert field.coordinate_reference("grid_mapping_name:latitude_longitude")
    assert field.dimension_coordinate("time").has_bounds()
    assert {a.nc_get_variable() for a in field.field_ancillaries().values()} == {
        "tas_stderr", "tas_flag", "distance_to_station",
    }  # fmt: skip


@pytest.mark.parametrize("name", OUTPUTS)
def test_cf_xarray_finds_one_variable_a_name(files, name):
    pytest.importorskip("cf_xarray")
    with xr.open_dataset(files[name]) as ds:
        assert ds.cf["air_temperature"].name == "tas"
        assert ds.cf["air_temperature standard_error"].name == "tas_stderr"
        assert ds.cf["latitude"].name == "lat"
        assert ds.cf.bounds["time"] == ["time_bnds"]


def test_xarray_opens_the_store_as_the_file(files):
    with (
        xr.open_zarr(files["store"]) as store,
        xr.open_dataset(files["period"]) as file,
    ):
        for name in store.data_vars:
            assert store[name].dims == file[name].dims
            np.testing.assert_array_equal(store[name].values, file[name].values)


def test_cdo_places_projected_cells_and_weighs_them_by_their_area(files):
    grid = run("cdo", "-s", "griddes", "-selname,tas", files["projected"])
    assert "gridtype  = curvilinear" in grid
    told = run("cdo", "-s", "outputf,%.6f", "-fldmean", "-selname,tas",
               files["projected"])  # fmt: skip
    with xr.open_dataset(files["projected"]) as ds:
        area = ds.cell_area.where(ds.tas[0].notnull())
        expected = float((ds.tas[0] * area).sum() / area.sum())
        assert ds.tas.isnull().any()
        nearest = run(
            "cdo", "-s", "outputf,%.4f", f"-remapnn,lon={float(ds.lon[3, 4]):.6f}_"
            f"lat={float(ds.lat[3, 4]):.6f}", "-selname,elevation", files["projected"],
        )  # fmt: skip
        assert float(nearest) == pytest.approx(float(ds.elevation[3, 4]), abs=1e-2)
    assert float(told.split()[0]) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(("name", "code"), PROJECTED.items())
def test_gdal_rasterio_and_r_know_projected_systems(files, read_by_r, name, code):
    rasterio = pytest.importorskip("rasterio")
    with xr.open_dataset(files[name]) as ds:
        values = ds.tas[0].values
        edges = [*(f(ds[b]) for b in ("x_bnds", "y_bnds") for f in (np.min, np.max))]
    edges = [float(edge) for edge in edges]
    with rasterio.open(f"netcdf:{files[name]}:tas") as raster:
        assert raster.crs.to_epsg() == code
        box = raster.bounds
        assert [box.left, box.right, box.bottom, box.top] == edges
        np.testing.assert_allclose(raster.read(1), values[::-1], rtol=1e-6)
    printed = run("gdalinfo", "-json", f"NETCDF:{files[name]}:tas")
    told = json.loads(printed[printed.index("{") : printed.rindex("}") + 1])
    assert f'ID["EPSG",{code}]]' in told["coordinateSystem"]["wkt"].replace("\n", "")
    assert told["cornerCoordinates"]["upperLeft"] == [edges[0], edges[3]]
    terra = read_by_r[name]
    assert terra[0] == str(code)
    assert [float(edge) for edge in terra[1:5]] == edges
    assert float(terra[8]) == pytest.approx(np.nanmean(values), abs=1e-3)


def test_gmt_opens_projected_cells_by_name(files):
    told = run("gmt", "grdinfo", f"{files['projected']}?tas")
    assert "Cartesian grid" in told
    assert "x_inc: 100000" in told
    assert "Pixel node registration" in told


def test_iris_and_cf_python_relate_projected_cells(files):
    iris = pytest.importorskip("iris")
    if int(pytest.importorskip("xxhash").VERSION.split(".")[0]) > 3:
        pytest.skip("Iris 3.14 cannot load such files beside xxhash 4")
    cube = iris.load_cube(str(files["projected"]), "air_temperature")
    system = cube.coord("projection_x_coordinate").coord_system
    assert system.grid_mapping_name == "lambert_azimuthal_equal_area"
    assert system.false_easting == 4321000
    assert [each.measure for each in cube.cell_measures()] == ["area"]
    assert cube.coord("latitude").shape == cube.shape[1:]
    other = iris.load_cube(str(files["british"]), "air_temperature")
    x = other.coord("projection_x_coordinate").coord_system
    assert x.ellipsoid.semi_major_axis == 6377563.396
    cf = pytest.importorskip("cf")
    (field,) = cf.read(str(files["projected"])).select_by_identity("air_temperature")
    assert field.coordinate_reference("grid_mapping_name:lambert_azimuthal_equal_area")
    assert field.cell_measure("measure:area").shape == field.shape[1:]
    assert field.auxiliary_coordinate("latitude").shape == field.shape[1:]


def test_cf_xarray_finds_projected_axes(files):
    pytest.importorskip("cf_xarray")
    with xr.open_dataset(files["projected"]) as ds:
        assert ds.cf["air_temperature"].name == "tas"
        assert ds.cf["X"].name == "x"
        assert ds.cf["latitude"].name == "lat"
        assert ds.cf.grid_mapping_names == {"lambert_azimuthal_equal_area": ["crs"]}
        assert ds.cf.cell_measures == {"area": ["cell_area"]}


@pytest.mark.parametrize(
    ("name", "code", "corner"),
    [("globe", 4326, [-180, 90]), ("europe", 3035, None), ("beyond", 4326, [170, -30])],
)
def test_a_geotiff_is_the_field(files, name, code, corner):
    field = {"globe": "day", "europe": "projected", "beyond": "dateline"}[name]
    printed = run("gdalinfo", "-json", files[name])
    told = json.loads(printed)
    assert f'ID["EPSG",{code}]]' in told["coordinateSystem"]["wkt"].replace("\n", "")
    if corner:
        assert told["cornerCoordinates"]["upperLeft"] == corner
    assert [band["unit"] for band in told["bands"][:2]] == ["degC", "degC"]
    assert told["bands"][1]["description"].startswith("predictive standard deviation")
    rasterio = pytest.importorskip("rasterio")
    with rasterio.open(files[name]) as file, xr.open_dataset(files[field]) as ds:
        for band, variable in ((1, ds.tas), (2, ds.tas_stderr)):
            np.testing.assert_array_equal(file.read(band), variable.values[0][::-1])


def test_gdal_reads_a_store_of_format_2(files):
    rasterio = pytest.importorskip("rasterio")
    with (
        xr.open_zarr(files["second"]) as second,
        xr.open_zarr(files["store"]) as store,
    ):
        for name in store.variables:
            np.testing.assert_array_equal(second[name].values, store[name].values)
            assert second[name].dtype == store[name].dtype
        values = store.tas.values[0]
    with rasterio.open(f'ZARR:"{files["second"]}":/tas:0') as raster:
        np.testing.assert_array_equal(raster.read(1), values)


@pytest.mark.parametrize("name", [*OUTPUTS, "projected", "british"])
def test_compliance_checker_finds_no_error(files, name, tmp_path):
    runner = pytest.importorskip("compliance_checker.runner")
    runner.CheckSuite.load_all_available_checkers()
    report = tmp_path / "report.json"
    _, errors = runner.ComplianceChecker.run_checker(
        str(files[name]), ["cf:1.8", "cf:1.11", "acdd:1.3"], 0, "lenient",
        output_filename=str(report), output_format="json",
    )  # fmt: skip
    assert not errors
    for suite, found in json.loads(report.read_text()).items():
        for each in found["high_priorities"]:
            # CF has no standard name for distances and quantiles, and draws have none,
            # so that a name finds the mean alone.
            nameless = any(f'"{n}"' in each["name"] for n in NAMELESS)
            allowed = {"standard_name"} if nameless else set()
            assert set(each["msgs"]) <= allowed, (suite, each)
