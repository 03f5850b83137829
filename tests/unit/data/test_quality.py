import numpy as np
import pandas as pd
import pytest

from apnp.data import from_table
from apnp.errors import DataError


def table(rows, columns="station time lat lon elevation tas"):
    return pd.DataFrame(rows, columns=columns.split())


def report(ds):
    return ds.attrs["quality_control"]


def many(n, value, unlike=()):
    """One day of `n` stations half a degree apart, the first ones with other values."""
    values = [*unlike, *[value] * (n - len(unlike))]
    places = [(k % 200 / 2 - 60.25, k // 200 / 2 + 7.5) for k in range(n)]
    return table(
        [(f"S{k}", "2021-07-01", *places[k], 10.0, values[k]) for k in range(n)]
    )


@pytest.mark.parametrize(
    ("n", "n_bad", "refused"),
    [(5, 1, False), (5, 2, True), (100, 9, False), (900, 10, True), (1100, 10, False)],
)
def test_how_many_impossible_values_are_too_many(n, n_bad, refused):
    """More than 1 %, unless they are few: at most a fifth of a small table."""
    frame = many(n, 12.5, unlike=[71.5] * n_bad)
    if refused:
        with pytest.raises(DataError, match=r"units are probably wrong"):
            from_table(frame)
    else:
        assert f"{n_bad} value" in report(from_table(frame))


def test_a_few_impossible_values_are_dropped_and_counted():
    ds = from_table(many(200, 12.5, unlike=(61.0, -90.5)))
    assert ds.sizes["station"] == 198
    assert "2 values outside [-90, 60] degC dropped" in report(ds)
    assert "2 stations without any value dropped" in report(ds)


def test_a_dropped_value_leaves_its_flag():
    ds = from_table(
        pd.concat(
            [
                many(150, 12.5, unlike=(5537.0,)),
                many(150, 9.5).assign(time="2021-07-02"),
            ]
        )
    )
    assert ds["tas_flag"].values[0].tolist() == [3, 0]
    assert np.isnan(ds["tas"].values[0, 0])


@pytest.mark.parametrize(
    ("raw", "guess"),
    [
        (np.linspace(250.0, 306.0, 40), 'look like K. If so, say --units tas="K"'),
        (np.linspace(20.0, 110.0, 40), 'look like degF or tenths of degC.*"degF"'),
        (np.linspace(-204.0, 496.0, 40), 'look like tenths of degC.*"tenths of degC"'),
        (np.linspace(-2040.0, 4960.0, 40), "look like hundredths of degC"),
        (np.linspace(1e5, 2e5, 40), "no known units fit"),
    ],
)
def test_many_impossible_values_are_refused_with_a_guess_of_the_units(raw, guess):
    frame = many(40, 0.0).assign(tas=raw)
    with pytest.raises(DataError, match=f"units are probably wrong: .*{guess}"):
        from_table(frame)


def test_the_guess_is_right():
    frame = many(40, 0.0).assign(tas=np.linspace(250.0, 306.0, 40))
    np.testing.assert_allclose(
        from_table(frame, units={"tas": "K"})["tas"].values[:, 0],
        np.linspace(-23.15, 32.85, 40), atol=1e-4,
    )  # fmt: skip


def test_readings_of_one_station_and_time_are_averaged():
    frame = table(
        [
            ("A", "2021-07-01", 46.5, 7.5, 400.0, 12.0),
            ("A", "2021-07-01", 46.5, 7.5, 400.0, 15.0),
            ("A", "2021-07-01", 46.5, 7.5, 400.0, 16.5),
            ("A", "2021-07-02", 46.5, 7.5, 400.0, 3.5),
        ]
    )
    ds = from_table(frame)
    np.testing.assert_allclose(ds["tas"], [[14.5, 3.5]])
    assert "2 repeated values averaged" in report(ds)


def test_stations_within_a_hundred_metres_are_one():
    """90 m at 60 degrees north is twice as many degrees of longitude as of latitude."""
    east = 90 / 1000 / 111.195 / np.cos(np.radians(60))
    frame = table(
        [
            ("A", "2021-07-01", 60.0, 179.9999, 250.0, 12.0),
            ("B", "2021-07-01", 60.0, 179.9999 + east, -999.0, 15.0),
            ("B", "2021-07-02", 60.0, 179.9999 + east, -999.0, 16.0),
            ("C", "2021-07-01", 60.0, 179.9999 + 2.3 * east, 99.0, 30.0),
        ]
    )
    ds = from_table(frame)
    assert ds["station"].values.tolist() == ["B", "C"]
    np.testing.assert_allclose(ds["tas"], [[13.5, 16.0], [30.0, np.nan]])
    assert ds["elevation"].values[0] == 250.0
    assert "2 stations at 1 place merged" in report(ds)


def test_a_small_shift_of_position_is_the_same_station():
    frame = table(
        [
            ("A", "2021-07-01", 46.50, 7.5, -999.0, 12.0),
            ("A", "2021-07-02", 46.52, 7.5, 410.0, 13.0),
            ("A", "2021-07-03", 46.52, 7.5, 410.0, 14.0),
        ]
    )
    ds = from_table(frame)
    assert ds["lat"].values.tolist() == [46.52]
    assert ds["elevation"].values.tolist() == [410.0]


def test_a_station_that_moved_becomes_two():
    frame = table(
        [
            ("A", "2021-07-01", 46.5, 7.5, 400.0, 12.0),
            ("A", "2021-07-02", 47.5, 7.5, 900.0, 13.0),
        ]
    )
    ds = from_table(frame)
    assert ds["station"].values.tolist() == ["A", "A#2"]
    np.testing.assert_allclose(ds["tas"], [[12.0, np.nan], [np.nan, 13.0]])
    assert "split into one station a place (A)" in report(ds)


def test_a_ship_is_dropped():
    rows = [
        ("SHIP", f"2021-07-{k + 1:02d}", 10.0 + k, 170.0 + k, 0.0, 25.0)
        for k in range(20)
    ]
    land = [("A", "2021-07-01", 46.5, 7.5, 400.0, 12.0)]
    ds = from_table(table(rows + land))
    assert ds["station"].values.tolist() == ["A"]
    assert "1 moving platform dropped (SHIP)" in report(ds)


@pytest.mark.parametrize(
    ("lat", "lon", "text"),
    [
        (np.nan, 7.5, "1 station without a position dropped (BAD)"),
        (46.5, np.nan, "1 station without a position dropped (BAD)"),
        (90.5, 7.5, "1 station at impossible coordinates dropped (BAD)"),
        (46.5, 360.5, "1 station at impossible coordinates dropped (BAD)"),
        (46.5, -180.5, "1 station at impossible coordinates dropped (BAD)"),
        (0.0, 0.0, "1 station at exactly 0N 0E (a code for unknown) dropped (BAD)"),
    ],
)
def test_impossible_positions_are_dropped_or_refused_when_alone(lat, lon, text):
    good = ("A", "2021-07-01", 0.0, 7.5, 400.0, 12.0)
    bad = ("BAD", "2021-07-01", lat, lon, 400.0, 13.0)
    ds = from_table(table([bad, good]))
    assert ds["station"].values.tolist() == ["A"]
    assert text in report(ds)
    with pytest.raises(DataError, match=r"No station is left: .*BAD"):
        from_table(table([bad]))


@pytest.mark.parametrize(
    ("code", "known"),
    [(-999.0, 0), (-999.9, 0), (-9999.0, 0), (9999.0, 0), (99999.0, 0), (-450.5, 0),
     (-430.0, 1), (8848.0, 1), (0.0, 1)],
)  # fmt: skip
def test_codes_for_elevation_are_unknown(code, known):
    frame = table([("A", "2021-07-01", 46.5, 7.5, code, 12.0)])
    ds = from_table(frame)
    assert np.isfinite(ds["elevation"].values).sum() == known
    assert ("1 station of unknown elevation kept" in report(ds)) == (not known)


def test_order_of_rows_is_irrelevant():
    rng = np.random.default_rng(5)
    frame = many(30, 0.0).assign(tas=rng.uniform(-5, 25, 30))
    frame = pd.concat([frame, frame.assign(time="2021-07-02", tas=frame["tas"] + 1)])
    one = from_table(frame)
    other = from_table(frame.sample(frac=1, random_state=3))
    xr_order = other.sel(station=one["station"])
    np.testing.assert_array_equal(one["tas"], xr_order["tas"])
    np.testing.assert_array_equal(one["lat"], xr_order["lat"])
