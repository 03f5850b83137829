"""What the arithmetic alone costs, and plain references written with torch."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import torch
from cases import Case, Points
from torch import Tensor, nn

from apnp.nn.cnn import CNN
from apnp.nn.setconv import scatter_reference
from subjects.ours import plane
from subjects.subject import Subject, Work

PATIENCE = 2e10
"""Pairs of targets and nodes of a prediction that there is time for: some minutes."""


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

    def encode(self, points: Points) -> Tensor:
        """The field on the lattice."""
        given = torch.cat((torch.ones_like(points.yc), points.yc), -1)
        sums = given.mT @ self._weights(points.xc, self.log_widths[0])
        density, values = sums.split(1, dim=1)
        z = torch.cat((density, values / (density + 1e-5)), dim=1)
        return self.net(z.unflatten(-1, self.shape)).flatten(2)

    def decode(self, z: Tensor, xt: Tensor) -> tuple[Tensor, Tensor]:
        """Means and standard deviations of targets."""
        return _law(self._weights(xt, self.log_widths[1]) @ z.mT)

    def forward(self, points: Points) -> tuple[Tensor, Tensor]:
        """Means and standard deviations of the targets."""
        return self.decode(self.encode(points), points.xt)


class _NearConvCNP(_ConvCNP):
    """The same; a target reads the nodes at most three cells away along each axis."""

    def decode(self, z: Tensor, xt: Tensor) -> tuple[Tensor, Tensor]:
        """Means and standard deviations of targets of one task."""
        (n,) = set(self.shape)
        first = (xt[0] * n - 0.5).round().long() - 3
        along = (first[:, None] + torch.arange(7)[:, None]).unbind(-1)
        axes = [axis.clamp(0, n - 1) for axis in along]
        inside = [(axis == a).to(xt) for axis, a in zip(axes, along, strict=True)]
        rows, columns = axes
        index = (rows[:, :, None] * n + columns[:, None]).flatten(1)
        there = (inside[0][:, :, None] * inside[1][:, None]).flatten(1)
        squared = (xt[0][:, None] - self.nodes[0, index]).square().sum(-1)
        weight = there * torch.exp(-0.5 * squared / torch.exp(2 * self.log_widths[1]))
        return _law(torch.einsum("nk,nkc->nc", weight, z[0].T[index])[None])


def _law(read: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of two numbers a target."""
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
        return _law(self.head(h[:, n:]))


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

    def _tokens(self, x: Tensor, y: Tensor | None) -> Tensor:
        zero = torch.zeros_like(x[..., :1])
        y, known = (zero, zero) if y is None else (y, torch.ones_like(y))
        return self.embed(torch.cat((x, y, known), -1))

    def forward(self, points: Points) -> tuple[Tensor, Tensor]:
        """Means and standard deviations of the targets."""
        context = self._tokens(points.xc, points.yc)
        h = torch.cat((context, self._tokens(points.xt, None)), dim=1)
        n, both = context.shape[1], h.shape[1]
        hidden = torch.zeros(both, both)
        hidden[:, n:] = -1e9
        return _law(self.head(self.encoder(h, mask=hidden)[:, n:]))


class _ApartTransformer(_Transformer):
    """The same model; the context goes through the layers without the targets."""

    def encode(self, points: Points) -> list[Tensor]:
        """What the targets read in each layer."""
        h, read = self._tokens(points.xc, points.yc), []
        for layer in self.encoder.layers:
            read.append(layer.norm1(h))
            h = layer(h)
        return read

    def decode(self, read: list[Tensor], xt: Tensor) -> tuple[Tensor, Tensor]:
        """Means and standard deviations of targets."""
        h = self._tokens(xt, None)
        for layer, tokens in zip(self.encoder.layers, read, strict=True):
            query = layer.norm1(h)
            found, _ = layer.self_attn(query, tokens, tokens, need_weights=False)
            h = h + found
            h = h + layer.linear2(layer.activation(layer.linear1(layer.norm2(h))))
        return _law(self.head(h))

    def forward(self, points: Points) -> tuple[Tensor, Tensor]:
        """Means and standard deviations of the targets."""
        return self.decode(self.encode(points), points.xt)


@dataclass(frozen=True)
class Published(Subject):
    """A published model, written with torch's own layers.

    Attributes:
        name: Its name.
        model: The cases it does.
        build: Makes the module.
        most: Largest number of pairs of points and nodes that it has memory for in a
            step; 0 for a model that is not trained.
        piece: Targets that a prediction decodes at once; 0 for a model without any.
    """

    name: str
    model: str
    build: Callable[[Case], nn.Module]
    most: float = math.inf
    piece: int = 0
    package: str = "torch"

    def does(self, case: Case) -> bool:
        """Its model, up to its size."""
        nodes = max(1, case.lattice) ** case.dx
        pairs = case.tasks * (case.context + case.n_targets) * nodes
        fits = pairs <= self.most
        if not case.trained:
            fits = self.piece > 0 and pairs <= PATIENCE
        return case.model == self.model and fits

    def setup(self, case: Case, points: Points) -> Work:
        """The model."""
        torch.manual_seed(0)
        model = self.build(case)

        def loss() -> Tensor:
            mean, std = model(points)
            return -torch.distributions.Normal(mean, std).log_prob(points.yt).mean()

        def predict() -> list[list[tuple[Tensor, Tensor]]]:
            with torch.inference_mode():
                return [_in_pieces(model, day, self.piece) for day in points.each()]

        return Work(sum(p.numel() for p in model.parameters()), loss, predict)


def _in_pieces(
    model: nn.Module, points: Points, piece: int
) -> list[tuple[Tensor, Tensor]]:
    encoding = model.encode(points)
    return [model.decode(encoding, xt) for xt in points.xt.split(piece, 1)]


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
            z = scatter_reference(values, lattice.kernel(points.xc, centre, width))
            squared = (points.xt[:, :, None] - nodes[:, None]).square().sum(-1)
            weight = torch.exp(-0.5 * squared / width**2)
            return (weight @ z.flatten(2).mT).square().mean()

        return Work(1, loss)


SUBJECTS = [
    Network("convolutions alone (dense)", True),
    Network("CNN of apnp alone", False),
    Published("ConvCNP as published", "convcnp", _ConvCNP, 1e8, 4096),
    Published("ConvCNP that reads near nodes", "convcnp", _NearConvCNP, 0, 65_536),
    Published("TNP of torch.nn layers", "tnp", _Transformer),
    Published(
        "TNP of torch.nn layers, targets apart", "tnp", _ApartTransformer, piece=8192
    ),
    Published("PT-TNP of torch.nn layers", "pt_tnp", _PseudoTransformer),
    DenseSetConvolution(),
]
