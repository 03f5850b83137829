"""A member of the table of laws: what is tested, and how a law reads it."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from apnp.approx import ApproximatelyEquivariant
from apnp.backbones import RelaxedConvCNP
from apnp.groups import Group, LongitudeShifts, SphereRotations
from apnp.model import NeuralProcess
from apnp.types import AuxiliarySet, Domain, GriddedField, PointSet, Task

DY, DW = 2, 2
AUXILIARY_DY = (1, 2)
"""Variables of a scattered auxiliary set, and of a gridded one."""


def alive(module: nn.Module, seed: int = 7) -> nn.Module:
    """Every parameter moved by a draw of order one (over the root of its fan-in)."""
    generator = torch.Generator().manual_seed(seed)
    module = module.double()
    with torch.no_grad():
        for p in module.parameters():
            fan_in = p[0].numel() if p.ndim > 1 else 4
            noise = torch.randn(p.shape, generator=generator, dtype=p.dtype)
            p += noise / fan_in**0.5
    return module.eval()


class Moved(nn.Module):
    """t_g(x) = t(g^-1 x), support included."""

    def __init__(self, fixed_inputs: nn.Module, group: Group, g: Tensor) -> None:
        super().__init__()
        self.fixed_inputs, self.group, self.back = fixed_inputs, group, group.inverse(g)

    def forward(self, x: Tensor) -> Tensor:
        return self.fixed_inputs(self.group.act(self.back, x))


def on_the_sphere(x: Tensor) -> Tensor:
    """The first three dimensions as unit vectors; a fourth is time."""
    space = x[..., :3] / x[..., :3].norm(dim=-1, keepdim=True)
    return torch.cat((space, x[..., 3:]), dim=-1)


def concrete(base: type, *packages: str) -> set[type]:
    """Every class of the package that inherits `base` and can be made."""
    for name in packages:
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, name + "."):
            importlib.import_module(module.name)
    found, waiting = set(), [base]
    while waiting:
        cls = waiting.pop()
        waiting += cls.__subclasses__()
        if cls.__module__.startswith("apnp.") and not inspect.isabstract(cls):
            found.add(cls)
    return found


@dataclass(frozen=True)
class Member:
    """A row of the table.

    `make` builds the member, `group` is the symmetry it keeps and `exact` draws from
    the elements for which it keeps it exactly (to `tolerance`), when context, targets
    and domain move together.
    """

    name: str
    make: Callable[[], Any]
    group: Group
    exact: Callable[[Group, torch.Generator, Tensor], Tensor]
    tolerance: float

    def model(self) -> Any:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(11)
            return alive(self.make())

    @property
    def approximate(self) -> bool:
        return "approximate" in self.name

    @property
    def with_auxiliary(self) -> bool:
        return "auxiliary sets" in self.name

    @property
    def on_the_sphere(self) -> bool:
        space = getattr(self.group, "first", self.group)
        return isinstance(space, (LongitudeShifts, SphereRotations))

    def task(self, seed: int = 1, nc: int = 5, nt: int = 6, b: int = 2) -> Task:
        """A task of which some values, covariates and one whole point are missing.

        So are some values, a point and a row of a grid of its auxiliary sets.
        """
        generator = torch.Generator().manual_seed(seed)
        dx = self.group.dx

        def normal(*shape: int) -> Tensor:
            return torch.randn(*shape, generator=generator, dtype=torch.float64)

        def locations(n: int) -> Tensor:
            if self.on_the_sphere:
                return on_the_sphere(normal(b, n, dx))
            uniform = torch.rand(b, n, dx, generator=generator, dtype=torch.float64)
            return centre[:, None] + 3.0 * uniform - 1.5

        def points(n: int) -> PointSet:
            y_mask = normal(b, n, DY) > -0.6
            w_mask = normal(b, n, DW) > -0.6
            y_mask[:, :2], w_mask[:, :2] = True, True
            y_mask[:, 3:4], w_mask[:, 3:4] = False, False
            return PointSet(
                locations(n), normal(b, n, DY), normal(b, n, DW), y_mask, w_mask
            )

        centre = 0.3 * normal(b, dx)
        if self.on_the_sphere:
            centre = on_the_sphere(normal(b, dx))
        known = torch.ones(b, dtype=torch.bool)
        domain = Domain(centre, torch.full_like(centre, 3.0), known)
        task = Task(points(nc), points(nt), domain)
        if not self.with_auxiliary:
            return task
        y_mask = normal(b, 7, AUXILIARY_DY[0]) > -0.6
        y_mask[:, 0], y_mask[:, 3] = True, False
        y = normal(b, 7, AUXILIARY_DY[0])
        none = y[..., :0]
        scattered = PointSet(locations(7), y, none, y_mask, none > 0)
        return replace(task, auxiliary=(scattered, self._grid(centre, generator)))

    def _grid(self, centre: Tensor, generator: torch.Generator) -> GriddedField:
        """Nodes at uneven coordinates; on the sphere near and beyond the date line."""
        sizes = (5, 4, 3)[: 2 if self.on_the_sphere else self.group.dx]

        def uniform(*shape: int) -> Tensor:
            return torch.rand(*shape, generator=generator, dtype=torch.float64)

        axes = tuple(
            centre[:, i, None] + 3.0 * uniform(len(centre), n) - 1.5
            for i, n in enumerate(sizes)
        )
        if self.on_the_sphere:
            lat, lon = (uniform(len(centre), n) for n in sizes)
            axes = torch.pi * (lat - 0.5), torch.pi * (0.5 + lon)
        y_mask = uniform(len(centre), *sizes, AUXILIARY_DY[1]) > 0.3
        y_mask[:, 0], y_mask[:, 3] = True, False
        y = 2.0 * uniform(len(centre), *sizes, AUXILIARY_DY[1]) - 1.0
        return GriddedField(axes, y, y_mask)

    def element(self, seed: int = 3) -> Tensor:
        """An element of the exact subgroup."""
        generator = torch.Generator().manual_seed(seed)
        return self.exact(self.group, generator, torch.zeros(1, dtype=torch.float64))

    def moved(self, task: Task, g: Tensor) -> Task:
        """Context, targets, auxiliary sets and domain moved by `g`."""

        def act(points: PointSet) -> PointSet:
            return replace(points, x=self.group.act(g, points.x))

        centre = self.group.act(g, task.domain.centre)
        domain = replace(task.domain, centre=centre)
        auxiliary: tuple[AuxiliarySet, ...] = ()
        if task.auxiliary:
            scattered, grid = task.auxiliary
            auxiliary = act(scattered), self._moved_grid(grid, g)
        return Task(act(task.context), act(task.target), domain, auxiliary)

    def _moved_grid(self, grid: GriddedField, g: Tensor) -> GriddedField:
        """By a shift of longitude, or by one along axes after turns of axes to axes."""
        if self.on_the_sphere:
            lat, lon = grid.axes
            return replace(grid, axes=(lat, lon + g))
        origin = torch.zeros(1, self.group.dx, dtype=torch.float64)
        shift = self.group.act(g, origin)[0]
        turn = self.group.act(g, torch.eye(self.group.dx).double()) - shift
        old = turn.abs().argmax(0).tolist()
        axes = [turn[i, j] * grid.axes[i] + shift[j] for j, i in enumerate(old)]
        order = (0, *(1 + i for i in old), -1)
        y, y_mask = grid.y.permute(order), grid.y_mask.permute(order)
        return GriddedField(tuple(axes), y, y_mask)

    def with_moved_inputs(self, model: Any, g: Tensor) -> Any:
        """The same weights, the fixed inputs moved by `g`."""
        if isinstance(model, NeuralProcess):
            backbone = self.with_moved_inputs(model.backbone, g)
            return NeuralProcess(backbone, model.likelihood, model.drift)
        if not self.approximate:
            return model
        if isinstance(model, RelaxedConvCNP):
            moved = [Moved(t, self.group, g) for t in model.relaxations]
            return RelaxedConvCNP(model.convcnp, moved)
        return ApproximatelyEquivariant(
            model.backbone, Moved(model.fixed_inputs, self.group, g)
        )

    def encode(
        self,
        model: Any,
        context: PointSet,
        domain: Domain,
        auxiliary: tuple[AuxiliarySet, ...] = (),
    ) -> Any:
        encoding = model.encode(context, domain, auxiliary)
        if isinstance(model, NeuralProcess):
            return encoding
        return model.process(encoding)

    def decode(self, model: Any, encoding: Any, target: PointSet) -> Tensor:
        """What the member says about targets, one tensor (b, nt, k)."""
        if isinstance(model, NeuralProcess):
            p = model.decode(encoding, target.x, target.w, target.w_mask)
            return torch.cat((p.mean, p.variance), dim=-1)
        w = torch.where(target.w_mask, target.w, 0.0)
        return model.decode(
            encoding, target.x, torch.cat((w, target.w_mask.double()), dim=-1)
        )

    def predict(self, model: Any, task: Task) -> Tensor:
        encoding = self.encode(model, task.context, task.domain, task.auxiliary)
        return self.decode(model, encoding, task.target)
