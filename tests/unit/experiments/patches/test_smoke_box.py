from dataclasses import replace

import netCDF4
import numpy as np
import pytest
from compliance_checker.runner import CheckSuite, ComplianceChecker

from apnp.cli import main
from apnp.errors import DataError
from apnp.experiments.patches import smoke_runs
from apnp.experiments.patches.smoke_box import (
    NotConverged,
    Plume,
    SmokeBox,
    _divergence,
)
from apnp.experiments.patches.smoke_runs import read_smoke, simulate_smoke

BOX = SmokeBox(cells=24, steps=2)


class Fake(SmokeBox):
    """A box whose states are known and come at once; plumes of 110 do not converge."""

    def run(self, plume):
        if plume.x == 110:
            raise NotConverged("step 3: the pressure solve leaves 0.5 of it")
        return np.full((self.cells, self.cells), plume.radius)


@pytest.fixture
def fake(monkeypatch):
    monkeypatch.setattr(smoke_runs, "phiflow", lambda: None)
    monkeypatch.setattr(smoke_runs, "_version", lambda: "0")
    return Fake(cells=4)


def test_plumes_follow_the_law_of_the_paper_and_seed_and_number_alone():
    plumes = [Plume.draw(3, i) for i in range(3000)]
    assert plumes[7] == Plume.draw(3, 7) != Plume.draw(4, 7)
    x, counts = np.unique([p.x for p in plumes], return_counts=True)
    assert x.tolist() == [30, 64, 110]
    assert counts / 3000 == pytest.approx([1 / 3] * 3, abs=0.03)
    for name, low, high in (("radius", 5, 30), ("buoyancy", 0.1, 0.5)):
        drawn = np.array([getattr(p, name) for p in plumes])
        assert low < drawn.min() < drawn.max() < high
        quarters = np.histogram(drawn, 4, (low, high))[0] / 3000
        assert quarters == pytest.approx([0.25] * 4, abs=0.03)


def test_the_pressure_solve_leaves_no_divergence_and_no_flow_through_the_ball():
    rng = np.random.default_rng(1)
    box = SmokeBox(cells=20)
    fluid = box.fluid
    u = rng.normal(size=(19, 20)) * (fluid[1:] & fluid[:-1])
    v = rng.normal(size=(20, 19)) * (fluid[:, 1:] & fluid[:, :-1])
    assert np.abs(_divergence(u, v)).max() > 1
    made_u, made_v, left = box.project(u, v)
    assert left < 1e-12
    assert np.abs(_divergence(made_u, made_v)).max() < 1e-10
    assert (made_u[~(fluid[1:] & fluid[:-1])] == 0).all()
    assert fluid.sum() < fluid.size
    # What is removed is a gradient, so orthogonal to what is left.
    removed = ((u - made_u) * made_u).sum() + ((v - made_v) * made_v).sum()
    assert abs(removed) < 1e-9


def test_the_ball_lies_near_the_top():
    x, y = np.nonzero(~SmokeBox().fluid)
    assert (x.mean() + 0.5, y.mean() + 0.5) == pytest.approx((64, 96))
    assert x.max() - x.min() + 1 == 24


def test_runs_stopped_half_way_go_on_and_end_as_if_never_stopped(tmp_path, fake):
    lines = []
    simulate_smoke(tmp_path / "a.nc", runs=12, box=fake, report=lines.append)
    assert lines[0].startswith("1 of 12 runs, ")
    assert lines[-1].startswith("12 of 12 runs, ")
    parts = sorted((tmp_path / "a.nc.runs").glob("*.npz"))
    times = [p.stat().st_mtime_ns for p in parts]
    (tmp_path / "a.nc").unlink()
    parts[4].unlink()
    lines.clear()
    simulate_smoke(tmp_path / "a.nc", runs=14, box=fake, report=lines.append)
    assert lines[0] == "11 of 14 runs are there already"
    assert len(lines) == 4
    kept = [t for i, t in enumerate(times) if i != 4]
    assert [p.stat().st_mtime_ns for i, p in enumerate(parts) if i != 4] == kept
    simulate_smoke(tmp_path / "b.nc", runs=14, box=fake, report=lines.append)
    one, other = (read_smoke(tmp_path / n) for n in ("a.nc", "b.nc"))
    assert one.equals(other)


def test_runs_that_do_not_converge_are_named_and_never_kept(tmp_path, fake):
    failed = simulate_smoke(
        tmp_path / "a.nc", runs=12, seed=5, box=fake, report=lambda _: None
    )
    bad = [i for i in range(12) if Plume.draw(5, i).x == 110]
    assert failed == [
        f"run {i}: step 3: the pressure solve leaves 0.5 of it" for i in bad
    ]
    ds = read_smoke(tmp_path / "a.nc")
    assert ds["run"].values.tolist() == [i for i in range(12) if i not in bad]
    radius = [Plume.draw(5, int(i)).radius for i in ds["run"]]
    np.testing.assert_allclose(ds["smoke"][:, 2, 1], radius, rtol=1e-6)
    np.testing.assert_allclose(ds["source_radius"], radius)
    assert f"run {bad[0]}: step 3" in ds.attrs["comment"]
    assert ds["smoke"].attrs["units"] == "1"
    seed = next(s for s in range(99) if Plume.draw(s, 0).x == 110)
    with pytest.raises(DataError, match=r"None of 1 runs converged.* run 0: step"):
        simulate_smoke(tmp_path / "c.nc", runs=1, seed=seed, box=fake)
    assert not (tmp_path / "c.nc").exists()


def test_the_file_follows_the_conventions(tmp_path, fake, capsys):
    path = tmp_path / "a.nc"
    simulate_smoke(path, runs=3, box=fake, report=lambda _: None)
    CheckSuite.load_all_available_checkers()
    passed, errors = ComplianceChecker.run_checker(
        str(path), ["cf:1.11"], 0, "strict", output_filename="-", output_format="text"
    )
    text = capsys.readouterr().out
    assert not errors, text
    assert passed, text


def test_runs_of_another_seed_or_box_are_not_mixed(tmp_path, fake):
    simulate_smoke(tmp_path / "a.nc", runs=9, box=fake, report=print)
    for change in ({"seed": 1}, {"box": replace(fake, steps=3)}):
        with pytest.raises(DataError, match=r"a.nc.runs holds runs of .* another"):
            simulate_smoke(tmp_path / "a.nc", **({"runs": 1, "box": fake} | change))


def test_a_damaged_run_and_a_damaged_file_are_named(tmp_path, fake):
    simulate_smoke(tmp_path / "a.nc", runs=9, box=fake, report=print)
    part = tmp_path / "a.nc.runs" / "000001.npz"
    part.write_bytes(part.read_bytes()[:-40])
    with pytest.raises(DataError, match=r"000001.npz: cannot be read as a run"):
        simulate_smoke(tmp_path / "a.nc", runs=9, box=fake, report=print)
    with netCDF4.Dataset(tmp_path / "a.nc", "a") as file:
        file["smoke"][0, 1, 1] = np.nan
    with pytest.raises(DataError, match=r"run \d holds values that are not finite"):
        read_smoke(tmp_path / "a.nc")
    with pytest.raises(DataError, match=r"part.nc: cannot be read"):
        read_smoke(tmp_path / "part.nc")


def test_the_command_refuses_numbers_that_cannot_be(tmp_path, capsys):
    for flag, value in (("runs", 0), ("workers", 0), ("seed", -1)):
        out = str(tmp_path / "a.nc")
        assert main(["data", "smoke", f"--{flag}", f"{value}", "--output", out]) == 2
        assert f"argument --{flag}: must be an integer >= " in capsys.readouterr().err
    assert main(["data", "smoke", "--output", "a.csv"]) == 2
    assert "its name ends in .nc" in capsys.readouterr().err


def test_a_small_plume_rises_from_its_source_by_phiflow():
    pytest.importorskip("phi", reason="phiflow is not installed: apnp[smoke]")
    state = BOX.run(Plume(8.0, 4.0, 0.5))
    still = BOX.run(Plume(8.0, 4.0, 0.0))
    assert state.dtype == np.float64
    assert state.shape == (24, 24)
    assert state[5, 7] > 1
    assert (state[:, 18:] == 0).all()
    height = np.arange(24) @ state.sum(1) / state.sum()
    assert height > np.arange(24) @ still.sum(1) / still.sum() + 0.01
    with pytest.raises(NotConverged, match=r"step 1: the pressure solve leaves"):
        replace(BOX, tolerance=0.0).run(Plume(8.0, 4.0, 0.5))
