"""Sites, and what was observed at them: the exchange types in numpy.

Readers, baselines, evaluation and prediction speak of these; they load no torch.
"""

from dataclasses import dataclass, replace
from functools import cached_property
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


@dataclass(frozen=True, eq=False)
class Archive:
    """What a network's stations observed at many times.

    Attributes:
        sites: The stations; their `time` is that of no value and is not used.
        times: Times in ascending order, datetime64 of shape (time,).
        value: Values in the variable's CF units, (time, station); NaN = missing.
    """

    sites: Sites
    times: NDArray[np.datetime64]
    value: Floats

    def __post_init__(self) -> None:
        expected = (len(self.times), len(self.sites))
        if self.value.shape != expected:
            raise ValueError(
                "`value` must have shape (time, station), here "
                f"{expected}. Got {self.value.shape}."
            )
        if (np.diff(self.times) <= np.timedelta64(0)).any():
            raise ValueError("`times` must ascend, each time once.")

    def find(self, sites: Sites) -> NDArray[np.intp]:
        """Numbers of the stations at these sites, (n,); -1 where there is none.

        A station is found by latitude and longitude, to 0.0001 degrees; of several
        at one place the first.
        """
        found = [self._numbers.get(key, -1) for key in _keys(sites)]
        return np.array(found, dtype=np.intp)

    @cached_property
    def _numbers(self) -> dict[tuple[int, int], int]:
        """The first station at each place."""
        known: dict[tuple[int, int], int] = {}
        for number, key in enumerate(_keys(self.sites)):
            known.setdefault(key, number)
        return known


def _keys(sites: Sites) -> list[tuple[int, int]]:
    """Latitude and longitude in steps of 0.0001 degrees."""
    lat = np.round(sites.lat * 1e4).astype(np.int64)
    lon = np.round(sites.lon * 1e4).astype(np.int64) % 3_600_000
    return list(zip(lat.tolist(), lon.tolist(), strict=True))


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
