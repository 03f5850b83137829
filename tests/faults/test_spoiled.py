"""Spoiled files of every format: refused, or what is read was written so.

A byte of a file is changed, or some are cut out. The file is refused with an error
of the package, or read. What may then differ: in tables of text, values of stations
that stand in a line that was changed; in files with checksums (NetCDF with
`fletcher32`, gzip, zip, Parquet with checksums of its pages) nothing that is a value.
"""

import gzip
import random
import zipfile

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from apnp.data import read_stations
from apnp.errors import ApnpError

pytestmark = pytest.mark.slow


def table(network):
    """The network as a long table, its values to two decimals."""
    frame = network["tas"].astype(float).round(2).to_dataframe().reset_index()
    columns = ["station", "time", "lat", "lon", "elevation", "tas"]
    numbers = ["lat", "lon", "elevation", "tas"]
    return frame[columns].round(dict.fromkeys(numbers, 4))


def text_of(network):
    return table(network).to_csv(index=False, date_format="%Y-%m-%d")


def make_csv(network, path):
    path.write_text(text_of(network))


def make_gz(network, path):
    with gzip.open(path, "wt") as file:
        file.write(text_of(network))


def make_zip(network, path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", text_of(network))


def make_parquet(network, path):
    frame = pyarrow.Table.from_pandas(table(network))
    pyarrow.parquet.write_table(frame, path, write_page_checksum=True)


def make_netcdf(network, path):
    made = network.copy()
    made["tas"] = made["tas"].round(2)
    names = ("tas", "lat", "lon", "elevation", "time")
    checked = {"fletcher32": True, "zlib": True}
    made.to_netcdf(path, encoding=dict.fromkeys(names, checked))


FORMATS = {".csv": make_csv, ".csv.gz": make_gz, ".zip": make_zip,
           ".parquet": make_parquet, ".nc": make_netcdf}  # fmt: skip


def spoilt(data: bytes, rng: random.Random) -> bytes:
    """The bytes with one of them changed, some cut out, or the end cut off."""
    at = rng.randrange(len(data))
    kind = rng.random()
    if kind < 0.7:
        return data[:at] + bytes([data[at] ^ rng.randrange(1, 256)]) + data[at + 1 :]
    if kind < 0.85:
        return data[:at] + data[at + rng.randint(1, 40) :]
    return data[:at]


def values(ds):
    """Values by station and time, with the station's place."""
    ds = ds.transpose("station", "time")
    got = {}
    for i, station in enumerate(ds["station"].values.tolist()):
        where = tuple(float(ds[k].values[i]) for k in ("lat", "lon", "elevation"))
        for j, when in enumerate(ds["time"].values.astype("M8[m]").tolist()):
            value = float(ds["tas"].values[i, j])
            if np.isfinite(value):
                got[station, when] = (*where, round(value, 2))
    return got


def may_differ(old: bytes, new: bytes) -> set[str]:
    """Stations in the lines of a text that are not in both."""
    lines = [set(text.decode("latin-1").splitlines()) for text in (old, new)]
    return {line.split(",")[0] for line in lines[0] ^ lines[1]}


@pytest.mark.parametrize("suffix", FORMATS)
def test_spoiled_files_are_refused_or_read_right(suffix, network, times, tmp_path):
    path = tmp_path / f"a{suffix}"
    FORMATS[suffix](network, path)
    data, rng = path.read_bytes(), random.Random(suffix)
    want = values(read_stations(path))
    refused = same = 0
    for _ in range(times(200, 25)):
        new = spoilt(data, rng)
        path.write_bytes(new)
        try:
            got = values(read_stations(path))
        except ApnpError:  # any other exception fails the test
            refused += 1
            continue
        other = {key for key in got if got[key] != want.get(key)}
        if suffix == ".csv":
            free = may_differ(data, new)
            other = {(s, t) for s, t in other if s in want_stations(want) - free}
        assert not other, (sorted(map(str, other))[:3], len(other))
        same += 1
    assert refused
    assert same + refused == times(200, 25)


def want_stations(want):
    return {station for station, _ in want}
