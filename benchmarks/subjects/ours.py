"""The models of apnp, of the case's sizes: as lean as their peers, or not."""

from dataclasses import dataclass, replace

import torch
from cases import Case, Points
from torch import Tensor

from apnp.backbones import (
    PTTNP,
    TNP,
    Backbone,
    ConvCNP,
    GriddedOptions,
    TokenLayers,
)
from apnp.backbones.tokens import AttentionKind
from apnp.config.backbones import ConvCNPConfig
from apnp.evaluation import baseline
from apnp.groups import Group, Translations, Trivial
from apnp.likelihoods import HeteroscedasticGaussian
from apnp.model import NeuralProcess
from apnp.nn.cnn import CNN
from apnp.nn.lattice import PlaneLattice
from apnp.nn.mlp import MLP
from apnp.nn.setconv import scatter_gaussian
from apnp.nn.unet import UNet
from apnp.types import Domain, PointSet, Task
from subjects.kriging import Kriging
from subjects.subject import Subject, Work

LENGTHS = (0.3, 0.13, 0.055, 0.025, 0.01)
DENSE = 4_000
"""Most context points of a task whose whole system is solved."""
CHUNK = 65_536
"""Targets decoded at once, at most: of a grid whole rows, as predictions of fields."""


@dataclass(frozen=True)
class Form:
    """What a ConvCNP of the case's sizes does beside its convolutions.

    As its peers are it has one set convolution, a cell wide, pointwise layers as wide
    as its channels, and a linear mixture of them is read at the targets.

    Attributes:
        widths: Of the set convolutions, in cells.
        kriging: Whether values are kriged.
        expansion: Times as many channels inside a block and at the nodes before.
        read: Channels read linearly, or zero.
        embedded: Numbers of a point that are spread beside its value and its presence.
        unet: Whether the network is the default U-Net, not the case's CNN.
        neighbours: Points that a node is kriged from, or zero for all.
    """

    widths: tuple[float, ...] = (1.0,)
    kriging: bool = False
    expansion: int = 1
    read: int = 2
    embedded: int = 0
    unet: bool = False
    neighbours: int = 0


_DEFAULT = ConvCNPConfig()
DEFAULT = Form(
    _DEFAULT.lengthscales, False, _DEFAULT.expansion, _DEFAULT.read, _DEFAULT.embedded
)
"""What the default does beside its network, but for kriging and drift."""


def convcnp(case: Case, lattice: PlaneLattice, form: Form) -> ConvCNP:
    """A ConvCNP with a residual CNN of the case's sizes, or the default U-Net."""
    rest = case.dx, lattice.pad, form.expansion
    net: UNet | CNN
    if form.unet:
        net = UNet(_DEFAULT.channels, _DEFAULT.blocks, _DEFAULT.kernel, *rest)
    else:
        net = CNN(case.channels, case.layers, case.kernel, *rest)
    options = GriddedOptions(
        (), form.kriging, form.read, form.embedded, form.expansion, form.neighbours
    )
    return ConvCNP(lattice, Translations(case.dx), 1, 0, net, form.widths, options)


def plane(case: Case) -> PlaneLattice:
    """The case's lattice, over the unit box."""
    return PlaneLattice((case.lattice,) * case.dx, 1 / case.lattice)


def as_task(points: Points) -> Task:
    """Over the unit box."""
    centre = torch.full((len(points.xc), points.xc.shape[-1]), 0.5)
    known = torch.ones(len(points.xc), dtype=torch.bool)
    return Task(
        PointSet.observed(points.xc, points.yc),
        PointSet.observed(points.xt, points.yt),
        Domain(centre, torch.ones_like(centre), known),
    )


def _predicted(model: NeuralProcess, task: Task, step: int) -> Tensor:
    """Mean and standard deviation, decoded so many targets at once."""
    encoding = model.encode(task.context, task.domain)
    target = task.target
    parts = zip(
        *(t.split(step, 1) for t in (target.x, target.w, target.w_mask)), strict=True
    )
    laws = (model.decode(encoding, *part) for part in parts)
    return torch.cat([torch.cat((p.mean, p.variance.sqrt()), -1) for p in laws], 1)


@dataclass(frozen=True)
class Ours(Subject):
    """A neural process with a Gaussian likelihood.

    Attributes:
        name: Its name.
        attention: How attention knows of pairs.
        models: The models it has.
        most: Largest number of pairs of points that attention has memory for; targets
            of a prediction are decoded so many at once that there are no more.
        form: What a ConvCNP does beside its convolutions.
    """

    name: str
    attention: AttentionKind
    models: tuple[str, ...]
    most: int = 10**12
    form: Form = Form()
    package: str = "apnp"

    def does(self, case: Case) -> bool:
        """Its models, up to its size."""
        pairs = case.tasks * case.context * case.n_targets
        fits = pairs <= self.most or not case.trained
        if self.form.kriging and not self.form.neighbours:
            fits &= case.context <= DENSE
        return case.model in self.models and fits

    def model(self, case: Case, points: Points) -> tuple[NeuralProcess, Task]:
        """The model and its task."""
        torch.manual_seed(0)
        backbone = self._backbone(case)
        if self.attention == "te_tnp":  # layer by layer, as its authors have it
            for part in backbone.modules():
                if isinstance(part, MLP):
                    part.forward = part.reference
        model = NeuralProcess(backbone, HeteroscedasticGaussian(backbone.d_out, 1))
        return model, as_task(points)

    def setup(self, case: Case, points: Points) -> Work:
        """The model and its tasks."""
        model, task = self.model(case, points)

        def loss() -> Tensor:
            return -model(task).log_prob(task.target.y, task.target.y_mask).mean()

        row = case.targets[-1]
        step = min(CHUNK // row * row or CHUNK, self.most // case.context)

        def predict() -> list[Tensor]:
            with torch.inference_mode():
                return [_predicted(model, as_task(day), step) for day in points.each()]

        return Work(sum(p.numel() for p in model.parameters()), loss, predict)

    def _backbone(self, case: Case) -> Backbone:
        if case.model == "convcnp":
            return convcnp(case, plane(case), self.form)
        plain = self.attention == "plain"
        group: Group = Trivial(case.dx) if plain else Translations(case.dx)
        layers = TokenLayers(case.channels, case.layers, case.heads, self.attention)
        if case.model == "pt_tnp":
            return PTTNP(group, 1, 0, LENGTHS, case.pseudo, layers)
        return TNP(group, 1, 0, LENGTHS, layers)


@dataclass(frozen=True)
class OurSetConvolution(Subject):
    """One set convolution onto the lattice and the reading of it at the targets."""

    name: str = "apnp"
    package: str = "apnp"

    def does(self, case: Case) -> bool:
        """Set convolutions."""
        return case.model == "setconv"

    def setup(self, case: Case, points: Points) -> Work:
        """Values, a density, and a width that is learned."""
        lattice = plane(case)
        values = torch.cat((points.yc, torch.ones_like(points.yc)), -1)
        values.requires_grad_()
        width = torch.tensor(1 / case.lattice, requires_grad=True)
        centre = torch.full((case.tasks, case.dx), 0.5)

        def loss() -> Tensor:
            z = scatter_gaussian(values, lattice.squared(points.xc, centre), width)
            return lattice.interpolate(z, points.xt, centre).square().mean()

        return Work(1, loss)


SUBJECTS = [
    Ours("apnp", "gaussian_bias", ("convcnp", "tnp", "pt_tnp")),
    Ours("apnp with its U-Net", "gaussian_bias", ("convcnp",), form=Form(unet=True)),
    Ours("apnp as configured", "gaussian_bias", ("convcnp",), form=DEFAULT),
    Ours(
        "apnp with kriging",
        "gaussian_bias",
        ("convcnp",),
        form=replace(DEFAULT, kriging=True),
    ),
    Ours(
        "apnp with local kriging",
        "gaussian_bias",
        ("convcnp",),
        form=replace(DEFAULT, kriging=True, neighbours=16),
    ),
    Ours("apnp with plain attention", "plain", ("tnp", "pt_tnp")),
    Ours("apnp with published attention", "te_tnp", ("tnp", "pt_tnp"), 10**6),
    OurSetConvolution(),
    Kriging("apnp", "apnp", baseline("regression_kriging")),
]
