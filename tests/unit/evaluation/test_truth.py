import numpy as np
import pytest
import xarray as xr

from apnp import scores
from apnp.data.simulate import SimulatedClimate
from apnp.errors import DataError
from apnp.evaluation.truth import (
    against_truth,
    expected_coverage,
    expected_crps,
    truth_as_text,
)

CLIMATE = SimulatedClimate(0, 0.7)
DAY = np.datetime64("2021-07-01", "ns")
STD = 1.3


@pytest.fixture(scope="module")
def field():
    """A field that is the truth plus 2 K on land and less 1 K at sea."""
    lat, lon = np.array([-60.0, 10, 47]), np.array([-150.0, 9, 22, 100])
    shape = (3, 4)
    where = [a.ravel() for a in np.meshgrid(lat, lon, indexing="ij")]
    height = np.linspace(0, 2000, 12)
    truth = CLIMATE.truth(*where, height, DAY)
    shift = np.where(CLIMATE.is_land(*where), 2.0, -1.0)
    dims = ("time", "lat", "lon")
    return xr.Dataset(
        {
            "tas": (dims, (truth + shift).reshape(1, *shape)),
            "tas_stderr": (dims, np.full((1, *shape), STD)),
            "elevation": (("lat", "lon"), height.reshape(shape)),
        },
        {"time": [DAY], "lat": lat, "lon": lon},
    )


@pytest.mark.parametrize("away", [-1.9, 0.0, 0.4])
def test_expectations_over_the_noise_are_those_of_draws(away):
    noise = 0.7 * np.random.default_rng(0).standard_normal(200_000)
    crps = scores.crps_gaussian(3.0 + noise, 3.0 + away, STD)
    assert expected_crps(3.0, 3.0 + away, STD, 0.7) == pytest.approx(
        crps.mean(), abs=0.005
    )
    inside = scores.covered(scores.pit_gaussian(3.0 + noise, 3.0 + away, STD), 0.9)
    assert expected_coverage(3.0, 3.0 + away, STD, 0.7, 0.9) == pytest.approx(
        inside.mean(), abs=0.005
    )


def test_a_field_is_scored_by_area_on_land_and_at_sea(field):
    table = against_truth(field, CLIMATE).set_index("part")
    lat, lon = np.meshgrid(field.lat, field.lon, indexing="ij")
    land, weight = CLIMATE.is_land(lat, lon), np.cos(np.radians(lat))
    assert 2 < land.sum() < 10
    assert table["cells"].tolist() == [12, land.sum(), 12 - land.sum()]
    share = (weight * land).sum() / weight.sum()
    assert abs(share - land.mean()) > 0.02
    assert table["bias"].tolist() == pytest.approx([3 * share - 1, 2, -1])
    assert table["rmse"].tolist() == pytest.approx([np.sqrt(3 * share + 1), 2, 1])
    crps = expected_crps(*np.array([[0, 0], [2, -1]]), STD, 0.7)
    assert table["crps"]["land"] == pytest.approx(crps[0])
    assert table["crps"]["sea"] == pytest.approx(crps[1])
    coverage = expected_coverage(0.0, 2.0, STD, 0.7, 0.95)
    assert table["coverage_95"]["land"] == pytest.approx(coverage)
    assert f"{100 * coverage:.1f}" in truth_as_text(table.reset_index())


def test_cells_without_a_prediction_are_left_out(field):
    lat, lon = np.meshgrid(field.lat, field.lon, indexing="ij")
    masked = field.assign(tas=field.tas.where(CLIMATE.is_land(lat, lon)[None]))
    table = against_truth(masked, CLIMATE)
    assert table["part"].tolist() == ["all", "land"]
    assert table["bias"].tolist() == pytest.approx([2, 2])
    with pytest.raises(DataError, match="every cell is masked"):
        against_truth(field.assign(tas=field.tas * np.nan), CLIMATE)


def test_what_is_no_field_is_refused(field):
    with pytest.raises(DataError, match="this one has no tas_stderr"):
        against_truth(field.drop_vars("tas_stderr"), CLIMATE)
