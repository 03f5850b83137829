"""The convolutional blocks where the extra `fast` is not installed."""

import subprocess
import sys

SCRIPT = """
import sys
sys.modules["llvmlite"] = None  # as if it were not installed
import importlib.util
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *a: None if name == "llvmlite" else found(name)
import torch
from apnp import compiled
from apnp.nn.depthwise import depthwise, depthwise_reference
from apnp.nn.residual import residual, residual_reference
assert not compiled.is_available()
z, weight = torch.randn(1, 8, 40, 40), torch.randn(8, 1, 3, 3)
assert torch.equal(depthwise(z, weight), depthwise_reference(z, weight))
layers = torch.nn.LayerNorm(8), torch.nn.Linear(8, 16), torch.nn.Linear(16, 8)
assert torch.equal(residual(z, z, *layers), residual_reference(z, z, *layers))
assert not any(name.startswith("llvmlite.") for name in sys.modules)
"""


def test_torch_does_it():
    subprocess.run([sys.executable, "-c", SCRIPT], check=True)
