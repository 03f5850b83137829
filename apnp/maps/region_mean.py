"""Means over a region or blocks of cells, with the uncertainty that draws give."""

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
    weight = areas_of(ds)
    means: dict[str, xr.DataArray] = {}
    for name in _drawn(ds):
        each = ds[name].astype(np.float64).weighted(weight).mean(weight.dims)
        means |= _summary(each, name, ds[name].attrs["units"])
    return xr.Dataset(means)


def block_means(ds: xr.Dataset, rows: int, columns: int) -> xr.Dataset:
    """Means over blocks of cells, weighted by area, with their uncertainty.

    Args:
        ds: A field with draws, as `region_mean` takes it.
        rows: Rows of cells of each block.
        columns: Columns of cells of each block.

    Returns:
        As `region_mean`, for each block: (time, rows, columns). A block has the mean
        of its cells that have values, and none without any.

    Raises:
        DataError: If there are no two draws, or no value, or blocks do not fill the
            field.
    """
    names, weight = _drawn(ds), areas_of(ds)
    size = dict(zip(weight.dims, (rows, columns), strict=True))
    for dim, number in size.items():
        if number < 1 or ds.sizes[dim] % number:
            raise DataError(
                f"Blocks of {number} cells along {dim} do not fill a field of "
                f"{ds.sizes[dim]}: choose a number that divides it, or a part of the "
                "field with `isel`."
            )
    flat = [str(name) for name in ds.coords if len(ds[name].dims) == 2]
    means: dict[str, xr.DataArray] = {}
    for name in names:
        values = ds[name].astype(np.float64).drop_vars(flat, errors="ignore")
        share = weight.drop_vars(flat, errors="ignore").where(values.notnull(), 0.0)
        total = (values.fillna(0.0) * share).coarsen(size).sum()
        area = share.coarsen(size).sum()
        each = total / area.where(area > 0)
        means |= _summary(each, name, ds[name].attrs["units"])
    return xr.Dataset(means)


def _drawn(ds: xr.Dataset) -> list[str]:
    """Names of the variables drawn.

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
    for name in drawn:
        if not ds[name].notnull().any():
            raise DataError(f"{name} holds no value: every cell is masked.")
    return drawn


def _summary(each: xr.DataArray, name: str, units: str) -> dict[str, xr.DataArray]:
    """Mean and standard deviation over the draws, by their names."""
    short = name.removesuffix("_sample")
    found = {
        short: each.mean("realization"),
        f"{short}_std": each.std("realization", ddof=1),
    }
    return {key: value.assign_attrs(units=units) for key, value in found.items()}
