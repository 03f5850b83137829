"""What is refused before any work: pipes, bombs, too much for memory, endless grids."""

import gzip
import os

import numpy as np
import pytest

from apnp.config import yaml_text
from apnp.data import from_arrays, read_stations, summarise
from apnp.data.readers import file_head, memory
from apnp.errors import ConfigError, DataError
from apnp.maps.grid_choice import as_grid
from apnp.maps.request import FieldRequest

HEAD = "station,time,lat,lon,elevation,tas\n"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_pipes_devices_and_folders_are_no_files(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(DataError, match=r"pipe\.csv: a pipe, no file.*give that"):
        read_stations(tmp_path / "pipe.csv")
    with pytest.raises(ConfigError, match=r"pipe\.csv: a pipe, no file"):
        yaml_text.read(tmp_path / "pipe.csv")
    with pytest.raises(DataError, match="/dev/zero: a device, no file"):
        read_stations("/dev/zero")
    (tmp_path / "a.csv").write_text(HEAD.replace("lat,lon,", "") + "A,2021-07-01,9,5\n")
    with pytest.raises(DataError, match=r"a folder, where a file was expected"):
        read_stations(tmp_path / "a.csv", station_list=tmp_path)


def test_gzip_that_unpacks_to_far_more_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(file_head, "SMALL", 2**16)
    with gzip.open(tmp_path / "a.csv.gz", "wt") as file:
        file.write(HEAD + "A,2021-07-01,46,7,9,5\n" * 50_000)
    with pytest.raises(DataError, match=r"unpacks to more than .* times its size"):
        read_stations(tmp_path / "a.csv.gz")
    monkeypatch.setattr(file_head, "MOST_TIMES_LARGER", 5000)
    assert read_stations(tmp_path / "a.csv.gz")["tas"].item() == 5


def test_files_larger_than_memory_are_refused(tmp_path, monkeypatch):
    path = tmp_path / "a.csv"
    path.write_text(HEAD + "A,2021-07-01,46,7,9,5\n")
    size = path.stat().st_size
    monkeypatch.setattr(memory, "available_memory", lambda: 4 * size - 1)
    with pytest.raises(DataError, match=r"reading them needs about .*Give fewer files"):
        read_stations(path)
    monkeypatch.setattr(memory, "available_memory", lambda: 4 * size)
    assert read_stations(path).sizes["station"] == 1


@pytest.mark.parametrize("size", [1e-9, "0.00000001,1", 1e-300, "0.001,0.001"])
def test_grids_of_too_many_cells_are_refused_before_they_are_made(size):
    with pytest.raises(ConfigError, match=r"cells.*--grid.*--region"):
        FieldRequest(size, (0.0, 0.0, 90.0, 90.0))
    assert as_grid(0.01, (0.0, 0.0, 1.0, 1.0)).shape == (100, 100)


def test_no_text_of_a_file_reaches_a_terminal_as_an_order():
    ds = from_arrays(
        "tas", [[1.0]], station=["A\x1b[2J"], lat=[46], lon=[7], elevation=[1],
        time=np.array(["2021-07-01"], "M8[ns]"), station_name=["Evil\r\n\x9bm\u202e"],
        attrs={"source": "x\x1b]0;title\x07", "quality_control": "n\n\x1b[31m"},
    )  # fmt: skip
    texts = [*ds["station"].values, *ds["station_name"].values, summarise(ds)]
    for text in texts:
        assert all(c.isprintable() or c == "\n" for c in text), text
    assert ds["station"].item() == "A\\x1b[2J"
    assert all("\x1b" not in str(value) for value in ds.attrs.values())
    assert len(summarise(ds).splitlines()) == summarise(ds).count("\n") + 1
