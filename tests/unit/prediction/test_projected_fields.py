import numpy as np
import pandas as pd
import pytest

from apnp.data import from_arrays
from apnp.prediction import load


@pytest.mark.parametrize("geometry", ["plane", "sphere"])
def test_a_projected_field_is_what_points_at_its_cells_are_given(
    tmp_path, random_run, geometry
):
    rng = np.random.default_rng(2)
    lat, lon = rng.uniform(40, 55, 30), rng.uniform(-5, 20, 30)
    stations = from_arrays(
        "tas", (30 - 0.3 * lat + rng.normal(0, 1, 30))[:, None], lat=lat, lon=lon,
        station=[f"s{i}" for i in range(30)], elevation=rng.uniform(0, 900, 30),
        time=np.array(["2021-07-01"], "datetime64[ns]"),
    )  # fmt: skip
    model = load(random_run(tmp_path / "run", stations, geometry))
    asked = {"time": "2021-07-01", "quantiles": (0.05, 0.5), "recalibration": False}
    field = model.predict_grid(stations, grid="EPSG:3035,300000", samples=2, **asked)
    assert field.tas.dims == ("time", "y", "x")
    assert (field.x_bnds.values % 300000 == 0).all()
    names = ("lat", "lon", "elevation")
    points = pd.DataFrame({name: field[name].values.ravel() for name in names})
    table = model.predict_points(stations, points, **asked)
    for column, values in (
        ("mean", field.tas), ("std", field.tas_stderr),
        ("q05", field.tas_quantile[:, 0]),
    ):  # fmt: skip
        np.testing.assert_allclose(
            values.values.ravel(), table[column], rtol=1e-6, atol=1e-5
        )
    assert np.isfinite(field.tas_sample).all()
