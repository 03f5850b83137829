import logging
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from apnp import scores
from apnp.data import from_arrays, observations_at
from apnp.data.fill_elevation import fill_elevation
from apnp.errors import CheckpointError, ConfigError, DataError
from apnp.observations import Sites
from apnp.output.field_output import FieldOutput
from apnp.prediction import Grid, Samples, load, region_mean

TIMES = np.array(["2021-07-01", "2021-07-02", "2021-07-03"], "datetime64[ns]")
DAY = "2021-07-01"


def stations(n=30, seed=2, box=(40, 55, -5, 20)):
    rng = np.random.default_rng(seed)
    lat, lon = rng.uniform(*box[:2], n), rng.uniform(*box[2:], n)
    elevation = rng.uniform(0, 900, n)
    value = 30 - 0.3 * lat - 0.0065 * elevation + rng.normal(0, 1, (3, n))
    value[1] = np.nan
    return from_arrays(
        "tas", value.T, station=[f"s{i}" for i in range(n)], lat=lat, lon=lon,
        elevation=elevation, time=TIMES, attrs={"title": "Simulated stations"},
    )  # fmt: skip


@pytest.fixture(scope="module")
def runs(tmp_path_factory, random_run):
    base = tmp_path_factory.mktemp("runs")
    return {
        geometry: random_run(base / geometry, stations(), geometry)
        for geometry in ("plane", "sphere")
    }


@pytest.fixture(scope="module", params=["plane", "sphere"])
def model(runs, request):
    return load(runs[request.param])


@pytest.mark.parametrize("n", [1, 2, 30])
def test_sites_are_answered_alone_as_together(model, n):
    context = observations_at(stations(), DAY).take(np.arange(n))
    conditioned = model.condition(context)
    rng = np.random.default_rng(1)
    asked = Sites(
        rng.uniform(35, 60, 7), rng.uniform(-10, 370, 7) % 30, rng.uniform(0, 2000, 7),
        context.sites.time,
    )  # fmt: skip
    mean, std = conditioned.predict(asked)
    assert mean.shape == std.shape == (7,)
    assert (std > 0).all()
    alone = [conditioned.predict(asked.take(np.array([i]))) for i in range(7)]
    np.testing.assert_allclose(np.array(alone)[:, 0, 0], mean, rtol=1e-4, atol=1e-3)
    low, high = conditioned.quantiles(asked, (0.158655254, 0.841344746))
    np.testing.assert_allclose(low, mean - std, atol=1e-3)
    np.testing.assert_allclose(high, mean + std, atol=1e-3)


def test_a_gaussian_model_scores_itself_as_a_gaussian(model):
    context = observations_at(stations(), DAY)
    found = model.condition(context).marginals(context.sites)
    own, formula = (
        m.score(context.value)
        for m in (found, scores.GaussianMarginals(found.mean, found.std))
    )
    for name in ("crps", "nll", "below", "upto"):
        mine, theirs = getattr(own, name), getattr(formula, name)
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-6)
    mean, std = model.condition(context).predict(context.sites)
    np.testing.assert_array_equal(found.mean, mean)
    np.testing.assert_array_equal(found.std, std)


def test_no_station_at_all_gives_the_prior_and_says_so(model, caplog):
    context = observations_at(stations(), DAY)
    with caplog.at_level(logging.WARNING):
        mean, std = model.condition(context.take(np.arange(0))).predict(context.sites)
    assert "the prediction is the prior" in caplog.text
    assert np.isfinite(mean).all()
    assert (std > 0).all()


def test_a_field_is_what_the_model_says_in_chunks_of_any_size(model, tmp_path):
    ds = stations()
    asked = {
        "time": DAY,
        "grid": 1.0,
        "region": (-5, 40, 20, 55),
        "quantiles": (0.1, 0.9),
        "recalibration": False,
    }
    whole = model.predict_grid(ds, **asked)
    output = FieldOutput(tmp_path / "part.nc", chunk_cells=60)
    part = model.predict_grid(ds, **asked, output=output)
    assert whole.tas.shape == (1, 15, 25)
    for name in ("tas", "tas_stderr", "tas_quantile", "elevation", "tas_flag"):
        np.testing.assert_allclose(part[name], whole[name], rtol=1e-4, atol=1e-4)
    part.close()
    lat, lon = np.meshgrid(whole.lat, whole.lon, indexing="ij")
    sites = Sites(lat.ravel(), lon.ravel(), whole.elevation.values.ravel(), TIMES[0])
    mean, std = model.condition(observations_at(ds, DAY)).predict(sites)
    np.testing.assert_allclose(whole.tas.values.ravel(), mean, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(
        whole.tas_stderr.values.ravel(), std, rtol=1e-4, atol=1e-4
    )


SMALL = {"time": DAY, "grid": 2.5, "region": (-5, 40, 20, 55)}


@pytest.fixture(scope="module", params=["gaussian", "low_rank"])
def sampled(request, tmp_path_factory, random_run):
    """A model of each kind of draw."""
    run = tmp_path_factory.mktemp("runs") / request.param
    return load(random_run(run, stations(), "plane", likelihood=request.param))


def test_draws_follow_the_seed_and_no_chunk(sampled, tmp_path):
    asked = {"samples": Samples(5, seed=3, anchors=12), **SMALL}
    whole = sampled.predict_grid(stations(), **asked)
    assert whole.tas_sample.shape == (1, 5, 6, 10)
    for cells in (10, 35):
        output = FieldOutput(chunk_cells=cells)
        part = sampled.predict_grid(stations(), **asked, output=output)
        np.testing.assert_allclose(
            part.tas_sample, whole.tas_sample, rtol=1e-4, atol=1e-3
        )
    assert whole.tas_sample.std("realization").min() > 0.01
    other = sampled.predict_grid(stations(), **(asked | {"samples": Samples(5, 4, 12)}))
    assert np.abs(other.tas_sample - whole.tas_sample).max() > 0.1
    region = region_mean(whole)
    assert region.tas_std.item() > 0


def test_joint_draws_have_the_stated_moments_and_go_together(tmp_path, random_run):
    run = random_run(tmp_path / "run", stations(), "plane", likelihood="low_rank")
    ds = load(run).predict_grid(stations(), samples=2000, **SMALL)
    z = ((ds.tas_sample - ds.tas) / ds.tas_stderr).values.reshape(2000, -1)
    assert np.abs(z.mean(0)).max() < 5 / 2000**0.5
    assert np.abs(z.var(0) - 1).max() < 5 * (2 / 2000) ** 0.5
    correlation = np.corrcoef(z.T)
    assert np.abs(correlation - np.eye(len(correlation))).max() > 0.2


def test_drawn_anchors_are_what_the_field_is_conditioned_on(runs):
    model, k = load(runs["plane"]), 3
    context = observations_at(stations(), DAY)
    conditioned = model.condition(context)
    anchors = Sites(
        np.array([44.0, 51]), np.array([3.0, 12]), np.full(2, 200.0), context.sites.time
    )
    cells = SimpleNamespace(anchors=lambda number: anchors, time=anchors.time)
    draw = conditioned.sampler(Samples(k, seed=1), cells)
    fields = draw(anchors, np.zeros((k, 2)), np.arange(2))
    plain, std = conditioned.predict(anchors)
    assert fields.shape == (k, 2)
    assert np.abs(fields - plain).max() > 0.01 * std.min()


@pytest.mark.parametrize("samples", [0, -3])
def test_fewer_draws_than_one_are_refused(model, samples):
    with pytest.raises(ConfigError, match=rf"`samples` .* at least 1. Got {samples}"):
        model.predict_grid(stations(), samples=samples, **SMALL)


def test_a_field_does_not_depend_on_the_grid_asked_for(model):
    ds = stations()
    wide = model.predict_grid(ds, time=DAY, grid=1.0, region=(-10, 35, 25, 60))
    narrow = model.predict_grid(ds, time=DAY, grid=1.0, region=(3, 45, 6, 47))
    same = wide.sel(lat=narrow.lat, lon=narrow.lon)
    np.testing.assert_allclose(same.tas, narrow.tas, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("geometry", ["plane", "sphere"])
def test_a_field_covers_its_stations_by_default(runs, geometry):
    region = load(runs[geometry]).predict_grid(stations(), time=DAY, grid=5.0)
    assert region.lat[[0, -1]].values.tolist() == [42.5, 52.5]
    assert region.lon[[0, -1]].values.tolist() == [-2.5, 17.5]


@pytest.mark.parametrize(("width", "cells"), [(280, (6, 12)), (200, (1, 7))])
def test_stations_all_around_the_sphere_ask_for_the_globe(runs, width, cells):
    ds = stations()
    ds = ds.assign_coords(lon=ds.lon.copy(data=np.linspace(0, width, ds.lon.size)))
    globe = load(runs["sphere"]).predict_grid(ds, time=DAY, grid=30.0)
    assert globe.tas.shape == (1, *cells)
    assert np.isfinite(globe.tas).all()


def test_a_plane_ends_at_its_horizon_before_any_work(runs, capsys):
    ds, model = stations(), load(runs["plane"])
    globe = {"time": DAY, "grid": 30.0, "region": (-180, -90, 180, 90)}
    for mask in (None, "land"):
        with pytest.raises(ConfigError, match="beyond the horizon of that plane"):
            model.predict_grid(
                ds, **globe, mask=mask, output=FieldOutput(progress=True)
            )
    assert not capsys.readouterr().err
    near = np.zeros((6, 12), dtype=bool)
    near[4, 6] = True
    field = model.predict_grid(ds, **globe, mask=near)
    np.testing.assert_array_equal(np.isfinite(field.tas[0]), near)


def test_stations_beyond_the_horizon_of_a_plane_do_not_stop_its_prediction(runs):
    near, far = stations(), stations(8, box=(-60, -30, 150, 179))
    both = xr.concat(
        [near, far.assign_coords(station=[f"f{i}" for i in range(8)])], "station"
    )
    both = both.assign_attrs(near.attrs)
    field = load(runs["plane"]).predict_grid(both, **SMALL)
    assert np.isfinite(field.tas).all()


def test_days_without_observations_are_left_out_of_a_range(model, caplog):
    with caplog.at_level(logging.WARNING):
        ds = model.predict_grid(
            stations(),
            time="2021-07-01/2021-07-03",
            grid=Grid.regular(5, (0, 40, 10, 50)),
        )
    assert ds.time.values.tolist() == TIMES[[0, 2]].tolist()
    assert "1 of 3 times have no observation" in caplog.text
    assert abs(ds.tas[1] - ds.tas[0]).max() > 0.01
    with pytest.raises(DataError, match="Nothing observed at 2021-07-02"):
        model.predict_grid(stations(), time="2021-07-02", grid=5.0)


def test_a_time_that_is_not_there_is_answered_with_what_is(model):
    with pytest.raises(DataError, match="from 2021-07-01 to 2021-07-03"):
        model.predict_grid(stations(), time="2022-07-01", grid=5.0)


def test_another_variable_is_refused(model):
    ds = stations().rename(tas="tasmax", tas_flag="tasmax_flag")
    with pytest.raises(DataError, match=r"predicts 'tas'.*they hold tasmax"):
        model.predict_grid(ds, time=DAY, grid=5.0)


def test_the_field_names_its_origin(model, caplog):
    with caplog.at_level(logging.WARNING):
        ds = model.predict_grid(stations(), time=DAY, grid=5.0, region=(0, 40, 10, 50))
    assert "30 stations a time of: Simulated stations" in ds.attrs["comment"]
    assert f"checkpoint {model.record.hash[:12]}" in ds.attrs["source"]
    assert "the packaged terrain" in ds.elevation.attrs["comment"]
    assert "SIMULATED" not in ds.attrs["title"] + caplog.text
    simulated = stations().assign_attrs(title="SIMULATED temperature")
    with caplog.at_level(logging.WARNING):
        ds = model.predict_grid(simulated, time=DAY, grid=5.0, region=(0, 40, 10, 50))
    assert ds.attrs["title"].endswith("from SIMULATED stations")
    assert "interpolated from the stations" in ds.elevation.attrs["comment"]
    assert "elevation is interpolated from them" in caplog.text


def test_cells_and_points_stand_on_the_packaged_terrain(model):
    """The Alps and the Po plain: no station says so."""
    ds = model.predict_grid(stations(), time=DAY, grid=0.5, region=(6, 44, 12, 48))
    assert float(ds.elevation.sel(lat=46.25, lon=7.75)) > 1800
    assert float(ds.elevation.sel(lat=45.25, lon=8.75)) < 250
    points = pd.DataFrame({"lat": [46.2, 43.0], "lon": [7.7, 8.0]})
    table = model.predict_points(stations(), points, time=DAY)
    assert table["elevation"][0] > 1800
    assert table["elevation"][1] == 0  # the Ligurian Sea


def test_a_network_without_elevations_takes_those_of_the_terrain(model, caplog):
    unknown = stations().isel(time=[0])
    known = unknown["elevation"].values.copy()
    unknown["elevation"][:] = np.nan
    with caplog.at_level(logging.WARNING):
        ds = model.predict_grid(unknown, time=DAY, grid=5.0)
    assert "30 of 30 stations have no elevation" in caplog.text
    assert "30 of 30 stations have no elevation" in ds.attrs["comment"]
    assert np.isfinite(ds.tas).all()
    by_hand = fill_elevation(unknown)
    np.testing.assert_array_equal(
        model.predict_grid(by_hand, time=DAY, grid=5.0).tas, ds.tas
    )
    assert not np.allclose(by_hand["elevation"], known)


def test_the_cell_method_of_the_stations_is_kept(model):
    ds = stations()
    ds["tas"].attrs["cell_methods"] = "time: point"
    field = model.predict_grid(ds, time=DAY, grid=5.0, region=(0, 40, 10, 50))
    assert field.tas.attrs["cell_methods"] == "area: point time: point"
    assert "time_bnds" not in field


def test_relief_sets_the_elevation_of_cells_and_points(model, tmp_path):
    lat, lon = np.arange(30.5, 65), np.arange(359.5, -0.5, -1)
    relief = xr.DataArray(
        500 + 3 * lat[:, None] + 0 * lon, {"lat": lat, "lon": lon}, ("lat", "lon"),
        attrs={"units": "m"},
    )  # fmt: skip
    relief.to_dataset(name="elevation").to_netcdf(tmp_path / "relief.nc")
    ds = model.predict_grid(
        stations(),
        time=DAY,
        grid=1.0,
        region=(-3, 40, 3, 44),
        elevation=tmp_path / "relief.nc",
    )
    np.testing.assert_allclose(
        ds.elevation,
        np.broadcast_to(500 + 3 * ds.lat.values[:, None], (4, 6)),
        rtol=1e-6,
    )
    assert "relief.nc" in ds.elevation.attrs["comment"]
    points = pd.DataFrame({"lat": [41.5], "lon": [-0.5]})
    table = model.predict_points(
        stations(), points, time=DAY, elevation=tmp_path / "relief.nc"
    )
    assert table["elevation"].tolist() == [500 + 3 * 41.5]
    np.testing.assert_allclose(
        table["mean"], ds.tas.sel(lat=41.5, lon=-0.5), rtol=1e-4, atol=1e-4
    )


def test_points_get_mean_spread_and_quantiles_at_each_time(model):
    points = pd.DataFrame(
        {"town": list("abc"), "lat": [44.0, 50, 47], "lon": [1.0, 9, 359]}
    )
    table = model.predict_points(stations(), points, time="2021-07", chunk_points=2)
    assert list(table) == [
        "town", "lat", "lon", "time", "elevation", "mean", "std", "q05", "q50", "q95",
    ]  # fmt: skip
    assert table["town"].tolist() == list("abcabc")
    assert table["time"].tolist() == list(pd.to_datetime(TIMES[[0, 0, 0, 2, 2, 2]]))
    np.testing.assert_allclose(table["q50"], table["mean"], atol=1e-3)
    spread = (table["q95"] - table["q05"]) / (2 * 1.6448536)
    np.testing.assert_allclose(spread, table["std"], rtol=1e-4)
    other = model.predict_points(stations(), points[::-1], time=TIMES[0])
    np.testing.assert_allclose(
        other["mean"][::-1], table["mean"][:3], rtol=1e-4, atol=1e-4
    )


def test_fixed_inputs_can_be_switched_off(runs, random_run, tmp_path):
    model = load(runs["plane"])
    context = observations_at(stations(), DAY)
    sites = context.sites
    full, strict = (
        m.condition(context).predict(sites)[0] for m in (model, model.strict())
    )
    assert np.abs(full - strict).max() > 1e-3
    assert model.strict().name == "convcnp, approximate without fixed inputs"
    with pytest.raises(ConfigError, match="strictly equivariant already"):
        load(random_run(tmp_path / "strict", stations(), form="strict")).strict()


def test_a_run_says_what_it_was_trained_on(model):
    assert model.variable == "tas"
    assert model.split.block_km == 300
    assert model.test_times is None


def test_an_absent_run_is_named(tmp_path):
    with pytest.raises(CheckpointError, match=str(tmp_path / "absent")):
        load(tmp_path / "absent")


def test_a_request_recalibrates_by_its_stations_and_says_so(model):
    """Random weights know nothing of 30 stations, which say how wrong they are."""
    asked = {"time": DAY, "grid": 5.0, "region": (0, 40, 10, 50)}
    own = model.predict_grid(stations(), **asked, recalibration=False)
    ds = model.predict_grid(stations(), **asked)
    assert own.attrs["recalibration"] == "none"
    assert "stations left out: standard deviations times" in ds.attrs["recalibration"]
    np.testing.assert_array_equal(ds.tas, own.tas)
    assert (ds.tas_stderr > own.tas_stderr).all()
    order = np.random.default_rng(0).permutation(30)
    mixed = model.predict_grid(stations().isel(station=order), **asked)
    np.testing.assert_allclose(mixed.tas_stderr, ds.tas_stderr, rtol=1e-3)
    few = model.predict_grid(stations().isel(station=slice(0, 9)), **asked)
    assert "too few stations" in few.attrs["recalibration"]
    wider = model.recalibrated([observations_at(stations(), DAY)])
    assert wider.recalibration.factor > 1
    assert wider.recalibrated([]).process.std_inflation == wider.process.std_inflation


def test_points_without_an_elevation_are_less_certain_in_the_mountains(model):
    points = pd.DataFrame({"lat": [46.2, 52.5], "lon": [7.7, 5.5]})
    asked = {"time": DAY, "recalibration": False}
    filled = model.predict_points(stations(), points, **asked)
    known = points.assign(elevation=filled["elevation"])
    given = model.predict_points(stations(), known, **asked)
    np.testing.assert_allclose(filled["mean"], given["mean"])
    added = np.sqrt(filled["std"] ** 2 - given["std"] ** 2)
    assert added[0] > 1.5
    assert added[1] < 0.3
    assert filled["q95"][0] - filled["q05"][0] > given["q95"][0] - given["q05"][0]
