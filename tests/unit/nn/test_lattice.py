import math

import pytest
import torch

from apnp.nn.lattice import PlaneLattice, SphereLattice

F = torch.float64
SHAPES = [(7,), (6, 5), (5, 4, 6)]


def normal(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=F)


def uniform(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(*shape, generator=generator, dtype=F)


def outer(axes):
    """The dense weight of points to nodes, (b, n, *grid)."""
    weight = torch.ones_like(axes[0][..., 0])
    for axis in axes:
        weight = weight[..., None] * axis.reshape(
            *axis.shape[:2], *(1,) * (weight.ndim - 2), -1
        )
    return weight


def unit(lat, lon):
    lat, lon = torch.broadcast_tensors(
        torch.as_tensor(lat, dtype=F).deg2rad(), torch.as_tensor(lon, dtype=F).deg2rad()
    )
    return torch.stack((lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()), -1)


@pytest.mark.parametrize("shape", SHAPES)
def test_plane_nodes_are_square_cells_symmetric_about_the_centre(shape):
    centre = normal(2, len(shape))
    sites = PlaneLattice(shape, 0.3).sites(centre)
    assert sites.shape == (2, *shape, len(shape))
    axes = tuple(range(1, len(shape) + 1))
    mirrored = 2 * centre.reshape(2, *(1,) * len(shape), -1) - sites.flip(axes)
    torch.testing.assert_close(sites, mirrored)
    for axis in range(len(shape)):
        step = sites.diff(dim=axis + 1)
        expected = torch.zeros(len(shape), dtype=F)
        expected[axis] = 0.3
        torch.testing.assert_close(step, expected.expand_as(step))


@pytest.mark.parametrize("shape", SHAPES)
def test_plane_kernel_is_a_gaussian_of_the_distance_to_the_nodes(shape):
    lattice, dx = PlaneLattice(shape, 0.3), len(shape)
    centre, x = normal(2, dx), normal(2, 4, dx, seed=1)
    weight = outer(lattice.kernel(x, centre, torch.tensor(0.7, dtype=F)))
    sites = lattice.sites(centre).flatten(1, -2)
    distance = torch.cdist(x, sites).reshape(weight.shape)
    torch.testing.assert_close(weight, torch.exp(-(distance**2) / (2 * 0.7**2)))


@pytest.mark.parametrize("shape", SHAPES)
def test_plane_reading_reproduces_quadratics_where_all_its_nodes_are_inside(shape):
    lattice, dx = PlaneLattice(shape, 0.3), len(shape)
    centre, a, b = normal(2, dx), normal(dx, dx, seed=2), normal(dx, seed=3)

    def quadratic(x):
        return torch.stack(
            (torch.einsum("...i,ij,...j", x, a, x) + x @ b - 0.4, x @ b), dim=-1
        )

    inner = torch.tensor([(g - 3) / 2 * 0.3 for g in shape], dtype=F)
    x = centre[:, None] + inner * (2 * uniform(2, 9, dx) - 1)
    z = quadratic(lattice.sites(centre)).movedim(-1, 1)
    torch.testing.assert_close(
        lattice.interpolate(z, x, centre), quadratic(x), rtol=0, atol=1e-12
    )


@pytest.mark.parametrize("shape", SHAPES)
def test_plane_reading_at_nodes_is_the_node_and_beyond_the_edge_the_edge(shape):
    lattice, dx = PlaneLattice(shape, 0.3), len(shape)
    centre, z = normal(2, dx), normal(2, 3, *shape, seed=1)
    sites = lattice.sites(centre).flatten(1, -2)
    torch.testing.assert_close(lattice.interpolate(z, sites, centre).mT, z.flatten(2))
    corner = sites[:, -1:] + torch.tensor([0.13, 1e3, 17.0][:dx], dtype=F)
    torch.testing.assert_close(
        lattice.interpolate(z, corner, centre)[:, 0], z.flatten(2)[..., -1]
    )


def test_plane_reading_is_continuous_with_its_slope_across_cells_and_the_edge():
    lattice = PlaneLattice((5, 4), 0.5)
    centre, z = torch.zeros(1, 2, dtype=F), normal(1, 1, 5, 4)
    for node in (-0.5, 0.0, 0.5):
        x = torch.tensor([[[node - 1e-9, 0.1], [node + 1e-9, 0.1]]], dtype=F)
        x.requires_grad_()
        value = lattice.interpolate(z, x, centre)
        slope = torch.autograd.grad(value.sum(), x)[0]
        assert (value[0, 0] - value[0, 1]).abs() < 1e-7
        assert (slope[0, 0] - slope[0, 1]).abs().max() < 1e-6


def test_plane_refusals():
    for spacing in (0.0, -0.3):
        with pytest.raises(ValueError, match=rf"`spacing`.*above zero.*{spacing}"):
            PlaneLattice((4,), spacing)


def test_sphere_nodes_are_cell_centres_of_equal_angle_from_the_centres_longitude():
    sites = SphereLattice(6, 8).sites(unit([20.0, -70.0], [170.0, -40.0]))
    lat = torch.tensor([-75.0, -45, -15, 15, 45, 75])[:, None]
    for row, start in enumerate((170.0, -40.0)):
        torch.testing.assert_close(
            sites[row], unit(lat, start + 45.0 * torch.arange(8))
        )


def test_sphere_kernel_is_separable_exact_on_its_row_and_even_at_the_poles():
    lattice = SphereLattice(8, 16)
    centre = unit([[10.0]], [[179.0]])[:, 0]
    width = torch.tensor(0.4, dtype=F)
    lat, lon = torch.tensor([11.25, 78.75, -56.25]), torch.tensor([-178.0, 3.0, 99.0])
    x = unit(lat, lon)[None]
    weight = outer(lattice.kernel(x, centre, width))[0]
    sites = lattice.sites(centre)[0]
    for i, row in enumerate((4, 7, 1)):
        chord = (sites[row] - x[0, i]).norm(dim=-1)
        torch.testing.assert_close(weight[i, row], torch.exp(-0.5 * (chord / 0.4) ** 2))
    poles = torch.tensor([[[0.0, 0.0, 1.0], [-0.0, -0.0, -1.0]]], dtype=F)
    row, column = lattice.kernel(poles, centre, width)
    torch.testing.assert_close(column, torch.ones_like(column))
    torch.testing.assert_close(row[0, 0], row[0, 1].flip(-1))
    chord = (sites[:, 3] - poles[0, 0]).norm(dim=-1)
    torch.testing.assert_close(row[0, 0], torch.exp(-0.5 * (chord / 0.4) ** 2))


def test_sphere_kernel_widens_in_longitude_towards_the_poles():
    """A width is a distance: in longitude it grows like 1 / cos(latitude)."""
    lattice = SphereLattice(90, 720)
    centre = unit([[0.0]], [[-180.0]])[:, 0]
    lat = torch.tensor([0.0, 60.0, 80.0])
    width = torch.tensor(0.02, dtype=F)
    column = lattice.kernel(unit(lat, 0.0)[None], centre, width)[1][0]
    effective = column.sum(-1) * 2 * math.pi / 720 / math.sqrt(2 * math.pi)
    torch.testing.assert_close(
        effective, 0.02 / torch.cos(lat.double().deg2rad()), rtol=5e-3, atol=0
    )


def test_sphere_padding_continues_a_smooth_field_over_the_poles_and_the_date_line():
    """The coordinates of the nodes, padded, are the coordinates beyond the edge."""
    lattice, k = SphereLattice(6, 8), 3
    centre = unit([[0.0]], [[-170.0]])[:, 0]
    z = lattice.pad(lattice.sites(centre).movedim(-1, 1), k)
    lat = -75.0 + 30 * torch.arange(-k, 6 + k, dtype=F)[:, None]
    lon = -170.0 + 45 * torch.arange(-k, 8 + k, dtype=F)
    torch.testing.assert_close(z[0].movedim(0, -1), unit(lat, lon))
    assert lattice.pad(z, 0) is z


def smooth(cells, cell, seed=0):
    """A sum of waves through space no shorter than `cells` cells."""
    k = normal(50, 3, seed=seed)
    k = k / k.norm(dim=-1, keepdim=True) * 2 * math.pi / (cells * cell)
    phase = 2 * math.pi * uniform(50, seed=seed)
    return lambda x: torch.cos(x @ k.T + phase).sum(-1, keepdim=True) / 5


@pytest.mark.parametrize(("rows", "columns"), [(32, 64), (40, 80)])
@pytest.mark.parametrize("lat", [-89.9, -75.0, 0.0, 50.0, 65.0, 75.0, 85.0])
def test_sphere_reading_reproduces_a_smooth_field_at_every_latitude(rows, columns, lat):
    """Waves of eight cells and longer, of standard deviation one, within 0.06."""
    lattice = SphereLattice(rows, columns)
    centre = unit([[30.0]], [[100.0]])[:, 0]
    field = smooth(8, lattice.cell)
    z = field(lattice.sites(centre)).movedim(-1, 1)
    x = unit(lat, torch.linspace(-180, 180, 37))[None]
    error = (lattice.interpolate(z, x, centre) - field(x)).abs().max()
    print(f"{lat}: {error:.4f}")
    assert error < 0.06
    longer = smooth(24, lattice.cell)
    z = longer(lattice.sites(centre)).movedim(-1, 1)
    assert (lattice.interpolate(z, x, centre) - longer(x)).abs().max() < 0.006


def test_sphere_reading_is_continuous_across_the_date_line_and_over_the_poles():
    lattice = SphereLattice(8, 16)
    z = normal(1, 3, 8, 16)
    for start in (-180.0, 0.0, 77.0):
        centre = unit([[0.0]], [[start]])[:, 0]
        lat = torch.tensor([-80.0, 3.0, 70.0])
        for seam in (180.0, -180.0, 0.0, start, start + 22.5):
            west, east = unit(lat, seam - 1e-8), unit(lat, seam + 1e-8)
            step = lattice.interpolate(z, west[None], centre) - lattice.interpolate(
                z, east[None], centre
            )
            assert step.abs().max() < 1e-7
        for pole in (90.0, -90.0):
            here = unit(pole - math.copysign(1e-8, pole), [20.0, 133.0])
            there = unit(pole - math.copysign(1e-8, pole), [200.0, 313.0])
            step = lattice.interpolate(z, here[None], centre) - lattice.interpolate(
                z, there[None], centre
            )
            assert step.abs().max() < 1e-7


@pytest.mark.parametrize("pole", [90.0, -90.0])
def test_sphere_reading_at_a_pole_hardly_depends_on_the_longitude_taken(pole):
    """A smooth field: to 1e-2 of its spread. Noise, the worst case: to a tenth."""
    lattice = SphereLattice(32, 64)
    centre = unit([[0.0]], [[40.0]])[:, 0]
    x = unit(pole, torch.linspace(-180, 180, 25)[1:])[None]
    field = smooth(8, lattice.cell)
    z = field(lattice.sites(centre)).movedim(-1, 1)
    noise = normal(1, 20, 32, 64)
    for name, values, limit in (("smooth", z, 0.01), ("noise", noise, 0.1)):
        deviation = lattice.interpolate(values, x, centre).std(1).mean()
        print(f"{name}: {deviation:.4f}")
        assert deviation < limit


def test_sphere_locations_exactly_at_a_pole_are_read_and_spread_without_nan():
    lattice = SphereLattice(6, 8)
    z = normal(1, 2, 6, 8)
    centre = unit([[5.0]], [[30.0]])[:, 0]
    zero = torch.tensor([0.0, -0.0], dtype=F)
    x = torch.stack(
        torch.broadcast_tensors(
            zero[:, None, None], zero[None, :, None], torch.tensor([1.0, -1.0])
        ),
        dim=-1,
    ).reshape(1, -1, 3)
    assert lattice.interpolate(z, x, centre).isfinite().all()
    width = torch.tensor(0.3, dtype=F, requires_grad=True)
    total = sum(axis.sum() for axis in lattice.kernel(x, centre, width))
    total.backward()
    assert width.grad.isfinite()


def test_sphere_features_are_what_a_longitude_shift_leaves():
    lattice = SphereLattice(6, 8)
    centre = unit([5.0, -30.0], [30.0, 99.0])
    torch.testing.assert_close(
        lattice.features(centre)[:, 0], lattice.sites(centre)[..., 2]
    )
    assert lattice.features(centre).shape[1] == lattice.n_features
    assert PlaneLattice((4, 3), 0.5).features(torch.zeros(2, 2)).shape == (2, 0, 4, 3)


@pytest.mark.parametrize(
    ("rows", "columns", "shape", "k"),
    [(6, 9, (6, 9), 1), (6, 12, (3, 3), 1), (4, 16, (1, 4), 2), (16, 4, (8, 2), 3)],
)
def test_sphere_refuses_what_it_cannot_pad(rows, columns, shape, k):
    with pytest.raises(ValueError, match=rf"Got {shape[0]} rows and {shape[1]} col"):
        SphereLattice(rows, columns).check_paddable(shape, k)


def test_sphere_refuses_a_single_row():
    with pytest.raises(ValueError, match="Got 1 rows"):
        SphereLattice(1, 4)
