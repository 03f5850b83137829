"""Values as a model sees them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from apnp.errors import ConfigError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ValueScaling:
    """Scaled values are `(value - mean) / std`.

    Attributes:
        mean: Mean of the training values, in the variable's CF units.
        std: Their standard deviation, same units, positive.
    """

    mean: float
    std: float

    def __post_init__(self) -> None:
        if not (np.isfinite([self.mean, self.std]).all() and self.std > 0):
            raise ConfigError(
                "`mean` and `std` must be finite and `std` positive. Got "
                f"{self.mean} and {self.std}."
            )

    @classmethod
    def fit(cls, value: ArrayLike) -> "ValueScaling":
        """The scaling of training values of any shape; NaN = missing.

        Raises:
            ConfigError: If they do not vary.
        """
        values = np.asarray(value, dtype=np.float64)
        values = values[np.isfinite(values)]
        if values.size < 2 or values.std() == 0:
            raise ConfigError(
                f"Values are scaled by their spread, and the {values.size} training "
                "values have none: check data.train_times and data.variable."
            )
        return cls(float(values.mean()), float(values.std()))

    def scale(self, value: ArrayLike) -> Floats:
        """Values in physical units, as the model sees them."""
        return (np.asarray(value, dtype=np.float64) - self.mean) / self.std

    def unscale(self, value: ArrayLike) -> Floats:
        """Scaled values (means, quantiles) in physical units."""
        return np.asarray(value, dtype=np.float64) * self.std + self.mean

    def unscale_std(self, std: ArrayLike) -> Floats:
        """Scaled standard deviations in physical units: scaled, never shifted."""
        return np.asarray(std, dtype=np.float64) * self.std
