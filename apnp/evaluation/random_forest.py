"""Random forest spatial interpolation: a forest that reads the nearest stations.

Sekulic et al. (2020), https://doi.org/10.3390/rs12101687: the values of the nearest
stations and their distances are covariates of the forest, beside those of the place. It
is trained once on an archive. The predictive distribution is that of a quantile
regression forest (Meinshausen 2006). Two departures make it stronger with few trees:
values are those above the neighbours' weighted mean, and the height above the
neighbours' weighted mean height is a covariate too.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.special import ndtr

from apnp.errors import ConfigError, DataError
from apnp.evaluation.kriging import MINIMUM_STD, spread
from apnp.extras import import_optional
from apnp.geometry.sphere import EARTH_RADIUS_KM, unit_vectors
from apnp.observations import Archive, Conditioned, Floats, Observations, Scores, Sites

_QUANTILES = (np.arange(40) + 0.5) / 40
_DAYS_PER_YEAR = 365.2425
_LEAST_DAYS = 2
_SOFTENING_KM = 10.0


@dataclass(frozen=True)
class KernelMixture:
    """Equal mixtures of Gaussians of one width: smoothed samples, at n sites.

    Attributes:
        centre: Means of the Gaussians, (n, m).
        width: Their standard deviations, (n,).
    """

    centre: Floats
    width: Floats

    @classmethod
    def of_samples(cls, sample: Floats) -> "KernelMixture":
        """Samples (n, t) smoothed by Silverman's rule; mean and variance are kept."""
        mean, std = sample.mean(1), np.maximum(sample.std(1), MINIMUM_STD)
        width = np.maximum(0.9 * sample.shape[1] ** -0.2 * std, 0.5 * MINIMUM_STD)
        centre = np.quantile(sample, _QUANTILES, axis=1).T
        spread_now = np.maximum(centre.std(1), 1e-6 * MINIMUM_STD)
        wanted = np.sqrt(np.maximum(std**2 - width**2, 0.0))
        away = centre - centre.mean(1, keepdims=True)
        return cls(mean[:, None] + away * (wanted / spread_now)[:, None], width)

    @property
    def mean(self) -> Floats:
        """Means, (n,)."""
        return self.centre.mean(1)

    @property
    def std(self) -> Floats:
        """Standard deviations, (n,)."""
        return np.hypot(self.centre.std(1), self.width)

    def score(self, y: Floats) -> Scores:
        """Scores of the values observed, (n,); CRPS as in Grimit et al. (2006)."""
        width = self.width[:, None]
        z = (y[:, None] - self.centre) / width
        density = np.exp(-0.5 * z**2).mean(1) / (np.sqrt(2 * np.pi) * self.width)
        apart = self.centre[:, :, None] - self.centre[:, None, :]
        within = _absolute(apart, np.sqrt(2) * width[:, None]).mean((1, 2))
        below = ndtr(z).mean(1)
        return Scores(
            _absolute(y[:, None] - self.centre, width).mean(1) - within / 2,
            -np.log(np.maximum(density, np.finfo(float).tiny)), below, below,
        )  # fmt: skip


def _absolute(mean: Floats, std: Floats) -> Floats:
    """E|X| of Gaussians X."""
    z = mean / std
    phi = np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)
    return mean * (2 * ndtr(z) - 1) + 2 * std * phi


def place_and_season(sites: Sites) -> Floats:
    """Elevation, latitude, longitude (its sine and cosine) and time of year, (n, 6)."""
    day = (sites.time - sites.time.astype("datetime64[Y]")) / np.timedelta64(1, "D")
    season = 2 * np.pi * day / _DAYS_PER_YEAR
    lon, ones = np.radians(sites.lon), np.ones(len(sites))
    return np.stack(
        [
            sites.elevation / 1000, sites.lat, np.sin(lon), np.cos(lon),
            np.sin(season) * ones, np.cos(season) * ones,
        ],
        axis=-1,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class RandomForest:
    """Random forest spatial interpolation (RFSI) with a predictive distribution.

    Attributes:
        archive: What it is trained on. Days and stations that a task must not know have
            to be left out of it.
        n_context: Stations of a training task whose values are read; the others are
            targets. It should be about that of the tasks to predict.
        covariates: What is known of sites besides, sites -> (n, p).
        neighbours: Nearest stations whose values and distances are read.
        trees: Number of trees.
        samples: Target values that the forest is trained on, at most.
        seed: Draws training tasks and trees.
        name: Name for tables.
    """

    archive: Archive
    n_context: int = 400
    covariates: Callable[[Sites], Floats] = place_and_season
    neighbours: int = 10
    trees: int = 100
    samples: int = 12_000
    seed: int = 0
    name: str = "random forest"
    _fitted: list["_Forest"] = field(default_factory=list, init=False, repr=False)

    def condition(self, context: Observations) -> Conditioned:
        """Train the forest, if it is not yet, and index the context.

        Raises:
            DataError: If the archive is too small to train on.
            ConfigError: If scikit-learn is not installed.
        """
        if not len(context):
            return spread(context)
        if not self._fitted:
            self._fitted.append(self._train())
        return _RandomForestConditioned(self._fitted[0], _Nearest(self, context))

    def _train(self) -> "_Forest":
        purpose = "The baseline random_forest"
        ensemble = import_optional("sklearn.ensemble", purpose, "forest")
        features, value = map(np.concatenate, zip(*self._tasks(), strict=True))
        rng = np.random.default_rng([self.seed, 1])
        order = rng.permutation(len(value))[: self.samples]
        features, value = features[order], value[order]
        forest = ensemble.RandomForestRegressor(
            self.trees, min_samples_leaf=3, max_features=0.4,
            random_state=self.seed, n_jobs=1,
        ).fit(features, value)  # fmt: skip
        return _Forest(forest, _leaf_values(forest.apply(features), value))

    def _tasks(self) -> list[tuple[Floats, Floats]]:
        """Features and values of the targets of training tasks, a day each.

        Values are those above the neighbours' mean.
        """
        archive, rng = self.archive, np.random.default_rng([self.seed, 0])
        observed = np.isfinite(archive.value)
        days = rng.permutation(np.flatnonzero(observed.sum(1) > self.neighbours + 1))
        if len(days) < _LEAST_DAYS:
            raise DataError(
                f"{self.name.capitalize()} is trained on days of more than "
                f"{self.neighbours + 1} stations that are not to be predicted, and "
                f"the archive has {len(days)}: leave this baseline out."
            )
        each = max(self.samples // len(days), 25)
        tasks = []
        for day in days[: -(-self.samples // each)]:
            order = rng.permutation(np.flatnonzero(observed[day]))
            n = min(self.n_context, max(self.neighbours, int(0.8 * len(order))))
            sites = Sites(
                archive.sites.lat[order], archive.sites.lon[order],
                archive.sites.elevation[order], archive.times[day],
            )  # fmt: skip
            task = Observations(sites, archive.value[day, order])
            near = _Nearest(self, task.take(np.arange(n)))
            target = task.take(np.arange(n, min(n + each, len(order))))
            features, base = near.features(target.sites)
            tasks.append((features, target.value - base))
        return tasks


@dataclass(frozen=True, eq=False)
class _Nearest:
    """The features of places beside a context."""

    rule: RandomForest
    context: Observations

    def features(self, sites: Sites) -> tuple[Floats, Floats]:
        """Features (n, 2 k + 2 + p), and the neighbours' weighted mean value (n,).

        The features are the neighbours' values above their mean, their distances in
        100 km, the mean, the height above theirs in km, and the covariates. Where there
        are fewer than k stations the last is repeated.
        """
        unit = unit_vectors(self.context.sites.lat, self.context.sites.lon)
        k = min(self.rule.neighbours, len(self.context))
        found = cKDTree(unit).query(unit_vectors(sites.lat, sites.lon), k)
        distance, index = (np.reshape(each, (len(sites), k)) for each in found)
        weight = 1 / (EARTH_RADIUS_KM * distance + _SOFTENING_KM)
        weight /= weight.sum(1, keepdims=True)
        value = self.context.value[index]
        mean = (weight * value).sum(1)
        height = (weight * self.context.sites.elevation[index]).sum(1)
        filled = np.minimum(np.arange(self.rule.neighbours), k - 1)
        features = np.hstack(
            [
                (value - mean[:, None])[:, filled],
                EARTH_RADIUS_KM / 100 * distance[:, filled],
                mean[:, None],
                (sites.elevation - height)[:, None] / 1000,
                self.rule.covariates(sites),
            ]
        )
        return features, mean


@dataclass(frozen=True, eq=False)
class _Forest:
    """A trained forest, and one training value of each leaf of each tree.

    Attributes:
        forest: The forest of scikit-learn.
        values: For each tree the values by leaf number.
    """

    forest: Any
    values: Sequence[Floats]

    def samples(self, features: Floats) -> Floats:
        """A value of the leaf that each tree puts a place in, (n, trees)."""
        leaves = self.forest.apply(features)
        columns = zip(self.values, leaves.T, strict=True)
        return np.stack([value[leaf] for value, leaf in columns], axis=-1)


def _leaf_values(leaves: NDArray[np.int64], value: Floats) -> list[Floats]:
    """For each tree a table of one training value of every leaf.

    The training values are in random order, so that the last one is a random one: the
    sample of a forest of many trees is then one of Meinshausen's weighted distribution.
    """
    tables = []
    for column in leaves.T:
        table = np.full(column.max() + 1, np.nan)
        table[column] = value
        tables.append(table)
    return tables


@dataclass(frozen=True, eq=False)
class _RandomForestConditioned:
    """A forest that has indexed its context."""

    forest: _Forest
    nearest: _Nearest

    def predict(self, sites: Sites) -> tuple[Floats, Floats]:
        """Mean and standard deviation at sites, each (n,)."""
        found = self.marginals(sites)
        return found.mean, found.std

    def marginals(self, sites: Sites) -> KernelMixture:
        """The predictive distributions at sites, which score themselves."""
        features, base = self.nearest.features(sites)
        sample = self.forest.samples(features) + base[:, None]
        return KernelMixture.of_samples(sample)


def without_times(archive: Archive, times: NDArray[np.datetime64]) -> Archive:
    """The archive without the days of some times.

    Raises:
        ConfigError: If nothing is left.
    """
    days = archive.times.astype("datetime64[D]")
    kept = ~np.isin(days, times.astype("datetime64[D]"))
    if not kept.any():
        raise ConfigError(
            "Every day of the stations is one to predict, and a random forest is "
            "trained on other days: give --time, or leave random_forest out."
        )
    return Archive(archive.sites, archive.times[kept], archive.value[kept])
