"""Pack a global relief and land fraction into the terrain file of the package.

    python scripts/pack_terrain.py SOURCE [--output apnp/terrain/terrain_0p25deg.nc]

The source is a NetCDF file with `elevation` (m, depths below zero) and `land_fraction`
(0 to 1) on a regular global grid of latitude and longitude. Elevation is rounded to
whole metres, at least 0 (depths of the sea count as 0); the land fraction to 1/200.
"""

import argparse
from pathlib import Path

import numpy as np
import xarray as xr

OUTPUT = Path("apnp/terrain/terrain_0p25deg.nc")
LAND_STEPS = 200
"""Steps in which the land fraction is stored."""
_ROWS = 90
"""Rows that are compressed together."""


def packed(source: xr.Dataset) -> xr.Dataset:
    """The terrain dataset of a source, rows from south to north, as integers.

    Raises:
        ValueError: If the source has missing values.
    """
    source = source.sortby("lat")
    for name in ("elevation", "land_fraction"):
        if not np.isfinite(source[name].values).all():
            raise ValueError(f"{name} has missing values; fill them first.")
    height = np.maximum(source["elevation"].values, 0).round().astype(np.int16)
    steps = np.rint(source["land_fraction"].values * LAND_STEPS).astype(np.uint8)
    return xr.Dataset(
        {
            "elevation": (
                ("lat", "lon"), height,
                {"standard_name": "surface_altitude", "units": "m",
                 "long_name": "mean height of the ground, 0 over the sea"},
            ),
            "land_fraction": (
                ("lat", "lon"), steps,
                {"standard_name": "land_area_fraction", "units": "1",
                 "long_name": "share of the cell that is land",
                 "scale_factor": 1 / LAND_STEPS},
            ),
        },
        coords={
            "lat": ("lat", source["lat"].values,
                    {"standard_name": "latitude", "units": "degrees_north"}),
            "lon": ("lon", source["lon"].values,
                    {"standard_name": "longitude", "units": "degrees_east"}),
        },
        attrs={
            "Conventions": "CF-1.11",
            "title": "Relief and land fraction at 0.25 degree",
            "source": "ETOPO20 and GLOBE (NOAA), public domain",
        },
    )  # fmt: skip


def main() -> None:
    """Pack the source named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    args = parser.parse_args()
    with xr.open_dataset(args.source) as source:
        made = packed(source)
    layout = {
        "zlib": True, "complevel": 9, "shuffle": True,
        "chunksizes": (_ROWS, made.sizes["lon"]),
    }  # fmt: skip
    encoding = {name: {**layout, "_FillValue": None} for name in made.data_vars}
    made.to_netcdf(args.output, encoding=encoding)
    print(f"{args.output}: {args.output.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
