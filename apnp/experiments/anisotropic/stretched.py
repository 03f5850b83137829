"""Tasks of a Gaussian process in randomly stretched coordinates, and exact inference.

The function of a task is g(A x): g has the squared exponential covariance, and A is a
random linear map, another one in each task. What A is can be told from the values, and
from the layout of the stations where it is stretched as the function is.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from apnp.errors import ConfigError
from apnp.groups import LinearMotions
from apnp.types import Domain, PointSet, Task

Layout = Literal["stretched", "square"]
LENGTH, NOISE = 0.7, 0.15
SIDE = 4.0
"""Side of the square of the stations, before it is stretched."""
CONDITIONS = {"in": (1.0, 4.0), "out": (6.0, 10.0)}
"""Ratios of the stretch of two axes, in distribution and out of it."""
CONTEXT, TARGETS = (10, 60), 80
EXTENT = 3.0 * SIDE


@dataclass(frozen=True)
class Stretched:
    """One task in float64.

    Attributes:
        matrix: The map A, (2, 2).
        xc: Locations of the context, (nc, 2).
        yc: Values there, (nc,).
        xt: Locations of the targets, (nt, 2).
        yt: Values there, (nt,).
    """

    matrix: Tensor
    xc: Tensor
    yc: Tensor
    xt: Tensor
    yt: Tensor

    def log_density(self) -> float:
        """Mean log density of each target by exact inference that knows the map."""
        xc, xt = self.xc @ self.matrix.mT, self.xt @ self.matrix.mT
        factor = torch.linalg.cholesky(_noisy(xc))
        half = torch.linalg.solve_triangular(factor, _covariance(xc, xt), upper=False)
        of_values = torch.linalg.solve_triangular(factor, self.yc[:, None], upper=False)
        mean = (half.mT @ of_values)[:, 0]
        variance = 1.0 + NOISE**2 - half.square().sum(0)
        normal = torch.distributions.Normal(mean, variance.sqrt())
        return float(normal.log_prob(self.yt).mean())


@dataclass(frozen=True)
class StretchedTasks:
    """Tasks of the process; task `i` is a function of the seed and `i` alone.

    Attributes:
        layout: Whether stations lie in a stretched square or in a square.
        regime: "in" distribution or "out" of it, as `CONDITIONS` has it.
        seed: With a task's index it determines the task.
        dropout: Probability that a task hides its absolute location.

    Raises:
        ConfigError: If there is no such layout or regime.
    """

    layout: Layout
    regime: str
    seed: int
    dropout: float = 0.0

    def __post_init__(self) -> None:
        for name, known in (("layout", ("stretched", "square")),
                            ("regime", tuple(CONDITIONS))):  # fmt: skip
            if getattr(self, name) not in known:
                raise ConfigError(
                    f"`{name}` is {' or '.join(known)}. Got {getattr(self, name)!r}."
                )

    def _generator(self, index: int) -> np.random.Generator:
        return np.random.default_rng([self.seed % 2**64, index])

    def draw(self, index: int) -> Stretched:
        """Task `index` in float64."""
        rng = self._generator(index)
        rng.random()  # whether the task hides its location
        matrix = _map(self.regime, rng)
        n = int(rng.integers(CONTEXT[0], CONTEXT[1] + 1))
        x = torch.from_numpy(rng.uniform(-SIDE / 2, SIDE / 2, (n + TARGETS, 2)))
        inside = x @ matrix.mT
        if self.layout == "stretched":
            x, inside = torch.linalg.solve(matrix, x.mT).mT, x
        factor = torch.linalg.cholesky(_noisy(inside))
        y = factor @ torch.from_numpy(rng.standard_normal(len(x)))
        return Stretched(matrix, x[:n], y[:n], x[n:], y[n:])

    def task(self, index: int) -> Task:
        """Task `index` (b = 1), without padding, in single precision."""
        made = self.draw(index)
        absolute = bool(self._generator(index).random() >= self.dropout)
        centre = torch.zeros(1, 2)
        return Task(
            PointSet.observed(made.xc.float()[None], made.yc.float()[None, :, None]),
            PointSet.observed(made.xt.float()[None], made.yt.float()[None, :, None]),
            Domain(centre, torch.full_like(centre, EXTENT), torch.tensor([absolute])),
        )


def _map(regime: str, rng: np.random.Generator) -> Tensor:
    """A random map of one area, (2, 2): its condition is uniform in the regime's."""
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    like = torch.zeros(1, dtype=torch.float64)
    turn = LinearMotions("special", 1.0).random(generator, like)[:4].reshape(2, 2)
    axes = LinearMotions("special", 1.0).random(generator, like)[:4].reshape(2, 2)
    root = rng.uniform(*CONDITIONS[regime]) ** 0.5
    return turn @ torch.diag(like.new_tensor([root, 1 / root])) @ axes


def _covariance(x: Tensor, other: Tensor) -> Tensor:
    return torch.exp(-0.5 * (torch.cdist(x, other) / LENGTH) ** 2)


def _noisy(x: Tensor) -> Tensor:
    return _covariance(x, x) + NOISE**2 * torch.eye(len(x)).to(x)
