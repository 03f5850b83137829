"""What the arithmetic alone costs, and plain references written with torch."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

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
            else CNN(case.channels, case.layers, case.kernel, case.dx, lattice.pad, 1)
        )
        field = torch.randn(case.tasks, case.channels, *lattice.shape)
        field.requires_grad_(case.trained)

        def loss() -> Tensor:
            return net(field).square().mean()

        def predict() -> Tensor:
            with torch.inference_mode():
                return net(field)

        return Work(sum(p.numel() for p in net.parameters()), loss, predict)


class _ConvCNP(nn.Module):
    """A ConvCNP as first published (Gordon 2020): sums over all points x nodes."""

    def __init__(self, case: Case) -> None:
        super().__init__()
        kind = {1: nn.Conv1d, 2: nn.Conv2d}[case.dx]
        sizes = [2, *(case.channels,) * (case.layers - 1), 2]
        layers: list[nn.Module] = []
        for a, b in pairwise(sizes):
            layers += [
                kind(a, b, case.kernel, padding=case.kernel // 2), nn.ReLU()
            ]  # fmt: skip
        self.net = nn.Sequential(*layers[:-1])
        lattice = plane(case)
        centre = torch.full((1, case.dx), 0.5)
        self.shape, self.nodes = lattice.shape, lattice.sites(centre).flatten(1, -2)
        self.log_widths = nn.Parameter(torch.full((2,), lattice.cell).log())

    def _weights(self, x: Tensor, log_width: Tensor) -> Tensor:
        squared = (x[:, :, None] - self.nodes[:, None]).square().sum(-1)
        return torch.exp(-0.5 * squared / torch.exp(2 * log_width))

    def forward(self, points: Points) -> tuple[Tensor, Tensor]:
        """Means and standard deviations of the targets."""
        given = torch.cat((torch.ones_like(points.yc), points.yc), -1)
        sums = given.mT @ self._weights(points.xc, self.log_widths[0])
        density, values = sums.split(1, dim=1)
        z = torch.cat((density, values / (density + 1e-5)), dim=1)
        z = self.net(z.unflatten(-1, self.shape)).flatten(2)
        read = self._weights(points.xt, self.log_widths[1]) @ z.mT
        mean, raw = read.chunk(2, -1)
        return mean, 0.01 + nn.functional.softplus(raw)


class _Reader(nn.Module):
    """A layer of a transformer in which some tokens read others."""

    def __init__(self, case: Case) -> None:
        super().__init__()
        c = case.channels
        self.norm_token, self.norm = nn.LayerNorm(c), nn.LayerNorm(c)
        self.norm_query = nn.LayerNorm(c)
        self.attention = nn.MultiheadAttention(c, case.heads, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(c, 4 * c), nn.GELU(), nn.Linear(4 * c, c))

    def forward(self, h: Tensor, tokens: Tensor) -> Tensor:
        tokens = self.norm_token(tokens)
        read, _ = self.attention(self.norm_query(h), tokens, tokens, need_weights=False)
        h = h + read
        return h + self.mlp(self.norm(h))


class _PseudoTransformer(nn.Module):
    """A plain PT-TNP (Feng 2023) of torch's own attention.

    In every layer the pseudo-tokens read the context, then context and targets read
    the pseudo-tokens.
    """

    def __init__(self, case: Case) -> None:
        super().__init__()
        c = case.channels
        self.embed = nn.Sequential(
            nn.Linear(case.dx + 2, c), nn.GELU(), nn.Linear(c, c)
        )
        self.pseudo = nn.Parameter(torch.randn(1, case.pseudo, c))
        self.gather = nn.ModuleList(_Reader(case) for _ in range(case.layers))
        self.spread = nn.ModuleList(_Reader(case) for _ in range(case.layers))
        self.head = nn.Sequential(nn.Linear(c, c), nn.GELU(), nn.Linear(c, 2))

    def forward(self, points: Points) -> tuple[Tensor, Tensor]:
        """Means and standard deviations of the targets."""
        n = points.xc.shape[1]
        known = torch.cat((points.xc, points.yc, torch.ones_like(points.yc)), -1)
        blank = torch.zeros_like(points.yt)
        h = self.embed(torch.cat((known, torch.cat((points.xt, blank, blank), -1)), 1))
        tokens = self.pseudo.expand(len(h), -1, -1)
        for gather, spread in zip(self.gather, self.spread, strict=True):
            tokens = gather(tokens, h[:, :n])
            h = spread(h, tokens)
        mean, raw = self.head(h[:, n:]).chunk(2, -1)
        return mean, 0.01 + nn.functional.softplus(raw)


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
class Published(Subject):
    """A published model, written with torch's own layers.

    Attributes:
        name: Its name.
        model: The cases it does, of training alone.
        build: Makes the module.
        most: Largest number of pairs of points and nodes that it has memory for.
    """

    name: str
    model: str
    build: Callable[[Case], nn.Module]
    most: float = math.inf
    package: str = "torch"

    def does(self, case: Case) -> bool:
        """Its model, up to its size."""
        nodes = max(1, case.lattice) ** case.dx
        pairs = case.tasks * (case.context + case.n_targets) * nodes
        return case.model == self.model and case.trained and pairs <= self.most

    def setup(self, case: Case, points: Points) -> Work:
        """The model."""
        torch.manual_seed(0)
        model = self.build(case)

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
    Published("ConvCNP as published", "convcnp", _ConvCNP, 1e8),
    Published("TNP of torch.nn layers", "tnp", _Transformer),
    Published("PT-TNP of torch.nn layers", "pt_tnp", _PseudoTransformer),
    DenseSetConvolution(),
]
