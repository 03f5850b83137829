"""Tasks drawn from random functions."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from gpytorch.kernels import Kernel
from jaxtyping import Float
from torch import Tensor

from apnp.errors import ConfigError
from apnp.experiments.gibbs.kernels import Gibbs
from apnp.types import Domain, PointSet, Task

GIBBS_LENGTHS = (0.1, 4.0)
"""Lengthscales on the two sides of the break."""
GIBBS_NOISE = 0.2
GIBBS_SUPPORT = (-7.0, 7.0)
"""Where fixed inputs act: the centres of training."""
GIBBS_CENTRES = {"in": GIBBS_SUPPORT, "out": (13.0, 27.0)}
"""Centres of context intervals, in distribution and out of it."""


class Process(ABC):
    """A law of random functions, observed with noise.

    Attributes:
        noise: Standard deviation of the noise, above zero.
        kinds: Number of laws that it mixes in equal shares; a task is of one of them.
    """

    noise: float
    kinds: int

    @abstractmethod
    def sample(
        self, kind: int, x: Float[Tensor, "n dx"], rng: np.random.Generator
    ) -> Float[Tensor, " n"]:
        """Noisy values of one function of this kind at locations, float64."""


class GaussianProcess(Process):
    """Centred Gaussian processes, one of several kernels drawn for each task.

    Args:
        kernels: The kernels, in float64, each as probable as any other.
        noise: Standard deviation of the noise.
    """

    def __init__(self, kernels: Sequence[Kernel], noise: float) -> None:
        if not kernels:
            raise ConfigError("`kernels` are one or more. Got none.")
        _check_noise(noise)
        self.kernels, self.noise = tuple(kernels), noise
        self.kinds = len(self.kernels)

    @torch.no_grad()
    def covariance(self, kind: int, x: Tensor, other: Tensor) -> Tensor:
        """Prior covariance without noise, (n, dx) and (m, dx) -> (n, m)."""
        return self.kernels[kind](x, other).to_dense()

    @torch.no_grad()
    def variance(self, kind: int, x: Tensor) -> Tensor:
        """Prior variance without noise, (n, dx) -> (n,)."""
        return self.kernels[kind](x, diag=True)

    def sample(
        self, kind: int, x: Float[Tensor, "n dx"], rng: np.random.Generator
    ) -> Float[Tensor, " n"]:
        """By the Cholesky factor of the noisy covariance, which needs no jitter."""
        matrix = self.covariance(kind, x, x)
        matrix.diagonal().add_(self.noise**2)
        return torch.linalg.cholesky(matrix) @ torch.from_numpy(
            rng.standard_normal(len(x))
        )


@dataclass(frozen=True)
class Places:
    """Where the points of a task lie: uniformly in a cube of a random centre.

    Attributes:
        centres: Range of the centre's coordinates.
        dx: Dimensions of a location.
        side: Side of the cube of the context.
        margin: How far the cube of the targets reaches beyond it.
        context: Least and largest number of context points, each as probable as any
            between.
        targets: Number of targets.
    """

    centres: tuple[float, float] = GIBBS_CENTRES["in"]
    dx: int = 1
    side: float = 4.0
    margin: float = 1.0
    context: tuple[int, int] = (1, 64)
    targets: int = 128

    def __post_init__(self) -> None:
        if not 0 <= self.context[0] <= self.context[1]:
            raise ConfigError(
                "`context` is the least and the largest number of points, "
                f"0 <= least <= largest. Got {self.context}."
            )
        if self.dx < 1 or self.targets < 1:
            raise ConfigError(
                "`dx` and `targets` are numbers above 0. "
                f"Got {self.dx} and {self.targets}."
            )
        if not (self.side > 0 and self.margin >= 0):
            raise ConfigError(
                "`side` is a length above 0 and `margin` at least 0. "
                f"Got {self.side} and {self.margin}."
            )

    @property
    def extent(self) -> float:
        """Side of the cube of the targets."""
        return self.side + 2 * self.margin


@dataclass(frozen=True)
class FunctionDraw:
    """One task in float64, before it is anything a model reads.

    Attributes:
        kind: Which law the function is of.
        centre: Centre of the cubes.
        xc: Locations of the context.
        yc: Values there.
        xt: Locations of the targets.
        yt: Values there.
        absolute: Whether absolute location may be used.
    """

    kind: int
    centre: Float[Tensor, " dx"]
    xc: Float[Tensor, "nc dx"]
    yc: Float[Tensor, " nc"]
    xt: Float[Tensor, "nt dx"]
    yt: Float[Tensor, " nt"]
    absolute: bool


class FunctionTasks:
    """Tasks of a process; task `i` is a function of the seed and `i` alone.

    Args:
        process: The law of functions.
        places: The law of locations.
        seed: With a task's index it determines the task.
        dropout: Probability that a task hides its absolute location, in [0, 1]; it
            changes nothing else of a task.
    """

    def __init__(
        self, process: Process, places: Places, seed: int = 0, dropout: float = 0.0
    ) -> None:
        if not 0 <= dropout <= 1:
            raise ConfigError(
                f"`dropout` is a probability, so lies in [0, 1]. Got {dropout}."
            )
        self.process, self.places = process, places
        self.seed, self.dropout = seed, dropout

    def knows_place(self, index: int) -> bool:
        """Whether task `index` shows its absolute location."""
        return not self.dropout or self._generator(index).random() >= self.dropout

    def _generator(self, index: int) -> np.random.Generator:
        return np.random.default_rng([self.seed % 2**64, index])

    def draw(self, index: int) -> FunctionDraw:
        """Task `index` in float64."""
        rng = self._generator(index)
        absolute = bool(rng.random() >= self.dropout)
        places, dx = self.places, self.places.dx
        centre = rng.uniform(*places.centres, dx)
        n = int(rng.integers(places.context[0], places.context[1] + 1))
        unit = rng.uniform(-0.5, 0.5, (n + places.targets, dx))
        sides = np.where(np.arange(len(unit)) < n, places.side, places.extent)
        x = torch.from_numpy(centre + sides[:, None] * unit)
        kind = int(rng.integers(self.process.kinds))
        y = self.process.sample(kind, x, rng)
        return FunctionDraw(
            kind, torch.from_numpy(centre), x[:n], y[:n], x[n:], y[n:], absolute
        )

    def task(self, index: int) -> Task:
        """Task `index` (b = 1), without padding, in single precision."""
        return as_task(self.draw(index), self.places.extent)


def as_task(draw: FunctionDraw, extent: float) -> Task:
    """What a model reads of a draw, its domain a cube of this side (b = 1)."""
    centre = draw.centre.float()[None]
    return Task(
        PointSet.observed(draw.xc.float()[None], draw.yc.float()[None, :, None]),
        PointSet.observed(draw.xt.float()[None], draw.yt.float()[None, :, None]),
        Domain(centre, torch.full_like(centre, extent), torch.tensor([draw.absolute])),
    )


def gibbs_process() -> GaussianProcess:
    """The 1-D process of Ashman 2024, section 5.1: either orientation of the break."""
    short, long = GIBBS_LENGTHS
    return GaussianProcess([Gibbs(short, long), Gibbs(long, short)], GIBBS_NOISE)


def gibbs_tasks(regime: str, seed: int, dropout: float = 0.0) -> FunctionTasks:
    """Its tasks, "in" distribution or "out" of it.

    Raises:
        ConfigError: If `regime` is neither.
    """
    if regime not in GIBBS_CENTRES:
        raise ConfigError(
            f"`regime` is one of {', '.join(GIBBS_CENTRES)}. Got {regime!r}."
        )
    return FunctionTasks(gibbs_process(), Places(GIBBS_CENTRES[regime]), seed, dropout)


def _check_noise(noise: float) -> None:
    if not noise > 0:
        raise ConfigError(f"`noise` is a standard deviation above 0. Got {noise}.")
