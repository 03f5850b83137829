"""Shapes and types of every tensor signature are checked while the tests run."""

import sys

import jaxtyping
import pytest
from jaxtyping import install_import_hook

CHECKED = (
    "apnp.types",
    "apnp.groups",
    "apnp.nn",
    "apnp.backbones",
    "apnp.likelihoods",
    "apnp.approx",
    "apnp.model",
)

# The hook sees only modules that are imported after it: what a plugin imported before
# is forgotten, whole, so that no class exists twice.
for name in [n for n in sys.modules if n.split(".")[0] == "apnp"]:
    del sys.modules[name]
install_import_hook(CHECKED, "beartype.beartype")


@pytest.fixture
def unchecked(monkeypatch):
    """As a user runs it: nothing but the package itself refuses a shape."""
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
