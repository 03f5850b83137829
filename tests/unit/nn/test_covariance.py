import sys

import numpy as np
import pytest
import torch

from apnp.nn.covariance import Covariance
from apnp.nn.lattice import PlaneLattice, SphereLattice

F = torch.float64


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=F)


def covariance():
    made = Covariance((1.5, 0.4), noise=0.2).double()
    with torch.no_grad():
        made.log_weights.copy_(torch.tensor([0.7, 0.4]).log())
    return made


def dense(made, x, other):
    squared = ((x[:, None] - other[None]) ** 2).sum(-1)
    return 0.7 * torch.exp(-squared / (2 * 1.5**2)) + 0.4 * torch.exp(
        -squared / (2 * 0.4**2)
    )


def test_matrix_is_the_sum_of_gaussians_with_noise_on_the_diagonal():
    made, x = covariance(), normal(1, 5, 2)
    mask = torch.tensor([[True, True, False, True, True]])
    expected = dense(made, x[0], x[0]) + 0.2 * torch.eye(5, dtype=F)
    expected[2], expected[:, 2] = 0, 0
    expected[2, 2] = 1
    torch.testing.assert_close(made.matrix(x, mask)[0], expected)


@pytest.mark.parametrize("at_once", [5, 2**19])
@pytest.mark.parametrize("n", [0, 1, 7])
def test_solve_inverts_the_matrix(n, at_once, monkeypatch):
    monkeypatch.setattr("apnp.nn.covariance._AT_ONCE", at_once)
    made, x, values = covariance(), normal(2, n, 2), normal(2, n, 3, seed=1)
    mask = normal(2, n, seed=2) > -0.5
    solved = made.solve(x, mask, values)
    torch.testing.assert_close(made.matrix(x, mask) @ solved, values)


@pytest.mark.parametrize("at_once", [5, 2**19, sys.maxsize])
def test_solve_has_the_gradient_of_the_inverse(at_once, monkeypatch):
    monkeypatch.setattr("apnp.nn.covariance._AT_ONCE", at_once)
    made, mask = covariance(), normal(2, 7, seed=2) > -0.5
    x, values = normal(2, 7, 2).requires_grad_(), normal(2, 7, 3, seed=1)
    over = (x, values.requires_grad_(), *made.parameters())
    weight = normal(2, 7, 3, seed=4)
    own, expected = (
        torch.autograd.grad((weight * solved).sum(), over)
        for solved in (
            made.solve(x, mask, values),
            torch.linalg.inv(made.matrix(x, mask)) @ values,
        )
    )
    for one, other in zip(own, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-10)


def test_weights_start_halving_and_sum_to_one():
    weights = Covariance((8.0, 4.0, 2.0)).log_weights.exp().detach().numpy()
    np.testing.assert_allclose(weights, [4 / 7, 2 / 7, 1 / 7], rtol=1e-6)


@pytest.mark.parametrize("lattice", [PlaneLattice((6, 8), 0.5), SphereLattice(6, 12)])
def test_a_lattice_kriges_with_the_covariance_itself(lattice):
    made, x = covariance(), normal(2, 9, lattice.dx)
    centre = normal(2, lattice.dx, seed=3)
    if lattice.dx == 3:
        x, centre = (v / v.norm(dim=-1, keepdim=True) for v in (x, centre))
    weights = normal(2, 9, 2, seed=1)
    field = lattice.krige(weights, x, centre, made)
    assert field.shape == (2, 2, *lattice.shape)
    for b in range(2):
        nodes = lattice.sites(centre)[b].flatten(0, -2)
        expected = (dense(made, nodes, x[b]) @ weights[b]).mT
        torch.testing.assert_close(field[b].flatten(1), expected)


@pytest.mark.parametrize("at_once", [5, 2**19])
def test_the_fast_sum_is_the_reference_in_value_and_gradient(at_once, monkeypatch):
    monkeypatch.setattr("apnp.nn.covariance._AT_ONCE", at_once)
    made, x = covariance(), normal(4, 3).requires_grad_()
    weight = normal(4, 3, seed=1)
    results = []
    for evaluate in (made, made.reference):
        squared = x**2
        value = evaluate(squared)
        grads = torch.autograd.grad(
            (weight * value).sum(), [x, made.log_weights, made.log_widths]
        )
        results.append((value, *grads))
    for fast, slow in zip(*results, strict=True):
        torch.testing.assert_close(fast, slow)


def test_no_distance_asks_for_no_derivative_by_it():
    made, squared = covariance(), normal(4, 3) ** 2
    over = (made.log_weights, made.log_widths)
    for fast, slow in zip(
        torch.autograd.grad(made(squared).sum(), over),
        torch.autograd.grad(made.reference(squared).sum(), over),
        strict=True,
    ):
        torch.testing.assert_close(fast, slow)


def test_second_derivatives_are_refused():
    made, squared = covariance(), (normal(4, 3) ** 2).requires_grad_()
    loss = made(squared).square().sum()
    (first,) = torch.autograd.grad(loss, squared, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        first.sum().backward()
