"""Means over a region, with the uncertainty that draws of the field give them."""

import numpy as np
import xarray as xr

from apnp.errors import DataError
from apnp.maps.field_cells import areas_of


def region_mean(ds: xr.Dataset) -> xr.Dataset:
    """Mean over all cells of a field, weighted by area, at each time.

    Its uncertainty is the spread of the means of the draws: errors of neighbouring
    cells go together, so standard deviations of cells alone cannot tell it.

    Args:
        ds: A field with draws, as `predict_grid(samples=...)` gives it, or a part of
            one; cells without a value are left out.

    Returns:
        For each variable drawn, by its name without `_sample`: mean and standard
        deviation over the draws, `NAME` and `NAME_std`, (time,).

    Raises:
        DataError: If there are no two draws, or no value.
    """
    drawn = [str(name) for name, var in ds.items() if "realization" in var.dims]
    if not drawn or ds.sizes["realization"] < 2:
        raise DataError(
            "The uncertainty of a region's mean comes from draws of the field, two or "
            "more, and this one has "
            f"{ds.sizes.get('realization', 0)}: predict it with samples "
            "(`apnp predict --samples 50`). Standard deviations of cells cannot be "
            "averaged."
        )
    weight = areas_of(ds)
    means = {}
    for name in drawn:
        values = ds[name].astype(np.float64)
        if not values.notnull().any():
            raise DataError(f"{name} holds no value: every cell is masked.")
        each = values.weighted(weight).mean(weight.dims)
        short = name.removesuffix("_sample")
        for key, value in (
            (short, each.mean("realization")),
            (f"{short}_std", each.std("realization", ddof=1)),
        ):
            means[key] = value.assign_attrs(units=ds[name].attrs["units"])
    return xr.Dataset(means)
