import numpy as np

from apnp.observations import Sites
from apnp.pretraining.misreported import ElevationErrors
from apnp.pretraining.sites import SiteInputs

DAY = np.datetime64("2019-04-05")


def test_points_are_those_of_the_inputs(inputs, places):
    few = places.take(np.arange(60))
    made = SiteInputs(inputs, few.lat, few.lon, few.elevation)
    index, raised = np.array([4, 50, 7]), np.array([0.0, 120.0, -30.0])
    part = index, np.array([1.0, 2.0, 3.0]), raised
    task = made.task(DAY, part, part)
    sites = Sites(few.lat[index], few.lon[index], few.elevation[index] + raised, DAY)
    expected = inputs.covariates(sites)
    np.testing.assert_allclose(task.context.w[0], expected, atol=2e-5)
    np.testing.assert_allclose(
        task.target.y[0, :, 0], inputs.scaling.scale(part[1]), rtol=1e-5
    )


def test_missing_elevations_become_those_of_the_relief():
    elevation, ground = np.array([100.0, 900.0, 50.0]), np.array([300.0, 400.0, 50.0])
    law = ElevationErrors(missing=1.0, wrong=0.0)
    found = np.stack(
        [law.raised_m(np.random.default_rng(k), elevation, ground) for k in range(50)]
    )
    assert set(np.unique(found)) == {-500.0, 0.0, 200.0}


def test_errors_come_as_often_as_the_law_says():
    elevation = np.linspace(0, 500, 40)
    law = ElevationErrors(missing=0.2, wrong=0.3)
    some = [
        law.raised_m(np.random.default_rng(k), elevation, elevation + 7).any()
        for k in range(800)
    ]
    assert abs(np.mean(some) - 0.5) < 0.06
