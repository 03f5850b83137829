import numpy as np
import pytest

from apnp import plotting
from apnp.errors import DataError
from apnp.plotting.calibration import coverage


def test_coverage_counts_central_intervals():
    pit = np.array([0.02, 0.3, 0.5, 0.8, 0.96])
    got = coverage(pit, np.array([0.0, 0.35, 0.5, 0.6, 0.93, 1.0]))
    np.testing.assert_allclose(got, [0.2, 0.2, 0.4, 0.6, 0.8, 1.0])


def test_one_line_a_model_and_a_file(tmp_path):
    rng = np.random.default_rng(3)
    models = {"neural process": rng.uniform(size=400), "kriging": rng.beta(2, 2, 300)}
    figure = plotting.calibration(models, tmp_path / "calibration.png")
    left, right = figure.axes
    assert [line.get_label() for line in left.lines] == ["calibrated", *models]
    np.testing.assert_allclose(
        left.lines[2].get_ydata()[50], np.mean(np.abs(2 * models["kriging"] - 1) <= 0.5)
    )
    heights = right.patches[0].get_data().values
    assert heights.mean() == pytest.approx(1)
    assert [p.name for p in tmp_path.iterdir()] == ["calibration.png"]


@pytest.mark.parametrize("bad", [[], [0.2, 1.2], [0.1, np.nan]])
def test_values_that_are_no_pit_are_refused(bad):
    with pytest.raises(DataError, match=r"lie in \[0, 1\]; those of 'np'"):
        plotting.calibration({"np": np.array(bad)})
    with pytest.raises(DataError, match="Got none"):
        plotting.calibration({})
