"""A field from simulated stations, beside the truth; the weights are random."""

import pandas as pd
import pytest
import xarray as xr

from apnp.cli import main
from apnp.data import write_stations
from apnp.data.simulate import SimulatedClimate, simulate_stations, write_relief

DAY = "2021-07-01"


@pytest.fixture
def folder(tmp_path, monkeypatch, random_run):
    ds = simulate_stations(SimulatedClimate(0), n=60, start=DAY, end=DAY)
    write_stations(ds, tmp_path / "stations.nc")
    write_relief(tmp_path / "relief.nc", degrees=5.0)
    random_run(tmp_path / "run", ds)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_simulated_field_is_scored_over_the_globe(folder, capsys):
    stations = ["--stations", "stations.nc"]
    command = ["predict", "--checkpoint", "run", *stations, "--time", DAY]
    command += ["--grid", "10", "--elevation", "relief.nc", "--output", "field.nc"]
    assert main(command) == 0
    with xr.open_dataset("field.nc") as field:
        assert "SIMULATED" in field.attrs["title"]
        assert field["elevation"].max() > 1000
    capsys.readouterr()
    assert main(["evaluate", *stations, "--field", "field.nc"]) == 0
    assert "SIMULATED" in capsys.readouterr().out
    table = pd.read_csv("field_truth.csv").set_index("part")
    assert table["cells"].tolist() == [648, *table["cells"].iloc[1:]]
    assert table["cells"]["land"] + table["cells"]["sea"] == 648
    assert main(["evaluate", *stations, "--field", "absent.nc"]) == 2
    assert "absent.nc: cannot be read as NetCDF" in capsys.readouterr().err
    assert main(["evaluate", *stations, "--field", "relief.nc"]) == 2
    assert "this one has no tas" in capsys.readouterr().err
