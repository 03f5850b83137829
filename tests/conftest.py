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


@pytest.fixture(scope="session")
def small_model():
    """Configuration of a model that is built and run in no time."""
    from apnp.config import (
        BackboneConfig,
        ConvCNPConfig,
        FixedInputsConfig,
        LatticeConfig,
        ModelConfig,
    )  # fmt: skip

    def make(geometry="sphere", form="approximate"):
        lattice = LatticeConfig((16, 16) if geometry == "plane" else (16, 32), 200.0)
        return ModelConfig(
            geometry=geometry,
            form=form,
            backbone=BackboneConfig(
                "convcnp", ConvCNPConfig(lattice, (8, 8), (1, 1), 3)
            ),
            fixed_inputs=FixedInputsConfig(count=4, width=8),
        )

    return make


@pytest.fixture(scope="session")
def random_run(small_model):
    """Writes a run folder whose model has random weights, fit to a station dataset."""
    from dataclasses import replace

    import torch

    from apnp.build import build_model
    from apnp.checkpoint import write_checkpoint
    from apnp.config import Config, to_dict
    from apnp.tasks.representation import Representation

    def write(run, ds, geometry="sphere", form="approximate", likelihood="gaussian"):
        model = replace(small_model(geometry, form), likelihood=likelihood)
        representation = Representation.fit(geometry, ds.lat, ds.lon, ds.tas)
        torch.manual_seed(11)
        weights = {
            name: value + 0.3 * torch.randn_like(value)
            if value.is_floating_point()
            else value
            for name, value in build_model(model, representation).state_dict().items()
        }
        record = {
            "config": to_dict(Config(model=model)),
            "representation": representation.to_dict(),
        }
        write_checkpoint(run / "best", record, weights)
        return run

    return write
