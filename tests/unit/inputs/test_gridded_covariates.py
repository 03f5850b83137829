import json
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from apnp.errors import CheckpointError, ConfigError, DataError
from apnp.geometry.lat_lon_grid import LatLonGrid
from apnp.geometry.plane import LambertAzimuthal
from apnp.inputs.gridded_covariates import FieldUse, GriddedCovariates
from apnp.inputs.stations import StationInputs
from apnp.observations import Observations, Sites
from apnp.training.station_tasks import StationTasks, TaskSampling, observed_task

DAYS = np.arange("2020-01-01", "2020-01-21", dtype="M8[D]")
GRID = LatLonGrid(np.arange(30.0, 70.0, 1.0), np.arange(-20.0, 40.0, 1.0))


@dataclass(frozen=True)
class Waves:
    """A field of long waves, another each day where it has days."""

    name: str
    height: bool = False
    days: np.ndarray | None = None
    units: str = "m"
    grid: LatLonGrid = GRID
    path: str = "waves.nc"
    hole: tuple = (0.0, 0.0, 0.0, 0.0)

    def values(self, time, smooth_km=0.0):
        lat, lon = self.grid.lat[:, None], self.grid.lon[None]
        values = 400 + 100 * np.sin(lat / 4 + self.phase(time)) * np.cos(lon / 5)
        south, north, west, east = self.hole
        gap = (lat > south) & (lat < north) & (lon > west) & (lon < east)
        values = np.where(gap, np.nan, values)
        return self.grid.smoothed(values, smooth_km) if smooth_km else values

    def spread(self, time, smooth_km):
        return 50 + 0.1 * self.values(time, smooth_km)

    def coarsened(self, time, km):
        return self.grid.coarsened(self.values(time), km)

    def phase(self, time):
        return 0.0 if self.days is None else 0.1 * (time - DAYS[0]).astype(int)

    def check_day(self, time):
        if self.days is not None and time not in self.days:
            raise DataError(f"no {time}")


RELIEF = Waves("orog", height=True, hole=(48.0, 51.0, 5.0, 9.0))
WEATHER = Waves("t2m", days=DAYS, units="K")
USES = FieldUse(True, 150.0, (80.0,)), FieldUse(True)


def sites(n=60, time=DAYS[3], seed=1):
    g = np.random.default_rng(seed)
    lat, lon = g.uniform(45, 55, n), g.uniform(0, 20, n)
    return Sites(lat, lon, g.uniform(0, 2000, n), time)


def fitted(geometry="plane", sources=(RELIEF, WEATHER), uses=USES):
    there = sites()
    bare = StationInputs.fit(geometry, there.lat, there.lon, [3.0, 7.0, 9.5])
    return bare.fitted(sources, uses, there, DAYS)


def test_covariates_of_fields_are_scaled_readings_at_the_end():
    inputs, there = fitted(), sites(30, DAYS[7], seed=5)
    bare = replace(inputs, gridded=GriddedCovariates())
    w = inputs.covariates(there)
    assert inputs.dw == w.shape[1] == bare.dw + 3 + 1
    np.testing.assert_array_equal(w[:, :3], bare.covariates(there))
    height, wide = (
        GRID.at(RELIEF.values(DAYS[0], km), there.lat, there.lon) for km in (0.0, 80.0)
    )
    assert np.isnan(height).any()
    assert np.isfinite(height).any()
    np.testing.assert_allclose(w[:, 3], (there.elevation - height) / 1000)
    np.testing.assert_allclose(w[:, 4], (there.elevation - wide) / 1000)
    np.testing.assert_allclose(w[:, 5], (50 + 0.1 * wide) / 1000)
    weather = inputs.gridded.fields[1]
    read = GRID.at(WEATHER.values(DAYS[7]), there.lat, there.lon)
    np.testing.assert_allclose(w[:, 6], (read - weather.mean) / weather.std)


def test_fields_are_scaled_by_the_training_stations_on_the_training_days():
    there, scaled = sites(), []
    inputs = fitted()
    for day in DAYS:
        scaled.append(inputs.covariates(replace(there, time=day))[:, 6])
    scaled = np.concatenate(scaled)
    np.testing.assert_allclose(np.nanmean(scaled, 0), 0, atol=1e-10)
    np.testing.assert_allclose(np.nanstd(scaled, 0), 1, atol=1e-10)


def test_missing_values_of_a_field_are_masked_and_leave_no_trace():
    inputs, there = fitted(), sites()
    observations = Observations(there, there.elevation)
    points = inputs.point_set(observations)
    x, w, mask = inputs.targets(there)
    missing = np.isnan(inputs.covariates(there))
    assert 0 < missing.sum() < missing.size
    for found in (points.w_mask, mask):
        np.testing.assert_array_equal(found[0].numpy(), ~missing)
    assert (w[~mask] == 0).all()
    assert (points.w[~points.w_mask] == 0).all()
    assert points.y_mask.all()
    assert points.x.equal(x)


@pytest.mark.parametrize("geometry", ["plane", "sphere"])
def test_training_tasks_hold_what_a_prediction_of_that_day_reads(geometry):
    inputs, there = fitted(geometry), sites()
    values = np.random.default_rng(2).normal(size=(len(DAYS), 60))
    law = TaskSampling(5, 20, 12, seed=3)
    tasks = StationTasks(
        inputs, there.lat, there.lon, there.elevation, DAYS, values, law
    )
    for index in range(3):
        draw, task = tasks.draw(index), tasks.task(index)
        context, target = (
            Observations(
                replace(there, time=DAYS[draw.day]).take(k), values[draw.day, k]
            )
            for k in (draw.context, draw.target)
        )
        same = observed_task(inputs, context, target)
        for part in ("context", "target"):
            for name in ("x", "w", "w_mask"):
                one, other = (getattr(getattr(t, part), name) for t in (task, same))
                assert one.equal(other), (part, name)
        assert len(task.auxiliary) == len(same.auxiliary) == 1
        one, other = task.auxiliary[0], same.auxiliary[0]
        torch.testing.assert_close(one.y, other.y, rtol=0, atol=1e-4)
        assert len(one.axes) == 2


def test_a_auxiliary_set_of_the_plane_is_the_field_at_nodes_about_the_domain():
    inputs = fitted()
    there = sites(9, seed=8)
    domain = inputs.domain(there)
    (auxiliary_set,) = inputs.auxiliary(domain, DAYS[0])
    relief = inputs.gridded.fields[0]
    x, y = (axis[0].double().numpy() for axis in auxiliary_set.axes)
    for axis, centre, extent in zip(
        (x, y), domain.centre[0].numpy(), domain.extent[0].numpy(), strict=True
    ):
        np.testing.assert_allclose(np.diff(axis), 0.15, atol=1e-6)
        assert (axis[0] + axis[-1]) / 2 == pytest.approx(centre, abs=1e-6)
        assert axis[-1] - axis[0] > extent + 2 * 0.5 - 2 * 0.15
    nodes = np.stack(np.meshgrid(x, y, indexing="ij"), -1) * 1000
    lat, lon = LambertAzimuthal(*inputs.projection.centre).inverse(nodes)
    grid, means = RELIEF.coarsened(DAYS[0], 150.0)
    read = grid.at((means - relief.mean) / relief.std, lat.ravel(), lon.ravel())
    np.testing.assert_array_equal(
        auxiliary_set.y_mask[0, ..., 0], np.isfinite(read).reshape(lat.shape)
    )
    mask = auxiliary_set.y_mask[0, ..., 0].numpy()
    assert mask.any()
    assert not mask.all()
    np.testing.assert_allclose(
        auxiliary_set.y[0, ..., 0].numpy()[mask],
        read.reshape(lat.shape)[mask],
        atol=1e-4,
    )


def test_a_auxiliary_set_of_the_sphere_is_every_node_in_radians():
    inputs = fitted("sphere")
    (auxiliary_set,) = inputs.auxiliary(inputs.domain(sites()), DAYS[0])
    rows, columns = (np.degrees(axis[0].numpy()) for axis in auxiliary_set.axes)
    grid, means = RELIEF.coarsened(DAYS[0], 150.0)
    np.testing.assert_allclose(rows, grid.lat, atol=1e-4)
    np.testing.assert_allclose(columns, grid.lon, atol=1e-4)
    np.testing.assert_array_equal(auxiliary_set.y_mask[0, ..., 0], np.isfinite(means))


def test_a_auxiliary_set_ends_where_a_plane_does():
    there = Sites(np.array([50.0, 40.0]), np.array([0.0, 170.0]), np.zeros(2), DAYS[0])
    globe = LatLonGrid(np.arange(-87.5, 90, 5), np.arange(-177.5, 180, 5))
    bare = StationInputs.fit("plane", there.lat, there.lon, [3.0, 7.0])
    source, use = Waves("t", grid=globe), FieldUse(False, 500.0)
    wide = bare.fitted([source], [use], there, DAYS)
    domain = wide.domain(there)
    domain = replace(domain, extent=torch.full((1, 2), 17.0))
    (auxiliary_set,) = wide.auxiliary(domain, DAYS[0])
    assert auxiliary_set.y_mask.any()
    assert not auxiliary_set.y_mask[0, 0, 0, 0]
    assert wide.dw == bare.dw


def test_json_keeps_fields_but_not_where_they_come_from():
    inputs = fitted()
    record = json.loads(json.dumps(inputs.to_dict()))
    again = StationInputs.from_dict(record)
    assert again == inputs
    assert again.gridded.sources == ()
    read = again.reading([WEATHER, RELIEF])
    assert [s.name for s in read.gridded.sources] == ["orog", "t2m"]
    del record["fields"][0]["use"]
    with pytest.raises(CheckpointError, match=r"record of a field.*use"):
        StationInputs.from_dict(record)


def test_other_fields_than_those_of_the_training_are_refused():
    inputs = fitted()
    for sources, error, message in (
        ([], ConfigError, r"reads the fields orog, t2m, and is given none"),
        ([RELIEF], ConfigError, r"orog, t2m, and is given orog: .*--covariates"),
        (
            [RELIEF, replace(WEATHER, units="degC")],
            DataError,
            "t2m .*`units`: K there and degC here",
        ),
        ([RELIEF, replace(WEATHER, days=None)], DataError, "`a field a day`: True"),
        ([replace(RELIEF, height=False), WEATHER], DataError, "height of the ground"),
    ):
        with pytest.raises(error, match=message):
            inputs.reading(sources)
    with pytest.raises(ConfigError, match=r"reads the fields none.*given orog"):
        replace(inputs, gridded=GriddedCovariates()).reading([RELIEF])


def test_fields_that_tell_nothing_are_refused():
    south = LatLonGrid(np.arange(-40.0, -30.0), np.arange(-20.0, 40.0))
    flat = replace(RELIEF, hole=(0.0, 60.0, -20.0, 40.0))
    for source, error, message in (
        (replace(WEATHER, days=DAYS[:10]), DataError, "no 2020-01-11"),
        (replace(RELIEF, grid=south), DataError, "orog has no value.*-40 to -31 N"),
        (flat, DataError, "no value at any of 60 training stations"),
    ):
        with pytest.raises(error, match=message):
            fitted(sources=[source], uses=[FieldUse()])


def test_days_of_a_prediction_must_be_there():
    inputs = fitted()
    inputs.gridded.check_days(DAYS)
    with pytest.raises(DataError, match="no 2021-01-01"):
        inputs.gridded.check_days(np.array(["2020-01-03", "2021-01-01"], "M8[D]"))
