"""The tables of the benchmark of the shipped weights."""

import numpy as np
import pandas as pd
import pytest
from pretrained_tables import MODEL, REFERENCE, breakdown, summary, verdict


@pytest.fixture(scope="module")
def points():
    """Two rows of three tasks of 40 targets; the model has 0.8 of the other's CRPS.

    Ten targets of the second task lie beyond the polar circle; most densities tie.
    """
    rng = np.random.default_rng(2)
    parts = []
    for number, row in enumerate(("Europe 2019, 400", "globe July, 500")):
        for task in range(3):
            target = pd.DataFrame(
                {
                    "task": 1000 * number + task, "row": row, "limit": 0.9,
                    "time": pd.Timestamp("2019-01-10") + pd.Timedelta(days=80 * task),
                    "n_context": 400, "lat": rng.uniform(40, 60, 40), "lon": 5.0,
                    "elevation": rng.uniform(0, 1500, 40),
                    "n_near": rng.integers(1, 4, 40),
                    "distance_km": rng.uniform(1, 600, 40), "squared_error": 1.0,
                    "error": 0.0, "nll": 2.0, "seconds": 0.1, "coverage_50": 0.5,
                    "coverage_90": 0.9, "coverage_95": 0.95,
                    "crps": rng.uniform(0.5, 3, 40),
                }
            )  # fmt: skip
            if task == 1:
                target.loc[:9, "lat"] = 70.0
            own = target.assign(
                model=MODEL, crps=0.8 * target["crps"], nll=1.9, coverage_90=0.8
            )
            parts += [own, target.assign(model=REFERENCE)]
    return pd.concat(parts, ignore_index=True)


def test_every_part_compares_the_models_on_the_same_targets(points):
    table = breakdown(points, MODEL)
    np.testing.assert_allclose(table["ratio"], 0.8)
    assert (table["targets"] > 0).all()
    for network, number in (("Europe", 120), ("globe", 120), ("all networks", 240)):
        for by in ("season", "density", "height (m)", "latitude", "distance (km)"):
            some = table[(table["network"] == network) & (table["by"] == by)]
            assert some["targets"].sum() == number


def test_a_part_may_be_of_fewer_tasks_than_its_row(points):
    table = breakdown(points, MODEL)
    polar = table[(table["by"] == "latitude") & (table["network"] == "Europe")].iloc[-1]
    assert (polar["tasks"], polar["targets"]) == (1, 10)
    assert np.isnan(polar["ratio_se"])


def test_a_row_fails_by_what_it_breaks(points):
    found = verdict(summary(points), MODEL)
    assert found[0] == "Europe 2019, 400: coverage 80.0 % outside 86 to 94 %"
    worse = points.assign(
        crps=points["crps"].where(points["model"] == REFERENCE, 1.25 * points["crps"])
    )
    assert "ratio 1.000 above 0.9" in verdict(summary(worse), MODEL)[0]
