"""The influence of each station on each place: derivatives of the predictive mean.

J_ij is the change of the mean at place i for a unit change of the value of station j.
Its diagonal at the stations, the self-sensitivity, and its trace, the degrees of
freedom for signal, are the diagnostics of data assimilation (Cardinali 2004). The mean
of a Gaussian process with equal noise everywhere has a symmetric J: station i tells as
much of j as j of i. `reciprocity` measures how far a predictor is from that.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from apnp.errors import DataError
from apnp.observations import Conditioned, Floats, Observations, Sites
from apnp.prediction import ConditionedModel, TrainedModel


@dataclass(frozen=True, eq=False)
class Influence:
    """Influence of the stations of one context on each other.

    Attributes:
        matrix: J, (n, n), row i: the mean at station i by the value of each.
        residual: Observed value minus predicted mean at each station, in units, (n,).
    """

    matrix: Floats
    residual: Floats

    @property
    def self_sensitivity(self) -> Floats:
        """How much the mean at each station follows its own value, (n,)."""
        return np.diag(self.matrix).copy()

    @property
    def on_others(self) -> Floats:
        """Sum over the other stations of the influence of each, absolute, (n,)."""
        return np.abs(self.matrix).sum(axis=0) - np.abs(np.diag(self.matrix))

    @property
    def degrees_of_freedom(self) -> float:
        """Degrees of freedom for signal: how many values the means use up."""
        return float(np.trace(self.matrix))

    @property
    def left_out(self) -> Floats:
        """Residual of each station had it not been there, without predicting again.

        It is exact for a mean that is linear in the values, such as kriging with fixed
        parameters; otherwise an estimate. NaN where the self-sensitivity is 1.
        """
        left = 1 - self.self_sensitivity
        return np.divide(
            self.residual, left, out=np.full_like(left, np.nan), where=left != 0
        )

    @property
    def reciprocity(self) -> float:
        """|J - J^T| / |J|, Frobenius norms: 0 where influence is mutual."""
        size = np.linalg.norm(self.matrix)
        return (
            float(np.linalg.norm(self.matrix - self.matrix.T) / size) if size else 0.0
        )


def influence(
    model: TrainedModel, context: Observations, progress: bool = False
) -> Influence:
    """The influence of the stations of a context on each other, by a trained model.

    Args:
        model: A model whose predictive mean has derivatives by the values.
        context: The observations, at least two.
        progress: Whether to show rate and time left on standard error.

    Raises:
        DataError: If there are fewer than two observations.
    """
    _check(context)
    read = model.condition(context)
    matrix = mean_derivatives(read, context.sites, progress)
    mean, _ = read.predict(context.sites)
    return Influence(matrix, context.value - mean)


def linear_influence(
    condition: Callable[[Observations], Conditioned], context: Observations
) -> Influence:
    """The same for a predictor whose mean is linear in the values, without constant.

    Args:
        condition: Reads a context; its parameters must not depend on the values.
        context: The observations, at least two.

    Raises:
        DataError: If there are fewer than two observations.
    """
    _check(context)
    columns = [
        condition(replace(context, value=unit)).predict(context.sites)[0]
        for unit in np.eye(len(context.value))
    ]
    mean, _ = condition(context).predict(context.sites)
    return Influence(np.stack(columns, axis=1), context.value - mean)


def mean_derivatives(
    read: ConditionedModel, sites: Sites, progress: bool = False
) -> Floats:
    """Derivatives of the mean at sites by the context's values, (sites, n).

    Scaled values have the same derivatives as values in units.

    Args:
        read: A model that has read its context.
        sites: Where.
        progress: Whether to show rate and time left on standard error.
    """
    x, w, w_mask = read.inputs.targets(sites)
    y = read.context.y.detach().clone().requires_grad_()
    with torch.enable_grad():
        encoding = read.process.encode(
            replace(read.context, y=y), read.encoding.latent.domain, read.auxiliary
        )
        rows = np.empty((len(sites), y.shape[1]))
        every = range(len(sites))
        for i in tqdm(every, "influence", mininterval=1, disable=not progress):
            one = slice(i, i + 1)
            law = read.process.decode(encoding, x[:, one], w[:, one], w_mask[:, one])
            rows[i] = _row(law.mean, y)
    return rows


def _row(mean: Tensor, y: Tensor) -> Floats:
    (found,) = torch.autograd.grad(mean.sum(), y, retain_graph=True)
    return found[0, :, 0].double().cpu().numpy()


def station_column(
    model: TrainedModel, context: Observations, station: int, sites: Sites
) -> Floats:
    """The influence of one station on the mean at sites, (sites,).

    A central difference of the predicted field, whose step is a hundredth of the
    standard deviation of the training values.

    Args:
        model: Any trained model.
        context: The observations.
        station: Number of the station in the context.
        sites: Where.
    """
    step = 0.01 * model.inputs.std
    means = []
    for sign in (1.0, -1.0):
        value = context.value.copy()
        value[station] += sign * step
        means.append(model.condition(replace(context, value=value)).predict(sites)[0])
    return (means[0] - means[1]) / (2 * step)


def _check(context: Observations) -> None:
    if len(context.value) < 2:
        raise DataError(
            "The influence of stations on each other needs two of them at least. Got "
            f"{len(context.value)}."
        )
