import pytest
import torch

from apnp.nn.residual import residual, residual_reference

SHAPES = [(2, 3, 7), (2, 3, 4, 5), (1, 3, 2, 3, 4)]


def normal(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed + len(shape))
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def layers(c=3, expansion=2):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        made = (
            torch.nn.LayerNorm(c),
            torch.nn.Linear(c, expansion * c),
            torch.nn.Linear(expansion * c, c),
        )
    for i, p in enumerate(p for layer in made for p in layer.parameters()):
        p.data = p.double() + 0.3 * normal(*p.shape, seed=20 + i)
    return made


def inputs(shape):
    z, u = normal(*shape).requires_grad_(), normal(*shape, seed=1).requires_grad_()
    made = layers(shape[1])
    weights = [p for layer in made for p in layer.parameters()]
    return z, u, made, [z, u, *weights]


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """The smallest field is large enough for compiled code."""
    monkeypatch.setattr("apnp.nn.residual._FEW", 1)


@pytest.mark.parametrize("shape", SHAPES)
def test_it_is_its_reference_in_value_and_gradient(shape, agree):
    z, u, made, given = inputs(shape)
    agree(residual(z, u, *made), residual_reference(z, u, *made), given)


def test_derivatives_are_those_of_finite_differences():
    z, u, made, _ = inputs((1, 3, 4))
    torch.autograd.gradcheck(lambda z, u: residual(z, u, *made), (z, u))


def test_channels_lie_in_a_row():
    z, u, made, _ = inputs((2, 3, 4, 5))
    out = residual(z, u, *made)
    assert out.is_contiguous(memory_format=torch.channels_last)


def test_what_has_no_channels_in_a_row_is_done_all_the_same(agree):
    _, _, made, _ = inputs((2, 3, 4, 5))
    z, u = (normal(2, 5, 4, 3, seed=s).transpose(1, 3) for s in (3, 4))
    given = [z.requires_grad_(), u.requires_grad_()]
    agree(residual(z, u, *made), residual_reference(z, u, *made), given)


def test_rows_that_hardly_vary_keep_their_digits():
    _, _, made, _ = inputs((2, 3, 7))
    z = torch.zeros(1, 3, 5)
    u = 1000.0 + 0.1 * normal(1, 3, 5).float()
    lower = [layer.float() for layer in made]
    one = residual(z, u, *lower).double()
    made = [layer.double() for layer in lower]
    exact = residual_reference(z.double(), u.double(), *made)
    torch.testing.assert_close(one, exact, rtol=0, atol=1e-2)


def test_small_fields_and_mixed_precision_are_torchs_own(way_back, monkeypatch):
    _, _, made, _ = inputs((2, 3, 7))
    empty = torch.zeros(0, 3, 7, dtype=torch.float64)
    assert residual(empty, empty, *made).shape == (0, 3, 7)
    z = torch.zeros(2, 3, 7, requires_grad=True)
    lower = [layer.float() for layer in made]
    assert "_ResidualBackward" in way_back(residual(z, z, *lower))
    with torch.autocast("cpu"):
        half = residual(z, z, *lower)
    assert "_ResidualBackward" not in way_back(half)
    monkeypatch.setattr("apnp.nn.residual._FEW", 15)
    assert "_ResidualBackward" not in way_back(residual(z, z, *lower))


def test_second_derivatives_are_refused():
    z, u, made, _ = inputs((2, 3, 7))
    loss = residual(z, u, *made).square().sum()
    (first,) = torch.autograd.grad(loss, u, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        first.sum().backward()
