"""From predicted fields to a file: NetCDF, GeoTIFF, Zarr, or memory."""

from typing import Any

import xarray as xr

from apnp.maps.predict_field import FieldJob
from apnp.output.field_output import FieldOutput
from apnp.output.geotiff import check_geotiff, write_geotiff
from apnp.output.netcdf import write_netcdf
from apnp.output.resume import write_store


def write_field(
    job: FieldJob, output: FieldOutput, identity: dict[str, Any]
) -> xr.Dataset:
    """Predict fields and write them where they are to go.

    Args:
        job: The fields.
        output: Where they go, and who predicts.
        identity: What identifies the model's fields in a store.

    Returns:
        The fields, read lazily where they are in NetCDF or Zarr.

    Raises:
        ConfigError: If they cannot be written.
    """
    if output.store is not None:
        return write_store(job, output, identity)
    if output.geotiff is not None:
        check_geotiff(output.geotiff, len(job.contexts), job.grid.dims)
        ds = write_netcdf(job, output)
        write_geotiff(ds, output.geotiff)
        return ds
    return write_netcdf(job, output)
