import math
from dataclasses import replace

import pytest
import torch

from apnp.nn.auxiliary import AuxiliaryAnalysis, onto
from apnp.nn.lattice import PlaneLattice, SphereLattice
from apnp.types import GriddedField, PointSet

F = torch.float64
SPHERE = SphereLattice(8, 16)
CENTRE = torch.tensor([[0.6, -0.48, 0.64]], dtype=F)


def analysis(dy=1, widths=(0.9, 0.4)):
    return AuxiliaryAnalysis(dy, widths).double()


def globe(start=0.0, rows=13, columns=24, seed=0):
    """A grid with a row at either pole, all the way round from a longitude."""
    lat = torch.linspace(-math.pi / 2, math.pi / 2, rows, dtype=F)[None]
    lon = start + 2 * math.pi / columns * torch.arange(columns, dtype=F)[None]
    generator = torch.Generator().manual_seed(seed)
    y = torch.randn(1, rows, columns, 1, generator=generator, dtype=F)
    return GriddedField.observed((lat, lon), y)


def same(a, b):
    torch.testing.assert_close(a, b, rtol=0, atol=1e-12)


def test_one_node_is_its_gaussian_over_its_density_and_a_fade():
    lattice, centre = PlaneLattice((5,), 0.3), torch.tensor([[2.0]], dtype=F)
    made = analysis(widths=(0.7,))
    with torch.no_grad():
        made.log_density_prior.fill_(math.log(0.2))
    x = torch.tensor([[1.83]], dtype=F)
    one = GriddedField.observed((x,), torch.tensor([[[-3.0]]], dtype=F))
    found = made(one, lattice, centre)
    width = made.log_widths.exp()
    density = torch.exp(-0.5 * ((lattice.sites(centre)[..., 0] - x) / width) ** 2)
    expected = torch.stack((-3 * density / (density + 0.2), density.log1p()), 1)
    same(found, expected.detach())


def test_each_variable_has_a_density_of_its_own():
    made, one = analysis(dy=2), globe(seed=1)
    both = replace(
        one, y=one.y.expand(-1, -1, -1, 2), y_mask=one.y_mask.expand(-1, -1, -1, 2)
    )
    mask = both.y_mask.clone()
    mask[:, 3:9, ..., 1] = False
    before = made(both, SPHERE, CENTRE)
    after = made(replace(both, y_mask=mask), SPHERE, CENTRE)
    unlike = (after - before).abs().amax((0, 2, 3)) > 1e-3
    assert unlike.tolist() == 2 * [False, True, False, True]


def test_a_constant_stays_one_where_the_grid_is_dense_whatever_its_longitudes():
    made, grid = analysis(), globe(rows=45, columns=90)
    level = made(replace(grid, y=torch.full_like(grid.y, 2.5)), SPHERE, CENTRE)[:, 0]
    assert (level - 2.5).abs().max() < 0.03


def test_a_global_grid_may_start_at_any_longitude_and_in_any_convention():
    made, grid = analysis(), globe()
    before = made(grid, SPHERE, CENTRE)
    lat, lon = grid.axes
    west = (lon + math.pi).remainder(2 * math.pi) - math.pi
    same(made(replace(grid, axes=(lat, west)), SPHERE, CENTRE), before)
    rolled = GriddedField.observed((lat, lon.roll(7, 1)), grid.y.roll(7, 2))
    same(made(rolled, SPHERE, CENTRE), before)


def test_a_regional_grid_is_the_global_one_unobserved_elsewhere():
    """Across the date line, and up to a pole."""
    made, grid = analysis(), globe(start=2.5)
    (lat, lon), rows, columns = grid.axes, slice(8, 13), slice(0, 9)
    mask = torch.zeros_like(grid.y_mask)
    mask[:, rows, columns] = True
    region = GriddedField.observed(
        (lat[:, rows], lon[:, columns]), grid.y[:, rows, columns]
    )
    same(made(region, SPHERE, CENTRE), made(replace(grid, y_mask=mask), SPHERE, CENTRE))


def test_a_value_at_a_pole_is_the_same_along_every_longitude():
    grid = globe()
    at_pole = grid.y_mask & (grid.axes[0] > 1.5)[..., None, None]
    found = analysis()(replace(grid, y_mask=at_pole), SPHERE, CENTRE)
    assert found.abs().max() > 0.1
    same(found, found[..., :1].expand_as(found))


def test_other_kinds_of_auxiliary_sets_are_refused(unchecked):
    with pytest.raises(TypeError, match=r"PointSet or a GriddedField\. Got a str"):
        onto("era5.nc", CENTRE, SPHERE, CENTRE, CENTRE)


def test_points_have_locations_of_the_lattice_and_no_covariates():
    x, width = CENTRE[:, None], torch.tensor(0.5, dtype=F)
    for points, match in (
        (PointSet.observed(x[..., :2], x[..., :1]), "dx = 3 .*Got dx = 2 and dw = 0"),
        (PointSet.observed(x, x[..., :1], x), "Got dx = 3 and dw = 3"),
    ):
        with pytest.raises(ValueError, match=match):
            onto(points, points.y, SPHERE, CENTRE, width)
