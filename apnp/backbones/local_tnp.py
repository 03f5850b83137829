"""Local transformer neural process: every target reads its nearest context points."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from apnp.backbones.backbone import Backbone
from apnp.backbones.tokens import check_sizes
from apnp.groups import Group
from apnp.nn import neighbours as nearby
from apnp.nn.error_field import ErrorField
from apnp.nn.local_kriging import LocalKriging
from apnp.nn.mlp import mlp
from apnp.nn.near import Near, Points, possible
from apnp.nn.neighbours import gather, taper
from apnp.nn.pair_attention import PairAttention
from apnp.nn.root import root
from apnp.types import AuxiliarySet, Domain, PointSet, Tokens

_CHUNK = 4096
"""Points that read their neighbours at once: it bounds the memory."""

_STRETCH = 1.5
"""Bound of the logarithm of what the standard deviation is multiplied by."""


@dataclass(frozen=True)
class Neighbourhood:
    """Points and their nearest observed context points.

    Attributes:
        index: Numbers of the neighbours, (b, n, k).
        weight: Their weights, (b, n, k).
        rest: Their values less the prior mean, (b, n, k, dy), zero where unobserved.
        observed: Their weights where a variable is observed, (b, n, k, dy).
        mean: Weighted mean of `rest`, (b, n, dy).
        pairs: What group, covariates and masks say of each pair, (b, n, k, n_pair).
        place: What the group says of the point alone, the size of the neighbourhood,
            mean and logarithm of the variance of its values, (b, n, n_place).
    """

    index: Tensor
    weight: Tensor
    rest: Tensor
    observed: Tensor
    mean: Tensor
    pairs: Tensor
    place: Tensor


class LocalTNP(Backbone[Tokens]):
    """Attention to, and kriging from, the K nearest context points.

    Tokens are context points; they read their own neighbours layer by layer, and a
    target reads, at each layer, the tokens that are its neighbours. What it has read
    scales the covariance by which its neighbours are kriged (`LocalKriging`), and
    corrects mean and spread. Neighbours' weights fall to zero at the (K+1)-th distance,
    so that fields are continuous. Time and memory are linear in targets and, but for
    the search of neighbours, in context points.

    Locations enter by what the group leaves of a pair or a point, and by distance. The
    first channels are the mean, then what softplus makes the standard deviation.

    Args:
        group: The symmetry, a group of isometries of locations.
        dy: Number of variables.
        dw: Number of covariates.
        lengths: Initial lengths of the covariance, units of `x`, longest first.
        neighbours: K.
        width: Channels of tokens.
        layers: Number of times that a target reads its neighbours.
        heads: Heads of each reading.
    """

    predicts_moments = True
    embeds_targets = True

    def __init__(
        self,
        group: Group,
        dy: int,
        dw: int,
        lengths: Sequence[float],
        neighbours: int = 32,
        width: int = 64,
        layers: int = 2,
        heads: int = 8,
    ) -> None:
        super().__init__()
        check_sizes(
            lengths, neighbours=neighbours, width=width, layers=layers, heads=heads
        )
        self.group, self.dy, self.dw = group, dy, dw
        self.neighbours = neighbours
        self.dz, self.d_out = width, 2 * dy + width
        self.reach, self.grain = lengths[0], 0.1 * lengths[-1]
        origin = torch.zeros(1, group.dx)
        n_around = group.point_invariants(origin).shape[-1] + 1 + 2 * dy
        n_pair = group.pair_invariants(origin, origin).shape[-1] + 2 + 2 * dw + 2 * dy
        self.prior = mlp(2 * dw, 32, dy, hidden=1)
        self.embed = mlp(2 * dy + 2 * dw, width, width, hidden=1)
        self.surround = mlp(width + n_around, width, width, hidden=1)
        self.enter = mlp(2 * dw + n_around, width, width, hidden=1)
        self.mixing = nn.ModuleList(
            PairAttention(width, n_pair, heads) for _ in range(layers - 1)
        )
        self.reading = nn.ModuleList(
            PairAttention(width, n_pair, heads) for _ in range(layers)
        )
        self.kriging = LocalKriging(dy, dw, lengths, width)
        self.correct = mlp(width, width, 2 * dy, hidden=1, factor=0.1)

    def encode(
        self,
        context: PointSet,
        domain: Domain,
        auxiliary: tuple[AuxiliarySet, ...] = (),
    ) -> Tokens:
        """One token a context point, of its value and its covariates."""
        self.check_context(context, domain, auxiliary)
        context = _at_least_one(context, domain)
        mask = context.y_mask.any(-1, keepdim=True)
        # A padded point may hold anything as its location.
        x = torch.where(mask, context.x, domain.centre[:, None])
        points = replace(context, x=x, w=torch.where(context.w_mask, context.w, 0.0))
        inputs = _with_masks(points)
        rest = torch.where(points.y_mask, points.y - self.prior(inputs), 0.0)
        z = self.embed(torch.cat((rest, points.y_mask.to(rest), inputs), dim=-1))
        return Tokens(z, x, mask[..., 0], replace(points, y=rest), domain)

    def process(self, latent: Tokens) -> Tokens:
        """Read the surroundings: the tokens of every layer, (b, layers, m, width)."""
        points = latent.points
        if self._compiles(latent.z, points.x, points.w):
            return replace(latent, z=self._mix(latent))
        around = self._neighbourhood(latent.sites, _with_masks(points), points)
        # Of two values their difference; a target, without one, has its mean instead.
        pairs = _beside(around, points.y)
        surroundings = torch.cat((latent.z, around.place), dim=-1)
        layers = [latent.z + self.surround(surroundings)]
        for layer in self.mixing:
            h = layers[-1]
            parts = [
                layer(h[:, i], h, around.index[:, i], pairs[:, i], around.weight[:, i])
                for i in _chunks(h.shape[1])
            ]
            layers.append(torch.cat(parts, dim=1))
        return replace(latent, z=torch.stack(layers, dim=1))

    def decode(
        self, latent: Tokens, xt: Tensor, wt: Tensor, et: Tensor | None = None
    ) -> Tensor:
        """Read the neighbours' tokens, and krige from them."""
        self.check_targets(latent, xt, wt)
        if self._compiles(latent.z, xt, wt):
            return self._decode(latent, xt, wt, et)
        parts = [
            self._read(latent, xt[:, i], wt[:, i], None if et is None else et[:, i])
            for i in _chunks(xt.shape[1])
        ]
        return torch.cat(parts, dim=1)

    def error_field(self, latent: Tokens) -> ErrorField | None:
        """The field of the kriging's errors; none where there are several variables."""
        if self.dy > 1:
            return None
        return ErrorField(self.kriging, latent.points, self.neighbours)

    def _read(
        self, latent: Tokens, xt: Tensor, wt: Tensor, et: Tensor | None
    ) -> Tensor:
        points = latent.points
        around = self._neighbourhood(xt, wt, points)
        h = self.enter(torch.cat((wt, around.place), dim=-1))
        if et is not None:
            h = h + et
        pairs = _beside(around, around.mean)
        for layer, tokens in zip(self.reading, latent.z.unbind(1), strict=True):
            h = layer(h, tokens, around.index, pairs, around.weight)
        x = torch.cat((xt[:, :, None], gather(points.x, around.index)), dim=2)
        own = wt[..., : self.dw]
        w = torch.cat((own[:, :, None], gather(points.w, around.index)), dim=2)
        mean, variance = self.kriging(h, x, w, around.rest, around.observed)
        return self._corrected(h, wt, mean, variance)

    def _corrected(
        self, h: Tensor, wt: Tensor, mean: Tensor, variance: Tensor
    ) -> Tensor:
        std = variance.sqrt()
        shift, stretch = self.correct(h).chunk(2, dim=-1)
        mean = self.prior(wt) + mean + std * shift
        std = std * torch.exp(_STRETCH * torch.tanh(stretch))
        return torch.cat((mean, _softplus_inverse(std), h), dim=-1)

    def _compiles(self, z: Tensor, x: Tensor, w: Tensor) -> bool:
        """Whether compiled code does it: it has no gradients of places, covariates."""
        wanted = torch.is_grad_enabled() and (x.requires_grad or w.requires_grad)
        return not wanted and possible(z, self.dz, self.neighbours)

    def _mix(self, latent: Tokens) -> Tensor:
        """Tokens of every layer, (b, layers, m, width), by compiled code."""
        points = _in_a_row(latent.points)
        b, m, _ = latent.z.shape
        near = Near.of(points, latent.sites, latent.points.w, self.neighbours)
        frame, lengths = self.group.frame(near.x), (self.reach, self.grain)
        z = latent.z.flatten(0, 1)
        layers = [z + self.surround(torch.cat((z, self._place(near)), dim=-1))]
        for layer in _attentions(self.mixing):
            h = layers[-1]
            tokens = layer.tokens(h, points)
            layers.append(layer.compiled(h, tokens, near, points.y, frame, lengths))
        return torch.stack(layers, dim=1).unflatten(0, (b, m)).transpose(1, 2)

    def _decode(
        self, latent: Tokens, xt: Tensor, wt: Tensor, et: Tensor | None
    ) -> Tensor:
        """Read and krige by compiled code."""
        points = _in_a_row(latent.points)
        tokens = [
            layer.tokens(z.flatten(0, 1), points)
            for layer, z in zip(
                _attentions(self.reading), latent.z.unbind(1), strict=True
            )
        ]
        parts = [
            self._read_near(
                points, tokens, xt[:, i], wt[:, i], None if et is None else et[:, i]
            )
            for i in _chunks(xt.shape[1])
        ]
        return torch.cat(parts, dim=1)

    def _read_near(
        self, points: Points, tokens: list[Tensor], xt: Tensor, wt: Tensor,
        et: Tensor | None,
    ) -> Tensor:  # fmt: skip
        near = Near.of(points, xt, wt[..., : self.dw], self.neighbours)
        frame, lengths = self.group.frame(near.x), (self.reach, self.grain)
        h = self.enter(torch.cat((wt.flatten(0, 1), self._place(near)), dim=-1))
        if et is not None:
            h = h + et.flatten(0, 1)
        for layer, read in zip(_attentions(self.reading), tokens, strict=True):
            h = layer.compiled(h, read, near, near.mean, frame, lengths)
        mean, variance = self.kriging.compiled(h, near)
        out = self._corrected(h, wt.flatten(0, 1), mean, variance)
        return out.unflatten(0, xt.shape[:2])

    def _place(self, near: Near) -> Tensor:
        """What the group and the neighbours say of a point alone, (n, n_place)."""
        size = torch.log(near.radius / self.reach)[:, None]
        spread = torch.log(near.spread + 1e-4)
        return torch.cat(
            (self.group.point_invariants(near.x), size, near.mean, spread), dim=-1
        )

    def _neighbourhood(self, x: Tensor, w: Tensor, points: PointSet) -> Neighbourhood:
        """The neighbourhoods of `x` with covariates and masks `w` (b, n, 2 dw)."""
        mask = points.y_mask.any(-1)
        index, found = nearby.nearest(x, points.x, mask, self.neighbours + 1)
        other = gather(points.x, index)
        distance = root((other - x[:, :, None]).square().sum(-1))
        weight, radius = taper(distance, found)
        index, other, distance = index[..., :-1], other[..., :-1, :], distance[..., :-1]
        size = torch.log(radius / self.reach)[..., None]
        difference = gather(_with_masks(points), index) - w[:, :, None]
        difference = difference[..., : self.dw]
        pairs = (
            self.group.pair_invariants(x[:, :, None], other) / radius[..., None, None],
            (distance / radius[..., None])[..., None],
            torch.log((distance + self.grain) / self.reach)[..., None],
            difference,
            difference.abs(),
            gather(points.y_mask.to(x), index),
        )
        rest = gather(points.y, index)
        observed = weight[..., None] * gather(points.y_mask.to(x), index)
        total = observed.sum(2) + 1e-6
        mean = (observed * rest).sum(2) / total
        spread = (observed * (rest - mean[:, :, None]).square()).sum(2) / total
        place = (self.group.point_invariants(x), size, mean, torch.log(spread + 1e-4))
        return Neighbourhood(
            index, weight, rest, observed, mean,
            torch.cat(pairs, dim=-1), torch.cat(place, dim=-1),
        )  # fmt: skip


def _attentions(layers: nn.ModuleList) -> list[PairAttention]:
    return [layer for layer in layers if isinstance(layer, PairAttention)]


def _in_a_row(points: PointSet) -> Points:
    """The points of all tasks, one after the other."""
    x, w, y = (
        each.flatten(0, 1).contiguous() for each in (points.x, points.w, points.y)
    )
    mask = points.y_mask.any(-1)
    return Points(x, w, y, points.y_mask.flatten(0, 1).to(y), mask)


def _chunks(n: int) -> list[slice]:
    """Slices of at most `_CHUNK` of n points; one, if there is none."""
    return [slice(i, i + _CHUNK) for i in range(0, max(n, 1), _CHUNK)]


def _beside(around: Neighbourhood, y: Tensor) -> Tensor:
    """Pair features with the neighbours' values relative to `y` (b, n, dy)."""
    relative = around.rest - y[:, :, None]
    return torch.cat((around.pairs, relative), dim=-1)


def _with_masks(points: PointSet) -> Tensor:
    return torch.cat((points.w, points.w_mask.to(points.w)), dim=-1)


def _at_least_one(context: PointSet, domain: Domain) -> PointSet:
    """The context, an empty one with an unobserved point."""
    if context.n_points:
        return context
    b, dy, dw = len(context.x), context.y.shape[-1], context.w.shape[-1]
    missing = torch.zeros(b, 1, 1, dtype=torch.bool, device=context.x.device)
    return PointSet(
        domain.centre[:, None], context.y.new_zeros(b, 1, dy),
        context.w.new_zeros(b, 1, dw),
        missing.expand(-1, -1, dy), missing.expand(-1, -1, dw),
    )  # fmt: skip


def _softplus_inverse(value: Tensor) -> Tensor:
    """What softplus makes `value`, above zero."""
    return value + torch.log(-torch.expm1(-value))
