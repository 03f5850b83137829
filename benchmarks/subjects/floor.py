"""What the arithmetic alone costs, and plain references written with torch."""

from dataclasses import dataclass

import torch
from cases import Case, Points
from torch import Tensor, nn

from apnp.nn.cnn import CNN
from apnp.nn.setconv import spread_reference
from subjects.ours import plane
from subjects.subject import Subject, Work


def _convolution(case: Case) -> nn.Module:
    kind = {1: nn.Conv1d, 2: nn.Conv2d}[case.dx]
    return kind(case.channels, case.channels, case.kernel, padding=case.kernel // 2)


@dataclass(frozen=True)
class Network(Subject):
    """The network on the lattice alone, no set convolution: dense layers, or our CNN.

    Attributes:
        name: Its name.
        dense: Convolutions of all channels and nothing between them, as in the
            reference ConvCNP; else the depthwise-separable CNN of apnp.
    """

    name: str
    dense: bool
    package: str = "torch"

    def does(self, case: Case) -> bool:
        """ConvCNPs."""
        return case.model == "convcnp"

    def setup(self, case: Case, points: Points) -> Work:
        """The layers, and a field."""
        torch.manual_seed(0)
        lattice = plane(case)
        net: nn.Module = (
            nn.Sequential(*(_convolution(case) for _ in range(case.layers)))
            if self.dense
            else CNN(case.channels, case.layers, case.kernel, case.dx, lattice.pad)
        )
        field = torch.randn(case.tasks, case.channels, *lattice.shape)
        field.requires_grad_(case.trained)

        def loss() -> Tensor:
            return net(field).square().mean()

        def predict() -> Tensor:
            with torch.inference_mode():
                return net(field)

        return Work(sum(p.numel() for p in net.parameters()), loss, predict)


class _Transformer(nn.Module):
    """A plain TNP (Nguyen and Grover 2022) of torch's own encoder layers.

    Context and targets are one sequence; all read the context alone.
    """

    def __init__(self, case: Case) -> None:
        super().__init__()
        c = case.channels
        self.embed = nn.Sequential(
            nn.Linear(case.dx + 2, c), nn.GELU(), nn.Linear(c, c)
        )
        layer = nn.TransformerEncoderLayer(
            c, case.heads, 4 * c, 0.0, "gelu", batch_first=True, norm_first=True
        )
        self.encoder = nn.TransformerEncoder(
            layer, case.layers, enable_nested_tensor=False
        )
        self.head = nn.Sequential(nn.Linear(c, c), nn.GELU(), nn.Linear(c, 2))

    def forward(self, points: Points) -> tuple[Tensor, Tensor]:
        """Means and standard deviations of the targets."""
        n = points.xc.shape[1]
        x = torch.cat((points.xc, points.xt), dim=1)
        y = torch.cat((points.yc, torch.zeros_like(points.yt)), dim=1)
        known = (torch.arange(x.shape[1]) < n).to(x)[None, :, None].expand_as(y)
        hidden = torch.zeros(x.shape[1], x.shape[1]).masked_fill(known[0].T == 0, -1e9)
        h = self.encoder(self.embed(torch.cat((x, y, known), -1)), mask=hidden)
        mean, raw = self.head(h[:, n:]).chunk(2, -1)
        return mean, 0.01 + nn.functional.softplus(raw)


@dataclass(frozen=True)
class PlainTransformer(Subject):
    """The published TNP, written with `torch.nn.TransformerEncoder`."""

    name: str = "TNP of torch.nn layers"
    package: str = "torch"

    def does(self, case: Case) -> bool:
        """TNPs."""
        return case.model == "tnp"

    def setup(self, case: Case, points: Points) -> Work:
        """The model."""
        torch.manual_seed(0)
        model = _Transformer(case)

        def loss() -> Tensor:
            mean, std = model(points)
            return -torch.distributions.Normal(mean, std).log_prob(points.yt).mean()

        return Work(sum(p.numel() for p in model.parameters()), loss)


@dataclass(frozen=True)
class DenseSetConvolution(Subject):
    """Both set convolutions as sums over all points x nodes, as first published."""

    name: str = "points x nodes"
    package: str = "torch"

    def does(self, case: Case) -> bool:
        """Set convolutions, while the tensor fits."""
        return case.model == "setconv" and case.context <= 2000

    def setup(self, case: Case, points: Points) -> Work:
        """Values, a density, and a width that is learned."""
        lattice = plane(case)
        values = torch.cat((points.yc, torch.ones_like(points.yc)), -1)
        values.requires_grad_()
        width = torch.tensor(1 / case.lattice, requires_grad=True)
        centre = torch.full((case.tasks, case.dx), 0.5)
        nodes = lattice.sites(centre).flatten(1, -2)

        def loss() -> Tensor:
            z = spread_reference(values, lattice.kernel(points.xc, centre, width))
            squared = (points.xt[:, :, None] - nodes[:, None]).square().sum(-1)
            weight = torch.exp(-0.5 * squared / width**2)
            return (weight @ z.flatten(2).mT).square().mean()

        return Work(1, loss)


SUBJECTS = [
    Network("convolutions alone (dense)", True),
    Network("CNN of apnp alone", False),
    PlainTransformer(),
    DenseSetConvolution(),
]
