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
            likelihood="gaussian",
            coast=False,
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
    from apnp.inputs.stations import StationInputs

    def write(run, ds, geometry="sphere", form="approximate", likelihood="gaussian"):
        model = replace(small_model(geometry, form), likelihood=likelihood)
        inputs = StationInputs.fit(geometry, ds.lat, ds.lon, ds.tas)
        torch.manual_seed(11)
        weights = {
            name: value + 0.3 * torch.randn_like(value)
            if value.is_floating_point()
            else value
            for name, value in build_model(model, inputs).state_dict().items()
        }
        record = {
            "config": to_dict(Config(model=model)),
            "inputs": inputs.to_dict(),
        }
        write_checkpoint(run / "best", record, weights)
        return run

    return write


@pytest.fixture
def plumes(tmp_path):
    """A file of twenty plumes on few cells, whose values tell their run and cell."""
    import numpy as np
    import xarray as xr

    run, y, x = np.indices((20, 12, 10))
    smoke = (run * 1000 + y * 30 + x).astype(np.float32)
    ds = xr.Dataset({"smoke": (("run", "y", "x"), smoke), "run": np.arange(20)})
    path = tmp_path / "plumes.nc"
    ds.to_netcdf(path, engine="netcdf4")
    return path


@pytest.fixture
def reanalysis(tmp_path):
    """Files of temperatures that rise towards the north and day by day, and a relief.

    12 days at 45 to 54 N and 0 to 19 E; the relief rises towards the east.
    """
    import numpy as np
    import xarray as xr

    lat, lon = np.arange(45.0, 55.0), np.arange(0.0, 20.0)
    days = np.arange("2019-03-01", "2019-03-13", dtype="M8[D]").astype("M8[ns]")
    t, y, x = np.indices((12, 10, 20))
    kelvin = 280 + t / 2 - y / 4 + np.cos(x) / 3
    axes = {"time": days, "lat": lat, "lon": lon}
    ds = xr.Dataset({"t2m": (("time", "lat", "lon"), kelvin, {"units": "K"})}, axes)
    ds.to_netcdf(tmp_path / "t2m.nc", engine="netcdf4")
    around = np.arange(44.0, 56.0), np.arange(-1.0, 21.0)
    height = np.broadcast_to(100.0 * (around[1] + 1), (12, 22))
    relief = xr.Dataset(
        {"elevation": (("lat", "lon"), height, {"units": "m"})},
        dict(zip(("lat", "lon"), around, strict=True)),
    )
    relief.to_netcdf(tmp_path / "relief.nc", engine="netcdf4")
    return tmp_path
