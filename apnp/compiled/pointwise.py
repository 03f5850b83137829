"""The pointwise half of a convolutional block, some rows of channels at a time.

A block of rows is normalised, goes through both linear maps and back to memory while it
is in the innermost cache. It lies there in panels of as many columns as a vector has
lanes, filled up with zeros, one panel after the other. Where rows end within a block,
the last one is done again in place of those that are missing.
"""

from collections.abc import Callable
from functools import cache
from math import ceil
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from apnp.compiled import threads
from apnp.compiled.block import BLOCK, Block, Matrix
from apnp.compiled.code import Code, Index, Vector, lanes

_SIZES = ["n", "channels", "narrow", "wide", "first", "last"]


def forward(
    z: Tensor, u: Tensor, w1: Tensor, b1: Tensor, w2: Tensor, b2: Tensor,
    slope: float, eps: float,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """Z and what two linear maps with a leaky rectifier make of the normalised u.

    Args:
        z: (n, c), contiguous, as u.
        u: The same shape.
        w1: (e, c).
        b1: (e,).
        w2: (c, e).
        b2: (c,).
        slope: Of the rectifier, below zero.
        eps: Added to the variance of a row.

    Returns:
        (n, c); means of the rows of u and their inverse deviations, (n,).
    """
    plan = _Plan(z, w1)
    out, mean, rate = torch.empty_like(z), z.new_empty(len(z)), z.new_empty(len(z))
    weights = [plan.panels(w1.T), plan.row(b1), plan.panels(w2.T), plan.row(b2)]
    function = _forward(z.dtype, plan.lanes, plan.whole)

    def work(first: int, last: int) -> None:
        given = [z, u, *weights, out, mean, rate, plan.scratch(1, 1)]
        pointers = [t.data_ptr() for t in given]
        function(*pointers, *plan.sizes, first, last, slope, eps)

    threads.shared(work, plan.jobs, 2 * z.shape[0] * w1.numel())
    return out, mean, rate


def backward(
    g: Tensor, u: Tensor, mean: Tensor, rate: Tensor, w1: Tensor, b1: Tensor,
    w2: Tensor, slope: float,
) -> tuple[Tensor, ...]:  # fmt: skip
    """The derivatives of `forward`.

    Args:
        g: By its result, (n, c), contiguous.
        u: The second argument of `forward`.
        mean: Means of the rows, as `forward` returned them.
        rate: Their inverse deviations.
        w1: (e, c).
        b1: (e,).
        w2: (c, e).
        slope: Of the rectifier, below zero.

    Returns:
        By u, w1, b1, w2 and b2.
    """
    plan = _Plan(u, w1)
    by_u = torch.empty_like(u)
    weights = [plan.panels(w1.T), plan.row(b1), plan.panels(w1), plan.panels(w2)]
    function = _backward(u.dtype, plan.lanes, plan.whole)
    (e, c), (narrow, wide) = w1.shape, plan.sizes[2:]
    shapes = (wide, narrow), (narrow, wide), (1, wide), (1, narrow)
    lengths = [rows * columns for rows, columns in shapes]

    def work(first: int, last: int) -> Tensor:
        sums = u.new_zeros(sum(lengths))
        parts = sums.split(lengths)
        given = [g, u, mean, rate, *weights, by_u, *parts, plan.scratch(3, 2)]
        pointers = [t.data_ptr() for t in given]
        function(*pointers, *plan.sizes, first, last, slope)
        return sums

    total = threads.summed(work, plan.jobs, 5 * u.shape[0] * w1.numel())
    by_w1, by_w2, by_b1, by_b2 = (
        part.view(-1, rows, plan.lanes).transpose(0, 1).flatten(1)
        for part, (rows, _) in zip(total.split(lengths), shapes, strict=True)
    )
    return by_u, by_w1[:e, :c], by_b1[0, :e], by_w2[:c, :e], by_b2[0, :c]


class _Plan:
    """How rows are taken in blocks.

    Attributes:
        lanes: Numbers of a vector.
        whole: Whether a row is a whole number of vectors.
        jobs: Blocks of rows.
        sizes: Arguments of the code.
    """

    def __init__(self, z: Tensor, w1: Tensor) -> None:
        self._z, (n, c) = z, z.shape
        self.lanes = 2 * lanes(z.dtype)
        self.whole = c % self.lanes == 0
        narrow, wide = (ceil(k / self.lanes) * self.lanes for k in w1.shape[::-1])
        self.jobs = ceil(n / BLOCK)
        self.sizes = n, c, narrow, wide

    def panels(self, matrix: Tensor) -> Tensor:
        """As it lies in memory, with rows and columns of zeros at its end."""
        rows, columns = (-size % self.lanes for size in matrix.shape)
        if rows or columns:
            matrix = functional.pad(matrix, (0, columns, 0, rows))
        if matrix.shape[1] == self.lanes:  # one panel
            return matrix.contiguous()
        return matrix.unflatten(1, (-1, self.lanes)).transpose(0, 1).contiguous()

    def row(self, vector: Tensor) -> Tensor:
        """A vector padded to a multiple of the lanes, contiguous."""
        return functional.pad(vector, (0, -len(vector) % self.lanes)).contiguous()

    def scratch(self, narrow: int, wide: int) -> Tensor:
        """Memory for the narrow and wide layers and for sums of their rows."""
        width = narrow * self.sizes[2] + wide * self.sizes[3] + 2 * (self.lanes + 1)
        return self._z.new_empty(BLOCK * width)


@cache
def _forward(dtype: torch.dtype, wide_lanes: int, whole: bool) -> Callable[..., None]:
    tensors = ["z", "u", "w1", "b1", "w2", "b2", "out", "mean", "rate", "scratch"]
    code = Code("forward", tensors, _SIZES, dtype, wide_lanes, ["slope", "eps"])
    z, u, w1, b1, w2, b2, out, mean, rate, scratch = code.tensors
    (_, channels, narrow, wide, first, last), (slope, eps) = code.sizes, code.numbers
    with code.loop(first, last) as job:
        block = Block(code, job.at, whole, scratch)
        normal, layer = block.layer(narrow), block.layer(wide)

        def shift(row: Index) -> Vector:
            return code.read_one(u, block.row(row) * channels)

        def shifted(row: Index, column: Index) -> tuple[Vector, Vector]:
            # One of a row's own numbers is never far from its mean: few digits are
            # lost where the square of the mean is taken from the mean of the squares.
            off = block.read(u, row, column) - shift(row)
            off = off.among(block.some(column))
            return off, off * off

        levels, rates = block.means(shifted)
        with code.loop(0, BLOCK, wide_lanes) as group:
            level = code.read(levels, group.at)
            variance = code.read(rates, group.at) - level * level
            code.write(code.one / (variance + eps).root(), rates, group.at)
        with code.loop(0, BLOCK) as row:
            m = code.read_one(levels, row.at) + shift(row.at)
            r = code.read_one(rates, row.at)
            code.write_one(m, mean, block.row(row.at))
            code.write_one(r, rate, block.row(row.at))
            with code.loop(0, narrow, wide_lanes) as column:
                x = (block.read(u, row.at, column.at) - m) * r
                normal.write(row.at, column.at, x.among(block.some(column.at)))

        def bent(row: Index, column: Index, x: Vector) -> None:
            layer.write(row, column, x.where(x.positive(), x * slope))

        def added(row: Index, column: Index, x: Vector) -> None:
            block.write(x + block.read(z, row, column), out, row, column)

        block.product(
            normal, Matrix(code, w1, narrow), wide, narrow, bent,
            lambda row, column: code.read(b1, column),
        )  # fmt: skip
        block.product(
            layer, Matrix(code, w2, wide), narrow, wide, added,
            lambda row, column: code.read(b2, column),
        )  # fmt: skip
    return code.compiled()


@cache
def _backward(dtype: torch.dtype, wide_lanes: int, whole: bool) -> Callable[..., None]:
    tensors = ["g", "u", "mean", "rate", "w1", "b1", "w1_back", "w2", "by_u",
               "by_w1", "by_w2", "by_b1", "by_b2", "scratch"]  # fmt: skip
    code = Code("backward", tensors, _SIZES, dtype, wide_lanes, ["slope"])
    (g, u, mean, rate, w1, b1, w1_back, w2, by_u, by_w1, by_w2, by_b1, by_b2,
     scratch) = code.tensors  # fmt: skip
    (_, _, narrow, wide, first, last), (slope,) = code.sizes, code.numbers
    with code.loop(first, last) as job:
        block = Block(code, job.at, whole, scratch)
        normal, grads, by_normal = (block.layer(narrow) for _ in range(3))
        layer, by_layer = block.layer(wide), block.layer(wide)
        with code.loop(0, BLOCK) as row:
            m, r = (code.read_one(t, block.row(row.at)) for t in (mean, rate))
            with code.loop(0, narrow, wide_lanes) as column:
                grads.write(row.at, column.at, block.read(g, row.at, column.at))
                x = (block.read(u, row.at, column.at) - m) * r
                normal.write(row.at, column.at, x.among(block.some(column.at)))

        def bent(row: Index, column: Index, x: Vector) -> None:
            layer.write(row, column, x.where(x.positive(), x * slope))

        def bent_back(row: Index, column: Index, by: Vector) -> None:
            up = layer.read(row, column).positive()
            by_layer.write(row, column, by.where(up, by * slope))

        def nothing(row: Index, column: Index) -> Vector:
            return code.zero

        block.product(
            normal, Matrix(code, w1, narrow), wide, narrow, bent,
            lambda row, column: code.read(b1, column),
        )  # fmt: skip
        block.product(grads, Matrix(code, w2, narrow), wide, narrow, bent_back, nothing)
        block.products_of_rows(grads, layer, narrow, wide, Matrix(code, by_w2, narrow))
        block.products_of_rows(
            by_layer, normal, wide, narrow, Matrix(code, by_w1, wide)
        )
        block.product(
            by_layer, Matrix(code, w1_back, wide), narrow, wide, by_normal.write,
            nothing,
        )  # fmt: skip
        for a, width, to in ((by_layer, wide, by_b1), (grads, narrow, by_b2)):
            with code.loop(0, width, wide_lanes) as column:
                begin = [code.read(to, column.at)]
                with code.loop(0, block.rows, values=begin) as row:
                    row.values[0] += a.read(row.at, column.at)
                code.write(row.values[0], to, column.at)
        _normalisation_backward(block, normal, by_normal, rate, by_u)
    return code.compiled()


def _normalisation_backward(
    block: Block, normal: Matrix, by_normal: Matrix, rate: Any, by_u: Any
) -> None:
    """Write the derivative by the rows before their normalisation."""
    code = block.code

    def terms(row: Index, column: Index) -> tuple[Vector, Vector]:
        by = by_normal.read(row, column)
        return by, by * normal.read(row, column)

    levels, slopes = block.means(terms)
    with code.loop(0, BLOCK) as row:
        level, slope = (code.read_one(t, row.at) for t in (levels, slopes))
        r = code.read_one(rate, block.row(row.at))
        with code.loop(0, block.narrow, code.lanes) as column:
            x = by_normal.read(row.at, column.at) - level
            x = x - slope * normal.read(row.at, column.at)
            block.write(x * r, by_u, row.at, column.at)
