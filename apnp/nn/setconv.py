"""Set convolutions onto a lattice and readings from it, separable along its axes.

A set convolution with weight k(x, u) = prod_i k_i(x, u_i) needs no tensor of points x
nodes: it is a product of one matrix an axis (Gordon 2020, section 4).
"""

import math
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

from apnp.nn.cache import rows_at_once
from apnp.nn.gaussian import exponent, gaussian

_FEW = 2**16
"""Products of a task's values and weights that are made at once."""

_NARROW = 8
"""Channels so few that a grid is read faster one by one."""


def scatter(values: Tensor, axes: list[Tensor]) -> Tensor:
    """Sum point values onto lattice nodes, weighted along each axis.

    z[b, c, i, j, ..] = sum_n values[b, n, c] axes[0][b, n, i] axes[1][b, n, j] ..

    Args:
        values: (b, n, c).
        axes: One (b, n, g) matrix of weights a lattice axis.

    Returns:
        (b, c, *grid).
    """
    left = values
    for axis in axes[:-1]:
        left = _columns(left, axis)
    grid = (axis.shape[-1] for axis in axes)
    return (left.mT @ axes[-1]).reshape(*values.shape[::2], *grid)


def scatter_gaussian(
    values: Tensor, squared: list[Tensor], width: Tensor | float
) -> Tensor:
    """`scatter` with Gaussians of distance, exp(-squared / 2 width^2), as weights.

    Of many points on a plane, on a processor, as many as fit a core's cache are summed
    at once in both passes, unless a derivative by their distances is needed. Their
    weights are recomputed in the backward pass. Double backward then raises.

    Args:
        values: (b, n, c).
        squared: One (b, n, g) matrix of squared distances a lattice axis.
        width: A number.

    Returns:
        (b, c, *grid).
    """
    fast = (
        len(squared) == 2
        and values.device.type == "cpu"
        and not torch.is_autocast_enabled("cpu")
        and not any(s.requires_grad for s in squared)
        and values.dtype == squared[0].dtype
        and values.shape[1:].numel() * squared[0].shape[-1] > _FEW
    )
    if fast:
        rate = torch.as_tensor(exponent(width), dtype=values.dtype)
        return _ScatterGaussian.apply(values, *squared, rate)
    return scatter(values, [gaussian(s, width) for s in squared])


def _columns(left: Tensor, axis: Tensor) -> Tensor:
    """All products of the columns of (.., n, c) and of (.., n, g), (.., n, c g)."""
    return (left[..., None] * axis[..., None, :]).flatten(-2)


class _ScatterGaussian(torch.autograd.Function):
    """Of two axes, task by task, a few points at a time."""

    @staticmethod
    def forward(
        ctx: Any, values: Tensor, first: Tensor, second: Tensor, rate: Tensor
    ) -> Tensor:
        ctx.save_for_backward(values, first, second, rate)
        (b, _, c), rows, columns = values.shape, first.shape[-1], second.shape[-1]
        out = values.new_zeros(b, c * rows, columns)
        step = rows_at_once(c * rows)
        for z, *task in zip(out, values, first, second, strict=True):
            for v, s, t in zip(*(a.split(step) for a in task), strict=True):
                across, along = (s * rate).exp2_(), (t * rate).exp2_()
                torch.addmm(z, _columns(v, across).T, along, out=z)
        return out.view(b, c, rows, columns)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        values, first, second, rate = ctx.saved_tensors
        by_values, by_rate = torch.empty_like(values), torch.zeros_like(rate)
        c, rows = values.shape[-1], first.shape[-1]
        step = rows_at_once(c * rows)
        g = grads[0].flatten(1, 2)
        for back, *task in zip(g, values, first, second, by_values, strict=True):
            for v, s, t, by_v in zip(*(a.split(step) for a in task), strict=True):
                across, along = (s * rate).exp2_(), (t * rate).exp2_()
                left = (along @ back.T).view(len(v), c, rows)
                if ctx.needs_input_grad[3]:  # of either axis
                    more = (along.mul_(t) @ back.T).view_as(left)
                    more.addcmul_(left, s[:, None]).mul_(across[:, None])
                    by_rate += (more.sum(-1) * v).sum()
                if ctx.needs_input_grad[0]:
                    torch.sum(left.mul_(across[:, None]), -1, out=by_v)
        wanted = by_values if ctx.needs_input_grad[0] else None
        return wanted, None, None, by_rate * math.log(2)


def scatter_product(values: Tensor, axes: list[Tensor]) -> Tensor:
    """Sum the values of a product grid onto lattice nodes, one axis after the other.

    z[b, c, i, j, ..] = sum_mn.. values[b, m, n, .., c] axes[0][b, m, i]
                                 axes[1][b, n, j] ..

    It is `scatter` of all nodes of the grid, at the cost of one matrix an axis.

    Args:
        values: (b, m, n, .., c).
        axes: One (b, m, g) matrix of weights an axis, of the grid and of the lattice.

    Returns:
        (b, c, *lattice).
    """
    z = values
    for axis in axes:
        z = z.movedim(1, -1)
        z = (z.flatten(1, -2) @ axis).unflatten(1, z.shape[1:-1])
    return z


def scatter_reference(values: Tensor, axes: list[Tensor]) -> Tensor:
    """The same as `scatter`, as one readable sum over points x nodes."""
    weight = torch.ones_like(values[..., 0])
    for axis in axes:
        weight = weight[..., None] * axis.reshape(
            *axis.shape[:2], *(1,) * (weight.ndim - 2), axis.shape[-1]
        )
    return torch.einsum("bnc,bn...->bc...", values, weight)


def interpolate(z: Tensor, index: Tensor, weight: Tensor) -> Tensor:
    """Weighted sums of a few lattice nodes for each point.

    On a processor it has no second derivatives, and says so.

    Args:
        z: Channels on the lattice, (b, c, *grid).
        index: Flat node numbers, (b, n, k), integer.
        weight: Weights of those nodes, (b, n, k).

    Returns:
        (b, n, c).
    """
    b, c = z.shape[:2]
    # In mixed precision the channels are halves; the weights, of locations, are not.
    table = z.flatten(2).mT.reshape(-1, c).to(weight.dtype)
    nodes = table.shape[0] // b
    start = nodes * torch.arange(b, device=z.device)[:, None, None]
    n, k = index.shape[1:]
    if n == 0:
        return z.new_zeros(b, 0, c)
    summed = _Summed.apply if z.device.type == "cpu" else _summed
    rows: Tensor = summed(
        table, (index + start).reshape(b * n, k), weight.reshape(b * n, k)
    )
    return rows.reshape(b, n, c)


def _summed(table: Tensor, index: Tensor, weight: Tensor) -> Tensor:
    return functional.embedding_bag(index, table, mode="sum", per_sample_weights=weight)


class _Summed(torch.autograd.Function):
    """The same, without the sorting of torch's own derivative."""

    @staticmethod
    def forward(ctx: Any, table: Tensor, index: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(table, index, weight)
        return _summed(table, index, weight)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        table, index, weight = ctx.saved_tensors
        (g,) = grads
        by_table, by_weight = torch.zeros_like(table), None
        for near, share in zip(index.T, weight.T, strict=True):
            by_table.index_add_(0, near, g * share[:, None])
        if ctx.needs_input_grad[2]:
            by_weight = torch.stack([(table[i] * g).sum(-1) for i in index.T], dim=-1)
        return by_table, None, by_weight


def interpolate_reference(z: Tensor, index: Tensor, weight: Tensor) -> Tensor:
    """The same as `interpolate`, gathering every node of every point at once."""
    flat = z.flatten(2)
    n, k = index.shape[1:]
    picked = flat.gather(2, index.flatten(1)[:, None].expand(-1, flat.shape[1], -1))
    return torch.einsum("bcnk,bnk->bnc", picked.unflatten(2, (n, k)), weight)


def interpolate_product(z: Tensor, axes: list[Tensor]) -> Tensor:
    """Weighted sums of nodes for each point of a product grid, row by row.

    Args:
        z: Channels on the lattice, (b, c, *grid).
        axes: One (b, m, g) matrix of weights an axis, of the points' and the lattice's.

    Returns:
        (b, product of the m, c).
    """
    z = z.to(axes[0].dtype)
    if z.shape[1] <= _NARROW:  # each channel by itself, and so they stay
        for axis in axes:
            z = z.movedim(2, -1)
            z = (z.flatten(1, -2) @ axis.mT).unflatten(1, z.shape[1:-1])
        return z.flatten(2).mT
    # The last axis last: what is read then has channels in a row.
    last = z.movedim(1, -1)
    for i, axis in enumerate(axes):
        sizes = last.shape[i + 2 :]
        weights = axis[(slice(None), *(None,) * i)]
        last = (weights @ last.flatten(i + 2)).unflatten(-1, sizes)
    return last.flatten(1, -2)


def cubic_matrix(position: Tensor, g: int) -> Tensor:
    """Weights of an axis of g nodes for points at positions among them.

    Nodes beyond the first and the last count as those.

    Args:
        position: (b, m), in cells, zero at the first node.
        g: Number of nodes.

    Returns:
        (b, m, g), of every row four that are not zero.
    """
    start = position.floor()
    near = start.long()[..., None] + torch.arange(-1, 3, device=position.device)
    none = position.new_zeros(*position.shape, g)
    return none.scatter_add(-1, near.clamp(0, g - 1), cubic_weights(position - start))


def cubic_weights(fraction: Tensor) -> Tensor:
    """Weights of the four nodes around a point: Keys' cubic convolution.

    Args:
        fraction: Position between the second and the third node, in [0, 1).

    Returns:
        Weights with a last axis of 4 that sum to one (Keys 1981, a = -1/2).
    """
    s = fraction
    return torch.stack(
        (
            ((-0.5 * s + 1.0) * s - 0.5) * s,
            (1.5 * s - 2.5) * s * s + 1.0,
            ((-1.5 * s + 2.0) * s + 0.5) * s,
            (0.5 * s - 0.5) * s * s,
        ),
        dim=-1,
    )
