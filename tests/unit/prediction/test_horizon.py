import numpy as np
import pandas as pd
import pytest
import xarray as xr

from apnp.data import from_arrays
from apnp.errors import ConfigError
from apnp.prediction import Grid, load

TIMES = np.array(["2021-07-01", "2021-07-03"], "datetime64[ns]")


def observed_on(day, name, box):
    """Thirty stations in a box, observed on one of the days."""
    rng = np.random.default_rng(2)
    lat, lon = rng.uniform(*box[:2], 30), rng.uniform(*box[2:], 30)
    value = np.full((30, 2), np.nan)
    value[:, day] = 15 + rng.normal(0, 3, 30)
    return from_arrays(
        "tas", value, station=[f"{name}{i}" for i in range(30)], lat=lat, lon=lon,
        elevation=rng.uniform(0, 900, 30), time=TIMES, attrs={"title": "Simulated"},
    )  # fmt: skip


def test_the_plane_of_a_later_day_is_checked_before_any_work(
    random_run, tmp_path, monkeypatch
):
    """The cells are near the stations of the first day, far from the others."""
    first = observed_on(0, "s", (40, 55, -5, 20))
    later = observed_on(1, "f", (-60, -30, 150, 179))
    both = xr.concat([first, later], "station").assign_attrs(first.attrs)
    model = load(random_run(tmp_path / "run", first, "plane"))
    output = tmp_path / "fields.nc"
    asked = {"grid": Grid.regular(5, (0, 40, 10, 50)), "recalibration": False}
    model.predict_grid(both, time="2021-07-01", **asked, output=output).close()
    output.unlink()
    monkeypatch.setattr(type(model), "condition", None)
    with pytest.raises(ConfigError, match="beyond the horizon of that plane"):
        model.predict_grid(both, time="2021-07-01/2021-07-03", **asked, output=output)
    assert not output.exists()
    points = pd.DataFrame({"lat": [45.0], "lon": [5.0], "elevation": [100.0]})
    with pytest.raises(ConfigError, match="beyond the horizon of that plane"):
        model.predict_points(both, points, time="2021-07-01/2021-07-03")
