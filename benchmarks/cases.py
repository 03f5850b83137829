"""What is measured: tasks of a size and a network of a size, the same for all subjects.

A case is pure data. Locations lie in the unit box, uniformly; values are a smooth
function of location and noise. Sizes are those of equal work: as many tasks, points,
lattice nodes, channels and layers for every subject that has such things.
"""

import math
from dataclasses import dataclass, replace
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

Model = Literal["convcnp", "tnp", "pt_tnp", "setconv", "kriging"]
Phase = Literal["setup", "forward", "backward", "predict"]


@dataclass(frozen=True)
class Case:
    """One piece of work.

    Attributes:
        name: Unique, in words without commas.
        model: What does the work.
        dx: Dimensions of a location.
        tasks: Tasks at once of a step; of a prediction, days one after the other.
        context: Context points of each.
        targets: Targets of each: a number of scattered points, or the rows and columns
            of a product grid.
        trained: Whether a loss is taken forward and backward; else targets are
            predicted without gradients.
        lattice: Nodes along each axis, for a model on a lattice.
        channels: Of the lattice, or of tokens.
        layers: Of the network.
        kernel: Size of the convolution kernels, in nodes.
        heads: Heads of attention.
        pseudo: Pseudo-tokens.
    """

    name: str
    model: Model
    dx: int
    tasks: int
    context: int
    targets: tuple[int, ...]
    trained: bool
    lattice: int = 0
    channels: int = 32
    layers: int = 5
    kernel: int = 9
    heads: int = 8
    pseudo: int = 32

    @property
    def phases(self) -> tuple[Phase, ...]:
        """What is timed, in this order."""
        return (
            ("setup", "forward", "backward") if self.trained else ("setup", "predict")
        )

    @property
    def n_targets(self) -> int:
        """Targets of a task, those of a grid counted one by one."""
        return math.prod(self.targets)


@dataclass(frozen=True)
class Points:
    """Tasks of a case.

    Attributes:
        xc: Context locations.
        yc: Their values.
        xt: Target locations, of a grid row by row.
        yt: Their values.
        axes: Coordinates along each axis of a target grid; empty for scattered targets.
    """

    xc: Float[Tensor, "b n dx"]
    yc: Float[Tensor, "b n 1"]
    xt: Float[Tensor, "b nt dx"]
    yt: Float[Tensor, "b nt 1"]
    axes: tuple[Tensor, ...]

    def each(self) -> list["Points"]:
        """The tasks one by one."""
        tensors = (self.xc, self.yc, self.xt, self.yt)
        parts = zip(*(t.split(1) for t in tensors), strict=True)
        return [Points(*part, self.axes) for part in parts]


def drawn(case: Case, seed: int = 0) -> Points:
    """The tasks of a case, in float32, the same for every subject."""
    generator = torch.Generator().manual_seed(seed)
    xc = torch.rand(case.tasks, case.context, case.dx, generator=generator)
    axes: tuple[Tensor, ...] = ()
    if len(case.targets) > 1:
        axes = tuple((torch.arange(n) + 0.5) / n for n in case.targets)
        grid = torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1)
        xt = grid.reshape(1, -1, case.dx)
    else:
        xt = torch.rand(case.tasks, case.n_targets, case.dx, generator=generator)

    def values(x: Tensor) -> Tensor:
        noise = 0.1 * torch.randn(*x.shape[:2], 1, generator=generator)
        return torch.sin(7.0 * x + 1.0).sum(-1, keepdim=True) + noise

    yc, yt = values(xc), values(xt)
    return Points(xc, yc, *(t.expand(case.tasks, -1, -1) for t in (xt, yt)), axes)


_LINE = Case("1-D step: ConvCNP", "convcnp", 1, 16, 64, (128,), True, lattice=128)
_PLANE = Case("2-D step", "convcnp", 2, 8, 500, (500,), True, lattice=64)
_GLOBE = Case("predict", "convcnp", 2, 1, 2000, (180, 360), False, lattice=128)
_SPREAD = Case("set convolution", "setconv", 2, 8, 500, (500,), True, lattice=64)

CASES = (
    _LINE,
    replace(_LINE, name="1-D step: TNP", model="tnp", channels=128),
    replace(_LINE, name="1-D step: PT-TNP", model="pt_tnp", channels=128),
    *(
        replace(_PLANE, name=f"2-D step: ConvCNP {n} context", context=n)
        for n in (500, 1000, 2000, 4000, 16_000)
    ),
    *(
        replace(
            _PLANE, name=f"2-D step: TNP {n} context", model="tnp", channels=128,
            context=n,
        )
        for n in (500, 1000, 2000, 4000)
    ),
    replace(_GLOBE, name="predict: 1 degree"),
    replace(_GLOBE, name="predict: 0.25 degree", targets=(720, 1440)),
    replace(_GLOBE, name="predict: million points", targets=(1_000_000,)),
    replace(_GLOBE, name="predict: 30 days of 1 degree", tasks=30),
    replace(
        _GLOBE, name="predict: 30 days of 0.25 degree", tasks=30, targets=(720, 1440)
    ),
    replace(_GLOBE, name="predict: TNP 1 degree", model="tnp", channels=128),
    *(
        replace(_SPREAD, name=f"set convolution: {n} stations", context=n)
        for n in (500, 1000, 2000, 4000, 8000, 16_000)
    ),
    replace(_GLOBE, name="kriging: 500 stations", model="kriging", context=500),
    # Of fewer cells: some packages take the square of the stations for each.
    replace(_GLOBE, name="kriging: 2000 stations", model="kriging", targets=(45, 90)),
)  # fmt: skip


def quick(case: Case) -> Case:
    """The same work, small: to see that every subject runs."""
    grid = tuple(min(n, 24) for n in case.targets)
    return replace(
        case,
        tasks=min(case.tasks, 2),
        context=min(case.context, 40),
        targets=grid if len(grid) > 1 else (min(case.n_targets, 300),),
        lattice=min(case.lattice, 32),
    )
