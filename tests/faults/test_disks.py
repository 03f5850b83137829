"""Full and read-only disks: one line, exit status 2, and the old output is kept."""

import os
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

from apnp.cli import main

pytestmark = pytest.mark.slow


@contextmanager
def mounted(folder: Path, size: str):
    """A file system of its own in a folder; skipped where none may be mounted."""
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder],
        capture_output=True, text=True, check=False,
    ) if os.geteuid() == 0 else None  # fmt: skip
    if made is None or made.returncode:
        pytest.skip(f"no file system can be mounted: {made and made.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=False)


def outputs(place, predict, train):
    """Commands that write, and where, by name."""
    stations = str(place / "stations.nc")
    return {
        "predict NetCDF": (predict, "--output", "field.nc"),
        "predict Zarr": (predict, "--output", "field.zarr"),
        "predict map": ([*predict, "--output", str(place / "f.nc")], "--map", "m.png"),
        "data convert": (["data", "convert", stations], "", "stations.nc"),
        "train": (train, "--run", "run"),
        "evaluate": (
            ["evaluate", "--checkpoint", str(place / "run"), "--stations", stations,
             "--tasks", "1"], "--output", "evaluation",
        ),
    }  # fmt: skip


NAMES = ("predict NetCDF", "predict Zarr", "predict map", "data convert", "train",
         "evaluate")  # fmt: skip


def refused(words, option, target, capsys):
    """Whether a command ends with one line and status 2; the line."""
    capsys.readouterr()
    status = main([*words, *([option] if option else []), str(target)])
    error = capsys.readouterr().err
    last = error.strip().splitlines()[-1]
    assert status == 2, error
    assert "Traceback" not in error
    assert last.startswith("apnp "), last
    return last


@pytest.mark.parametrize("name", NAMES)
def test_a_disk_that_fills_up(name, place, predict, train, tmp_path, capsys):
    words, option, target = outputs(place, predict, train)[name]
    with mounted(tmp_path / "small", "256k") as small:
        old = small / target
        if "." in target and not target.endswith(".zarr"):
            old.write_bytes(b"old")
        filler = small / "filler"
        with filler.open("wb", buffering=0) as file:
            for size in (4096, 512):
                try:
                    for _ in range(10_000):
                        file.write(b"x" * size)
                except OSError:
                    continue
        free = 12 * 1024 if name != "train" else 4096
        with filler.open("r+b") as file:
            file.truncate(filler.stat().st_size - free)
        line = refused(words, option, small / target, capsys)
        assert str(small) in line or "space" in line.lower(), line
        if old.is_file():
            assert old.read_bytes() == b"old"
        assert not [p for p in small.rglob("*.part") if p.is_file()]


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_that_may_only_be_read(name, place, predict, train, tmp_path, capsys):
    words, option, target = outputs(place, predict, train)[name]
    with mounted(tmp_path / "small", "1m") as small:
        old = small / target
        if "." in target and not target.endswith(".zarr"):
            old.write_bytes(b"old")
        subprocess.run(["mount", "-o", "remount,ro", small], check=True)
        line = refused(words, option, small / target, capsys)
        assert str(small) in line, line
        if old.is_file():
            assert old.read_bytes() == b"old"
