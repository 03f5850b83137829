"""Reading and kriging from the nearest points by compiled code, on a processor.

The same as `apnp.nn.neighbours`, `apnp.nn.pair_attention` and `apnp.nn.local_kriging`,
with their gradients, but what belongs to a pair of points is never written to memory:
it is recomputed where it is used. Points of a batch lie in one row, (b m, ...).
"""

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from apnp.native import library
from apnp.nn import neighbours

_MOST = 1024
"""Neighbours that the compiled code has room for."""


@dataclass(frozen=True, eq=False)
class Points:
    """Context points of all tasks, one after the other.

    Attributes:
        x: Locations, (b m, dx).
        w: Covariates, zero where unknown, (b m, dw).
        y: Values less the prior mean, zero where unobserved, (b m, dy).
        mask: One where observed, else zero, (b m, dy).
        observed: Whether any variable is observed, (b, m).
    """

    x: Tensor
    w: Tensor
    y: Tensor
    mask: Tensor
    observed: Tensor


@dataclass(frozen=True, eq=False)
class Near:
    """Points, one task's after the other's, and their neighbours among the context.

    Attributes:
        points: The context.
        x: Locations, (b n, dx).
        w: Covariates, zero where unknown, (b n, dw).
        index: Numbers of the k + 1 nearest, (b n, k + 1), whole numbers of 32 bits.
        radius: Distance of the last of them, (b n,).
        weight: Weights of the first k, (b n, k).
        mean: Weighted mean of their values, (b n, dy).
        spread: Weighted variance of their values, (b n, dy).
    """

    points: Points
    x: Tensor
    w: Tensor
    index: Tensor
    radius: Tensor
    weight: Tensor
    mean: Tensor
    spread: Tensor

    @classmethod
    def of(cls, points: Points, x: Tensor, w: Tensor, k: int) -> "Near":
        """The `k` nearest of the context to locations `x` (b, n, dx)."""
        b = len(x)
        index, found = neighbours.nearest(
            x, points.x.unflatten(0, (b, -1)), points.observed, k + 1
        )
        first = points.observed.shape[1] * torch.arange(b)[:, None, None]
        index = (index + first).flatten(0, 1).int()
        count = found.sum(-1, dtype=torch.int32).flatten()
        x, w = x.flatten(0, 1).contiguous(), w.flatten(0, 1).contiguous()
        radius, weight, mean, spread = _Summarise.apply(
            points.y, points.mask, points.x, x, index, count
        )
        return cls(points, x, w, index, radius, weight, mean, spread)


@dataclass(frozen=True, eq=False)
class Drawn:
    """Cells whose errors are being drawn, some after others.

    Attributes:
        z: Standardised errors of all cells, (cells, draws); those drawn are filled in.
        cell: Numbers of the cells that are drawn now, (n,), whole numbers of 32 bits.
        stations: Number of points that are stations; the cells follow them.
        neighbours: How many of a target's last neighbours are cells.
        nugget: Variance of each cell alone, a share of the observation noise.
    """

    z: Tensor
    cell: Tensor
    stations: int
    neighbours: int
    nugget: float


def possible(x: Tensor, width: int, k: int) -> bool:
    """Whether compiled code can do it: for `x` and this number of channels."""
    compiled = library()
    if compiled is None or x.device.type != "cpu" or k > _MOST:
        return False
    if torch.is_autocast_enabled("cpu") or torch.compiler.is_compiling():
        return False
    if x.dtype not in _SUFFIX:
        return False
    return width % (compiled.vector_bytes() // x.element_size()) == 0


def attend(
    query: Tensor, token: Tensor, near: Near, frame: Tensor, pair: Tensor,
    logit: Tensor, reach: float, grain: float,
) -> Tensor:  # fmt: skip
    """What points read of their neighbours' tokens, (n, width).

    Args:
        query: What a pair's hidden layer has of the point, (n, width).
        token: What it has of the neighbour, then the neighbour's values, (m, 2 width).
        near: The points and their neighbours.
        frame: What makes a step from point to neighbour the group's offsets, (n,
            n_offsets, dx).
        pair: Weights of the features of a pair, (features, width): offsets and distance
            over the radius, log((distance + grain) / reach), absolute differences of
            covariates.
        logit: Weights of the heads' logits, (heads, width).
        reach: Unit of distance in the logarithm.
        grain: What is added to the distance there.
    """
    return _Attend.apply(query, token, pair, logit, near, frame, reach, grain)


def krige(near: Near, parameters: Tensor, v: int, slopes: int) -> tuple[Tensor, Tensor]:
    """Mean and variance (n,) of variable `v`, noise included.

    Args:
        near: The targets and their neighbours.
        parameters: Of every target, (n, p): variances of the lengths, rates (powers of
            two lost at a squared distance of one), inverse scales of the covariates,
            slopes (for each of the longest lengths those of all covariates), the
            constant and the noise.
        v: The variable.
        slopes: Number of lengths with slopes.

    Raises:
        torch.linalg.LinAlgError: If a covariance is not positive definite.
    """
    return _Krige.apply(parameters, near.points.y, near, v, slopes)


def draw(
    near: Near, parameters: Tensor, slopes: int, drawn: Drawn, fresh: Tensor
) -> Tensor:
    """Draw standardised errors of one variable into `drawn.z`; variances (n,).

    Args:
        near: The targets, and their neighbours: stations, then cells, of the points of
            `drawn`; `index` has one number more, which is not read.
        parameters: As `krige` takes them.
        slopes: Number of lengths with slopes.
        drawn: The cells.
        fresh: Independent standard normal numbers, (n, draws).

    Returns:
        Variances of the field given the stations alone, without noise.

    Raises:
        torch.linalg.LinAlgError: If a covariance is not positive definite.
    """
    y, variance = near.points.y, parameters.new_empty(len(parameters))
    failed = _call(
        "draw", y, *_kriging_of(near, 0, slopes, parameters, y), drawn.stations,
        drawn.neighbours, float(drawn.nugget), fresh.shape[1], drawn.cell, fresh,
        drawn.z, variance, torch.get_num_threads(),
    )  # fmt: skip
    if failed:
        raise torch.linalg.LinAlgError(
            "The covariance of the neighbours of a cell is not positive definite."
        )
    return variance


_SUFFIX = {torch.float32: "f32", torch.float64: "f64"}


def _call(name: str, like: Tensor, *arguments: Any) -> int:
    """Call the compiled function of this name for numbers like `like`."""
    function: Callable[..., int] = getattr(library(), f"{name}_{_SUFFIX[like.dtype]}")
    return function(*(_passed(each) for each in arguments))


def _passed(value: Any) -> Any:
    """An argument as C takes it; a tensor lies in one piece."""
    if isinstance(value, Tensor):
        assert value.is_contiguous()
        return ctypes.c_void_p(value.data_ptr())
    return ctypes.c_double(value) if isinstance(value, float) else ctypes.c_int(value)


class _Summarise(torch.autograd.Function):
    """Radius, weights, mean and variance of neighbours."""

    @staticmethod
    def forward(
        ctx: Any, y: Tensor, mask: Tensor, points: Tensor, x: Tensor, index: Tensor,
        count: Tensor,
    ) -> tuple[Tensor, ...]:  # fmt: skip
        (n, dx), k, dy = x.shape, index.shape[1] - 1, y.shape[1]
        radius, weight = x.new_empty(n), x.new_empty(n, k)
        mean, spread = x.new_empty(n, dy), x.new_empty(n, dy)
        _call(
            "summarise", x, n, k, dx, dy, x, points, y, mask, index, count,
            neighbours.FADE, radius, weight, mean, spread, torch.get_num_threads(),
        )  # fmt: skip
        ctx.save_for_backward(y, mask, index, weight, mean)
        ctx.mark_non_differentiable(radius, weight)
        return radius, weight, mean, spread

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        y, mask, index, weight, mean = ctx.saved_tensors
        by_mean, by_spread = (g.contiguous() for g in grads[2:])
        by_y = torch.zeros_like(y)
        (n, k), dy = weight.shape, y.shape[1]
        _call(
            "summarise_back", y, n, k, dy, y, mask, index, weight, mean, by_mean,
            by_spread, by_y,
        )  # fmt: skip
        return by_y, None, None, None, None, None


class _Attend(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, query: Tensor, token: Tensor, pair: Tensor, logit: Tensor,
        near: Near, frame: Tensor, reach: float, grain: float,
    ) -> Tensor:  # fmt: skip
        ctx.near, ctx.frame, ctx.lengths = near, frame, (reach, grain)
        ctx.save_for_backward(query, token, pair, logit)
        out = torch.empty_like(query)
        _call(
            "attend", query, *_attention(ctx, query, token, pair, logit), out,
            torch.get_num_threads(),
        )  # fmt: skip
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        saved = ctx.saved_tensors
        parts = torch.get_num_threads()
        by_query = torch.empty_like(saved[0])
        sums = [each.new_zeros(parts, *each.shape) for each in saved[1:]]
        _call(
            "attend_back", saved[0], *_attention(ctx, *saved), grads[0].contiguous(),
            by_query, *sums, parts,
        )  # fmt: skip
        return by_query, *(each.sum(0) for each in sums), None, None, None, None


def _attention(
    ctx: Any, query: Tensor, token: Tensor, pair: Tensor, logit: Tensor
) -> tuple[Any, ...]:
    """What both ways of the attention are given."""
    near, points = ctx.near, ctx.near.points
    (n, width), m, k = query.shape, len(token), near.weight.shape[1]
    return (
        n, m, k, near.x.shape[1], near.w.shape[1], ctx.frame.shape[1], width,
        len(logit), query, token, near.x, near.w, near.radius, ctx.frame, points.x,
        points.w, near.index, near.weight, pair, logit, *ctx.lengths,
    )  # fmt: skip


class _Krige(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, parameters: Tensor, y: Tensor, near: Near, v: int, slopes: int
    ) -> tuple[Tensor, Tensor]:
        ctx.near, ctx.which = near, (v, slopes)
        ctx.save_for_backward(parameters, y)
        mean, variance = parameters.new_empty(2, len(parameters))
        failed = _call(
            "krige", y, *_kriging(ctx, parameters, y), mean, variance,
            torch.get_num_threads(),
        )  # fmt: skip
        if failed:
            raise torch.linalg.LinAlgError(
                "The covariance of the neighbours of a target is not positive definite."
            )
        return mean, variance

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        parameters, y = ctx.saved_tensors
        parts = torch.get_num_threads()
        by_parameters, by_y = torch.empty_like(parameters), y.new_zeros(parts, *y.shape)
        _call(
            "krige_back", y, *_kriging(ctx, parameters, y),
            *(g.contiguous() for g in grads), by_parameters, by_y, parts,
        )  # fmt: skip
        return by_parameters, by_y.sum(0), None, None, None


def _kriging(ctx: Any, parameters: Tensor, y: Tensor) -> tuple[Any, ...]:
    """What both ways of kriging are given."""
    v, slopes = ctx.which
    return _kriging_of(ctx.near, v, slopes, parameters, y)


def _kriging_of(
    near: Near, v: int, slopes: int, parameters: Tensor, y: Tensor
) -> tuple[Any, ...]:
    points = near.points
    (n, dx), dw, k = near.x.shape, near.w.shape[1], near.weight.shape[1]
    lengths = (parameters.shape[1] - 2 - dw - slopes * dw) // 2
    return (
        n, len(y), k, dx, dw, lengths, slopes, y.shape[1], v, near.x, near.w, points.x,
        points.w, y, points.mask, near.index, near.weight, parameters,
    )  # fmt: skip
