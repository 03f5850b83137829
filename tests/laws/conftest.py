"""The table of everything that must keep the laws, and how a law reads a member."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from apnp.approx import ApproximatelyEquivariant, FixedInputs, Support
from apnp.backbones import TNP, Backbone, ConvCNP, LocalTNP
from apnp.groups import (
    Group,
    LongitudeShifts,
    Product,
    RigidMotions,
    Rotations,
    SphereRotations,
    Translations,
    Trivial,
)
from apnp.likelihoods import HeteroscedasticGaussian
from apnp.model import NeuralProcess
from apnp.nn.drift import LinearDrift
from apnp.nn.lattice import Lattice, PlaneLattice, SphereLattice
from apnp.types import Domain, PointSet, Task

DY, DW = 2, 2
LEVELS = 2


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
    def on_the_sphere(self) -> bool:
        space = getattr(self.group, "first", self.group)
        return isinstance(space, (LongitudeShifts, SphereRotations))

    def task(self, seed: int = 1, nc: int = 5, nt: int = 6, b: int = 2) -> Task:
        """A task of which some values, covariates and one whole point are missing."""
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
        return Task(points(nc), points(nt), domain)

    def element(self, seed: int = 3) -> Tensor:
        """An element of the exact subgroup."""
        generator = torch.Generator().manual_seed(seed)
        return self.exact(self.group, generator, torch.zeros(1, dtype=torch.float64))

    def moved(self, task: Task, g: Tensor) -> Task:
        """Context, targets and domain moved by `g`."""

        def act(points: PointSet) -> PointSet:
            return replace(points, x=self.group.act(g, points.x))

        centre = self.group.act(g, task.domain.centre)
        domain = replace(task.domain, centre=centre)
        return Task(act(task.context), act(task.target), domain)

    def with_moved_inputs(self, model: Any, g: Tensor) -> Any:
        """The same weights, the fixed inputs moved by `g`."""
        if isinstance(model, NeuralProcess):
            backbone = self.with_moved_inputs(model.backbone, g)
            return NeuralProcess(backbone, model.likelihood, model.drift)
        if not self.approximate:
            return model
        return ApproximatelyEquivariant(
            model.backbone, Moved(model.fixed_inputs, self.group, g)
        )

    def encode(self, model: Any, context: PointSet, domain: Domain) -> Any:
        encoding = model.encode(context, domain)
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
        encoding = self.encode(model, task.context, task.domain)
        return self.decode(model, encoding, task.target)


def whole_group(group: Group, generator: torch.Generator, like: Tensor) -> Tensor:
    """Any element: the lattice moves with the domain, on the sphere its longitude."""
    return group.random(generator, like)


LATTICES: dict[str, tuple[Callable[[], Lattice], Group, tuple[int, ...]]] = {
    "line": (lambda: PlaneLattice((16,), 0.3), Translations(1), (4, 4, 6)),
    "plane": (lambda: PlaneLattice((8, 10), 0.4), Translations(2), (4, 6)),
    "box": (lambda: PlaneLattice((6, 4, 6), 0.6), Translations(3), (4, 5)),
    "sphere": (lambda: SphereLattice(6, 12), LongitudeShifts(), (4, 6)),
}


def convcnp(where: str) -> ConvCNP:
    lattice, group, channels = LATTICES[where]
    return ConvCNP(
        lattice(),
        group,
        DY,
        DW,
        channels,
        (1,) * len(channels),
        kernel=3,
        widths=(0.75, 2.0),
    )


GROUPS: dict[str, Group] = {
    **{name: group for name, (_, group, _) in LATTICES.items()},
    "E(1)": RigidMotions(1),
    "E(2)": RigidMotions(2),
    "SE(2)": RigidMotions(2, mirrors=False),
    "SO(2)": Rotations(),
    "SO(3)": SphereRotations(),
    "time shifts": Translations(3, dims=(2,)),
    "longitude and time shifts": Product(LongitudeShifts(), Translations(1)),
    "E(2) and time shifts": Product(RigidMotions(2), Translations(1)),
    "no symmetry": Trivial(2),
}


def local_tnp(group: str) -> LocalTNP:
    """Three neighbours: the fourth of the four observed points bounds them."""
    lengths = (2.0, 0.7)
    return LocalTNP(GROUPS[group], DY, DW, lengths, 3, width=8, layers=2, heads=2)


def tnp(group: str, pairs: bool = True) -> TNP:
    return TNP(
        GROUPS[group], DY, DW, (2.0, 0.7), width=8, layers=2, heads=2, pairs=pairs
    )


def approximate(
    where: str, support: bool, backbone: Backbone | None = None
) -> ApproximatelyEquivariant:
    backbone = backbone or convcnp(where)
    dx = backbone.group.dx
    box = Support((-0.9,) * dx, (0.6,) * dx, edge=0.8) if support else None
    fixed = FixedInputs(dx, backbone.dz, 3, 0.3, 8, box, n_frequencies=4)
    return ApproximatelyEquivariant(backbone, fixed)


def process(backbone: Backbone) -> NeuralProcess:
    likelihood = HeteroscedasticGaussian(backbone.d_out, DY, guessed=backbone.guesses)
    return NeuralProcess(
        backbone, likelihood, LinearDrift(1, backbone.group.n_trend, DY, (2.0, 0.7))
    )


FACTORIES: dict[str, tuple[str, Callable[[], Any]]] = {
    **{f"ConvCNP, {at}": (at, lambda at=at: convcnp(at)) for at in LATTICES},
    **{
        f"ConvCNP, {at}, approximate": (at, lambda at=at: approximate(at, False))
        for at in LATTICES
    },
    **{
        f"ConvCNP, {at}, approximate in a support": (
            at,
            lambda at=at: approximate(at, True),
        )
        for at in ("line", "plane", "sphere")
    },
    **{f"LocalTNP, {g}": (g, lambda g=g: local_tnp(g)) for g in GROUPS},
    **{
        f"LocalTNP, {g}, approximate": (
            g,
            lambda g=g: approximate(g, g == "plane", local_tnp(g)),
        )
        for g in GROUPS
        if g != "no symmetry"
    },
    **{f"TNP, {g}": (g, lambda g=g: tnp(g)) for g in GROUPS},
    "TNP, plain": ("no symmetry", lambda: tnp("no symmetry", pairs=False)),
    **{
        f"TNP, {g}, approximate": (g, lambda g=g: approximate(g, False, tnp(g)))
        for g in GROUPS
        if g != "no symmetry"
    },
    "NeuralProcess, LocalTNP, sphere, approximate": (
        "sphere",
        lambda: process(approximate("sphere", False, local_tnp("sphere"))),
    ),
    "NeuralProcess, line": ("line", lambda: process(convcnp("line"))),
    "NeuralProcess, plane, approximate": (
        "plane",
        lambda: process(approximate("plane", True)),
    ),
    "NeuralProcess, sphere, approximate": (
        "sphere",
        lambda: process(approximate("sphere", False)),
    ),
}
MEMBERS = [
    Member(name, make, GROUPS[at], whole_group, 1e-10)
    for name, (at, make) in FACTORIES.items()
]


@pytest.fixture(params=MEMBERS, ids=lambda m: m.name)
def member(request) -> Member:
    return request.param


@pytest.fixture(params=[m for m in MEMBERS if m.approximate], ids=lambda m: m.name)
def loosened(request) -> Member:
    """A member with fixed inputs."""
    return request.param


ON_A_SPHERE = [m for m in MEMBERS if "sphere" in m.name and "TNP" not in m.name]


@pytest.fixture(params=ON_A_SPHERE, ids=lambda m: m.name)
def spherical(request) -> Member:
    """A member with a lattice on the sphere."""
    return request.param


@pytest.fixture
def members() -> list[Member]:
    return MEMBERS


@pytest.fixture
def classes() -> Callable[..., set[type]]:
    return concrete
