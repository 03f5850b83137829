"""The grid of a NetCDF file: lat-lon, projected, rotated or curvilinear."""

import re
from collections.abc import Hashable
from os import PathLike
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.exceptions import CRSError

from apnp.data.gridded.horizontal import axes, horizontal, open_file
from apnp.errors import ConfigError, DataError
from apnp.geometry.sphere import EARTH_RADIUS_KM, great_circle_km
from apnp.maps.cells import Cells
from apnp.maps.crs import is_rotated, places, read_crs
from apnp.maps.curvilinear_grid import CurvilinearGrid
from apnp.maps.grid import Grid
from apnp.maps.projected_grid import ProjectedGrid

Floats = NDArray[np.float64]

_AXES = {
    "Y": (("projection_y_coordinate", "grid_latitude"), ("y", "rlat", "northing")),
    "X": (("projection_x_coordinate", "grid_longitude"), ("x", "rlon", "easting")),
}
_METRES = {
    "m": 1.0, "metre": 1.0, "meter": 1.0, "metres": 1.0, "meters": 1.0, "km": 1000.0,
    "kilometre": 1000.0, "kilometer": 1000.0, "kilometres": 1000.0,
    "kilometers": 1000.0, "foot": 0.3048, "feet": 0.3048,
    "us_survey_foot": 1200 / 3937, "us_survey_feet": 1200 / 3937,
}  # fmt: skip
_DEGREES = ("degrees", "degree", "deg", "degrees_north", "degrees_east", "degree_north",
            "degree_east")  # fmt: skip
_FARTHEST = 0.5
"""Cells by which two statements on where a cell is may differ."""


def read_grid(path: str | PathLike) -> Cells:
    """The grid of a NetCDF file, as it stands.

    One-dimensional latitudes and longitudes; else the axes of a reference system that
    a grid mapping names; else two-dimensional latitudes and longitudes. Bounds are
    half-way between neighbours.

    Raises:
        DataError: If the file has no such grid, not one of cells in order, or its
            statements contradict each other.
    """
    place = str(path)
    with open_file(path, times=False) as ds:
        try:
            names = horizontal(ds, place)
        except DataError as error:
            crs, both = _reference(ds, place), _two_dimensional(ds, place)
            if crs is not None:
                return _projected(ds, place, crs, both)
            if both is not None:
                return CurvilinearGrid(*both)
            raise DataError(
                f"{error} Or a grid mapping with x and y, or two-dimensional latitudes "
                "and longitudes."
            ) from None
        axes(ds, names, place)
        lat, lon = (ds[name].values.astype(np.float64) for name in names)
    if abs(lon[-1] - lon[0]) >= 360:
        raise DataError(
            f"{path}: longitudes lie within one turn, each meridian once. Got "
            f"{lon[0]} to {lon[-1]}."
        )
    return Grid.of_centres(lat, lon)


def _reference(ds: xr.Dataset, place: str) -> CRS | None:
    """The reference system of the first grid mapping that is not plain latitude."""
    for name, variable in ds.variables.items():
        attrs = variable.attrs
        mapping = attrs.get("grid_mapping_name")
        wkt = attrs.get("crs_wkt") or attrs.get("spatial_ref")
        if mapping == "latitude_longitude" or not (mapping or wkt):
            continue
        found = []
        try:
            if mapping:
                found.append(CRS.from_cf(_without_wkt(attrs)))
            if wkt:
                found.append(CRS.from_wkt(str(wkt)))
        except (CRSError, KeyError, ValueError, TypeError) as error:
            if not found:
                raise DataError(
                    f"{place}: PROJ does not understand the grid mapping {name} "
                    f"({' '.join(str(error).split())[:160]}). Correct its attributes."
                ) from None
        # The parameters alone say less than the WKT (its datum) where both agree.
        crs = found[-1]
        if crs.is_geographic and not crs.is_derived:
            continue
        if len(found) == 2:
            _check_agree(ds, place, name, found)
        try:
            return read_crs(crs)
        except ConfigError as error:
            raise DataError(f"{place}: grid mapping {name}: {error}") from None
    return None


def _without_wkt(attrs: dict[str, Any]) -> dict[str, Any]:
    plain = {k: v for k, v in attrs.items() if k not in ("crs_wkt", "spatial_ref")}
    return {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in plain.items()}


def _check_agree(ds: xr.Dataset, place: str, name: Hashable, found: list[CRS]) -> None:
    """Refuse a grid mapping whose parameters and WKT are different projections.

    Raises:
        DataError: Naming both.
    """
    y, x = (_axis(ds, place, axis, found[-1]) for axis in ("Y", "X"))
    if y is None or x is None:
        return
    at = np.array([x[1][0], x[1][-1]]), np.array([y[1][0], y[1][-1]])
    one, other = (places(crs, *at) for crs in found)
    if not np.isfinite([*one, *other]).all():
        return  # told where the grid is made
    off = great_circle_km(*one, *other)
    if not (off < _FARTHEST * _cell_km(one, max(x[1].size, y[1].size))).all():
        raise DataError(
            f"{place}: the parameters of the grid mapping {name} and its WKT place the "
            f"first cell at {one[0][0]:.4f} N {one[1][0]:.4f} E and at "
            f"{other[0][0]:.4f} N {other[1][0]:.4f} E. Remove the one that is wrong."
        )


def _cell_km(corner: tuple[Floats, Floats], number: int) -> float:
    """The least length of a cell, about, between opposite corners of a grid."""
    lat, lon = corner
    whole = float(great_circle_km(lat[0], lon[0], lat[1], lon[1]))
    return max(whole if np.isfinite(whole) else EARTH_RADIUS_KM, 1e-3) / number


def _axis(ds: xr.Dataset, place: str, axis: str, crs: CRS) -> tuple[str, Floats] | None:
    """Name of a dimension and its coordinates in the unit of a reference system."""
    standard_names, usual = _AXES[axis]
    found = [
        str(name)
        for name, variable in ds.variables.items()
        if variable.dims == (name,)
        and (
            variable.attrs.get("standard_name") in standard_names
            or variable.attrs.get("axis") == axis
            or str(name).lower() in usual
        )
    ]
    if not found:
        return None
    values = ds[found[0]].values.astype(np.float64)
    step = np.diff(values)
    ordered = step.size and ((step > 0).all() or (step < 0).all())
    if not (ordered and np.isfinite(values).all()):
        raise DataError(
            f"{place}: {found[0]} must hold two or more finite values that only rise "
            "or only fall."
        )
    unit = ds[found[0]].attrs.get("units")
    return found[0], values * _factor(unit, crs, f"{place}: {found[0]}")


def _factor(unit: str | None, crs: CRS, what: str) -> float:
    """What turns coordinates in a unit into the unit of a reference system."""
    own = crs.axis_info[0].unit_conversion_factor
    text = "" if unit is None else str(unit).strip()
    if not text:
        return 1.0
    if is_rotated(crs):
        if text in _DEGREES:
            return 1.0
    elif text.lower() in _METRES:
        return _METRES[text.lower()] / own
    elif scaled := re.fullmatch(r"([0-9.eE+]+)\s*\*?\s*(m|metres?|meters?)", text):
        return float(scaled[1]) / own
    raise DataError(
        f"{what} is in {text!r}; {'degrees' if is_rotated(crs) else 'm or km'} can be "
        "read. Correct the units, or give two-dimensional latitudes and longitudes "
        "without a grid mapping."
    )


def _projected(
    ds: xr.Dataset, place: str, crs: CRS, both: tuple[Floats, Floats] | None
) -> ProjectedGrid:
    """The grid of the axes of a reference system, where the file says that it is."""
    y, x = (_axis(ds, place, axis, crs) for axis in ("Y", "X"))
    if y is None or x is None:
        raise DataError(
            f"{place}: a grid mapping, but no one-dimensional x and y (standard_name "
            "projection_x_coordinate, projection_y_coordinate, or grid_longitude, "
            f"grid_latitude). It holds: {', '.join(map(str, ds.variables))}."
        )
    try:
        grid = ProjectedGrid.of_centres(y[1], x[1], crs)
    except ConfigError as error:
        raise DataError(f"{place}: {error}") from None
    if both is not None and both[0].shape == grid.shape:
        lat, lon = grid.points(slice(0, None, max(grid.shape[0] - 1, 1)))
        told = (each[[0, -1]].ravel() for each in both)
        off = great_circle_km(lat, lon, *told)
        ends = lat[[0, -1]], lon[[0, -1]]
        if off.max() > _FARTHEST * _cell_km(ends, max(grid.shape)):
            worst = int(off.argmax())
            raise DataError(
                f"{place}: the grid mapping places a cell at {lat[worst]:.4f} N "
                f"{lon[worst]:.4f} E, {off.max():.1f} km from where the file's "
                "latitudes and longitudes have it. Correct the grid mapping or the "
                "units of x and y, or remove it."
            )
    return grid


def _two_dimensional(ds: xr.Dataset, place: str) -> tuple[Floats, Floats] | None:
    """Two-dimensional latitudes and longitudes in degrees; None if there are none.

    Raises:
        DataError: If they are not finite, or no places.
    """
    found = []
    for name, units in (("latitude", "degrees_north"), ("longitude", "degrees_east")):
        matches = [
            key
            for key, variable in ds.variables.items()
            if variable.ndim == 2
            and (
                variable.attrs.get("standard_name") == name
                or variable.attrs.get("units") == units
                or str(key).lower() in (name, name[:3], f"nav_{name[:3]}")
            )
            and min(variable.shape) >= 2
        ]
        if not matches:
            return None
        found.append(ds[matches[0]])
    lat, lon = found
    if lat.dims != lon.dims:
        lon = lon.transpose(*lat.dims)
    values = lat.values.astype(np.float64), lon.values.astype(np.float64)
    if not all(np.isfinite(each).all() for each in values):
        raise DataError(
            f"{place}: {lat.name} and {lon.name} must be finite everywhere. Cut off "
            "rows and columns without a place."
        )
    if np.abs(values[0]).max() > 90 or np.abs(values[1]).max() > 540:
        raise DataError(
            f"{place}: {lat.name} lies in [-90, 90] degrees, {lon.name} in [-360, 540]."
        )
    return values
