import subprocess

import torch

from apnp import provenance as module
from apnp.provenance import provenance


def test_the_commit_is_that_of_the_clone_and_empty_outside_one(tmp_path, monkeypatch):
    package = tmp_path / "clone" / "apnp"
    package.mkdir(parents=True)
    monkeypatch.setattr(module, "_PACKAGE", package)
    assert module._commit.__wrapped__() == ""
    who = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
    for words in (["init", "-q"], [*who, "commit", "-q", "--allow-empty", "-m", "x"]):
        subprocess.run(["git", *words], cwd=package.parent, check=True)
    command = ["git", "rev-parse", "--short", "HEAD"]
    said = subprocess.run(command, cwd=package.parent, capture_output=True, text=True)
    assert module._commit.__wrapped__() == said.stdout.strip() != ""


def test_a_gpu_is_named_where_there_is_one(monkeypatch):
    assert "cores" in module._machine.__wrapped__()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "a GPU")
    assert module._machine.__wrapped__() == "a GPU"


def test_it_is_told_in_words():
    found = provenance()
    assert set(found) == {"commit", "machine", "finished"}
    assert found["machine"].startswith(module.processor())
