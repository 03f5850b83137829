"""Sites, and what was observed at them at one time: the exchange type in numpy.

Readers, baselines, evaluation and prediction speak of these; they load no torch.
"""

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Sites:
    """Points on the Earth at one time.

    Attributes:
        lat: Latitudes in degrees north, shape (n,), in [-90, 90].
        lon: Longitudes in degrees east, shape (n,), any convention.
        elevation: Heights above mean sea level in metres, shape (n,), finite.
        time: The time (the day, for daily values), numpy datetime64.
    """

    lat: Floats
    lon: Floats
    elevation: Floats
    time: np.datetime64

    def __post_init__(self) -> None:
        for name in ("lat", "lon", "elevation"):
            value = np.asarray(getattr(self, name), dtype=np.float64)
            object.__setattr__(self, name, value)
            if value.shape != (self.lat.shape[0],):
                raise ValueError(
                    f"`{name}` must have shape ({self.lat.shape[0]},) like `lat`. "
                    f"Got {value.shape}."
                )
            if not np.isfinite(value).all():
                raise ValueError(
                    f"`{name}` must be finite; {int((~np.isfinite(value)).sum())} of "
                    f"{value.size} values are not. Drop those sites first."
                )
        if self.lat.size and np.abs(self.lat).max() > 90:
            worst = self.lat[np.abs(self.lat).argmax()]
            raise ValueError(f"`lat` lies in [-90, 90] degrees. Got {worst}.")

    def __len__(self) -> int:
        return int(self.lat.shape[0])

    def take(self, index: NDArray) -> "Sites":
        """The sites at `index` (integers or booleans)."""
        return replace(
            self,
            lat=self.lat[index], lon=self.lon[index], elevation=self.elevation[index],
        )  # fmt: skip


@dataclass(frozen=True)
class Observations:
    """Sites and the values observed there, in the variable's CF units.

    Attributes:
        sites: Where and when.
        value: Observed values, shape (n,), finite.
    """

    sites: Sites
    value: Floats

    def __post_init__(self) -> None:
        value = np.asarray(self.value, dtype=np.float64)
        object.__setattr__(self, "value", value)
        if value.shape != (len(self.sites),):
            raise ValueError(
                f"`value` must have shape ({len(self.sites)},), one a site. "
                f"Got {value.shape}."
            )
        if not np.isfinite(value).all():
            raise ValueError("`value` must be finite: drop missing values first.")

    def __len__(self) -> int:
        return len(self.sites)

    def take(self, index: NDArray) -> "Observations":
        """The observations at `index` (integers or booleans)."""
        return Observations(self.sites.take(index), self.value[index])


@dataclass(frozen=True)
class Scores:
    """What a prediction's own distribution says of the values that were observed.

    Attributes:
        crps: Continuous ranked probability scores in the variable's units, shape (n,).
        nll: Minus the log densities in nats, of values in these units; at an atom,
            minus the log probability.
        below: Probabilities of less than the value.
        upto: Probabilities of at most the value; the same but at an atom.
        joint_nll: Minus the joint log density of all values, divided by their number;
            NaN for a prediction of values one by one, whose mean `nll` it would be.
    """

    crps: Floats
    nll: Floats
    below: Floats
    upto: Floats
    joint_nll: float = float("nan")

    def pit(self, rng: np.random.Generator) -> Floats:
        """Probability integral transforms, randomised at atoms.

        Uniform between `below` and `upto`, so that they are uniform on [0, 1] for a
        calibrated prediction, whatever its law (Czado, Gneiting and Held 2009, section
        2.1). Without an atom nothing is random.
        """
        return self.below + rng.random(self.upto.shape) * (self.upto - self.below)


class Marginals(Protocol):
    """Predictive distributions at n sites, one by one, in the variable's units."""

    @property
    def mean(self) -> Floats:
        """Means, (n,)."""
        ...

    @property
    def std(self) -> Floats:
        """Standard deviations (noise included), (n,)."""
        ...

    def score(self, y: Floats) -> Scores:
        """Scores of the values observed, (n,)."""
        ...


class Conditioned(Protocol):
    """A predictor that has read its context and answers at any sites."""

    def predict(self, sites: Sites) -> tuple[Floats, Floats]:
        """Predictive mean and standard deviation (noise included), each (n,)."""
        ...

    def marginals(self, sites: Sites) -> Marginals:
        """The predictive distributions at sites, which score themselves."""
        ...


class Predictor(Protocol):
    """Anything that predicts from a context: a neural process or a baseline."""

    @property
    def name(self) -> str:
        """Name for tables."""
        ...

    def condition(self, context: Observations) -> Conditioned:
        """Read the context once; the result answers at any number of sites."""
        ...
