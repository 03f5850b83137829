"""A correction of a model's uncertainty that the network itself gives.

Before a model predicts from a network, it predicts stations of the network that it is
not given (`leave_out`). How far it is wrong there, compared with what it says of its
uncertainty, gives two numbers: a factor on standard deviations and a variance that is
added. Both have prior laws about 1 and 0, so that few stations change little.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch
from torch import Tensor

from apnp.likelihoods import Predictive
from apnp.observations import Floats, Observations, Sites
from apnp.prediction.leave_out import covered_distances, distance_weights, leave_out

if TYPE_CHECKING:
    from apnp.prediction.conditioned import ConditionedModel
    from apnp.prediction.trained import TrainedModel

log = logging.getLogger(__name__)

ENOUGH = 800
"""Stations left out, over all times, after which no further time is asked."""
MOST_TIMES = 8
"""Times that are asked, at most."""
_PRIOR_LOG_FACTOR = 0.25
"""Standard deviation of the logarithm of the factor before anything is known."""
_PRIOR_SHARE = 0.3
"""The same of the added standard deviation, as a share of the median predicted one."""
_CORRELATED = 2.0
"""Stations left out that count as one independent one: errors of neighbours are alike,
and most stations are left out twice."""
_FACTORS = np.exp(np.linspace(-0.8, 1.6, 13))
_SHARES = np.array([0.0, 0.1, 0.2, 0.4, 0.7, 1.1, 1.6, 2.4])


class Predicted(Protocol):
    """What a model says at sites, scaled."""

    @property
    def predictive(self) -> Predictive:
        """The distribution, of one task and one variable."""
        ...

    def scaled(self, value: Floats) -> Tensor:
        """Values in the units of the distribution, (1, n, 1)."""
        ...


class Conditioned(Protocol):
    """A model that has read a context."""

    def marginals(self, sites: Sites) -> Predicted:
        """What it says at sites."""
        ...


class Model(Protocol):
    """A model whose uncertainty is corrected."""

    def condition(self, context: Observations) -> Conditioned:
        """Read a context."""
        ...


@dataclass(frozen=True)
class Recalibration:
    """A factor on standard deviations, and an added variance.

    Attributes:
        factor: Positive; 1 changes nothing.
        variance: In scaled units, at least 0; 0 changes nothing.
        stations: Stations left out that say so.
    """

    factor: float = 1.0
    variance: float = 0.0
    stations: int = 0

    def told(self, std: float, units: str) -> str:
        """In words; `std` turns scaled values into these units."""
        if not self.stations:
            return "not recalibrated: too few stations to leave some out"
        added = std * np.sqrt(self.variance)
        return (
            f"recalibrated by {self.stations} stations left out: standard deviations "
            f"times {self.factor:.3f}, and {added:.3f} {units} of noise added"
        )


def recalibrate(model: Model, contexts: Iterable[Observations]) -> Recalibration:
    """What the networks of some times say of a model's uncertainty.

    Args:
        model: The model.
        contexts: Observations of one time each, the most telling first; reading them
            ends when enough stations were left out.
    """
    laws: list[Predictive] = []
    values: list[Tensor] = []
    weights: list[Floats] = []
    for context, _ in zip(contexts, range(MOST_TIMES), strict=False):
        if sum(len(each) for each in values) >= ENOUGH:
            break
        tasks = list(leave_out(context))
        if not tasks:
            continue
        wanted = covered_distances(context.sites)
        weights.append(
            distance_weights(np.concatenate([t.distance for t in tasks]), wanted)
        )
        scaled = []
        for task in tasks:
            found = model.condition(task.context).marginals(task.target.sites)
            laws.append(found.predictive.double())
            scaled.append(found.scaled(task.target.value))
        values.append(torch.cat(scaled, dim=1)[0, :, 0])
    if not values:
        return Recalibration()
    return fitted(laws, torch.cat(values), np.concatenate(weights))


def fitted(laws: Sequence[Predictive], value: Tensor, weight: Floats) -> Recalibration:
    """The factor and variance of greatest posterior density.

    The likelihood is that of the values under the model's own distribution, widened
    and with the noise added; its logarithm is weighted, and counts as much as the
    independent values do (Kish's effective number over `_CORRELATED`).

    Args:
        laws: Predictions in double precision, each of one task (1, n_i, 1).
        value: What was observed there, scaled, (n,).
        weight: Weight of each, (n,).
    """
    law, observed = _joined(laws), value[None, :, None].double()
    typical = float(law.variance.sqrt().median())
    effective = weight.sum() ** 2 / (weight**2).sum() / _CORRELATED
    share = weight / weight.sum() * effective

    def loss(parameters: Floats | Sequence[float]) -> float:
        factor, added = np.exp(parameters[0]), abs(parameters[1])
        variance = float((added * typical) ** 2)
        changed = law.widened(float(factor)).noised(variance)
        score = _score(changed, observed, typical)
        penalty = (parameters[0] / _PRIOR_LOG_FACTOR) ** 2
        penalty += (added / _PRIOR_SHARE) ** 2
        return float((share * score[0, :, 0].numpy()).sum() + penalty / 2)

    start = min(((np.log(f), s) for f in _FACTORS for s in _SHARES), key=loss)
    best = _lowest(loss, start)
    return Recalibration(
        float(np.exp(best[0])), float((best[1] * typical) ** 2), len(value)
    )


def _lowest(
    loss: Callable[[Floats | Sequence[float]], float], start: Sequence[float]
) -> Floats:
    """Where a loss of two numbers is lowest: compass search, to 1e-5 of each.

    It looks along both axes and along the last way that it went, as Hooke and Jeeves
    (1961) do. (scipy's searches take half a second to load.)
    """
    best, least = np.array(start), loss(start)
    size, way = 0.1, np.zeros(2)
    while size > 1e-5:
        turns = (way, *(size * np.array(t) for t in ((1, 0), (-1, 0), (0, 1), (0, -1))))
        for turn in turns:
            found = loss(best + turn)
            if found < least:
                best, least, way = best + turn, found, 2 * turn
                break
        else:
            size, way = size / 2, np.zeros(2)
    return best


def _score(law: Predictive, observed: Tensor, typical: float) -> Tensor:
    """What is made small: the negative log density, (1, n, 1)."""
    return -law.log_density(observed)


def _joined(laws: Sequence[Predictive]) -> Predictive:
    """Predictions of one kind at the targets of all of them, of one task."""
    first = laws[0]
    made = [f.name for f in fields(first) if f.init]  # type: ignore[arg-type]
    parts = {n: torch.cat([getattr(law, n) for law in laws], dim=1) for n in made}
    return replace(first, **parts)  # type: ignore[type-var]


@dataclass(frozen=True, eq=False)
class SelfRecalibrating:
    """A model that asks every context how uncertain it should be.

    Attributes:
        model: The model.
        known: Whether stations are left out with what is known of them.
    """

    model: "TrainedModel"
    known: bool = False

    @property
    def name(self) -> str:
        """Name for tables: that of the model."""
        return self.model.name

    def condition(self, context: Observations) -> "ConditionedModel":
        """Leave out stations of the context, correct the uncertainty, read it all."""
        return self.model.recalibrated([context], self.known).condition(context)
