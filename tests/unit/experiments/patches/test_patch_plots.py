import numpy as np
import pytest

from apnp.errors import ConfigError, DataError
from apnp.experiments.patches.patch_plots import STD, PatchRow, patches


def rows():
    grid = np.arange(12.0).reshape(3, 4)
    sparse = np.where(grid % 5 == 0, grid, np.nan)
    panels = {"truth": grid, "context": sparse, "mean": grid - 7, STD: grid / 9}
    return [PatchRow("one", panels), PatchRow("two", panels | {"mean": None})]


def test_means_share_their_colours_and_the_first_row_is_the_lowest(tmp_path):
    figure = patches(rows(), tmp_path / "p.png")
    assert (tmp_path / "p.png").stat().st_size > 1000
    shown = [axes.images for axes in figure.axes[:8]]
    assert [len(images) for images in shown] == [1, 1, 1, 1, 1, 1, 0, 1]
    limits = {images[0].get_clim() for images in shown[:3]}
    assert limits == {(-7.0, 11.0)}
    assert shown[3][0].get_clim() == pytest.approx((0, 11 / 9))
    assert shown[0][0].origin == "lower"
    assert shown[1][0].get_array().mask.sum() == 9


def test_refusals(tmp_path):
    with pytest.raises(DataError, match="needs a panel"):
        patches([])
    with pytest.raises(ConfigError, match="a figure's name ends in"):
        patches(rows(), tmp_path / "p.nc")
