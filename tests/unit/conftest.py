import numpy as np
import pytest

from apnp.build import build_model
from apnp.config import from_words
from apnp.inputs.stations import StationInputs

SMALL = (
    "--model.backbone.name=convcnp", "--model.backbone.convcnp.lattice.shape=[8,16]",
    "--model.backbone.convcnp.channels=[4,4]", "--model.backbone.convcnp.blocks=[1,1]",
    "--model.form=approximate", "--model.likelihood=gaussian", "--model.coast=false",
    "--model.backbone.local_tnp.width=8", "--model.backbone.local_tnp.heads=2",
)  # fmt: skip


@pytest.fixture(scope="session")
def model_of():
    """Builds a small model, a ConvCNP unless told; it and its inputs."""

    def build(geometry, *argv):
        inputs = StationInputs.fit(
            geometry, [40.0, 60.0, 50.0], [0.0, 10.0, 20.0], np.arange(4.0)
        )
        config = from_words([f"--model.geometry={geometry}", *SMALL, *argv])
        return build_model(config.model, inputs), inputs

    return build


@pytest.fixture
def way_back():
    """Names of the nodes of a derivative's graph."""

    def names(result):
        found, waiting = set(), [result.grad_fn]
        while waiting:
            node = waiting.pop()
            found.add(node.name())
            waiting += [n for n, _ in node.next_functions if n is not None]
        return found

    return names
