import pytest
import torch
from torch.nn import functional

from apnp.compiled import pointwise

SLOPE, EPS = 0.1, 1e-5
SHAPES = [
    (1, 1, 1),
    (100, 32, 32),
    (7, 3, 6),
    (33, 35, 70),
    (64, 16, 16),
    (40, 64, 128),
]


def reference(z, u, w1, b1, w2, b2):
    normal = functional.layer_norm(u, u.shape[1:], None, None, EPS)
    wide = functional.leaky_relu(functional.linear(normal, w1, b1), SLOPE)
    return z + functional.linear(wide, w2, b2)


def drawn(n, c, e, dtype):
    generator = torch.Generator().manual_seed(0)
    sizes = (n, c), (n, c), (e, c), (e,), (c, e), (c,), (n, c)
    return [torch.randn(size, generator=generator, dtype=dtype) for size in sizes]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("shape", SHAPES)
def test_it_is_torchs_in_value_and_derivatives(shape, dtype, processor, close):
    *given, g = drawn(*shape, dtype)
    out, mean, rate = pointwise.forward(*given, SLOPE, EPS)
    close(out, reference(*given))
    _, u, w1, b1, w2, _ = given
    close(mean, u.mean(1))
    close(rate, (u.var(1, correction=0) + EPS).rsqrt())
    made = pointwise.backward(g, u, mean, rate, w1, b1, w2, SLOPE)
    leaves = [t.requires_grad_() for t in given]
    want = torch.autograd.grad(reference(*leaves), leaves[1:], g)
    for one, same in zip(made, want, strict=True):
        assert one.shape == same.shape
        close(one, same)


def test_two_threads_do_what_one_does(two_threads, close):
    *given, g = drawn(100, 16, 32, torch.float64)
    out, mean, rate = pointwise.forward(*given, SLOPE, EPS)
    close(out, reference(*given))
    _, u, w1, b1, w2, _ = given
    made = pointwise.backward(g, u, mean, rate, w1, b1, w2, SLOPE)
    leaves = [t.requires_grad_() for t in given]
    want = torch.autograd.grad(reference(*leaves), leaves[1:], g)
    for one, same in zip(made, want, strict=True):
        close(one, same)


def test_rows_that_hardly_vary_keep_their_digits(close):
    z, u, *weights, _ = drawn(5, 3, 6, torch.float32)
    u = 1000.0 + 0.1 * u
    out, _, _ = pointwise.forward(z, u, *weights, SLOPE, EPS)
    exact = reference(*(t.double() for t in (z, u, *weights)))
    torch.testing.assert_close(out.double(), exact, rtol=0, atol=2e-2)
