import json
import sys
from dataclasses import dataclass, field, replace

import netCDF4
import numpy as np
import pytest
import xarray as xr

from apnp.data import from_arrays
from apnp.errors import ConfigError, DataError
from apnp.maps.contexts import Contexts
from apnp.maps.draws import Samples
from apnp.maps.elevation import StationElevation
from apnp.maps.field_metadata import FieldMetadata
from apnp.maps.grid import Grid
from apnp.maps.grid_choice import as_grid
from apnp.maps.predict_field import FieldJob
from apnp.output.cluster import Cluster
from apnp.output.field_output import FieldOutput
from apnp.output.resume import identity_of, opened
from apnp.output.write_field import write_field
from apnp.output.zarr import Record
from apnp.variables import get_variable

DAYS = np.arange("2021-07-01", "2021-07-04", dtype="M8[D]").astype("M8[ns]")
MODEL = {"model": "of a test"}


@dataclass(frozen=True)
class Lapse:
    """A predictor known in closed form, which notes the days that it reads."""

    read: list = field(default_factory=list)
    answers: int = 10**9

    def condition(self, context):
        self.read.append(str(context.sites.time.astype("M8[D]")))
        return Answer(context.value.mean(), [self.answers])


@dataclass
class Answer:
    level: float
    left: list

    def summary(self, sites, levels=()):
        self.left[0] -= 1
        if self.left[0] < 0:
            raise RuntimeError("the power failed")
        mean = self.level - 0.0065 * sites.elevation - 0.3 * np.abs(sites.lat)
        std = 1.5 + 0.01 * sites.lat
        quantiles = [mean + (p - 0.5) * std for p in levels]
        return mean, std, np.reshape(quantiles, (len(levels), len(sites)))

    def sampler(self, samples, cells):
        shared = samples.shared(cells.time).normal(size=(samples.number, 1))
        return lambda sites, levels, _: self.summary(sites)[0] + shared + levels


def stations(n=40, seed=3, missing=()):
    rng = np.random.default_rng(seed)
    values = rng.normal(15, 3, (n, len(DAYS)))
    values[:, list(missing)] = np.nan
    return from_arrays(
        "tas", values, station=[f"s{i}" for i in range(n)], time=DAYS,
        lat=rng.uniform(30, 60, n), lon=rng.uniform(-20, 30, n),
        elevation=rng.uniform(50, 900, n),
    )  # fmt: skip


def period(ds=None, predictor=None, grid=None, **options):
    ds = stations() if ds is None else ds
    contexts = Contexts.at(ds, "2021-07", "tas")
    metadata = FieldMetadata(
        grid=grid or Grid.regular((2, 2.5), (-20, 30, 30, 60)),
        times=contexts.times,
        period=np.timedelta64(1, "D"),
        variable=get_variable("tas"),
        cell_methods="time: mean",
        quantiles=(0.1, 0.9),
        elevation_source="made up",
        attributes={
            "title": "A field", "source": "a test", "history": "pytest", "comment": "-",
        },
    )  # fmt: skip
    elevation = StationElevation.of(
        *(ds[k].values for k in ("lat", "lon", "elevation"))
    )
    given = {"samples": Samples(3), "mask": "land", "chunk_cells": 45} | options
    return FieldJob(predictor or Lapse(), contexts, metadata, elevation, **given)


@pytest.fixture(autouse=True)
def _small_bands(monkeypatch):
    monkeypatch.setattr("apnp.output.zarr.BAND_CELLS", 100)


def write(job, path, identity=MODEL):
    write_field(job, FieldOutput(path), identity).close()


PROJECTED = "EPSG:3035,300000,2500000,1500000,5500000,4500000"


@pytest.mark.parametrize(
    ("grid", "shape", "chunk"),
    [(None, (3, 15, 20), (1, 5, 20)), (PROJECTED, (3, 10, 10), (1, 10, 10))],
)
def test_the_store_holds_what_the_file_holds(tmp_path, grid, shape, chunk):
    asked = period(grid=as_grid(grid) if grid else None)
    write(asked, tmp_path / "f.zarr")
    write(asked, tmp_path / "f.nc")
    with (
        xr.open_dataset(tmp_path / "f.nc", decode_cf=False) as file,
        xr.open_dataset(tmp_path / "f.zarr", engine="zarr", decode_cf=False) as store,
    ):
        assert set(file.variables) == set(store.variables)
        for name in file.variables:
            np.testing.assert_array_equal(store[name], file[name])
            assert store[name].dtype == file[name].dtype
            assert store[name].dims == file[name].dims
        for name in file.variables:
            ours, theirs = store[name].attrs, file[name].attrs
            ours.pop("_FillValue", None), theirs.pop("_FillValue", None)
            assert ours.keys() == theirs.keys()
            for key in theirs:
                np.testing.assert_array_equal(ours[key], theirs[key])
        assert store.attrs.pop("apnp_identity")
        del store.attrs["history"], file.attrs["history"]
        assert store.attrs == file.attrs
    assert sorted(p.name for p in tmp_path.iterdir()) == ["f.nc", "f.zarr"]
    with opened(tmp_path / "f.zarr") as ds, netCDF4.Dataset(tmp_path / "f.nc") as nc:
        assert ds.tas.encoding["chunks"] == chunk
        assert nc["tas"].shape == ds.tas.shape == shape
        assert (ds.time.values == DAYS).all()


def test_a_prediction_that_fails_goes_on_where_it_was(tmp_path):
    path = tmp_path / "f.zarr"
    write(period(), tmp_path / "whole.zarr")
    # A day has 3 bands of 3 chunks, and each takes an answer for its draws too.
    failing = Lapse(answers=15)
    with pytest.raises(RuntimeError, match="the power failed"):
        write(period(predictor=failing), path)
    names = sorted(p.name for p in tmp_path.iterdir())
    assert names == ["f.zarr.done", "f.zarr.part", "whole.zarr"]
    assert (tmp_path / "f.zarr.done").read_text() == "0 0\n0 1\n"
    with (tmp_path / "f.zarr.done").open("a") as record:
        record.write("0")  # a line cut short
    again = Lapse()
    write(period(predictor=again), path)
    assert again.read == ["2021-07-01", "2021-07-02", "2021-07-03"]
    with opened(path) as ours, opened(tmp_path / "whole.zarr") as theirs:
        del ours.attrs["history"], theirs.attrs["history"]
        xr.testing.assert_identical(ours.load(), theirs.load())
    assert sorted(p.name for p in tmp_path.iterdir()) == ["f.zarr", "whole.zarr"]


def test_what_is_recorded_is_not_predicted_again(tmp_path, caplog):
    path = tmp_path / "f.zarr"
    write(period(), path)
    idle = Lapse()
    write(period(predictor=idle), path)
    assert not idle.read
    assert "complete already" in caplog.text
    path.rename(tmp_path / "f.zarr.part")
    lines = [f"{day} {band}\n" for day in (0, 1, 2) for band in (0, 1, 2)]
    (tmp_path / "f.zarr.done").write_text("".join(lines[:3] + lines[4:]))
    write(period(predictor=idle), path)
    assert idle.read == ["2021-07-02"]


def test_a_cut_line_does_not_run_into_the_next(tmp_path):
    path = tmp_path / "done"
    path.write_text("0 1\n1")
    Record(path, (20, 3)).add((1, 2))
    assert path.read_text() == "0 1\n1 2\n"
    assert Record(path, (2, 3)).left() == [(0, 0), (0, 2), (1, 0), (1, 1)]


@pytest.mark.parametrize(
    ("other", "named"),
    [
        ({"ds": stations(seed=4)}, "stations, elevation"),
        ({"mask": None}, "mask"),
        ({"samples": Samples(3, seed=1)}, "samples"),
        ({"grid": Grid.regular((2, 2.5), (-20, 30, 30, 58))}, "grid, elevation"),
    ],
)
@pytest.mark.parametrize("name", ["f.zarr", "f.zarr.part"])
def test_the_store_of_another_prediction_is_refused(tmp_path, other, named, name):
    write(period(), tmp_path / "f.zarr")
    (tmp_path / "f.zarr").rename(tmp_path / name)
    with pytest.raises(ConfigError, match=f"{name} was made with other {named}:"):
        write(period(**other), tmp_path / "f.zarr")
    with pytest.raises(ConfigError, match="with other model:"):
        write(period(), tmp_path / "f.zarr", {"model": "another"})


def test_what_is_no_store_of_fields_is_refused(tmp_path):
    (tmp_path / "f.zarr").mkdir()
    with pytest.raises(ConfigError, match="no store of fields that apnp made"):
        write(period(), tmp_path / "f.zarr")
    with pytest.raises(ConfigError, match="absent does not exist"):
        write(period(), tmp_path / "absent" / "f.zarr")


def test_what_a_store_needs_is_named_where_it_is_missing(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "zarr", None)
    with pytest.raises(ConfigError, match=r"needs zarr: pip install 'apnp\[scale\]'"):
        write(period(), tmp_path / "f.zarr")
    assert not list(tmp_path.iterdir())
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ConfigError, match=r"needs distributed: pip install 'apnp"):
        next(Cluster(1).each(print, [1]))


@pytest.mark.parametrize(
    ("given", "message"),
    [((None, None), "one of them"), ((2, "tcp://a:1"), "one of them"), ((0,), "Got 0")],
)
def test_a_cluster_is_of_one_kind(given, message):
    with pytest.raises(ConfigError, match=message):
        Cluster(*given)


def test_times_without_observation_are_left_out(caplog):
    contexts = Contexts.at(stations(missing=[1]), "2021-07", "tas")
    assert contexts.times.tolist() == DAYS[[0, 2]].tolist()
    assert contexts.counts.tolist() == [40, 40]
    assert "1 of 3 times have no observation" in caplog.text
    assert [each.sites.time for each in contexts] == list(DAYS[[0, 2]])
    with pytest.raises(DataError, match="Nothing observed"):
        Contexts.at(stations(missing=[0, 1, 2]), "2021-07", "tas")


def test_a_network_is_of_the_stations_observed_at_any_time(monkeypatch):
    monkeypatch.setattr("apnp.maps.contexts._VALUES", 1)  # a time at once
    ds = stations()
    ds.tas[0, 1:] = ds.tas[1, :2] = ds.tas[2] = np.nan
    contexts = Contexts.at(ds, "2021-07", "tas")
    assert contexts.observed.tolist() == [True, True, False] + 37 * [True]
    assert len(contexts.network().places) == 39


def test_an_impossible_value_that_no_reader_has_seen_is_refused():
    ds = stations()
    ds.tas[3, 2] = 300.0
    with pytest.raises(DataError, match=r"must lie in \[-90, 60\]; values from .* 300"):
        Contexts.at(ds, "2021-07", "tas")


def test_the_digest_tells_every_value():
    ds = stations()
    digest = Contexts.at(ds, "2021-07", "tas").digest
    assert Contexts.at(stations(), "2021-07", "tas").digest == digest
    ds.tas[3, 2] += 0.01
    assert Contexts.at(ds, "2021-07", "tas").digest != digest


def test_the_identity_is_plain_data():
    asked = period()
    assert json.loads(json.dumps(identity_of(asked))) == identity_of(asked)
    assert identity_of(replace(asked, chunk_cells=7)) == identity_of(asked)
