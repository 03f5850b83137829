"""A predicted field against the truth, where the truth is known: simulated climates."""

import numpy as np
import pandas as pd
import xarray as xr
from scipy.special import ndtr, ndtri

from apnp import scores
from apnp.data.simulate import SimulatedClimate
from apnp.errors import DataError
from apnp.evaluation.tables import LEVELS
from apnp.maps.field_cells import areas_of, places_of
from apnp.observations import Floats


def against_truth(
    field: xr.Dataset, climate: SimulatedClimate, variable: str = "tas"
) -> pd.DataFrame:
    """Scores of a field over all its cells, weighted by their area.

    The field's standard deviation is that of what a station would report, so CRPS and
    coverage are those of truth plus noise, averaged over the noise in closed form: no
    noise is drawn. The truth is taken at the elevation of the field's cells.

    Args:
        field: Predicted field with dims (time, rows, columns): `variable`, its
            `_stderr`, and `elevation` in metres (rows, columns). Cells without a
            prediction are left out.
        climate: The climate that its stations observed.
        variable: Name of the variable.

    Returns:
        One row for all cells, one for land, one for sea: part, cells, rmse and bias
        (K; of the mean against the noise-free truth), crps (K), coverage_50,
        coverage_90, coverage_95.

    Raises:
        DataError: If `field` holds no such variables, or no value.
    """
    for name in (variable, f"{variable}_stderr", "elevation"):
        if name not in field:
            raise DataError(
                f"A field to score holds {variable}, {variable}_stderr and elevation, "
                f"as `apnp predict` writes them; this one has no {name}."
            )
    places = places_of(field)
    dims = places[0].dims
    lat, lon = (each.values.ravel().astype(np.float64) for each in places)
    elevation = field["elevation"].transpose(*dims).values.ravel().astype(np.float64)
    steps = field[variable].sizes["time"]
    truth = climate.truth(lat, lon, elevation, field["time"].values).ravel()
    mean, std = (
        field[name].transpose("time", *dims).values.ravel().astype(np.float64)
        for name in (variable, f"{variable}_stderr")
    )
    weight = np.tile(areas_of(field).transpose(*dims).values.ravel(), steps)
    land = np.tile(climate.is_land(lat, lon), steps)
    known = np.isfinite(mean)
    if not known.any():
        raise DataError("The field to score holds no value: every cell is masked.")
    table = _scores(truth[known], mean[known], std[known], climate.noise_std)
    parts = {"all": known[known], "land": land[known], "sea": ~land[known]}
    return pd.DataFrame(
        [
            {"part": part, **_mean(table[inside], weight[known][inside])}
            for part, inside in parts.items()
            if inside.any()
        ]
    )


def truth_as_text(table: pd.DataFrame) -> str:
    """What `against_truth` gives, as text; coverage in percent."""
    shown = table.rename(
        columns={"rmse": "RMSE (K)", "bias": "bias (K)", "crps": "CRPS (K)"}
        | {f"coverage_{level}": f"in {level}%" for level in LEVELS}
    )
    for level in LEVELS:
        shown[f"in {level}%"] = (100 * shown[f"in {level}%"]).map("{:.1f}".format)
    return shown.to_string(index=False, float_format="%.3f")


def expected_crps(truth: Floats, mean: Floats, std: Floats, noise_std: float) -> Floats:
    """CRPS of N(mean, std^2) for truth + noise, averaged over normal noise.

    E|X - Y| - E|X - X'| / 2 with X - Y normal with mean d = mean - truth and variance
    v^2 = std^2 + noise_std^2: d (2 Phi(d / v) - 1) + 2 v phi(d / v) - std / sqrt(pi).
    """
    total = np.hypot(std, noise_std)
    # CRPS of N(mean, total^2) at the truth, but for the spread it subtracts.
    return scores.crps_gaussian(truth, mean, total) + (total - std) / np.sqrt(np.pi)


def expected_coverage(
    truth: Floats, mean: Floats, std: Floats, noise_std: float, level: float
) -> Floats:
    """Probability that truth + noise lies in the central interval of `level`."""
    reach = ndtri(0.5 + level / 2) * std
    away = mean - truth
    return ndtr((away + reach) / noise_std) - ndtr((away - reach) / noise_std)


def _scores(truth: Floats, mean: Floats, std: Floats, noise_std: float) -> pd.DataFrame:
    coverage = {
        f"coverage_{level}": expected_coverage(truth, mean, std, noise_std, level / 100)
        for level in LEVELS
    }
    return pd.DataFrame(
        {
            "squared_error": (mean - truth) ** 2,
            "bias": mean - truth,
            "crps": expected_crps(truth, mean, std, noise_std),
            **coverage,
        }
    )


def _mean(table: pd.DataFrame, weight: Floats) -> dict[str, float]:
    mean = (table.mul(weight, axis=0).sum() / weight.sum()).to_dict()
    return {"cells": len(table), "rmse": np.sqrt(mean.pop("squared_error")), **mean}
