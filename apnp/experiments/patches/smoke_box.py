"""Smoke plumes: buoyant smoke rises in a closed box, around a ball, by PhiFlow.

The setting of Ashman et al. 2024 (appendix on smoke plumes): a closed box of 128 x 128
cells, a ball near the top, a source near the bottom; 35 steps of 0.5, of which the last
state is kept. Where they are silent: the source adds 1 a step, with which wide plumes
reach the ball and narrow ones do not; the ball is centred at (64, 96), of radius 12.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from apnp.errors import ConfigError

Floats = NDArray[np.float64]

SOURCES_X = (30.0, 64.0, 110.0)
SOURCE_Y = 5.0
RADII = (5.0, 30.0)
BUOYANCIES = (0.1, 0.5)


@dataclass(frozen=True)
class Plume:
    """What differs between runs; lengths in cells.

    Attributes:
        x: Horizontal place of the source.
        radius: Radius of the source.
        buoyancy: Upward acceleration of a unit of smoke.
    """

    x: float
    radius: float
    buoyancy: float

    @classmethod
    def draw(cls, seed: int, index: int) -> "Plume":
        """The plume of run `index`, a function of these two numbers alone."""
        rng = np.random.default_rng([seed, index])
        x = float(rng.choice(SOURCES_X))
        return cls(x, rng.uniform(*RADII), rng.uniform(*BUOYANCIES))


class NotConverged(Exception):
    """A run whose pressure or state cannot be relied upon; says which and when."""


@dataclass(frozen=True)
class SmokeBox:
    """A closed box with a ball in it, in which plumes rise.

    PhiFlow advects the smoke (MacCormack) and the velocity (semi-Lagrangian), in double
    precision. The pressure that makes the velocity solenoidal solves the five-point
    Poisson equation between cells outside the ball. Its matrix is the same in every
    step, so it is factorised once.

    Attributes:
        cells: Side of the box; a cell is one unit.
        steps: Steps of time.
        dt: Length of a step.
        inflow: What the source adds in a step.
        ball: Centre (x, y) and radius of the ball, as shares of the side.
        tolerance: Largest divergence left in a cell, relative to the largest before.
    """

    cells: int = 128
    steps: int = 35
    dt: float = 0.5
    inflow: float = 1.0
    ball: tuple[float, float, float] = (0.5, 0.75, 0.09375)
    tolerance: float = 1e-8

    def run(self, plume: Plume) -> Floats:
        """The last state, smoke in each cell, shape (y, x).

        Raises:
            NotConverged: If a pressure solve leaves divergence, or a value is not
                finite.
            ConfigError: If PhiFlow is not installed.
        """
        flow = phiflow()
        with flow.math.precision(64), warnings.catch_warnings():
            # PhiFlow's advection calls what PhiFlow calls deprecated.
            warnings.simplefilter("ignore", DeprecationWarning)
            return self._run(flow, plume)

    def _run(self, flow: Any, plume: Plume) -> Floats:
        n = self.cells
        grid = {"x": n, "y": n, "bounds": flow.Box(x=n, y=n)}
        smoke = flow.CenteredGrid(0, flow.ZERO_GRADIENT, **grid)
        source = flow.Sphere(x=plume.x, y=SOURCE_Y, radius=plume.radius)
        inflow = self.inflow * flow.resample(source, to=smoke, soft=True)
        velocity = flow.StaggeredGrid(0, 0, **grid)
        permeable = self._permeable(flow, velocity)
        for step in range(self.steps):
            smoke = flow.advect.mac_cormack(smoke, velocity, self.dt) + inflow
            velocity = flow.advect.semi_lagrangian(velocity, velocity, self.dt)
            u, v = (velocity.vector[k].numpy("x,y") for k in "xy")
            s = smoke.values.numpy("x,y")
            v = v + self.dt * plume.buoyancy * (s[:, 1:] + s[:, :-1]) / 2
            u, v, left = self.project(u * permeable[0], v * permeable[1])
            if not (left <= self.tolerance and np.isfinite(s).all()):
                raise NotConverged(
                    f"step {step + 1}: the pressure solve leaves {left:.3g} of the "
                    f"divergence (at most {self.tolerance:g}), and "
                    f"{int((~np.isfinite(s)).sum())} values of smoke are not finite"
                )
            velocity = flow.StaggeredGrid(
                flow.math.stack(
                    {"x": self._tensor(flow, u), "y": self._tensor(flow, v)},
                    flow.math.dual("vector"),
                ),
                0,
                **grid,
            )
        return smoke.values.numpy("y,x")

    def _permeable(self, flow: Any, velocity: Any) -> tuple[Floats, Floats]:
        """Share of each inner face, of x and of y, that lies outside the ball."""
        x, y, radius = (self.cells * share for share in self.ball)
        ball = flow.Sphere(x=x, y=y, radius=radius)
        inside = flow.resample(ball, to=velocity, soft=True, balance=1)
        u, v = (1 - inside.vector[k].numpy("x,y") for k in "xy")
        return u, v

    @staticmethod
    def _tensor(flow: Any, value: Floats) -> Any:
        return flow.math.tensor(value, flow.math.spatial("x,y"))

    @cached_property
    def fluid(self) -> NDArray[np.bool_]:
        """Which cells lie outside the ball, (x, y)."""
        x, y, radius = (self.cells * share for share in self.ball)
        middle = np.arange(self.cells) + 0.5
        return (middle[:, None] - x) ** 2 + (middle - y) ** 2 > radius**2

    @cached_property
    def _solve(self) -> Callable[[Floats], Floats]:
        """Pressure of the divergence of the fluid cells, each (k,), of mean zero.

        The pressure of a closed box is known but for a constant: the first cell is
        held.
        """
        n, fluid = self.cells, self.fluid
        step = sparse.diags_array([-1.0, 1.0], offsets=[0, 1], shape=(n - 1, n))
        same = sparse.eye_array(n)
        across = sparse.kron(step, same), sparse.kron(same, step)
        opened = (fluid[1:] & fluid[:-1]), (fluid[:, 1:] & fluid[:, :-1])
        laplace = -sum(
            d.T @ sparse.diags_array(o.ravel().astype(float)) @ d
            for d, o in zip(across, opened, strict=True)
        )
        cells = np.flatnonzero(fluid)
        matrix = sparse.csc_array(laplace)[cells][:, cells]
        held = sparse.csc_array(([1.0], ([0], [0])), shape=matrix.shape)
        factors = splu(
            sparse.csc_matrix(matrix - held), permc_spec="MMD_AT_PLUS_A",
            options={"SymmetricMode": True},
        )  # fmt: skip
        return factors.solve

    def project(self, u: Floats, v: Floats) -> tuple[Floats, Floats, float]:
        """The velocity without its divergence, and the share of it that is left.

        Args:
            u: Velocity across inner faces, (x - 1, y); zero at those of the ball.
            v: The same upwards, (x, y - 1).
        """
        fluid = self.fluid
        before = _divergence(u, v)[fluid]
        before -= before.mean()
        pressure = np.zeros(fluid.shape)
        pressure[fluid] = self._solve(before)
        u = u - np.diff(pressure, axis=0) * (fluid[1:] & fluid[:-1])
        v = v - np.diff(pressure, axis=1) * (fluid[:, 1:] & fluid[:, :-1])
        after = _divergence(u, v)[fluid]
        after -= after.mean()
        return u, v, float(np.abs(after).max() / (np.abs(before).max() or 1.0))


def _divergence(u: Floats, v: Floats) -> Floats:
    """Flow out of each cell of a closed box, (x, y)."""
    out = np.diff(np.pad(u, ((1, 1), (0, 0))), axis=0)
    return out + np.diff(np.pad(v, ((0, 0), (1, 1))), axis=1)


def phiflow() -> Any:
    """PhiFlow's names, loaded when they are first asked for.

    Raises:
        ConfigError: If it is not installed.
    """
    try:
        with warnings.catch_warnings():  # of parts of it that are not used here
            warnings.simplefilter("ignore")
            from phi import flow
    except ImportError:
        raise ConfigError(
            "Smoke plumes are simulated by PhiFlow, which is not installed. Install "
            "it with `pip install apnp[smoke]`."
        ) from None
    return flow
