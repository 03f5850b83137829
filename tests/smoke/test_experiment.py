from dataclasses import replace

import pandas as pd
import pytest

from apnp.cli import main
from apnp.config import ConvCNPConfig, PTTNPConfig
from apnp.experiments.gibbs import models as gibbs_models
from apnp.experiments.gibbs.models import SIZES, Size
from apnp.experiments.patches import models as grid_models


@pytest.fixture
def experiment(tmp_path, monkeypatch, capsys):
    trainer = replace(
        SIZES["small"].trainer, batch_size=2, validation_every=2, validation_tasks=2,
        log_every=1, threads=0,
    )  # fmt: skip
    tiny = Size(4, 1, 5, 4, 8, 2, 2, "gaussian_bias", 4, 2.0, 3, 4, trainer)
    monkeypatch.setitem(gibbs_models.SIZES, "small", tiny)

    def run(*argv):
        output = ("--output", str(tmp_path / "study"))
        status = main(["experiment", "gibbs-1d", *output, *argv])
        return status, capsys.readouterr()

    return run


def test_models_are_trained_scored_and_compared(experiment, tmp_path):
    argv = ("--models", "ConvCNP(T)", "ConvCNP(T~)", "--steps", "2")
    status, said = experiment(*argv)
    assert status == 0, said.err
    assert "| ConvCNP(T~) | 1 |" in said.out
    assert "| oracle: best Gaussian |" in said.out
    folder = tmp_path / "study"
    made = {p.name for p in folder.iterdir()}
    assert made == {
        "bank", "runs", "study.json", "oracles-in.csv", "oracles-out.csv",
        "scores.csv", "runs.csv", "summary.csv", "table.md", "bands.png",
        "gap.png", "learning.png",
    }  # fmt: skip
    runs = pd.read_csv(folder / "runs.csv")
    assert runs["steps"].tolist() == [2, 2]
    assert runs["config"].nunique() == 2
    assert runs["machine"].notna().all()
    status, said = experiment(*argv)
    assert status == 0
    assert said.err.count("training is complete") == 2
    assert "steps/s" not in said.err


def test_without_models_the_ceilings_alone(experiment, tmp_path):
    status, said = experiment("--models", "--tasks", "2")
    assert status == 0, said.err
    assert "### Out of distribution (2 tasks)" in said.out
    assert not (tmp_path / "study" / "runs").exists()


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("--models", "GNP"), "--models takes TNP"),
        (("--minutes", "2", "--steps", "3"), "--minutes or --steps, not both"),
        (("--minutes", "0"), "--minutes: must be a number > 0. Got 0."),
        (("--devices", "0"), "--devices: must be an integer >= 1 and <= 1024. Got 0."),
        (("--seeds", "1", "1"), "--seeds must differ. Got 1 1."),
        (("--seeds", "-1"), "--seeds: must be an integer >= 0"),
        (("--tasks", "1"), "--tasks is at least 2. Got 1"),
        (
            ("--learning-rate", "-1"),
            "--learning-rate: must be a number > 0 and <= 10. Got -1.",
        ),
    ],
)
def test_refusals(experiment, argv, message):
    status, said = experiment(*argv)
    assert status == 2
    assert message in said.err


@pytest.fixture
def grids(tmp_path, monkeypatch, capsys):
    """Runs a study of grids, its models tiny; exit status and what was said."""
    small = grid_models.SIZES["small"]
    trainer = replace(
        small.trainer, batch_size=2, validation_every=2, validation_tasks=2,
        log_every=1, threads=0,
    )  # fmt: skip
    backbone = replace(
        small.backbone,
        convcnp=ConvCNPConfig(channels=(4,), kernel=3, net="cnn", depth=1),
        pt_tnp=PTTNPConfig(pseudo=4, width=8, layers=2, heads=2),
    )
    tiny = grid_models.Size(backbone, 4, 3, trainer)
    monkeypatch.setitem(grid_models.SIZES, "small", tiny)

    def run(study, *argv):
        output = ("--output", str(tmp_path / "study"), "--steps", "2")
        status = main(["experiment", study, *output, *argv])
        return status, capsys.readouterr()

    return run


def test_plumes_are_learned_and_drawn(grids, plumes, tmp_path):
    argv = ("--data", str(plumes), "--patch", "8")
    models = ("--models", "ConvCNP(T)", "ConvCNP(T~)", "PT-TNP")
    status, said = grids("smoke", *argv, *models)
    assert status == 0, said.err
    assert "### Plumes of other runs (3 tasks)" in said.out
    assert (
        "| above strict twin (in % of tasks) | above PT-TNP | deviation (%) |"
        in said.out
    )
    made = {p.name for p in (tmp_path / "study").iterdir()}
    assert made == {
        "runs", "study.json", "scores.csv", "runs.csv", "summary.csv", "table.md",
        "patch.png", "learning.png",
    }  # fmt: skip
    status, said = grids("smoke", *argv, *models)
    assert said.err.count("training is complete") == 3
    status, said = grids("smoke", "--data", str(plumes), "--patch", "9", *models)
    assert status == 2
    assert "is requested: give another --output" in said.err


def test_a_reanalysis_is_learned_and_mapped(grids, reanalysis, tmp_path):
    argv = (
        "--data", str(reanalysis / "t2m.nc"), "--train-region", "0,45,11,54",
        "--out-region", "12,45,19,54", "--train-time", "2019-03-01/2019-03-08",
        "--test-time", "2019-03-09/2019-03-12", "--patch", "5",
    )  # fmt: skip
    status, said = grids("environment", *argv, "--models", "ConvCNP(T~)")
    assert status == 0, said.err
    assert "### In another region, without fixed inputs (3 tasks)" in said.out
    folder = tmp_path / "study"
    assert {p.name for p in folder.glob("*.png")} == {
        "patch.png", "learning.png", "map-ConvCNP-T-approximate-.png",
    }  # fmt: skip
    status, said = grids("environment", *argv, "--axes", "4")
    assert status == 2
    assert "--axes 4 has elevation as an axis: give --elevation" in said.err


def test_a_study_without_models_has_nothing_to_score(grids, plumes):
    status, said = grids("smoke", "--data", str(plumes), "--patch", "8", "--models")
    assert status == 2
    assert "--models names none" in said.err
