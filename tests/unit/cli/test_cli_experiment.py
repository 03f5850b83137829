import subprocess
from types import SimpleNamespace

import pytest

from apnp.cli import main
from apnp.cli.experiment import _side_by_side
from apnp.errors import ApnpError

PAIRS = [("ConvCNP(T)", 0), ("ConvCNP(T)", 1), ("TNP", 0)]


def test_every_model_has_a_process_and_a_device_of_its_own(monkeypatch):
    seen = []

    def run(command, env, check):
        seen.append((command[-6:], env["CUDA_VISIBLE_DEVICES"], command[3:5]))
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(subprocess, "run", run)
    _side_by_side(["gibbs-1d", "--devices", "2"], PAIRS, 2)
    assert sorted(call[0] for call in seen) == sorted(
        ["--only", name, "--seeds", str(seed), "--devices", "1"] for name, seed in PAIRS
    )
    assert {call[1] for call in seen} <= {"0", "1"}
    assert all(call[2] == ["experiment", "gibbs-1d"] for call in seen)


def test_a_model_that_fails_is_named(monkeypatch):
    def run(command, env, check):
        return SimpleNamespace(returncode=int(command[-3] == "1"))

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(ApnpError, match=r"ConvCNP\(T\), seed 1, ended with status 1"):
        _side_by_side(["gibbs-1d"], PAIRS, 2)


@pytest.mark.parametrize("study", ["roads", "scale", "anisotropic-gp"])
@pytest.mark.parametrize(
    "asked", [("--ablation", "count"), ("--likelihood", "mixture")]
)
def test_variants_are_of_the_published_studies_alone(study, asked, tmp_path, capsys):
    words = ["experiment", study, *asked, "--output", str(tmp_path / "study")]
    assert main(words) == 2
    assert "neither --ablation nor another --likelihood" in capsys.readouterr().err
