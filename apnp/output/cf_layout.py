"""The variables and attributes of a file of fields by the CF conventions.

One list, for NetCDF and for Zarr: the writers add nothing but values.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS

from apnp.data.day import parse_days
from apnp.maps.field_metadata import FieldMetadata
from apnp.maps.flags import EXTRAPOLATION_RULE, FLAG_MEANINGS, MASKED

CONVENTIONS = "CF-1.11"
_REFERENCES = (
    "Ashman et al. 2024, Approximately Equivariant Neural Processes, arXiv:2406.13488"
)
_EPOCH = np.datetime64("1970-01-01T00:00:00", "ns")
_SAMPLES = (
    "each realization is one field: errors of its cells go together as the model says; "
    "those of different times are independent"
)


@dataclass(frozen=True, eq=False)
class LayoutVariable:
    """One variable of a file.

    Attributes:
        name: Its name.
        kind: Its type, as numpy abbreviates it.
        dims: Its dimensions.
        attrs: Its attributes.
        values: Its values; None = a field, which is written block by block.
    """

    name: str
    kind: str
    dims: tuple[str, ...]
    attrs: dict[str, Any]
    values: NDArray | None = None

    @property
    def fill_value(self) -> Any:
        """What stands where nothing is written; None for variables that have values."""
        if self.values is not None:
            return None
        return np.float32("nan") if self.kind == "f4" else MASKED


@dataclass(frozen=True, eq=False)
class Layout:
    """All that a file of fields holds before any field is written.

    Attributes:
        dims: Sizes of its dimensions.
        variables: Its variables, in order.
        attrs: Its global attributes.
    """

    dims: dict[str, int]
    variables: tuple[LayoutVariable, ...]
    attrs: dict[str, Any]

    @classmethod
    def of(cls, metadata: FieldMetadata, samples: int) -> "Layout":
        """The layout of fields.

        Args:
            metadata: What they are.
            samples: Number of draws of each field; 0 = none.
        """
        nlat, nlon = metadata.grid.shape
        dims = {"time": len(metadata.times), "lat": nlat, "lon": nlon, "nv": 2}
        if metadata.quantiles:
            dims["quantile"] = len(metadata.quantiles)
        if samples:
            dims["realization"] = samples
        variables = [
            *_coordinates(metadata, samples),
            *_fields(metadata, samples),
            *_support(metadata),
        ]
        # GMT opens the first variable of two dimensions, which must not be bounds.
        variables.sort(key=lambda each: each.name.endswith("_bnds"))
        return cls(dims, tuple(variables), _attributes(metadata))


def _coordinates(metadata: FieldMetadata, samples: int) -> Iterator[LayoutVariable]:
    grid = metadata.grid
    yield from _coordinate(
        "lat", grid.lat, grid.lat_bnds, units="degrees_north",
        standard_name="latitude", long_name="latitude", axis="Y",
    )  # fmt: skip
    yield from _coordinate(
        "lon", grid.lon, grid.lon_bnds, units="degrees_east",
        standard_name="longitude", long_name="longitude", axis="X",
    )  # fmt: skip
    yield from _time(metadata)
    height = {
        "units": "m", "standard_name": "height", "long_name": "height above the ground",
        "positive": "up", "axis": "Z",
    }  # fmt: skip
    yield LayoutVariable("height", "f8", (), height, np.array(2.0))
    yield LayoutVariable("crs", "i4", (), CRS.from_epsg(4326).to_cf(), np.array(0))
    if metadata.quantiles:
        yield from _coordinate(
            "quantile", np.array(metadata.quantiles), None, units="1",
            long_name="probability of not being exceeded",
        )  # fmt: skip
    if samples:
        number = {
            "units": "1", "standard_name": "realization",
            "long_name": "number of the draw",
        }  # fmt: skip
        dims = ("realization",)
        yield LayoutVariable("realization", "i4", dims, number, np.arange(samples))


def _time(metadata: FieldMetadata) -> Iterator[LayoutVariable]:
    since = metadata.times.astype("datetime64[ns]") - _EPOCH
    unit, name = np.timedelta64(1, "D"), "days"
    if (since % unit).any():
        unit, name = np.timedelta64(1, "h"), "hours"
    bounds = None
    if metadata.period is not None:
        begin = since + _begins(metadata.day_interval)
        bounds = np.stack([begin, begin + metadata.period], -1) / unit
    yield from _coordinate(
        "time", since / unit, bounds, standard_name="time",
        long_name="valid time (UTC)", axis="T", calendar="standard",
        units_metadata="leap_seconds: none",
        units=f"{name} since 1970-01-01 00:00:00",
    )  # fmt: skip


def _coordinate(
    name: str, values: NDArray, bounds: NDArray | None, **attrs: str
) -> Iterator[LayoutVariable]:
    """A coordinate variable and its bounds."""
    if bounds is not None:
        attrs["bounds"] = f"{name}_bnds"
    yield LayoutVariable(name, "f8", (name,), attrs, values)
    if bounds is not None:
        yield LayoutVariable(f"{name}_bnds", "f8", (name, "nv"), {}, bounds)


def _fields(metadata: FieldMetadata, samples: int) -> Iterator[LayoutVariable]:
    """Mean, standard deviation, quantiles and draws of the variable."""
    variable, name = metadata.variable, metadata.variable.name
    common = {
        "grid_mapping": "crs", "cell_methods": f"area: point {metadata.cell_methods}",
    }  # fmt: skip
    at_height = {"coordinates": "height"}
    on_scale = {
        "units": variable.units, "units_metadata": "temperature: on_scale", **common,
    }  # fmt: skip
    day = {"day_interval": metadata.day_interval} if metadata.day_interval else {}
    yield _field(
        name, "time",
        standard_name=variable.standard_name,
        long_name=f"predicted {variable.long_name}", **on_scale, **at_height, **day,
        ancillary_variables=f"{name}_stderr {name}_flag distance_to_station",
    )  # fmt: skip
    yield _field(
        f"{name}_stderr", "time",
        standard_name=f"{variable.standard_name} standard_error",
        long_name=f"predictive standard deviation of {variable.long_name}",
        units=variable.units, units_metadata="temperature: difference", **common,
        **at_height,
        comment="includes observation noise: the standard deviation of what a "
        "station in the cell would report",
    )  # fmt: skip
    # CDO reads `time` only as the first dimension, and one vertical axis a variable: a
    # level, or a member, takes the place of `height`.
    if metadata.quantiles:
        yield _field(
            f"{name}_quantile", "time", "quantile",
            long_name=f"quantiles of {variable.long_name}", **on_scale,
            comment="of the predictive distribution, observation noise included",
        )  # fmt: skip
    if samples:
        yield _field(
            f"{name}_sample", "time", "realization",
            long_name=f"draws of {variable.long_name}", **on_scale, comment=_SAMPLES,
        )  # fmt: skip


def _support(metadata: FieldMetadata) -> Iterator[LayoutVariable]:
    """Distances, flags and the elevation."""
    variable = metadata.variable
    yield _field(
        "distance_to_station", "time", grid_mapping="crs", units="km",
        long_name="great-circle distance to the nearest station of the context",
    )  # fmt: skip
    flags = {
        "grid_mapping": "crs", "standard_name": "quality_flag",
        "long_name": f"trust in the predicted {variable.long_name}",
        "flag_values": np.arange(4, dtype=np.int8), "flag_meanings": FLAG_MEANINGS,
        "comment": EXTRAPOLATION_RULE,
    }  # fmt: skip
    yield LayoutVariable(f"{variable.name}_flag", "i1", ("time", "lat", "lon"), flags)
    yield _field(
        "elevation", grid_mapping="crs", units="m", standard_name="surface_altitude",
        long_name="elevation the prediction is made for",
        comment=metadata.elevation_source,
    )  # fmt: skip


def _field(name: str, *lead: str, **attrs: Any) -> LayoutVariable:
    return LayoutVariable(name, "f4", (*lead, "lat", "lon"), attrs)


def _attributes(metadata: FieldMetadata) -> dict[str, Any]:
    grid, stated = metadata.grid, metadata.attributes
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "Conventions": CONVENTIONS,
        **stated,
        "history": f"{now} {stated['history']}",
        "references": _REFERENCES,
        "geospatial_lat_min": grid.lat_bnds.min(),
        "geospatial_lat_max": grid.lat_bnds.max(),
        "geospatial_lon_min": grid.lon_bnds.min(),
        "geospatial_lon_max": grid.lon_bnds.max(),
        "time_coverage_start": _iso(_start(metadata)),
        "time_coverage_end": _iso(_end(metadata)),
    }


def _start(metadata: FieldMetadata) -> np.datetime64:
    """When the interval of the first value starts."""
    if metadata.period is None:
        return metadata.times[0]
    return metadata.times[0] + _begins(metadata.day_interval)


def _end(metadata: FieldMetadata) -> np.datetime64:
    """When the interval of the last value ends."""
    if metadata.period is None:
        return metadata.times[-1]
    return metadata.times[-1] + _begins(metadata.day_interval) + metadata.period


def _begins(day_interval: str) -> np.timedelta64:
    """From a daily value's time to the start of its 24 hours: 0 or negative."""
    days = parse_days(day_interval)
    start = days[0].utc_start if len(days) == 1 else None
    minutes = 0 if start is None else (start - days[0].stamp) * 60
    return np.timedelta64(round(minutes), "m")


def _iso(time: np.datetime64) -> str:
    return f"{np.datetime_as_string(time, unit='s')}Z"
