"""Any description and any file written after it: the same values come back."""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apnp.data.readers.about import About
from apnp.data.readers.text_format import Element, Quality, TextFormat, Times
from apnp.data.readers.text_reader import TextReader
from apnp.data.readings import Request
from apnp.data.schema import FAILED_CHECK
from apnp.data.units import to_degc
from apnp.errors import DataError
from apnp.variables import get_variable

_UNITS = {"degC": 1, "K": 1, "degF": 1, "tenths of degC": 0}  # decimals written
_LAYOUTS = {
    "%Y-%m-%d %H:%M": ("when",), "%d.%m.%Y %H:%M": ("when",), "%Y%m%d%H%M": ("when",),
    "%Y %m %d %H %M": ("year", "month", "day", "hour", "minute"),
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    form: TextFormat
    text: str
    rows: list[tuple[str, pd.Timestamp, float | None, bool]]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    delimiter = draw(st.sampled_from([",", ";", "|", "\t", ""]))
    units = draw(st.sampled_from(list(_UNITS)))
    layout = draw(st.sampled_from([k for k in _LAYOUTS if delimiter or " " not in k]))
    missing = draw(st.sampled_from([-999.0, 9999.9, -9999.0]))
    stamps = st.integers(0, 60 * 24 * 900)
    ids = st.sampled_from(["007", "7", "AB-1", "Ä9", "123456"])
    keys = draw(st.lists(st.tuples(ids, stamps), min_size=1, max_size=12, unique=True))
    size = st.integers(-400, 400)
    rows = [
        (i, pd.Timestamp("2019-12-30") + pd.Timedelta(minutes=m),
         draw(st.one_of(st.none(), size)), draw(st.booleans()))
        for i, m in keys
    ]  # fmt: skip
    names = ["site", "lat", "lon", "alt", *_LAYOUTS[layout], "t", "qt", "other"]
    order = draw(st.permutations(names))
    header = (delimiter or " ").join(order)
    form = TextFormat(
        about=About("Made up", "nobody", "t", "instants"),
        header=re.compile(re.escape(header)),
        delimiter=delimiter,
        columns={"station": ("site",), "lat": ("lat",), "lon": ("lon",),
                 "elevation": ("alt",)},
        times=Times(_LAYOUTS[layout], layout),
        elements={"tas": Element("t")},
        units=units,
        missing=(missing,),
        quality=Quality("q{}", "0|1"),
    )  # fmt: skip
    pad = (
        st.sampled_from(["", " ", "   "])
        if delimiter not in ("", "\t")
        else st.just("")
    )
    lines = [header]
    written = []
    for station, time, value, failed in rows:
        raw = missing if value is None else value / 10 ** _UNITS[units]
        cells = {
            "site": station, "lat": "61.5", "lon": "-5.25", "alt": "230",
            "t": f"{raw:g}" if value is None else f"{raw:.{_UNITS[units]}f}",
            "qt": "3" if failed else "1", "other": "x",
        } | dict(
            zip(_LAYOUTS[layout], _stamp(time, layout), strict=True)
        )  # fmt: skip
        lines.append((delimiter or "  ").join(draw(pad) + cells[n] for n in order))
        degc = None if value is None else float(to_degc(np.float64(raw), units))
        written.append((station, time, degc, failed))
    end = draw(st.sampled_from(["\n", "\r\n"]))
    return Case(form, end.join(lines) + draw(st.sampled_from(["", end])), written)


def _stamp(time: pd.Timestamp, layout: str) -> list[str]:
    if len(_LAYOUTS[layout]) == 1:
        return [time.strftime(layout)]
    return [str(part) for part in (time.year, time.month, time.day, time.hour,
                                   time.minute)]  # fmt: skip


@settings(
    max_examples=15, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(case=cases())
def test_the_same_values_come_back(tmp_path, case):
    path = tmp_path / "file.txt"
    path.write_bytes(case.text.encode())
    present = [row for row in case.rows if row[2] is not None]
    (found,) = TextReader(case.form).read([path], Request(get_variable("tas")))
    ids = found.sites["station"].to_numpy()[found.site]
    got = {
        (station, pd.Timestamp(time)): (value, flag == FAILED_CHECK)
        for station, time, value, flag in zip(
            ids, found.times[found.step], found.value, found.flag, strict=True
        )
    }
    want = {(i, t): (pytest.approx(v, abs=1e-9), failed) for i, t, v, failed in present}
    assert got == want
    assert set(found.sites["lat"]) == {61.5}


@settings(
    max_examples=10, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(case=cases(), data=st.data())
def test_a_cell_more_or_less_is_refused(tmp_path, case, data):
    lines = case.text.replace("\r\n", "\n").rstrip("\n").split("\n")
    k = data.draw(st.integers(1, len(lines) - 1))
    delimiter = case.form.delimiter or "  "
    more = data.draw(st.booleans())
    lines[k] = lines[k] + delimiter + "y" if more else lines[k].rsplit(delimiter, 1)[0]
    path = tmp_path / "file.txt"
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(DataError, match=rf"file.txt, line {k + 1}: \d+ cells expected"):
        TextReader(case.form).read([path], Request(get_variable("tas")))
