import numpy as np
import pytest
import torch
import xarray as xr
from compliance_checker.runner import CheckSuite, ComplianceChecker

from apnp.build import build_model
from apnp.config import from_words
from apnp.data import from_arrays, observations_at
from apnp.errors import ConfigError
from apnp.groups import GROUPS, Trivial
from apnp.groups.candidates import moved
from apnp.inputs.stations import StationInputs
from apnp.maps.request import FieldRequest
from apnp.prediction import SymmetryProbe, load, symmetry_breaking
from apnp.prediction.symmetry import write_difference

TIMES = np.array(["2021-07-01", "2021-07-02"], "datetime64[ns]")
DAY = "2021-07-01"


def stations(n=40, seed=2, box=(40, 55, -5, 20)):
    rng = np.random.default_rng(seed)
    lat, lon = rng.uniform(*box[:2], n), rng.uniform(*box[2:], n)
    elevation = rng.uniform(0, 900, n)
    value = 30 - 0.3 * lat - 0.0065 * elevation + rng.normal(0, 1, (2, n))
    return from_arrays(
        "tas", value.T, station=[f"s{i}" for i in range(n)], lat=lat, lon=lon,
        elevation=elevation, time=TIMES, attrs={"title": "Simulated stations"},
    )  # fmt: skip


def observed(ds=None):
    """A context and a target of the first day."""
    found = observations_at(stations() if ds is None else ds, DAY)
    return found.take(np.arange(25)), found.take(np.arange(25, 40))


@pytest.fixture(scope="module")
def runs(tmp_path_factory, random_run):
    base = tmp_path_factory.mktemp("runs")
    return {
        (geometry, form): random_run(base / geometry / form, stations(), geometry, form)
        for geometry in ("plane", "sphere")
        for form in ("strict", "approximate")
    }


@pytest.fixture(scope="module", params=["plane", "sphere"])
def model(runs, request):
    return load(runs[request.param, "approximate"])


def far(pair):
    return np.linalg.norm(np.subtract(*pair)) / np.linalg.norm(pair[1])


LINEAR = ("similarity", "special_linear", "affine")
"""Groups that frames alone keep."""
CASES = [
    (backbone, geometry, group)
    for backbone in ("convcnp", "local_tnp", "tnp", "rcnp")
    for geometry, groups in GROUPS.items()
    if geometry != "box"  # which has no stations
    for group in groups
    if group != "none"
    and (backbone != "convcnp" or group in ("translations", "longitude_shifts"))
    and (backbone == "tnp" or group not in LINEAR)
]


@pytest.mark.parametrize("form", ["strict", "approximate"])
@pytest.mark.parametrize(("backbone", "geometry", "group"), CASES)
def test_moved_data_change_nothing_but_what_fixed_inputs_break(
    backbone, geometry, group, form
):
    ds = stations()
    inputs = StationInputs.fit(geometry, ds.lat, ds.lon, ds.tas)
    sizes = ("lattice.shape=[16,16]", "channels=[8,8]", "blocks=[1,1]", "kernel=3")
    argv = [f"--model.backbone.convcnp.{size}" for size in sizes]
    argv += [f"--model.backbone.{b}.width=8" for b in ("local_tnp", "tnp", "rcnp")]
    argv += [f"--model.backbone.name={backbone}", f"--model.group={group}"]
    argv += [f"--model.geometry={geometry}", f"--model.form={form}"]
    argv += ["--model.fixed_inputs.edge_km=20000", "--model.coast=false"]
    argv += ["--model.likelihood=gaussian"]
    argv += ["--model.symmetrise=frames"] if group in LINEAR else []
    torch.manual_seed(3)
    process = build_model(from_words(argv).model, inputs)
    with torch.no_grad():
        for p in process.parameters():
            p += 0.1 * torch.randn_like(p)
    probe = SymmetryProbe(process.double().eval(), inputs)
    task = probe.task(*observed())
    deviation = far(probe.moved(task, torch.Generator().manual_seed(1)))
    assert deviation > 1e-6 if form == "approximate" else deviation < 1e-10
    assert probe.movable


def test_context_targets_and_domain_move_and_elements_differ(runs):
    probe = SymmetryProbe.of(load(runs["plane", "approximate"]))
    task = probe.task(*observed())
    generator = torch.Generator().manual_seed(1)
    one, two = (probe.moved(task, generator) for _ in range(2))
    assert np.abs(one[0] - two[0]).max() > 1e-6
    np.testing.assert_array_equal(one[1], two[1])
    element = torch.tensor([0.7, -1.9], dtype=torch.float64)
    there = moved(task, probe.group, element)
    for points, before in ((there.context, task.context), (there.target, task.target)):
        torch.testing.assert_close(points.x, before.x + element)
    torch.testing.assert_close(there.domain.centre, task.domain.centre + element)
    assert torch.equal(there.domain.extent, task.domain.extent)
    assert bool(there.domain.absolute)


def test_means_are_those_of_the_model_with_and_without_fixed_inputs(model):
    probe, (context, target) = SymmetryProbe.of(model), observed()
    with_them, without = probe.without_fixed_inputs(probe.task(context, target))
    assert np.abs(with_them - without).max() > 1e-3
    for one, scaled in ((model, with_them), (model.strict(), without)):
        mean, _ = one.condition(context).predict(target.sites)
        np.testing.assert_allclose(
            model.inputs.scaling.unscale(scaled), mean, atol=1e-3
        )
    _, as_it_is = probe.moved(probe.task(context, target), torch.Generator())
    np.testing.assert_array_equal(as_it_is, with_them)
    assert next(model.process.parameters()).dtype == torch.float32


def test_a_strict_model_and_one_far_from_home_have_no_fixed_inputs(runs, model):
    strict = SymmetryProbe.of(load(runs["plane", "strict"]))
    assert far(strict.without_fixed_inputs(strict.task(*observed()))) == 0
    away = observed(stations(box=(-50, -30, -80, -60)))
    probe = SymmetryProbe.of(model)
    task = probe.task(*away)
    assert not task.domain.absolute
    assert far(probe.without_fixed_inputs(task)) == 0


def test_without_a_group_nothing_can_be_moved(runs):
    made = SymmetryProbe.of(load(runs["plane", "strict"]))
    made.process.backbone.group = Trivial(2)
    assert not made.movable


CELLS = {"grid": 2.5, "region": (-5, 40, 20, 55), "mask": "land"}
ASKED = {"time": DAY, "request": FieldRequest(**CELLS)}


def test_the_map_is_the_difference_of_two_predictions(model):
    ds = stations()
    made = symmetry_breaking(model, ds, **ASKED)
    one, other = (
        m.predict_grid(ds, time=DAY, **CELLS, recalibration=False)
        for m in (model, model.strict())
    )
    for name in ("tas", "tas_stderr"):
        expected = one[name].values - other[name].values
        np.testing.assert_array_equal(made[f"{name}_difference"].values, expected)
        assert np.nanmax(np.abs(expected)) > 1e-3
    assert {"tas", "tas_stderr"}.isdisjoint(made)
    for name in ("elevation", "tas_flag", "distance_to_station"):
        xr.testing.assert_identical(made[name], one[name].drop_vars("height"))


def test_a_strict_model_has_no_map(runs):
    with pytest.raises(ConfigError, match="strictly equivariant already"):
        symmetry_breaking(load(runs["plane", "strict"]), stations(), **ASKED)


def test_the_map_says_what_its_numbers_are(model):
    made = symmetry_breaking(model, stations(), history="by hand", **ASKED)
    for name, statistic in (("tas", "mean"), ("tas_stderr", "standard deviation")):
        about = made[f"{name}_difference"].attrs
        assert about["units"] == "K"
        assert about["units_metadata"] == "temperature: difference"
        assert about["long_name"] == (
            f"predictive {statistic} of near-surface air temperature with fixed "
            "inputs minus without"
        )
        assert "standard_name" not in about
    assert made.attrs["title"] == (
        "near-surface air temperature changed by fixed inputs, from stations"
    )
    assert made.attrs["history"].endswith("by hand")
    assert made.lat.attrs["units"] == "degrees_north"


def test_the_file_is_the_map_and_passes_the_cf_checker(model, tmp_path):
    made = symmetry_breaking(model, stations(), **ASKED)
    path = tmp_path / "map.nc"
    write_difference(made, path)
    assert [p.name for p in tmp_path.iterdir()] == ["map.nc"]
    with xr.open_dataset(path) as back:
        assert back.tas_difference.dims == ("time", "lat", "lon")
        assert back.time.values == TIMES[:1]
        for name in ("tas_difference", "tas_stderr_difference", "elevation"):
            np.testing.assert_array_equal(back[name].values, made[name].values)
    CheckSuite.load_all_available_checkers()
    report = tmp_path / "report.json"
    passed, errors = ComplianceChecker.run_checker(
        str(path), ["cf:1.11"], 0, "strict",
        output_filename=str(report), output_format="json",
    )  # fmt: skip
    assert passed, report.read_text()
    assert not errors


def test_a_file_that_cannot_be_written_is_refused(model, tmp_path):
    made = symmetry_breaking(model, stations(), **ASKED)
    with pytest.raises(ConfigError, match=r"map\.nc: cannot be written"):
        write_difference(made, tmp_path / "absent" / "map.nc")
