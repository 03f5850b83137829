"""Models with vectors at known sites, from their configuration."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from apnp.build import build_model
from apnp.config import from_words
from apnp.errors import ConfigError
from apnp.inputs.stations import StationInputs

LOCAL = "--model.backbone.name=local_tnp"
CONVCNP = "--model.backbone.name=convcnp"
SITES = ("--model.backbone.name=local_tnp", "--model.fixed_inputs.kind=sites")


def test_sites_need_stations_and_a_latent_at_points(model_of):
    with pytest.raises(ConfigError, match="needs training stations"):
        model_of("plane", *SITES)
    with pytest.raises(ConfigError, match="at the nodes of a lattice"):
        model_of("plane", CONVCNP, "--model.fixed_inputs.kind=both")
    with pytest.raises(ConfigError, match="frames move locations"):
        model_of("plane", *SITES, "--model.symmetrise=frames")


@pytest.mark.parametrize("kind", ["sites", "both"])
@pytest.mark.parametrize("geometry", ["plane", "sphere"])
def test_a_model_has_a_vector_at_each_known_site(geometry, kind):
    lat, lon = [40.0, 60.0, 50.0], [0.0, 10.0, 20.0]
    inputs = StationInputs.fit(geometry, lat, lon, np.arange(4.0))
    inputs = replace(inputs, known_sites=tuple(zip(lat, lon, strict=True)))
    words = [
        f"--model.geometry={geometry}", "--model.form=approximate", LOCAL,
        f"--model.fixed_inputs.kind={kind}", "--model.coast=false",
    ]  # fmt: skip
    config = from_words(words)
    model = build_model(config.model, StationInputs.from_dict(inputs.to_dict()))
    fixed = model.backbone.fixed_inputs
    sites = fixed if kind == "sites" else fixed.sites
    with torch.no_grad():
        sites.vectors += 1.0
    x = torch.from_numpy(
        inputs.projection.locations([40.005, 40.02, 45.0], [0.0, 0.0, 0.0])
    ).float()[None]
    found = sites(x)[0].mean(-1)
    # 0.56 km away the vector acts fully; 2.2 km away, and far off, not at all.
    assert found.tolist() == pytest.approx([1.0, 0.0, 0.0], abs=1e-6)
