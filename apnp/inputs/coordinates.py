"""Inputs that are coordinates as they are, of any number of dimensions."""

from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from apnp.errors import CheckpointError, ConfigError


@dataclass(frozen=True)
class CoordinateInputs:
    """Locations and values that need no scaling, and no covariates; made for JSON.

    Attributes:
        low: Lower corner of the box where fixed inputs have their support, `dx`
            numbers.
        high: Its upper corner.
        mean: Subtracted from a value; here zero.
        std: Divisor of a value; here one.
        geometry: "box".
        coast: Whether the distance to the coast is a covariate: it is not.
        insolation: Whether insolation is a covariate: it is not.
    """

    low: tuple[float, ...]
    high: tuple[float, ...]
    mean: float = 0.0
    std: float = 1.0
    geometry: str = "box"
    coast: bool = False
    insolation: bool = False

    def __post_init__(self) -> None:
        ends = np.array([self.low, self.high], dtype=np.float64)
        if (
            not ends.size
            or not np.isfinite(ends).all()
            or not (ends[0] < ends[1]).all()
        ):
            raise ConfigError(
                "`low` must lie below `high` on every axis, both finite. Got "
                f"{self.low} and {self.high}."
            )

    @property
    def dx(self) -> int:
        """Dimensions of a location."""
        return len(self.low)

    @property
    def dw(self) -> int:
        """Number of covariates."""
        return 0

    @property
    def dy(self) -> int:
        """Number of variables."""
        return 1

    @property
    def auxiliary_dy(self) -> tuple[int, ...]:
        """Number of variables of each auxiliary set: there is none."""
        return ()

    def to_dict(self) -> dict[str, Any]:
        """The coordinates as JSON holds them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> "CoordinateInputs":
        """The coordinates that `to_dict` wrote.

        Raises:
            CheckpointError: If a field is missing or unknown.
        """
        record = {"insolation": False} | record  # older runs do not record it
        names = {f.name for f in fields(cls)}
        if set(record) != names:
            raise CheckpointError(
                f"Coordinates have the fields {', '.join(sorted(names))}. Got "
                f"{', '.join(sorted(record)) or 'none'}."
            )
        corners = {name: tuple(record[name]) for name in ("low", "high")}
        return cls(**(record | corners))
