import numpy as np
import pandas as pd
import pytest

from apnp.errors import DataError
from apnp.evaluation import deviation

MEAN, REFERENCE = np.array([0.5, -1.5, 4.0]), np.array([2.0, -1.0, 3.5])


@pytest.mark.parametrize(
    ("p", "expected"),
    [(1, 2.5 / 6.5), (2, (2.75 / 17.25) ** 0.5), (3, (3.625 / 51.875) ** (1 / 3))],
)
def test_the_norm_of_the_change_is_relative_to_that_of_the_reference(p, expected):
    found = deviation.relative_deviation(MEAN, REFERENCE, p)
    assert found == pytest.approx(expected, abs=1e-12)
    assert deviation.relative_deviation(REFERENCE, REFERENCE, p) == 0
    # Relative to the reference, whatever the units, and not to what is compared.
    same = deviation.relative_deviation(7 * MEAN, 7 * REFERENCE, p)
    assert same == pytest.approx(expected, abs=1e-12)
    assert deviation.relative_deviation(REFERENCE, MEAN, p) != pytest.approx(expected)


def test_a_task_has_two_norms_and_a_difference_in_units():
    row = deviation.deviations(MEAN, REFERENCE, 3.0)
    assert row["l1"] == pytest.approx(2.5 / 6.5, abs=1e-12)
    assert row["l2"] == pytest.approx((2.75 / 17.25) ** 0.5, abs=1e-12)
    assert row["difference"] == pytest.approx(3.0 * 2.5 / 3, abs=1e-12)


@pytest.mark.parametrize(
    ("mean", "reference", "p", "error", "message"),
    [
        (MEAN, REFERENCE[:2], 1, ValueError, r"\(n,\).* \(3,\) and \(2,\)"),
        (MEAN[None], REFERENCE[None], 1, ValueError, r"\(1, 3\)"),
        (MEAN, REFERENCE, 0.5, ValueError, "order of a norm, at least 1. Got 0.5"),
        (MEAN * np.nan, REFERENCE, 1, DataError, "not finite"),
        (MEAN, REFERENCE * np.inf, 1, DataError, "not finite"),
        (MEAN, 0 * REFERENCE, 2, DataError, "all 3 targets is the mean of the train"),
    ],
)
def test_what_has_no_deviation_is_refused(mean, reference, p, error, message):
    with pytest.raises(error, match=message):
        deviation.relative_deviation(mean, reference, p)


def table():
    values = {"l1": [0.1, 0.4, 1e-14], "l2": [0.2, 0.3, 3e-15]}
    return pd.DataFrame(
        {
            "measure": ["fixed_inputs", "fixed_inputs", "moved"],
            "task": [0, 1, 0],
            **values,
            "difference": [1.0, 2.5, 4e-13],
        }
    )


def test_tasks_weigh_the_same_and_errors_count_them():
    rows = deviation.summary(table()).set_index("measure")
    fixed = rows.loc["fixed_inputs"]
    assert (fixed.n_tasks, fixed.l1, fixed.l2) == pytest.approx((2, 0.25, 0.25))
    assert (fixed.l1_se, fixed.l2_se) == pytest.approx((0.15, 0.05))
    assert (fixed.difference, fixed.difference_se) == pytest.approx((1.75, 0.75))
    assert rows.loc["moved", "l1"] == 1e-14
    assert np.isnan(rows.loc["moved", "l1_se"])


def test_the_text_has_errors_behind_numbers_and_rounding_in_powers_of_ten():
    text = deviation.as_text(deviation.summary(table()))
    first, second = text.splitlines()[1:]
    assert first.split("off")[1].split() == [
        "0.25", "±0.15", "0.25", "±0.05", "1.75", "±0.75",
    ]  # fmt: skip
    assert second.split("element")[1].split() == ["1e-14", "3e-15", "4e-13"]
    assert "mean |difference| (K)" in text


def test_the_tables_are_files(tmp_path):
    folder = deviation.write(table(), tmp_path / "run" / "deviation")
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["per_task.csv", "summary.csv"]
    back = pd.read_csv(folder / "per_task.csv")
    pd.testing.assert_frame_equal(back, table(), rtol=1e-5)
    assert pd.read_csv(folder / "summary.csv").l1.tolist() == [0.25, 1e-14]
