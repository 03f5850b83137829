"""The relief of the simulated Earth as a file, for `apnp predict --elevation`."""

from os import PathLike

import numpy as np
import xarray as xr

from apnp.data.simulate.climate import SimulatedClimate
from apnp.files import atomic_write


def write_relief(
    path: str | PathLike[str],
    climate: SimulatedClimate | None = None,
    *,
    degrees: float = 0.5,
) -> None:
    """Write the height of the smooth ground on a global grid as CF NetCDF.

    Args:
        path: The file to make.
        climate: The climate whose ground it is.
        degrees: Size of a cell; it divides 180.
    """
    climate = climate or SimulatedClimate()
    lat = np.arange(-90 + degrees / 2, 90, degrees)
    lon = np.arange(-180 + degrees / 2, 180, degrees)
    height = climate.relief(*np.meshgrid(lat, lon, indexing="ij"))
    about = {
        "standard_name": "surface_altitude",
        "long_name": "SIMULATED height of the ground",
        "units": "m",
    }
    ds = xr.Dataset(
        {"elevation": (("lat", "lon"), height.astype(np.float32), about)},
        {
            name: (name, axis, {"standard_name": long, "units": units})
            for name, long, axis, units in (
                ("lat", "latitude", lat, "degrees_north"),
                ("lon", "longitude", lon, "degrees_east"),
            )
        },
        {
            "Conventions": "CF-1.11",
            "title": "SIMULATED relief",
            "source": f"SIMULATED by apnp.data.simulate, seed {climate.seed}",
            "comment": "Coasts are those of Natural Earth; every height is invented.",
        },
    )
    plain: dict = {"_FillValue": None}
    squeezed = {"zlib": True, "complevel": 4, "shuffle": True, **plain}
    encoding = {"lat": plain, "lon": plain, "elevation": squeezed}
    with atomic_write(path) as temporary:
        ds.to_netcdf(temporary, engine="netcdf4", encoding=encoding)
