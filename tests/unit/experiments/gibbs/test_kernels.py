import math

import pytest
import torch

from apnp.errors import ConfigError
from apnp.experiments.gibbs.kernels import (
    Gibbs,
    eq,
    matern,
    periodic,
    scaled,
)

X = torch.tensor([[0.3, -1.2], [1.7, 0.4]], dtype=torch.float64)
R = math.dist(*X.tolist())
STEP = (X[1] - X[0]).tolist()


def value(kernel, x=X):
    return kernel(x).to_dense()[0, 1].item()


@pytest.mark.parametrize(
    ("kernel", "expected"),
    [
        (eq(0.7), math.exp(-(R**2) / (2 * 0.7**2))),
        (matern(0.5, 0.7), math.exp(-R / 0.7)),
        (
            matern(1.5, 0.7),
            (1 + math.sqrt(3) * R / 0.7) * math.exp(-math.sqrt(3) * R / 0.7),
        ),
        (
            matern(2.5, 0.7),
            (1 + math.sqrt(5) * R / 0.7 + 5 * R**2 / (3 * 0.7**2))
            * math.exp(-math.sqrt(5) * R / 0.7),
        ),
        (
            periodic(0.9, 0.7),
            math.exp(-2 / 0.7**2 * sum(math.sin(math.pi * s / 0.9) ** 2 for s in STEP)),
        ),
        (
            scaled(eq(0.7), 0.6) + scaled(matern(0.5, 2.0), 0.3),
            0.6 * math.exp(-(R**2) / (2 * 0.7**2)) + 0.3 * math.exp(-R / 2),
        ),
    ],
)
def test_kernels_are_what_their_formula_says_to_the_last_digits(kernel, expected):
    assert value(kernel) == pytest.approx(expected, abs=1e-12)


def test_the_gibbs_kernel_within_a_side_and_across():
    kernel = Gibbs(0.3, 1.7)
    x = torch.tensor([[-0.5], [-0.2], [0.0], [0.9]], dtype=torch.float64)
    found = kernel(x).to_dense()
    both = 0.3**2 + 1.7**2
    assert found[0, 1].item() == pytest.approx(math.exp(-(0.3**2) / (2 * 0.3**2)))
    assert found[2, 3].item() == pytest.approx(math.exp(-(0.9**2) / (2 * 1.7**2)))
    assert found[1, 3].item() == pytest.approx(
        math.sqrt(2 * 0.3 * 1.7 / both) * math.exp(-(1.1**2) / both)
    )
    assert found.diagonal().tolist() == pytest.approx([1.0] * 4)
    assert kernel(x, diag=True).tolist() == pytest.approx([1.0] * 4)


def test_the_gibbs_kernel_is_a_covariance_in_the_plane():
    x = torch.rand(
        60, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64
    )
    matrix = Gibbs(0.1, 4.0)(x - 0.5).to_dense()
    assert torch.linalg.eigvalsh(matrix).min() > -1e-10


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: eq(0.0), r"`lengthscale` is finite and above 0\. Got 0"),
        (lambda: matern(2.0, 1.0), r"`smoothness` is one of .* Got 2\.0"),
        (lambda: periodic(-1.0, 1.0), r"`period` .* Got -1"),
        (lambda: scaled(eq(1.0), math.inf), r"`variance` .* Got inf"),
        (lambda: Gibbs(0.1, -4.0), r"`right` .* Got -4"),
    ],
)
def test_refusals(make, message):
    with pytest.raises(ConfigError, match=message):
        make()
