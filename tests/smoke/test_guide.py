"""Every command of the guide, as it is written there, on few stations and few steps."""

import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from apnp.cli import main
from apnp.data import read_stations, write_stations

ROOT = Path(__file__).parents[2]
SHORT = {
    "train": (
        "--model.backbone.local_tnp.width=16",
        "--model.backbone.local_tnp.neighbours=8",
        "--trainer.max_steps=2", "--trainer.validation_every=2",
        "--trainer.validation_tasks=2", "--trainer.batch_size=2",
    ),
    "evaluate": ("--tasks=2",),
}  # fmt: skip
FENCE = re.compile(r"^```(\w+) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(ROOT.glob("docs/*.md"))]


def blocks():
    """Language, file name or blank, and text of the guide's fenced blocks."""
    return FENCE.findall((ROOT / "docs" / "guide.md").read_text())


def commands(text):
    """The commands of a block, in order, as lists of words."""
    return [shlex.split(line) for line in text.replace("\\\n", "").splitlines()]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The simulated network cut to a few European stations, and hourly readings."""
    ds = read_stations(ROOT / "data" / "simulated_stations.nc")
    inside = (ds.lat > 35) & (ds.lat < 70) & (ds.lon > -12) & (ds.lon < 35)
    (tmp_path / "data").mkdir()
    few = ds.isel(station=np.flatnonzero(inside)[::3])
    write_stations(few, tmp_path / "data" / "simulated_stations.nc")
    hours = pd.date_range("2021-07-01", periods=72, freq="h")
    pd.DataFrame(
        {"station": "A", "time": hours, "lat": 47, "lon": 8, "elevation": 5, "tas": 9.0}
    ).to_csv(tmp_path / "hourly.csv", index=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
def test_the_guide_runs_as_it_is_written(folder, capsys, caplog):
    for language, name, text in blocks():
        if language == "python":
            exec(compile(text, "guide.md", "exec"), {})
        elif name:
            (folder / name).write_text(text)
        elif language == "sh":
            for program, verb, *words in commands(text):
                assert program == "apnp"
                status = main([verb, *words, *SHORT.get(verb, ())])
                assert status == 0, f"{verb} {words}: {capsys.readouterr().err}"
    said = capsys.readouterr()
    assert "regression kriging" in said.out
    assert "runs/mine: training is complete" in said.err
    assert "1 of 3 points have no elevation" in caplog.text
    points = pd.read_csv("out.csv")
    assert np.isfinite(points[["elevation", "mean", "std", "q05", "q95"]].values).all()
    with xr.open_dataset("alps.nc") as alps:
        assert alps.sizes["time"] == 3
        assert alps["tas_flag"].isin(2).any()
        assert np.isfinite(alps["tas_quantile"]).any()
    for name in ("map.png", "again.png", "alps.png", "daily.nc", "runs/tuned/best"):
        assert (folder / name).exists()


def test_the_guide_has_a_command_of_every_verb():
    shell = [text for language, _, text in blocks() if language == "sh"]
    verbs = {words[1] for text in shell for words in commands(text)}
    assert verbs == {"data", "train", "predict", "plot", "evaluate"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_leads_there(page):
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []
