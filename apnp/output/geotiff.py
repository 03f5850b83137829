"""A field of one time as GeoTIFF: one band for each of its maps, north up."""

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from pyproj import CRS

from apnp.errors import ConfigError
from apnp.extras import import_optional
from apnp.files import atomic_write
from apnp.output.field_output import check_folder

Floats = NDArray[np.float64]

_EVEN = 1e-3
"""Share of a step by which the steps of an axis may differ: float32 files do."""
_TAGS = (
    "title", "summary", "source", "history", "institution", "license", "comment",
    "references", "recalibration", "time_coverage_start", "time_coverage_end",
)  # fmt: skip


def check_geotiff(path: Path, times: int, dims: tuple[str, str]) -> None:
    """Refuse what a GeoTIFF cannot hold, before anything is predicted.

    Args:
        path: The file to make.
        times: Number of times.
        dims: Dimensions of rows and columns.

    Raises:
        ConfigError: If rasterio is missing, or there are several times.
    """
    import_optional("rasterio", f"--output {path.name}", "geotiff")
    if times != 1:
        raise ConfigError(
            f"`output` {path}: a GeoTIFF holds one time, and {times} are asked for. "
            "Give one `time` for each file, or write NetCDF (.nc) or Zarr (.zarr)."
        )
    if dims == ("rlat", "rlon"):
        raise ConfigError(
            f"`output` {path}: GeoTIFF has no rotated latitude and longitude. Write "
            "NetCDF (.nc), or give another grid such as EPSG:3035,10000."
        )


def write_geotiff(ds: xr.Dataset, path: Path) -> None:
    """Write mean and standard error, quantiles and draws of a field of one time.

    Bands are float32, missing cells NaN. Rows run from the north, longitudes within
    -180 to 180 where the cells go round the Earth; a region across the date line runs
    past 180.

    Args:
        ds: A field of `predict_grid` on an evenly spaced grid.
        path: The file to make, complete or not at all.

    Raises:
        ConfigError: If rasterio is missing, the grid is not even or has no reference
            system that GeoTIFF can hold, or the file cannot be written.
    """
    check_folder(path)
    dims = _axes(ds, path)
    check_geotiff(path, ds.sizes.get("time", 1), dims)
    rasterio = import_optional("rasterio", f"--output {path.name}", "geotiff")
    ds = _north_up(ds.squeeze("time", drop=False), dims)
    y, x = (ds[name].values.astype(np.float64) for name in dims)
    step_y, step_x = _step(y, dims[0], path), _step(x, dims[1], path)
    transform = rasterio.Affine(
        step_x, 0.0, x[0] - step_x / 2, 0.0, step_y, y[0] - step_y / 2
    )
    crs = CRS.from_wkt(ds["crs"].attrs["crs_wkt"])
    bands = list(_bands(ds))
    profile = {
        "driver": "GTiff", "dtype": "float32", "count": len(bands), "height": y.size,
        "width": x.size, "crs": crs.to_wkt(), "transform": transform,
        "nodata": float("nan"), "compress": "deflate", "predictor": 3, "tiled": True,
        "bigtiff": "if_safer", "interleave": "band",
    }  # fmt: skip
    try:
        # What does not fit into the file goes to no file beside it, but is refused.
        with rasterio.Env(GDAL_PAM_ENABLED="NO"), atomic_write(path) as temporary:
            with rasterio.open(temporary, "w", **profile) as file:
                file.update_tags(AREA_OR_POINT="Area", **_tags(ds))
                for number, (about, values) in enumerate(bands, start=1):
                    file.write(values.astype(np.float32), number)
                    file.set_band_description(number, about.pop("description"))
                    file.set_band_unit(number, about["units"])
                    file.update_tags(number, **about)
            _check_kept(rasterio, temporary, crs, path)
    except (OSError, rasterio.errors.RasterioError) as error:
        raise ConfigError(
            f"`output` {path}: cannot be written ({error}). Make sure that the disk "
            "has room and the folder may be written to."
        ) from error


def _axes(ds: xr.Dataset, path: Path) -> tuple[str, str]:
    """The dimensions of rows and columns.

    Raises:
        ConfigError: If they have no coordinates.
    """
    down, across = (str(dim) for dim in ds["elevation"].dims)
    if not {down, across} <= set(ds.coords):
        raise ConfigError(
            f"`output` {path}: a curvilinear grid has no rows and columns that GeoTIFF "
            "can place. Write NetCDF (.nc), or give a projected grid such as "
            "EPSG:3035,10000."
        )
    return down, across


def _north_up(ds: xr.Dataset, dims: tuple[str, str]) -> xr.Dataset:
    """Rows from the north, columns from the west, longitudes from -180."""
    ds = ds.sortby(dims[0], ascending=False).sortby(dims[1])
    lon = ds[dims[1]].values.astype(np.float64)
    if dims[1] != "lon":
        return ds
    step = lon[1] - lon[0]
    turned = np.where(lon + step / 2 > 180 + 1e-6, lon - 360, lon)
    whole = abs(lon[-1] + step - lon[0] - 360) < 1e-3 * step
    if (
        whole or turned[0] != lon[0]
    ):  # a region beyond 180 throughout is moved as a whole
        return ds.assign_coords(lon=turned).sortby("lon")
    return ds


def _step(axis: Floats, name: str, path: Path) -> float:
    """The even step of an axis.

    Raises:
        ConfigError: If it is not even, or there is one value.
    """
    step = np.diff(axis)
    if not step.size or np.ptp(step) > _EVEN * abs(step.mean()):
        raise ConfigError(
            f"`output` {path}: cells of a GeoTIFF are of one size, and those along "
            f"{name} are not known to be. Write NetCDF (.nc), or give another grid."
        )
    return float((axis[-1] - axis[0]) / step.size)


def _bands(ds: xr.Dataset) -> Iterator[tuple[dict[str, str], NDArray]]:
    """Tags and values of each band: mean and standard error first."""
    mean = next(str(n) for n in ds.data_vars if f"{n}_stderr" in ds.data_vars)
    for suffix, level in (
        ("", None), ("_stderr", None), ("_quantile", "quantile"),
        ("_sample", "realization"),
    ):  # fmt: skip
        name = f"{mean}{suffix}"
        if name not in ds:
            continue
        about = {
            key: str(value)
            for key, value in ds[name].attrs.items()
            if key in ("standard_name", "long_name", "units", "cell_methods", "comment")
        }
        if level is None:
            yield (
                about | {"description": about["long_name"], "name": name},
                ds[name].values,
            )
            continue
        for each in ds[level].values:
            own = {"name": name, level: f"{each:g}"}
            described = {"description": f"{about['long_name']}, {level} {each:g}"}
            yield about | own | described, ds[name].sel({level: each}).values


def _tags(ds: xr.Dataset) -> dict[str, str]:
    tags = {name: str(ds.attrs[name]) for name in _TAGS if name in ds.attrs}
    if "time" in ds.coords:
        stamp = str(np.datetime_as_string(ds["time"].values, unit="s"))
        tags["time"] = f"{stamp}Z"
        tags["TIFFTAG_DATETIME"] = stamp.replace("-", ":").replace("T", " ")
    return tags


def _check_kept(rasterio: Any, written: Path, crs: CRS, path: Path) -> None:
    """Refuse a reference system that GeoTIFF does not hold.

    Raises:
        ConfigError: Naming it.
    """
    with rasterio.open(written) as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        kept = CRS.from_wkt(file.crs.to_wkt()) if file.crs else None
    if kept is None or not (
        kept.equals(crs, ignore_axis_order=True) or kept.to_proj4() == crs.to_proj4()
    ):
        raise ConfigError(
            f"`output` {path}: GeoTIFF cannot hold the reference system "
            f"{crs.name}. Write NetCDF (.nc), or give a grid of an EPSG code."
        )
