"""Every described text format: values, positions, quality codes and refusals."""

import gzip
import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from format_samples import SAMPLES, Sample

from apnp.data import read_stations
from apnp.data.format_table import formats_table
from apnp.data.readers import READERS
from apnp.data.readers.file_head import head_of
from apnp.data.readers.formats import FORMATS
from apnp.errors import DataError


def write(folder: Path, sample: Sample, text: str | None = None) -> Path:
    path = folder / sample.name
    path.write_bytes((text or sample.text).encode(sample.encoding))
    if sample.station_list is not None:
        name, listed = sample.station_list
        (folder / name).write_text(listed)
    return path


def values(ds, variable="tas") -> dict[tuple[str, str], float]:
    frame = ds[variable].to_series().dropna()
    return {(s, t.isoformat()): float(v) for (s, t), v in frame.items()}


def expected(sample: Sample) -> dict[tuple[str, str], float]:
    return {(s, pd.Timestamp(t).isoformat()): v for (s, t), v in sample.values.items()}


def test_every_format_has_a_sample():
    assert {form.about.name for form in FORMATS} == set(SAMPLES)


@pytest.mark.parametrize("name", SAMPLES)
def test_values_positions_and_quality(tmp_path, name):
    sample = SAMPLES[name]
    ds = read_stations(write(tmp_path, sample), **listed(tmp_path, sample))
    assert values(ds, sample.variable) == pytest.approx(expected(sample), abs=1e-4)
    place = (ds["lat"].item(0), ds["lon"].item(0), ds["elevation"].item(0))
    np.testing.assert_allclose(place, sample.place, atol=0.01)
    failed = f"{sample.dropped} value"
    assert (failed in ds.attrs["quality_control"]) == (sample.dropped > 0)
    daily = next(f for f in FORMATS if f.about.name == name).about.day != "instants"
    assert (ds[sample.variable].attrs["cell_methods"] != "time: point") == daily
    assert ds.attrs["source"].startswith(name)


def listed(folder: Path, sample: Sample) -> dict[str, Any]:
    options: dict[str, Any] = {"variable": sample.variable}
    if sample.station_list is not None:
        options["station_list"] = folder / sample.station_list[0]
    return options


@pytest.mark.parametrize("name", SAMPLES)
def test_a_spoilt_line_is_refused_with_its_place(tmp_path, name):
    sample = SAMPLES[name]
    old, new, line, column = sample.spoilt
    assert sample.text.count(old) >= 1
    path = write(tmp_path, sample, sample.text.replace(old, new, 1))
    with pytest.raises(DataError) as error:
        read_stations(path, **listed(tmp_path, sample))
    told = str(error.value)
    assert told.startswith(f"{path}, line {line}, column {column!r}: ")
    assert "is not a" in told


@pytest.mark.parametrize("name", SAMPLES)
def test_a_short_last_line_is_refused(tmp_path, name):
    sample = SAMPLES[name]
    lines = sample.text.rstrip("\n").split("\n")
    at = -2 if lines[-1] == "end data" else -1
    delimiter = max(",;\t|", key=lines[at].count)
    cells = lines[at].split(delimiter if delimiter in lines[at] else None)
    lines[at] = delimiter.join(cells[:2])
    path = write(tmp_path, sample, "\n".join(lines) + "\n")
    with pytest.raises(DataError, match=r"cells expected|is not a|unknown format|form"):
        read_stations(path, **listed(tmp_path, sample))


@pytest.mark.parametrize("name", SAMPLES)
def test_the_right_reader_is_the_first_to_recognise_a_file(tmp_path, name):
    head = head_of(write(tmp_path, SAMPLES[name]))
    first = next(reader for reader in READERS if reader.recognises(head))
    assert name == first.NAME


@pytest.mark.parametrize("name", ["GHCNh", "KNMI etmgeg", "DWD klima_tag"])
def test_gzip_windows_lines_and_a_folder(tmp_path, name):
    sample = SAMPLES[name]
    write(tmp_path, sample).unlink()
    text = sample.text.replace("\n", "\r\n").encode(sample.encoding)
    (tmp_path / f"{sample.name}.gz").write_bytes(gzip.compress(text))
    assert values(read_stations(tmp_path)) == pytest.approx(expected(sample), abs=1e-4)


def test_the_table_of_formats_is_the_one_in_the_documentation():
    documented = (Path(__file__).parents[2] / "docs" / "files.md").read_text()
    for line in formats_table(markdown=True).splitlines():
        assert line in documented


@pytest.mark.parametrize("typed", [False, True])
def test_parquet_with_the_columns_of_a_text_format(tmp_path, typed):
    sample = SAMPLES["GHCNh"]
    frame = pd.read_csv(io.StringIO(sample.text), sep="|", dtype=None if typed else str)
    if typed:
        frame["DATE"] = pd.to_datetime(frame["DATE"])
    frame.to_parquet(tmp_path / "a.parquet")
    ds = read_stations(tmp_path / "a.parquet")
    assert values(ds) == pytest.approx(expected(sample), abs=1e-4)
    assert "2 values with a failed quality flag" in ds.attrs["quality_control"]


@pytest.mark.parametrize("name", ["SMHI metobs, daily", "DWD stundenwerte TU"])
def test_a_station_stood_where_the_list_says_it_stood_at_the_time(tmp_path, name):
    sample = SAMPLES[name]
    path = write(tmp_path, sample)
    if name.startswith("SMHI"):
        text = sample.text.replace("150.0;61.4000", "150.0;62.9000")
        rows = "1960-05-01 00:00:01;1960-05-02 00:00:00;1960-05-01;1.5;G\n"
    else:
        places = tmp_path / "Metadaten_Geographie_00042.txt"
        places.write_text(places.read_text().replace("61.4000", "62.9000"))
        text, rows = sample.text, "         42;1960050112;    3;   1.5;  80.0;eor\n"
    path.write_text(text + rows)
    ds = read_stations(path)
    old = ds["tas"].sel(time="1960-05-01").dropna("station", how="all")
    assert old.item() == 1.5
    assert (old["lat"].item(), old["elevation"].item() < 220) == (62.9, True)
    assert ds["lat"].values.tolist().count(61.5) == 1
    assert "split" in ds.attrs["quality_control"]


def test_the_users_word_on_quality_missing_codes_and_heights(tmp_path):
    path = write(tmp_path, SAMPLES["GHCNh"])
    lenient = read_stations(path, good_flags=["", "1", "2", "5"])
    assert values(lenient)["ZZI0000TEST", "2026-03-01T08:00:00"] == 38.0
    assert "as --good-flags says" in lenient.attrs["assumptions"]
    every = read_stations(path, columns={"qc": "none"})
    assert values(every)["ZZI0000TEST", "2026-03-01T07:00:00"] == 39.0
    fewer = read_stations(path, missing=[-7.0, 230.0])
    assert ("ZZI0000TEST", "2026-03-01T06:20:00") not in values(fewer)
    assert np.isnan(fewer["elevation"].item())
    low = read_stations(path, units={"elevation": "ft"})
    assert low["elevation"].item() == pytest.approx(70.104)


def test_codes_of_a_format_without_a_rule_are_obeyed_where_the_user_says(tmp_path):
    sample = SAMPLES["DWD klima_tag"]
    path = write(tmp_path, sample)
    with pytest.raises(DataError, match=r"No usable value.*failed quality"):
        read_stations(
            path, columns={"qc": "QN_4"}, good_flags=["3"], **listed(tmp_path, sample)
        )


def test_what_a_format_assumes_is_said(tmp_path):
    ds = read_stations(write(tmp_path, SAMPLES["GHCNh"]))
    assert ds.attrs["assumptions"] == (
        "values in degC; quality codes in temperature_Quality_Code: kept: blank, 1 and "
        "5, every other code fails; times in UTC"
    )
    order = read_stations(write(tmp_path, SAMPLES["GHCN-Daily order (CDO, CSV)"]))
    assert (
        "values in degF (degC with decimals, else degF)" in order.attrs["assumptions"]
    )
    assert order["tas"].attrs["day_interval"] == "00-00 local (assumed)"


def test_columns_that_the_user_names(tmp_path):
    sample = SAMPLES["DWD klima_tag"]
    path = write(tmp_path, sample)
    named = {"station": "STATIONS_ID", "time": "MESS_DATUM", "tas": "TXK"}
    ds = read_stations(path, columns=named)
    assert ds["tas"].values.ravel().tolist() == pytest.approx([20.0, 20.0, 2.0])
    assert ds["tas"].attrs["comment"] == "TXK"
    with pytest.raises(DataError, match=r"no column 'TT' \(asked for as tas\)"):
        read_stations(path, columns={"tas": "TT"})
    with pytest.raises(DataError, match=r"times in MESS_DATUM, not in 'TXK'"):
        read_stations(path, columns={"time": "TXK"})


def test_utf_16_is_read_like_utf_8(tmp_path):
    sample = SAMPLES["GHCNh"]
    (tmp_path / sample.name).write_bytes(sample.text.encode("utf-16"))
    assert values(read_stations(tmp_path)) == pytest.approx(expected(sample), abs=1e-4)


@pytest.mark.parametrize(
    ("name", "old", "words"),
    [
        ("DWD klima_tag", ("20210801", "20010331"),
         "1 day before 2001-04-01 .*twice 21:30 CET"),
        ("DWD zehn_min tu", ("2021", "1999"), "before 2000-01-01.*times in CET"),
    ],
)  # fmt: skip
def test_a_rule_that_changed_is_said_of_the_values_before(tmp_path, name, old, words):
    sample = SAMPLES[name]
    ds = read_stations(write(tmp_path, sample), **listed(tmp_path, sample))
    assert "WARNING" not in ds.attrs["quality_control"]
    write(tmp_path, sample, sample.text.replace(*old))
    ds = read_stations(tmp_path / sample.name, **listed(tmp_path, sample))
    assert re.search(words, ds.attrs["quality_control"])
