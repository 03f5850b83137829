from dataclasses import replace

import pandas as pd
import pytest

from apnp.cli import main
from apnp.experiments import gibbs_models
from apnp.experiments.gibbs_models import SIZES, Size


@pytest.fixture
def experiment(tmp_path, monkeypatch, capsys):
    trainer = replace(
        SIZES["small"].trainer, batch_size=2, validation_every=2, validation_tasks=2,
        log_every=1, threads=0,
    )  # fmt: skip
    tiny = Size(4, 1, 4, 8, 2, 2, "windows", 3, 4, trainer)
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
        "scores.csv", "runs.csv", "summary.csv", "table.md", "bands.png", "gap.png", "learning.png",
    }  # fmt: skip
    assert pd.read_csv(folder / "runs.csv")["steps"].tolist() == [2, 2]
    status, said = experiment(*argv)
    assert status == 0
    assert said.err.count("is trained to its end") == 2
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
        (("--minutes", "0"), "--minutes is a number above 0. Got 0.0"),
        (("--devices", "0"), "--devices is a number above 0. Got 0"),
        (("--seeds", "1", "1"), "each given once. Got 1 1"),
        (("--seeds", "-1"), "from 0 on"),
        (("--tasks", "1"), "--tasks is at least 2. Got 1"),
        (("--learning-rate", "-1"), "--learning-rate is a number above 0"),
    ],
)
def test_refusals(experiment, argv, message):
    status, said = experiment(*argv)
    assert status == 2
    assert message in said.err
