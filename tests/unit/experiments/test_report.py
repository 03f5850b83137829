from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from apnp.experiments import report
from apnp.experiments.entries import Entry
from apnp.experiments.gibbs.gibbs_study import ORACLES, Gibbs, above_ceiling
from apnp.experiments.study import COLUMNS

ENTRIES = [Entry("loose", None, "strict"), Entry("strict", None)]
GIBBS = Gibbs(Path(), 0)
SCORES = {
    ("loose", 0): [-0.50, -0.70, -0.30], ("loose", 1): [-0.54, -0.62, -0.40],
    ("strict", 0): [-0.60, -0.70, -0.50], (ORACLES[2], 0): [-0.45, -0.60, -0.30],
    (ORACLES[3], 0): [-0.55, -0.71, -0.41],
}  # fmt: skip


def per_task(scores=SCORES):
    rows = [
        (model, seed, regime, i, 9, value - (regime == "out"), 0.1 + 0.1 * i)
        for (model, seed), values in scores.items()
        for regime in ("in", "out")
        for i, value in enumerate(values)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def test_seeds_are_averaged_by_task_and_differences_are_paired():
    table = report.summary(per_task(), ENTRIES, GIBBS).set_index(["regime", "model"])
    row = table.loc[("in", "loose")]
    own = np.array([-0.52, -0.66, -0.35])
    for name, other in {
        "twin": SCORES["strict", 0],
        "ceiling": SCORES[ORACLES[2], 0],
        "strict_ceiling": SCORES[ORACLES[3], 0],
    }.items():
        step = own - np.array(other)
        assert row[name] == pytest.approx(step.mean())
        assert row[f"{name}_se"] == pytest.approx(step.std(ddof=1) / np.sqrt(3))
        assert row[f"{name}_won"] == np.mean(step > 0)
    assert row["log_likelihood"] == pytest.approx(own.mean())
    assert row["deviation"] == pytest.approx(0.2)
    assert (row["seeds"], row["n_tasks"]) == (2, 3)
    assert row["seed_spread"] == pytest.approx(np.std([-0.5, -0.52], ddof=1))
    assert np.isnan(table.loc[("in", "strict"), "twin"])
    assert table.loc[("out", "loose"), "log_likelihood"] == pytest.approx(
        own.mean() - 1
    )


def test_a_gaussian_model_above_the_oracle_is_called_impossible():
    table = report.summary(per_task(), ENTRIES, GIBBS)
    assert above_ceiling(table).empty
    better = SCORES | {("loose", 0): [-0.3, -0.4, -0.1], ("loose", 1): [-0.3] * 3}
    found = above_ceiling(report.summary(per_task(better), ENTRIES, GIBBS))
    assert set(found["model"]) == {"loose"}


def test_the_table_names_every_model_best_first(study, tmp_path):
    _, text = report.write(per_task(), ENTRIES, study, pd.DataFrame(), "## gibbs-1d\n")
    assert (tmp_path / "table.md").read_text() == text
    first, second = text.split("### Out of distribution (3 tasks)")
    assert "### In distribution (3 tasks)" in first
    rows = [line for line in second.splitlines() if line.startswith("| ")][1:]
    assert [line.split(" | ")[0][2:] for line in rows] == [
        ORACLES[2], "loose", ORACLES[3], "strict",
    ]  # fmt: skip
    assert "| +0.0900 ± 0.0" in rows[1]
    assert " (100) | " in rows[1]
    assert list(pd.read_csv(tmp_path / "scores.csv").columns) == list(COLUMNS)
    assert len(pd.read_csv(tmp_path / "summary.csv")) == 8


def test_the_table_says_how_every_model_was_trained():
    row = {
        "model": "loose", "seed": 1, "weights": 42134, "steps": 20, "minutes": 0.44,
        "learning_rate": 0.001, "config": "0123abcd", "commit": "1132a00",
        "machine": "a GPU", "torch": "2",
    }  # fmt: skip
    last = report.provenance(pd.DataFrame([row])).splitlines()[-1]
    assert (
        last
        == "| loose | 1 | 42,134 | 20 | 0.4 | 0.001 | 0123abcd | 1132a00 | a GPU |  |"
    )
