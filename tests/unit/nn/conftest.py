import pytest
import torch


@pytest.fixture
def agree():
    """Asserts that two results, and their derivatives by every input, are the same."""

    def check(a, b, inputs):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-12)
        generator = torch.Generator().manual_seed(9)
        g = torch.randn(a.shape, generator=generator, dtype=a.dtype)
        for x, y in zip(
            torch.autograd.grad((a * g).sum(), inputs),
            torch.autograd.grad((b * g).sum(), inputs),
            strict=True,
        ):
            assert x.abs().max() > 0
            torch.testing.assert_close(x, y, rtol=0, atol=1e-12)

    return check
