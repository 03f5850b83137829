"""The variables and attributes of a file of fields by the CF conventions.

One list, for NetCDF and for Zarr: the writers add nothing but values.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from apnp.data.day import parse_days
from apnp.maps.cells import Cells
from apnp.maps.cf_variable import CFVariable, coordinate
from apnp.maps.draws import Samples
from apnp.maps.field_metadata import FieldMetadata
from apnp.maps.flags import EXTRAPOLATION_RULE, FLAG_MEANINGS

CONVENTIONS = "CF-1.11, ACDD-1.3"
_REFERENCES = (
    "Ashman et al. 2024, Approximately Equivariant Neural Processes, arXiv:2406.13488"
)
_EPOCH = np.datetime64("1970-01-01T00:00:00", "ns")
_SAMPLES = (
    "each realization is one field: errors of its cells go together as the model says; "
    "those of different times are independent"
)


_WITH_NOISE = "observation noise of every cell is included, independent of all others"
_WITHOUT_NOISE = (
    "observation noise is left out: values are of the field itself and vary less than "
    "the standard error says"
)


@dataclass(frozen=True, eq=False)
class Layout:
    """All that a file of fields holds before any field is written.

    Attributes:
        dims: Sizes of its dimensions.
        variables: Its variables, in order.
        attrs: Its global attributes.
    """

    dims: dict[str, int]
    variables: tuple[CFVariable, ...]
    attrs: dict[str, Any]

    @classmethod
    def of(cls, metadata: FieldMetadata, samples: Samples | None) -> "Layout":
        """The layout of fields.

        Args:
            metadata: What they are.
            samples: Draws of each field; None = none.
        """
        grid = metadata.grid
        across = dict(zip(grid.dims, grid.shape, strict=True))
        dims = {"time": len(metadata.times), **across, "nv": 2}
        if metadata.quantiles:
            dims["quantile"] = len(metadata.quantiles)
        if samples:
            dims["realization"] = samples.number
        variables = [
            *_coordinates(metadata, samples),
            *_fields(metadata, samples),
            *_support(metadata),
        ]
        # GMT opens the first variable of two dimensions: no bounds, and no places.
        last = ("lat", "lon", "cell_area")
        variables.sort(
            key=lambda each: (
                each.name.endswith("_bnds")
                or (each.name in last and len(each.dims) == 2)
            )
        )
        return cls(dims, tuple(variables), _attributes(metadata))


def _coordinates(
    metadata: FieldMetadata, samples: Samples | None
) -> Iterator[CFVariable]:
    yield from metadata.grid.variables()
    yield from _time(metadata)
    height = {
        "units": "m", "standard_name": "height", "long_name": "height above the ground",
        "positive": "up", "axis": "Z",
    }  # fmt: skip
    yield CFVariable("height", "f8", (), height, np.array(2.0))
    if metadata.quantiles:
        yield from coordinate(
            "quantile", np.array(metadata.quantiles), None, units="1",
            long_name="probability of not being exceeded",
        )  # fmt: skip
    if samples:
        number = {
            "units": "1", "standard_name": "realization",
            "long_name": "number of the draw",
        }  # fmt: skip
        dims = ("realization",)
        yield CFVariable("realization", "i4", dims, number, np.arange(samples.number))


def _time(metadata: FieldMetadata) -> Iterator[CFVariable]:
    since = metadata.times.astype("datetime64[ns]") - _EPOCH
    unit, name = np.timedelta64(1, "D"), "days"
    if (since % unit).any():
        unit, name = np.timedelta64(1, "h"), "hours"
    bounds = None
    if metadata.period is not None:
        begin = since + _begins(metadata.day_interval)
        bounds = np.stack([begin, begin + metadata.period], -1) / unit
    yield from coordinate(
        "time", since / unit, bounds, standard_name="time",
        long_name="valid time (UTC)", axis="T", calendar="standard",
        units_metadata="leap_seconds: none",
        units=f"{name} since 1970-01-01 00:00:00",
    )  # fmt: skip


def _fields(metadata: FieldMetadata, samples: Samples | None) -> Iterator[CFVariable]:
    """Mean, standard deviation, quantiles and draws of the variable."""
    variable, name, grid = metadata.variable, metadata.variable.name, metadata.grid
    common = {
        "cell_methods": f"area: point {metadata.cell_methods}",
        "coverage_content_type": "modelResult",
    }  # fmt: skip
    on_scale = {
        "units": variable.units, "units_metadata": "temperature: on_scale", **common,
    }  # fmt: skip
    day = {"day_interval": metadata.day_interval} if metadata.day_interval else {}
    yield _field(
        name, grid, "time",
        standard_name=variable.standard_name,
        long_name=f"predicted {variable.long_name}", **on_scale, **_at_height(grid),
        **day, ancillary_variables=f"{name}_stderr {name}_flag distance_to_station",
    )  # fmt: skip
    yield _field(
        f"{name}_stderr", grid, "time",
        standard_name=f"{variable.standard_name} standard_error",
        long_name=f"predictive standard deviation of {variable.long_name}",
        units=variable.units, units_metadata="temperature: difference", **common,
        **_at_height(grid),
        comment="includes observation noise: the standard deviation of what a "
        "station in the cell would report",
    )  # fmt: skip
    # CDO reads `time` only as the first dimension, and one vertical axis a variable: a
    # level, or a member, takes the place of `height`.
    if metadata.quantiles:
        yield _field(
            f"{name}_quantile", grid, "time", "quantile",
            long_name=f"quantiles of {variable.long_name}", **on_scale,
            comment="of the predictive distribution, observation noise included",
        )  # fmt: skip
    if samples:
        yield _field(
            f"{name}_sample", grid, "time", "realization",
            long_name=f"draws of {variable.long_name}", **on_scale,
            comment=f"{_SAMPLES}; {_WITH_NOISE if samples.noise else _WITHOUT_NOISE}",
        )  # fmt: skip


def _support(metadata: FieldMetadata) -> Iterator[CFVariable]:
    """Distances, flags and the elevation."""
    variable, grid = metadata.variable, metadata.grid
    yield _field(
        "distance_to_station", grid, "time", units="km",
        coverage_content_type="auxiliaryInformation",
        long_name="great-circle distance to the nearest station of the context",
    )  # fmt: skip
    flags = {
        "standard_name": "quality_flag",
        "coverage_content_type": "qualityInformation",
        "long_name": f"trust in the predicted {variable.long_name}",
        "flag_values": np.arange(4, dtype=np.int8), "flag_meanings": FLAG_MEANINGS,
        "comment": EXTRAPOLATION_RULE, **grid.about,
    }  # fmt: skip
    yield CFVariable(f"{variable.name}_flag", "i1", ("time", *grid.dims), flags)
    yield _field(
        "elevation", grid, units="m", standard_name="surface_altitude",
        coverage_content_type="auxiliaryInformation",
        long_name="elevation the prediction is made for",
        comment=metadata.elevation_source,
    )  # fmt: skip


def _at_height(grid: Cells) -> dict[str, str]:
    """The coordinates of a variable that is valid at a height above the ground."""
    places = grid.about.get("coordinates", "")
    return {"coordinates": f"height {places}".strip()}


def _field(name: str, grid: Cells, *lead: str, **attrs: Any) -> CFVariable:
    """A variable on a grid; its attributes stand over those that the grid gives."""
    return CFVariable(name, "f4", (*lead, *grid.dims), {**grid.about, **attrs})


def _attributes(metadata: FieldMetadata) -> dict[str, Any]:
    stated = metadata.attributes
    west, south, east, north = metadata.grid.box
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "Conventions": CONVENTIONS,
        **stated,
        "history": f"{now} {stated['history']}",
        "references": _REFERENCES,
        "geospatial_lat_min": south,
        "geospatial_lat_max": north,
        "geospatial_lon_min": west,
        "geospatial_lon_max": east,
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
