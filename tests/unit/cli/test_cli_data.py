import gzip

import netCDF4
import pytest

from apnp.cli import main

CSV = """station,time,lat,lon,elevation,tas
A,2021-07-01,46.5,7.5,1500,12.25
A,2021-07-02,46.5,7.5,1500,13.25
B,2021-07-01,-10.25,20.5,20,25.5
"""


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(CSV)
    return path


def run(capsys, *argv):
    code = main(["data", *map(str, argv)])
    out = capsys.readouterr()
    return code, out.out, out.err


def test_convert_and_summary(table, capsys, tmp_path):
    out = tmp_path / "out.nc"
    assert run(capsys, "convert", table, out)[0] == 0
    with netCDF4.Dataset(out) as file:
        assert file.featureType == "timeSeries"
    code, text, err = run(capsys, "summary", out)
    assert (code, err) == (0, "")
    assert "2, 2021-07-01 to 2021-07-02, every 1 d" in text
    code, text, _ = run(capsys, "summary", out, "--time", "2021-07-02")
    assert (code, "1, 2021-07-02 to 2021-07-02" in text) == (0, True)


def test_daily_values_from_hours(capsys, tmp_path):
    rows = [f"A,2021-07-01T{h:02d}:00,46.5,7.5,150,{h}.5\n" for h in range(5)]
    (tmp_path / "a.csv").write_text(CSV.splitlines()[0] + "\n" + "".join(rows))
    code, text, _ = run(
        capsys, "convert", tmp_path / "a.csv", tmp_path / "b.nc", "--daily", "max",
        "--min-obs", "5", "--day-start", "0",
    )  # fmt: skip
    assert code == 0
    assert "tasmax" in text
    assert "4.5 to 4.5" in text


def test_what_is_dropped_is_said(table, capsys):
    table.write_text(CSV + "C,2021-07-01,0,0,5,9.5\nA,2021-07-01,46.5,7.5,1500,14.25\n")
    code, _, err = run(capsys, "summary", table)
    assert code == 0
    assert "1 station at exactly 0N 0E" in err
    assert "1 repeated value averaged" in err


def bad_input(name, tmp_path, table):
    """Arguments that must be refused, and the message."""
    path = tmp_path / "bad"
    if name == "missing file":
        return [tmp_path / "none.nc"], "none.nc: no such file"
    if name == "wrong column":
        return [
            table,
            "--columns",
            "tas=warmth",
        ], "no column 'warmth' (asked for as tas)"
    if name == "wrong units":
        kelvin = CSV.replace(",12.2", ",285.4").replace(",13.2", ",286.4")
        table.write_text(kelvin.replace(",25.5", ",298.65"))
        return [table], 'values look like K. If so, say --units tas="K"'
    if name == "NaN in coordinates":
        table.write_text(CSV.replace("46.5", "nan").replace("-10.25", ""))
        return [table], "2 stations without a position dropped (A, B)"
    if name == "coordinates out of range":
        table.write_text(CSV.replace("46.5", "465").replace("20.5", "2050"))
        return [table], "2 stations at impossible coordinates dropped (A, B)"
    if name == "a time not in the file":
        return [table, "--time", "2022-07-01"], "2 times from 2021-07-01 to 2021-07-02"
    if name == "truncated NetCDF":
        main(["data", "convert", str(table), str(tmp_path / "whole.nc")])
        data = (tmp_path / "whole.nc").read_bytes()
        path.write_bytes(data[: len(data) // 2])
        return [path], "cannot be read as NetCDF. The file is damaged or cut short"
    if name == "truncated gzip":
        path = tmp_path / "bad.csv.gz"
        rows = "".join(
            f"S{k},2021-07-01,{k / 100},{k / 70},{k},{k % 37}\n" for k in range(5000)
        )
        data = gzip.compress((CSV + rows).encode())
        path.write_bytes(data[: len(data) // 2])
        return [path], "cannot be read"
    if name == "empty file":
        path.write_bytes(b"")
        return [path], "the file is empty"
    if name == "unknown format":
        path.write_bytes(b"\x00\x01\x02 nothing known")
        return [path], "unknown format; its first line is"
    if name == "a list of stations":
        path.write_text("station,lat,lon,elevation\nA,46.5,7.5,1500\n")
        return [path], "a list of stations, without readings"
    if name == "empty folder":
        path.mkdir()
        return [path], "the folder holds no files"
    if name == "wrong variable":
        return [table, "--variable", "rain"], "Unknown variable 'rain'"
    if name == "half a pair":
        return [table, "--units", "degF"], "--units: must be NAME=VALUE. Got degF"
    assert name == "daily of daily"
    return [table, "--daily", "mean"], "daily already"


@pytest.mark.parametrize(
    "name",
    [
        "missing file", "wrong column", "wrong units", "NaN in coordinates",
        "coordinates out of range", "a time not in the file", "truncated NetCDF",
        "truncated gzip", "empty file", "unknown format", "a list of stations",
        "empty folder", "wrong variable", "half a pair", "daily of daily",
    ],
)  # fmt: skip
def test_bad_input_is_refused_in_one_line(name, tmp_path, table, capsys):
    argv, message = bad_input(name, tmp_path, table)
    capsys.readouterr()
    code, out, err = run(capsys, "summary", *argv)
    assert (code, out) == (2, "")
    assert message in err
    assert err.startswith("apnp data: ")
    assert "Traceback" not in err


def test_output_is_never_an_input_nor_elsewhere(table, tmp_path, capsys):
    out = tmp_path / "a.nc"
    assert run(capsys, "convert", table, out)[0] == 0
    before = out.read_bytes()
    (tmp_path / "link.nc").symlink_to(out)
    for argv, message in (
        ((out, out), "the output is an input too"),
        ((out, tmp_path / "link.nc"), "the output is an input too"),
        ((tmp_path, tmp_path / "b.nc"), "lies in a folder of inputs"),
        ((out, tmp_path / "b.csv"), "its name ends in .nc"),
        ((out, tmp_path / "no" / "b.nc"), "does not exist"),
        (
            (out, tmp_path / "b.nc", "--min-obs", "3"),
            "requires --daily mean",
        ),
    ):
        code, _, err = run(capsys, "convert", *argv)
        assert code == 2
        assert message in err
    assert out.read_bytes() == before
