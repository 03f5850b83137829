import pytest
import torch

from apnp.native import library
from apnp.nn import nearest_kriging
from apnp.nn.covariance import Covariance
from apnp.nn.nearest_kriging import krige_nearest, krige_nearest_reference

F = torch.float64
needs_compiler = pytest.mark.skipif(library() is None, reason="no C compiler")
BOTH = pytest.mark.parametrize(
    "krige",
    [pytest.param(krige_nearest, marks=needs_compiler), krige_nearest_reference],
)


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=F)


def covariance():
    made = Covariance((1.5, 0.4), noise=0.2).double()
    with torch.no_grad():
        made.log_weights.copy_(torch.tensor([0.7, 0.4]).log())
    return made


def data(n=12):
    mask = normal(2, n, seed=2) > -0.8
    return normal(2, n, 2), mask, normal(2, n, seed=1), normal(2, 5, 2, seed=3)


def dense(made, x, mask, y, sites):
    weights = made.solve(x, mask, torch.where(mask, y, 0.0)[..., None])
    squared = (sites[:, :, None] - x[:, None]).square().sum(-1)
    return (made(squared) @ weights)[..., 0]


@BOTH
@pytest.mark.parametrize("n", [1, 2, 12])
def test_with_as_many_neighbours_as_points_it_is_the_whole_system(krige, n):
    made, context = covariance(), data(n)
    torch.testing.assert_close(
        krige(made, *context, n), dense(made, *context), rtol=0, atol=1e-11
    )


@BOTH
def test_gradients_are_those_of_the_whole_system(krige):
    made, (x, mask, y, sites) = covariance(), data()
    over, weight = (y.requires_grad_(), *made.parameters()), normal(2, 5, seed=4)
    own, expected = (
        torch.autograd.grad((weight * mean).sum(), over)
        for mean in (
            krige(made, x, mask, y, sites, 12),
            dense(made, x, mask, y, sites),
        )
    )
    for one, other in zip(own, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-10)


@needs_compiler
def test_compiled_code_is_the_reference_where_neighbours_are_few():
    made, (x, mask, y, sites) = covariance(), data(40)
    over, weight = (y.requires_grad_(), *made.parameters()), normal(2, 5, seed=4)
    found = []
    for krige in (krige_nearest, krige_nearest_reference):
        mean = krige(made, x, mask, y, sites, 6)
        found.append((mean, *torch.autograd.grad((weight * mean).sum(), over)))
    for fast, slow in zip(*found, strict=True):
        torch.testing.assert_close(fast, slow, rtol=1e-9, atol=1e-11)
    whole = dense(made, x, mask, y, sites)
    assert (found[0][0] - whole).abs().max() > 1e-4


def test_locations_have_a_gradient():
    made, (x, mask, y, sites) = covariance(), data()
    moved = x.clone().requires_grad_()
    krige_nearest(made, moved, mask, y, sites, 4).sum().backward()
    step = 1e-6 * normal(*x.shape, seed=7)
    apart = krige_nearest(made, x + step, mask, y, sites, 4) - krige_nearest(
        made, x - step, mask, y, sites, 4
    )
    expected = 2 * (moved.grad * step).sum()
    torch.testing.assert_close(apart.sum(), expected, rtol=1e-2, atol=1e-9)


@BOTH
def test_hidden_points_duplicates_order_and_rows_do_not_matter(krige):
    made, (x, mask, y, sites) = covariance(), data(30)
    x[:, 1], y = x[:, 0], torch.where(mask, y, torch.nan)
    field = krige_nearest(made, x, mask, y, sites, 6)
    assert field.isfinite().all()
    order = torch.randperm(30, generator=torch.Generator().manual_seed(5))
    turned = krige(
        made, x[:, order], mask[:, order], y[:, order].nan_to_num(), sites, 6
    )
    torch.testing.assert_close(turned, field, rtol=0, atol=1e-11)
    keep = mask[0]
    alone = krige_nearest(made, x[:1, keep], mask[:1, keep], y[:1, keep], sites[:1], 6)
    torch.testing.assert_close(alone, field[:1], rtol=0, atol=1e-11)


@pytest.mark.parametrize("n", [0, 7])
def test_without_values_the_field_is_zero(n):
    x, mask, y, sites = data(n)
    field = krige_nearest(covariance(), x, mask & False, y, sites, 3)
    assert torch.equal(field, torch.zeros(2, 5, dtype=F))


@BOTH
def test_the_field_is_continuous_where_neighbours_change(krige):
    made, (x, mask, y, _) = covariance(), data(30)
    line = torch.linspace(-1, 1, 4001, dtype=F)
    sites = torch.stack((line, 0.3 * line), -1).expand(2, -1, -1)
    jumps = krige(made, x, mask, y, sites, 5).diff(dim=-1).abs()
    # A cut at the fifth neighbour steps by 0.05 and more.
    assert jumps.max() < 0.01


@needs_compiler
def test_single_precision_solves_points_at_one_place(monkeypatch):
    made = Covariance((1.5, 0.4), noise=1e-9)
    x, y = torch.zeros(1, 9, 2), torch.full((1, 9), 2.0)
    mask, sites = torch.ones(1, 9, dtype=torch.bool), torch.zeros(1, 1, 2)
    for compiled in (True, False):
        monkeypatch.setattr(nearest_kriging, "possible", lambda *_, c=compiled: c)
        mean = krige_nearest(made, x, mask, y, sites, 9)
        torch.testing.assert_close(mean, torch.tensor([[2.0]]), rtol=0, atol=0.01)
