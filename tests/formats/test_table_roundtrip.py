"""Any long table, in any spelling that is declared, gives the same values."""

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apnp.data import from_table, read_stations

SPELLINGS = {
    "station": ["station", "Station ID", "STATION", "wmo_id", "site"],
    "time": ["time", "Date", "valid_time", "timestamp", "DATETIME"],
    "lat": ["lat", "Latitude", "LATITUDE (degrees_north)", "lat_deg"],
    "lon": ["lon", "long", "Longitude [degrees_east]", "lng"],
}
ELEVATIONS = {
    "elevation": 1.0,
    "Elev_m": 1.0,
    "elevation_ft": 0.3048,
    "alt (km)": 1000.0,
}
UNITS = {
    "tas": (1, 0), "tmean_degC": (1, 0), "temp (degF)": (1.8, 32), "tmpf": (1.8, 32),
    "air_temperature [K]": (1, 273.15), "t2m_k": (1, 273.15),
}  # fmt: skip
CLOCKS = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y%m%d%H%M", "%Y-%m-%dT%H:%MZ",
          "%d.%m.%Y %H:%M", "%Y/%m/%d %H:%M", "%d-%b-%Y %H:%M",
          "%Y-%m-%d %I:%M %p"]  # fmt: skip
ZONES = {
    "UTC": 0, "+05:30": 330, "Asia/Kolkata": 330, "-3": -180, "America/Phoenix": -420,
}  # fmt: skip


@st.composite
def tables(draw):
    """Values of stations at times, and how a file writes them."""
    n, t = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    number = st.integers(-400, 400)
    value = np.array(draw(st.lists(number, min_size=n * t, max_size=n * t))) / 10
    return {
        "value": value.reshape(n, t),
        "start": draw(st.integers(0, 8000)),
        "hours": draw(
            st.lists(st.integers(1, 47), min_size=t, max_size=t, unique=True)
        ),
        "lat": np.arange(n) * 1.5 - draw(st.integers(-60, 60)) + 0.125,
        "height": draw(st.integers(1, 3000)) + 100.0 * np.arange(n),
        "names": {k: draw(st.sampled_from(v)) for k, v in SPELLINGS.items()},
        "elevation": draw(st.sampled_from(sorted(ELEVATIONS))),
        "tas": draw(st.sampled_from(sorted(UNITS))),
        "clock": draw(st.sampled_from(CLOCKS)),
        "zone": draw(st.sampled_from(["", *ZONES])),
        "order": draw(st.permutations(range(6))),
        "rows": draw(st.permutations(range(n * t))),
        "delimiter": draw(st.sampled_from(",;\t|")),
        "comma": draw(st.booleans()),
        "preamble": draw(st.sampled_from(["", "# a network\n", "Made by hand\n\n"])),
        "bom": draw(st.booleans()),
    }


def times_of(made):
    """Hours since 2001."""
    return 24 * made["start"] + np.array(made["hours"])


def written(made):
    """The table as a frame of texts, and the text of a file of it."""
    n, t = made["value"].shape
    factor, offset = UNITS[made["tas"]]
    comma = made["comma"] and made["delimiter"] != ","

    def text(number):
        fixed = f"{number:.5f}"
        return fixed.replace(".", ",") if comma else fixed

    when = np.datetime64("2001-01-01T00", "m") + 60 * times_of(made)
    if made["zone"] and not made["clock"].endswith("Z"):
        when = when + ZONES[made["zone"]]
    stamps = pd.DatetimeIndex(when).strftime(made["clock"])
    lines = [
        [f"S{i}", stamps[k], text(made["lat"][i]), text(7.25 + i),
         text(made["height"][i] / ELEVATIONS[made["elevation"]]),
         text(made["value"][i, k] * factor + offset)]
        for i in range(n) for k in range(t)
    ]  # fmt: skip
    names = [*(made["names"][c] for c in SPELLINGS), made["elevation"], made["tas"]]
    frame = pd.DataFrame(lines, columns=names).iloc[list(made["rows"])]
    frame = frame.iloc[:, list(made["order"])]
    if made["zone"]:
        frame = frame.assign(utc_offset=made["zone"])
    cells = [list(frame.columns), *frame.to_numpy().tolist()]
    body = "\n".join(made["delimiter"].join(row) for row in cells)
    return frame, ("\ufeff" if made["bom"] else "") + made["preamble"] + body + "\n"


@settings(
    max_examples=12, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(made=tables())
def test_any_declared_spelling_gives_the_same_values(tmp_path, made):
    frame, text = written(made)
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    order = np.argsort(made["hours"])
    for ds in (read_stations(tmp_path / "a.csv"), from_table(frame)):
        by = ds.sortby("station")
        assert by["station"].values.tolist() == [
            f"S{i}" for i in range(len(made["lat"]))
        ]
        np.testing.assert_allclose(by["tas"], made["value"][:, order], atol=2e-5)
        np.testing.assert_allclose(by["lat"], made["lat"], atol=1e-5)
        np.testing.assert_allclose(by["elevation"], made["height"], atol=0.01)
        hours = (by["time"].values - np.datetime64("2001-01-01")) / np.timedelta64(
            1, "h"
        )
        assert hours.tolist() == sorted(times_of(made))
