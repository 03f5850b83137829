import numpy as np
import pytest

from apnp.errors import ConfigError, DataError
from apnp.experiments.gibbs.function_plots import (
    Band,
    Panel,
    bands,
    ceiling,
    learning,
)

X = np.linspace(0, 1, 5)


def panel(*names):
    made = {name: Band(X, 0 * X + 0.5) for name in names}
    return Panel("a task", X, made, (X[:2], X[:2] ** 2))


def test_bands_are_two_standard_deviations(tmp_path):
    figure = bands([[panel("model", "oracle")], [panel("model")]], tmp_path / "b.png")
    top, bottom = figure.axes
    mean, lower, upper = (top.lines[k].get_ydata() for k in (1, 2, 3))
    assert mean.tolist() == X.tolist()
    assert (upper - lower).tolist() == pytest.approx([2.0] * 5)
    assert len(bottom.lines) == 2
    assert (tmp_path / "b.png").stat().st_size > 1000


def test_gaps_are_drawn_worst_first(tmp_path):
    gaps = {"in": {"one": (-0.1, 0.01), "two": (-0.3, 0.02)}}
    (axes,) = ceiling(gaps, tmp_path / "c.svg").axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["two", "one"]
    assert [bar.get_width() for bar in axes.patches] == [-0.3, -0.1]


def test_curves_of_learning_stand_beside_the_ceiling(tmp_path):
    curves = {"one": (X, X - 2), "two": (X, X - 1.5)}
    (axes,) = learning(curves, -0.4, tmp_path / "l.png").axes
    assert axes.lines[0].get_ydata().tolist() == (X - 2).tolist()
    assert set(axes.lines[2].get_ydata()) == {-0.4}
    assert axes.get_ylim()[0] == pytest.approx(-1.5)


@pytest.mark.parametrize(
    ("draw", "error", "message"),
    [
        (lambda: bands([]), DataError, "needs a panel"),
        (lambda: ceiling({"in": {}}), DataError, "needs a model"),
        (lambda: learning({}, 0.0), DataError, "needs a curve"),
        (lambda: ceiling({}, "a.txt"), ConfigError, "ends in"),
        (lambda: bands([], "a.txt"), ConfigError, "ends in"),
    ],
)
def test_refusals(draw, error, message):
    with pytest.raises(error, match=message):
        draw()
