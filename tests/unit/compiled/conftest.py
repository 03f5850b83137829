import pytest
import torch

pytest.importorskip("llvmlite", reason="the extra `fast` is not installed")
from apnp.compiled import code

PROCESSORS = [(512, 32), (256, 16), (128, 32)]


@pytest.fixture(params=PROCESSORS, ids=lambda p: f"{p[0]} bits")
def processor(request, monkeypatch):
    """Code for registers of another processor, which this one then makes do with."""
    monkeypatch.setattr(code, "processor", lambda: code.Processor(*request.param))


@pytest.fixture
def two_threads(monkeypatch):
    """Two threads for the smallest work."""
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    monkeypatch.setattr("apnp.compiled.threads._WORK", 1)


@pytest.fixture
def close():
    """Asserts that two tensors are the same but for rounding."""

    def check(a, b):
        digits = 1e-12 if a.dtype == torch.float64 else 1e-5
        torch.testing.assert_close(
            a, b, rtol=0, atol=digits * max(1.0, b.abs().max().item())
        )

    return check
