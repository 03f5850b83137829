import json

import numpy as np
import pytest

from apnp.errors import CheckpointError, ConfigError
from apnp.geometry.coastline import coast_distance_km
from apnp.geometry.sphere import great_circle_km
from apnp.inputs.projection import middle
from apnp.inputs.season import (
    season_covariates,
    season_difference,
    time_of_year,
)
from apnp.inputs.stations import StationInputs
from apnp.observations import Observations, Sites

DAY = np.datetime64("2021-07-02T00:00:00")


def sites(lat, lon, time=DAY):
    lat = np.asarray(lat, float)
    return Sites(lat, np.asarray(lon, float), np.linspace(50, 950, len(lat)), time)


def europe(n=40, seed=0):
    g = np.random.default_rng(seed)
    return g.uniform(40, 60, n), g.uniform(-5, 25, n)


@pytest.fixture
def plane():
    return StationInputs.fit("plane", *europe(), np.array([3.0, 7.0, np.nan, 14.0]))


def test_scaling_is_the_training_mean_and_spread_without_missing_values(plane):
    assert plane.mean == 8.0
    assert plane.std == pytest.approx(np.std([3, 7, 14]))
    assert plane.scaling.scale([8.0 + 2 * plane.std]) == pytest.approx([2.0])
    assert plane.scaling.unscale(plane.scaling.scale([-3.5])) == pytest.approx([-3.5])
    assert plane.scaling.unscale_std([2.0]) == pytest.approx([2 * plane.std])


def test_json_keeps_every_digit(plane):
    record = json.loads(json.dumps(plane.to_dict()))
    assert StationInputs.from_dict(record) == plane


def test_json_with_an_unknown_or_missing_field_is_refused(plane):
    record = plane.to_dict() | {"colour": 1}
    del record["std"]
    with pytest.raises(CheckpointError, match=r"keys centre, .*std.*colour"):
        StationInputs.from_dict(record)


def test_plane_distances_are_kilometres_over_a_thousand(plane):
    lat, lon = [50.0, 50.5], [10.0, 10.5]
    x = plane.projection.locations(lat, lon)
    km = great_circle_km(50, 10, 50.5, 10.5)
    assert np.linalg.norm(x[1] - x[0]) * 1000 == pytest.approx(km, rel=0.02)


def test_sphere_locations_are_unit_vectors_and_know_no_date_line():
    sphere = StationInputs.fit("sphere", *europe(), [1.0, 2.0])
    x = sphere.projection.locations([10.0, 10.0], [-170.0, 190.0])
    assert np.linalg.norm(x, axis=1) == pytest.approx(1)
    assert x[0] == pytest.approx(x[1], abs=1e-12)


def test_point_set_and_targets_agree_and_carry_covariates(plane):
    place = sites([45.0, 50.0, 55.0], [0.0, 10.0, 20.0])
    points = plane.point_set(Observations(place, np.array([1.0, 2.0, 3.0])))
    x, w, mask = plane.targets(place)
    assert points.x.shape == (1, 3, 2)
    assert points.y[0, :, 0].numpy() == pytest.approx(
        plane.scaling.scale([1, 2, 3]), rel=1e-6
    )
    assert points.x.equal(x)
    assert points.w.equal(w)
    assert mask.all()
    assert w[0, :, 0].numpy() == pytest.approx([0.05, 0.5, 0.95])
    angle = 2 * np.pi * 182 / 365.2425
    assert w[0, 1, 1:].numpy() == pytest.approx([np.sin(angle), np.cos(angle)])


def test_insolation_means_the_same_in_both_hemispheres():
    june, december = np.datetime64("2019-06-21"), np.datetime64("2019-12-20")
    north = season_covariates(np.array([47.0]), june, insolation=True)
    south = season_covariates(np.array([-47.0]), december, insolation=True)
    np.testing.assert_allclose(north, south, atol=0.01)
    assert north[0, 0] > 1.1
    assert north[0, 1] > 0.1


def test_seasons_differ_by_at_most_half_a_year():
    days = np.array(["2019-01-05", "2018-12-26", "2019-07-06"], "datetime64[D]")
    found = season_difference(days, np.datetime64("2001-01-05"))
    np.testing.assert_allclose(found, [0.0, 10.0, 182.0], atol=0.5)


def test_inputs_with_insolation_are_saved_and_used():
    lat, lon, value = [40.0, 50.0], [3.0, 9.0], [1.0, 4.0]
    made = StationInputs.fit("sphere", lat, lon, value, insolation=True)
    assert StationInputs.from_dict(made.to_dict()) == made
    day = np.datetime64("2020-05-01")
    sites = Sites(np.array(lat), np.array(lon), np.array([10.0, 20.0]), day)
    np.testing.assert_array_equal(
        made.covariates(sites)[:, 1:3], season_covariates(lat, day, insolation=True)
    )
    assert not StationInputs.fit("sphere", lat, lon, value).insolation


def test_time_of_year_joins_december_to_january():
    december, january = time_of_year(np.array(["2020-12-31", "2021-01-01"], "M8[D]"))
    assert np.linalg.norm(december - january) < 0.02


def test_plane_domain_is_the_box_of_the_context(plane):
    context = sites([45.0, 50.0, 55.0], [0.0, 10.0, 20.0])
    domain = plane.domain(context, absolute=False)
    x = plane.projection.locations(context.lat, context.lon)
    low = domain.centre[0].numpy() - domain.extent[0].numpy() / 2
    high = domain.centre[0].numpy() + domain.extent[0].numpy() / 2
    assert low == pytest.approx(x.min(0), abs=1e-6)
    assert high == pytest.approx(x.max(0), abs=1e-6)
    assert not domain.absolute[0]


def test_domain_without_context_is_the_training_region(plane):
    lat, lon = europe()
    empty, full = plane.domain(sites([], [])), plane.domain(sites(lat, lon))
    assert empty.centre.equal(full.centre)
    assert empty.extent.equal(full.extent)


@pytest.mark.parametrize("shift", [0.0, 33.7, 190.0])
def test_sphere_domain_starts_at_the_mean_longitude_of_the_context(shift):
    sphere = StationInputs.fit("sphere", *europe(), [1.0, 2.0])
    lon = np.array([100.0, 140.0]) + shift
    made = sphere.domain(sites([10.0, 10.0], lon))
    angle = np.deg2rad(120.0 + shift)
    expected = [np.cos(angle), np.sin(angle), 0.0]
    assert made.centre[0].tolist() == pytest.approx(expected, abs=1e-6)
    assert made.extent[0].tolist() == [2, 2, 2]


def test_sphere_domain_starts_at_zero_without_a_mean_longitude_and_for_older_models():
    sphere = StationInputs.fit("sphere", *europe(), [1.0, 2.0])
    for made in (
        sphere.domain(sites([], [])),
        sphere.domain(sites([90.0], [50.0])),
        older(sphere).domain(sites([10.0], [100.0])),
    ):
        assert made.centre[0].tolist() == [1, 0, 0]


def older(inputs: StationInputs) -> StationInputs:
    """As a record without the key is read."""
    record = inputs.to_dict()
    del record["lattice_start"]
    return StationInputs.from_dict(record)


def test_context_in_the_training_region_keeps_the_inputs(plane):
    assert plane.adapted(sites([48.0, 52.0], [3.0, 9.0])) == (plane, True)
    assert plane.adapted(sites([], [])) == (plane, True)


def test_context_far_away_is_projected_about_itself_without_absolute_location(plane):
    there, absolute = plane.adapted(sites([34.0, 40.0], [-101.0, -95.0]))
    assert not absolute
    assert there.projection.centre == pytest.approx((37.0, -98.0), abs=0.3)
    assert (there.mean, there.std) == (plane.mean, plane.std)
    x = there.projection.locations([34.0, 40.0], [-101.0, -95.0])
    assert x.mean(0) == pytest.approx([0, 0], abs=0.03)


def test_far_context_on_the_sphere_keeps_coordinates_and_loses_absolute_location():
    sphere = StationInputs.fit("sphere", *europe(), [1.0, 2.0])
    assert sphere.adapted(sites([-30.0], [140.0])) == (sphere, False)


def test_a_global_network_knows_where_it_is_all_over_the_globe():
    """Its middle may lie anywhere, and the oceans are not beyond it."""
    lat, lon = [10.0, -20.0, 50.0, 0.0, 5.0], [-150.0, -75.0, 0.0, 75.0, 150.0]
    globe = StationInputs.fit("sphere", lat, lon, [1.0, 2.0])
    assert (globe.low, globe.high) == ((-1.0,) * 3, (1.0,) * 3)
    assert globe.adapted(sites([-70.0], [180.0])) == (globe, True)


def test_covariates_are_elevation_then_the_coast_if_asked_then_the_season(plane):
    """Fifty metres up in Madrid, some 300 km inland, and 500 km west of Ireland."""
    places = sites([40.4, 53.0], [-3.7, -17.5])
    season = time_of_year(DAY)
    assert plane.covariates(places) == pytest.approx(
        np.array([[0.05, *season], [0.95, *season]])
    )
    coastal = StationInputs.fit("sphere", *europe(), [1.0, 2.0], coast=True)
    found = coastal.covariates(places)
    assert coastal.dw == found.shape[1] == 5
    assert found[:, [0, 3, 4]] == pytest.approx(plane.covariates(places))
    inland = coast_distance_km([40.4, 53.0], [-3.7, -17.5])
    assert found[:, 1] == pytest.approx(np.tanh(inland / 50))
    assert found[:, 2] == pytest.approx(np.tanh(inland / 500))
    assert found[0, 2] > 0.4
    assert found[1, 2] < -0.4


def test_records_older_than_the_coast_have_none(plane):
    record = plane.to_dict()
    del record["coast"]
    assert StationInputs.from_dict(record) == plane


def test_records_older_than_the_finer_coast_keep_the_distance_they_were_trained_with():
    """Mallorca is 180 km out at sea at 1:110 million."""
    coastal = StationInputs.fit("sphere", *europe(), [1.0, 2.0], coast=True)
    record = coastal.to_dict()
    assert record.pop("coast_scale") == "50m"
    older = StationInputs.from_dict(record)
    mallorca = sites([39.6], [3.0])
    distance = coast_distance_km([39.6], [3.0], "110m")
    assert older.covariates(mallorca)[:, 1] == pytest.approx(np.tanh(distance / 50))
    assert coastal.covariates(mallorca)[0, 1] > 0 > older.covariates(mallorca)[0, 1]
    assert StationInputs.from_dict(older.to_dict()) == older


def test_middle_is_the_mean_direction_across_the_date_line():
    lat, lon = middle([10.0, 10.0, 40.0], [175.0, -175.0, 180.0])
    assert lat == pytest.approx(19.946, abs=0.001)
    assert abs(lon) == pytest.approx(180)


def test_plane_is_not_wide_enough_for_the_globe():
    lat, lon = [50.0, 50.0, -45.0], [0.0, 5.0, 170.0]
    with pytest.raises(
        ConfigError, match=r"reach 1\d{4} km .*model.geometry to sphere"
    ):
        StationInputs.fit("plane", lat, lon, [1.0, 2.0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lattice_start": "pole"}, "`lattice_start` is context or zero. Got 'pole'"),
        ({"geometry": "torus"}, "`geometry` is one of plane, sphere. Got 'torus'"),
        ({"std": 0.0}, "`std` positive"),
    ],
)
def test_refusals(plane, change, message):
    with pytest.raises(ConfigError, match=message):
        StationInputs.from_dict(plane.to_dict() | change)


def test_constant_values_have_no_scale():
    with pytest.raises(ConfigError, match=r"the 2 training values have none"):
        StationInputs.fit("plane", *europe(), [4.0, 4.0, np.nan])
