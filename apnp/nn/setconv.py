"""Set convolutions onto a lattice and readings from it, separable along its axes.

A set convolution with weight k(x, u) = prod_i k_i(x, u_i) needs no tensor of points x
nodes: it is a product of one matrix an axis (Gordon 2020, section 4).
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

_CACHED = 2**18
"""Products of point values and weights that a thread holds at once."""

_NARROW = 8
"""Channels so few that a matrix product for every row of a grid is slow."""


def spread(values: Tensor, axes: list[Tensor]) -> Tensor:
    """Sum point values onto lattice nodes, weighted along each axis.

    z[b, c, i, j, ..] = sum_n values[b, n, c] axes[0][b, n, i] axes[1][b, n, j] ..

    Of many points on a plane as many as fit a core's cache are summed at once, forth
    and back, and their products are not kept. There are no second derivatives then; it
    says so.

    Args:
        values: (b, n, c).
        axes: One (b, n, g) matrix of weights a lattice axis.

    Returns:
        (b, c, *grid).
    """
    b, n, c = values.shape
    grid = tuple(axis.shape[-1] for axis in axes)
    many = len(axes) == 2 and n > _points(c * grid[0])
    if many and values.device.type == "cpu" and not torch.is_autocast_enabled("cpu"):
        return _Spread.apply(values, *axes)
    left = values
    for axis in axes[:-1]:
        left = _columns(left, axis)
    return (left.mT @ axes[-1]).reshape(b, c, *grid)


def _columns(left: Tensor, axis: Tensor) -> Tensor:
    """All products of the columns of (.., n, c) and of (.., n, g), (.., n, c g)."""
    return (left[..., None] * axis[..., None, :]).flatten(-2)


class _Spread(torch.autograd.Function):
    """`spread` of two axes, task by task, a few points at a time."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, first: Tensor, second: Tensor) -> Tensor:
        ctx.save_for_backward(values, first, second)
        (b, _, c), rows, columns = values.shape, first.shape[-1], second.shape[-1]
        out = values.new_zeros(b, c * rows, columns)
        step = _points(c * rows)
        for z, *task in zip(out, values, first, second, strict=True):
            for v, across, along in zip(*(t.split(step) for t in task), strict=True):
                torch.addmm(z, _columns(v, across).T, along, out=z)
        return out.view(b, c, rows, columns)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        inputs = ctx.saved_tensors
        by = [torch.empty_like(t) for t in inputs]
        c, rows = inputs[0].shape[-1], inputs[1].shape[-1]
        step = _points(c * rows)
        g = grads[0].flatten(1, 2)
        for back, *task in zip(g, *inputs, *by, strict=True):
            for v, across, along, by_v, by_across, by_along in zip(
                *(t.split(step) for t in task), strict=True
            ):
                torch.mm(_columns(v, across), back, out=by_along)
                by_left = (along @ back.T).view(len(v), c, rows)
                by_v.copy_((by_left @ across[..., None]).squeeze(-1))
                by_across.copy_((v[:, None] @ by_left).squeeze(1))
        return tuple(by)


def _points(width: int) -> int:
    """Points of so many numbers that are summed at once."""
    return max(1, _CACHED * torch.get_num_threads() // width)


def spread_product(values: Tensor, axes: list[Tensor]) -> Tensor:
    """Sum the values of a product grid onto lattice nodes, one axis after the other.

    z[b, c, i, j, ..] = sum_mn.. values[b, m, n, .., c] axes[0][b, m, i]
                                 axes[1][b, n, j] ..

    It is `spread` of all nodes of the grid, at the cost of one matrix an axis.

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


def spread_reference(values: Tensor, axes: list[Tensor]) -> Tensor:
    """The same as `spread`, as one readable sum over points x nodes."""
    weight = torch.ones_like(values[..., 0])
    for axis in axes:
        weight = weight[..., None] * axis.reshape(
            *axis.shape[:2], *(1,) * (weight.ndim - 2), axis.shape[-1]
        )
    return torch.einsum("bnc,bn...->bc...", values, weight)


def read(z: Tensor, index: Tensor, weight: Tensor) -> Tensor:
    """Weighted sums of a few lattice nodes for each point.

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
    rows = functional.embedding_bag(
        (index + start).reshape(b * n, k),
        table,
        mode="sum",
        per_sample_weights=weight.reshape(b * n, k),
    )
    return rows.reshape(b, n, c)


def read_reference(z: Tensor, index: Tensor, weight: Tensor) -> Tensor:
    """The same as `read`, gathering every node of every point at once."""
    flat = z.flatten(2)
    n, k = index.shape[1:]
    picked = flat.gather(2, index.flatten(1)[:, None].expand(-1, flat.shape[1], -1))
    return torch.einsum("bcnk,bnk->bnc", picked.unflatten(2, (n, k)), weight)


def read_product(z: Tensor, axes: list[Tensor]) -> Tensor:
    """Weighted sums of nodes for each point of a product grid, row by row.

    Args:
        z: Channels on the lattice, (b, c, *grid).
        axes: One (b, m, g) matrix of weights an axis, of the points' and the lattice's.

    Returns:
        (b, product of the m, c).
    """
    some = z.movedim(1, -1).to(axes[0].dtype)
    # The last axis last: what is read then has channels in a row.
    for i, axis in enumerate(axes):
        rest = some.shape[i + 2 :]
        if rest.numel() <= _NARROW:  # one product for all rows, then put in place
            read = some.shape[1 : i + 1]
            lines = axis @ some.movedim(i + 1, 1).flatten(2)
            some = lines.unflatten(-1, (*read, *rest)).movedim(1, i + 1)
        else:
            weights = axis[(slice(None), *(None,) * i)]
            some = (weights @ some.flatten(i + 2)).unflatten(-1, rest)
    return some.flatten(1, -2)


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
