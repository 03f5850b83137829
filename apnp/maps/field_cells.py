"""Where the cells of a field's dataset are, and how large, on any kind of grid."""

import numpy as np
import xarray as xr

from apnp.errors import DataError
from apnp.geometry.cells import zone_areas


def places_of(ds: xr.Dataset) -> tuple[xr.DataArray, xr.DataArray]:
    """Latitudes and longitudes of all cells in degrees, (rows, columns).

    Raises:
        DataError: If the dataset has none.
    """
    if not {"lat", "lon"} <= set(ds.variables):
        raise DataError(
            "A field has the coordinates lat and lon; this one holds "
            f"{', '.join(map(str, ds.variables))}."
        )
    lat, lon = xr.broadcast(ds["lat"], ds["lon"])
    return lat, lon.transpose(*lat.dims)


def areas_of(ds: xr.Dataset) -> xr.DataArray:
    """Areas of the cells, (rows, columns): square metres where their edges are known.

    `cell_area` of projected and curvilinear grids; of latitude and longitude by the
    bounds; without bounds in proportion to the cosine of latitude.

    Raises:
        DataError: If the dataset has no latitudes and longitudes.
    """
    if "cell_area" in ds:
        return ds["cell_area"].astype(np.float64)
    lat, _ = places_of(ds)
    if {"lat_bnds", "lon_bnds"} <= set(ds.variables):
        bounds = (
            ds[name].values.astype(np.float64) for name in ("lat_bnds", "lon_bnds")
        )
        return xr.DataArray(zone_areas(*bounds), lat.coords, ("lat", "lon"))
    return lat.copy(data=np.cos(np.radians(lat.values.astype(np.float64))))
