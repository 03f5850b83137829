import math

import pytest
import torch

from apnp.nn import lattice as lattice_module
from apnp.nn.grid_detection import map_axes, sphere_axes
from apnp.nn.lattice import PlaneLattice, SphereLattice
from apnp.nn.setconv import interpolate_product, scatter_product

F = torch.float64


def normal(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed + len(shape))
    return torch.randn(*shape, generator=generator, dtype=F)


def rows_and_columns(first, second):
    """All pairs, row by row, (b, n, 2)."""
    sizes = len(first), first.shape[1], second.shape[1]
    return torch.stack(
        (first[:, :, None].expand(sizes), second[:, None].expand(sizes)), -1
    ).flatten(1, 2)


def unit(lat_lon):
    lat, lon = lat_lon.deg2rad().unbind(-1)
    return torch.stack((lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()), -1)


LAT = torch.tensor([[-90.0, -89.7, -3.1, 44.0, 88.9, 90.0], [80, 70, 60, 1, 0, -1.0]])
LON = torch.tensor([[-180.0, -179.6, 12.3, 100, 180.2], [359.0, 360, 361, 362, 365]])


def cases():
    first = torch.tensor([[-1.2, -0.4, 0.33, 2.5], [0.1, 0.2, 0.3, 0.4]]).to(F)
    second = torch.tensor([[0.7, -0.2, 5.0], [1.0, 2.0, 3.0]]).to(F)
    plane = rows_and_columns(first, second), torch.tensor([[0.1, 0.2], [0.3, 1.0]])
    globe = unit(rows_and_columns(LAT.to(F), LON.to(F)))
    starts = unit(torch.tensor([[0.0, 33.0], [10.0, -170.0]]).to(F))
    return {
        "plane": (PlaneLattice((8, 6), 0.4), map_axes, plane[0], plane[1].to(F)),
        "sphere": (SphereLattice(8, 16), sphere_axes, globe, starts),
    }


def refused(*_):
    raise AssertionError


@pytest.mark.parametrize("where", ["plane", "sphere"])
def test_a_grid_is_read_as_its_points_one_by_one(where, monkeypatch):
    lattice, _, x, centre = cases()[where]
    z = normal(2, 3, *lattice.shape)
    one_by_one = lattice.interpolate(z, x, centre)
    assert one_by_one.std() > 0.1
    monkeypatch.setattr(lattice_module, "interpolate", refused)
    with torch.no_grad():
        at_once = lattice.interpolate(z, x, centre)
    torch.testing.assert_close(at_once, one_by_one, rtol=0, atol=1e-11)


@pytest.mark.parametrize("where", ["plane", "sphere"])
def test_what_is_no_grid_is_read_point_by_point(where, monkeypatch):
    lattice, axes_of, x, centre = cases()[where]
    z, order = normal(2, 3, *lattice.shape), torch.arange(x.shape[1]).flip(0)
    order[:2] = order[:2].flip(0)
    moved = x.clone()
    moved[1, -2] = moved[1, 2]
    with torch.no_grad():
        assert axes_of(x) is not None
        for points in (moved, x[:, order], x[:, :-1], x[:, :1], x[:, :0]):
            assert axes_of(points) is None
            found = lattice.interpolate(z, points, centre)
            with torch.enable_grad():
                known = lattice.interpolate(z, points, centre)
            torch.testing.assert_close(found, known, rtol=0, atol=0)
    assert axes_of(x) is None, "derivatives may be asked for"
    monkeypatch.setattr(lattice_module, "interpolate_product", refused)
    lattice.interpolate(z, x.requires_grad_(), centre).sum().backward()
    assert x.grad.abs().max() > 0


def test_a_grid_of_the_sphere_is_known_in_single_precision():
    lat = torch.arange(-89.875, 90, 0.25, dtype=F)[None]
    lon = torch.arange(-179.875, 180, 5, dtype=F)[None]
    x = unit(rows_and_columns(lat, lon)).float()
    with torch.no_grad():
        rows, columns = sphere_axes(x)
    torch.testing.assert_close(rows.rad2deg(), lat.float(), rtol=0, atol=3e-5)
    torch.testing.assert_close(columns.rad2deg(), lon.float(), rtol=0, atol=3e-5)


def test_columns_of_a_row_at_a_pole_are_those_of_the_others():
    _, _, x, _ = cases()["sphere"]
    x[0, :5] = torch.tensor([0.0, 0.0, -1.0])  # which has no longitude
    with torch.no_grad():
        lat, lon = sphere_axes(x)
    torch.testing.assert_close(lat, LAT.to(F).deg2rad(), rtol=0, atol=1e-8)
    turns = (lon - LON.to(F).deg2rad()) / (2 * math.pi)
    torch.testing.assert_close(turns, turns.round(), rtol=0, atol=1e-12)


@pytest.mark.parametrize("channels", [3, 9])
@pytest.mark.parametrize("sizes", [(5,), (3, 4), (2, 3, 4)])
def test_reading_a_product_is_the_transpose_of_spreading_one(sizes, channels):
    z, points = normal(2, channels, *sizes), [n + 2 for n in sizes]
    axes = [
        normal(2, m, g, seed=i)
        for i, (m, g) in enumerate(zip(points, sizes, strict=True))
    ]
    values = normal(2, math.prod(points), channels, seed=4)
    back = scatter_product(values.unflatten(1, points), axes)
    there = interpolate_product(z, axes)
    torch.testing.assert_close((there * values).sum(), (back * z).sum())
