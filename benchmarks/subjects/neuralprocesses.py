"""The ConvGNP of neuralprocesses, of our sizes and of its own."""

from dataclasses import dataclass

import neuralprocesses.torch as nps
import torch
from cases import Case, Points
from torch import Tensor

from subjects.subject import Subject, Work


def _density(case: Case) -> int:
    """Nodes a unit that make as many nodes as the case has: three more are added."""
    return case.lattice - 3


@dataclass(frozen=True)
class ConvGNP(Subject):
    """A convolutional neural process with a heteroscedastic Gaussian.

    Attributes:
        name: Its name.
        equal: Convolutions of the case's channels, layers and kernel; else the U-Net
            that is its default, of six levels of 64 channels.
    """

    name: str
    equal: bool
    package: str = "neuralprocesses"

    def does(self, case: Case) -> bool:
        """ConvCNPs."""
        return case.model == "convcnp"

    def setup(self, case: Case, points: Points) -> Work:
        """The model, and the tasks in its layout."""
        torch.manual_seed(0)
        reach = 1 + case.layers * (case.kernel - 1)
        density = _density(case)
        sizes = {
            "conv_arch": "conv", "conv_channels": case.channels,
            "conv_layers": case.layers, "conv_receptive_field": reach / density,
        }  # fmt: skip
        model = nps.construct_convgnp(
            dim_x=case.dx, likelihood="het", points_per_unit=density, margin=0.0,
            **(sizes if self.equal else {}),
        )  # fmt: skip
        context = [points.xc.mT.contiguous(), points.yc.mT.contiguous()]
        yt, xt = points.yt.mT.contiguous(), points.xt.mT
        if not points.axes:
            xt = xt.contiguous()
        axes = tuple(axis[None, None] for axis in points.axes)

        def loss() -> Tensor:
            return -nps.loglik(model, *context, xt, yt, normalise=True).mean()

        def predict() -> list[tuple[Tensor, Tensor]]:
            with torch.no_grad():
                days = zip(*(t.split(1) for t in (*context, xt)), strict=True)
                laws = (model(x, y, axes or wanted) for x, y, wanted in days)
                return [(law.mean, law.var.sqrt()) for law in laws]

        count = sum(p.numel() for p in model.parameters())
        return Work(count, loss, predict)


@dataclass(frozen=True)
class SetConvolution(Subject):
    """Its set convolution onto a product grid, and from there to the targets."""

    name: str = "neuralprocesses"
    package: str = "neuralprocesses"

    def does(self, case: Case) -> bool:
        """Set convolutions."""
        return case.model == "setconv"

    def setup(self, case: Case, points: Points) -> Work:
        """Values, a density, and a width that is learned."""
        values = torch.cat((points.yc, torch.ones_like(points.yc)), -1).mT
        values = values.contiguous().requires_grad_()
        coder = nps.SetConv(1 / case.lattice)
        nodes = (torch.arange(case.lattice) + 0.5) / case.lattice
        axes = (nodes.expand(case.tasks, 1, -1),) * case.dx
        xc, xt = points.xc.mT.contiguous(), points.xt.mT.contiguous()

        def loss() -> Tensor:
            _, z = nps.code(coder, xc, values, axes, root=True)
            _, read = nps.code(coder, axes, z, xt, root=True)
            return read.square().mean()

        return Work(1, loss)


SUBJECTS = [
    ConvGNP("neuralprocesses", True),
    ConvGNP("neuralprocesses with its U-Net", False),
    SetConvolution(),
]
