"""The pointwise half of a convolutional block, some rows of channels at a time.

A block of rows is normalised, goes through both linear maps and back to memory while it
is in the innermost cache. Rows and layers lie there with zeros up to a whole number of
vectors. Where rows end within a block, the last one is done again in place of those
that are missing.
"""

from collections.abc import Callable, Sequence
from functools import cache
from math import ceil
from typing import Any

import torch
from llvmlite import ir
from torch import Tensor
from torch.nn import functional

from apnp.compiled import threads
from apnp.compiled.code import Code, Index, Vector, lanes, many_registers

_BLOCK = 32
"""Rows that are taken at once."""
_SIZES = ["n", "channels", "narrow", "wide", "first", "last"]


def forth(
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
    weights = [plan.padded(t) for t in (w1.T, b1, w2.T, b2)]
    function = _forth(z.dtype, plan.lanes, plan.whole)

    def work(first: int, last: int) -> None:
        given = [z, u, *weights, out, mean, rate, plan.room(1, 1)]
        pointers = [t.data_ptr() for t in given]
        function(*pointers, *plan.sizes, first, last, slope, eps)

    threads.shared(work, plan.jobs, 2 * z.shape[0] * w1.numel())
    return out, mean, rate


def back(
    g: Tensor, u: Tensor, mean: Tensor, rate: Tensor, w1: Tensor, b1: Tensor,
    w2: Tensor, slope: float,
) -> tuple[Tensor, ...]:  # fmt: skip
    """The derivatives of `forth`.

    Args:
        g: By its result, (n, c), contiguous.
        u: As there, and so on.
        mean: As it returned.
        rate: Likewise.
        w1: As there.
        b1: Likewise.
        w2: Likewise.
        slope: Likewise.

    Returns:
        By u, w1, b1, w2 and b2.
    """
    plan = _Plan(u, w1)
    by_u = torch.empty_like(u)
    weights = [plan.padded(t) for t in (w1.T, b1, w1, w2)]
    function = _back(u.dtype, plan.lanes, plan.whole)
    (e, c), (narrow, wide) = w1.shape, plan.sizes[2:]
    shapes = (wide, narrow), (narrow, wide), (1, wide), (1, narrow)
    lengths = [rows * columns for rows, columns in shapes]

    def work(first: int, last: int) -> Tensor:
        sums = u.new_zeros(sum(lengths))
        parts = sums.split(lengths)
        given = [g, u, mean, rate, *weights, by_u, *parts, plan.room(3, 2)]
        pointers = [t.data_ptr() for t in given]
        function(*pointers, *plan.sizes, first, last, slope)
        return sums

    total = threads.summed(work, plan.jobs, 5 * u.shape[0] * w1.numel())
    by_w1, by_w2, by_b1, by_b2 = (
        part.view(shape)
        for part, shape in zip(total.split(lengths), shapes, strict=True)
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
        self.jobs = ceil(n / _BLOCK)
        self.sizes = n, c, narrow, wide

    def padded(self, weight: Tensor) -> Tensor:
        """With zeros along every axis up to a whole number of vectors."""
        more = [-size % self.lanes for size in weight.shape]
        if any(more):
            weight = functional.pad(weight, [k for m in more[::-1] for k in (0, m)])
        return weight.contiguous()

    def room(self, narrow: int, wide: int) -> Tensor:
        """For blocks of so many narrow and wide layers, and for sums of their rows."""
        width = narrow * self.sizes[2] + wide * self.sizes[3] + self.lanes + 2
        return self._z.new_empty(_BLOCK * width)


class _Block:
    """The code of one block of rows.

    Attributes:
        code: Where it is written.
        start: First row.
        rows: Number of rows.

    Args:
        code: Likewise.
        job: Number of the block.
        whole: Whether a row is a whole number of vectors.
        room: Memory of its own; the first part is for sums of rows.
    """

    def __init__(self, code: Code, job: Index, whole: bool, room: Any) -> None:
        self.code, self._whole, self._sums = code, whole, room
        n, self._channels, self.narrow, self.wide = code.sizes[:4]
        self.start = job * _BLOCK
        self.rows = (n - self.start).up_to(_BLOCK)
        self._room = code.place(room, code.index(_BLOCK * (code.lanes + 2)))

    def layer(self, width: Index) -> ir.Value:
        """Room for another layer."""
        here, self._room = self._room, self.code.place(self._room, width * _BLOCK)
        return here

    def row(self, row: Index) -> Index:
        """The place of a row among all, of the last one for those beyond."""
        return self.start + row.up_to(self.rows - 1)

    def some(self, column: Index) -> ir.Value:
        """Lanes from a column on that are channels; none named if all of them are."""
        return None if self._whole else self.code.below(self._channels - column)

    def read(self, tensor: ir.Value, row: Index, column: Index) -> Vector:
        """Of a tensor of all rows."""
        at = self.row(row) * self._channels + column
        return self.code.read(tensor, at, self.some(column))

    def write(self, x: Vector, tensor: ir.Value, row: Index, column: Index) -> None:
        """Likewise."""
        at = self.row(row) * self._channels + column
        self.code.write(x, tensor, at, self.some(column))

    def means(self, rows: Callable[[Index, Index], Vector], which: int) -> ir.Value:
        """The mean of every row.

        Args:
            rows: Writes what is done to a row from a column on, and returns it.
            which: The first or the second place for means.

        Returns:
            Where they are.
        """
        code, lanes = self.code, self.code.lanes
        with code.loop(0, _BLOCK) as row:
            with code.loop(0, self.narrow, lanes, [code.zero]) as column:
                column.values[0] += rows(row.at, column.at)
            code.write(column.values[0], self._sums, row.at * lanes)

        def over_lanes(first: Index, n: int) -> Vector:
            if n == 1:
                return code.read(self._sums, first)
            other = over_lanes(first + n // 2 * lanes, n // 2)
            return over_lanes(first, n // 2).pairs(other)

        means = code.place(self._sums, code.index(_BLOCK * (lanes + which)))
        with code.loop(0, _BLOCK, lanes) as group:
            total = over_lanes(group.at * lanes, lanes)
            code.write(total / code.number(self._channels), means, group.at)
        return means

    def product(
        self, a: ir.Value, steps: Sequence[Index | int], b: ir.Value,
        shape: Sequence[Index | int], terms: Index, finish: "Finish",
        start: "Start | None" = None,
    ) -> None:  # fmt: skip
        """A product of matrices.

        Args:
            a: A number of the first one.
            steps: From one of its rows to the next, and from one term to the next.
            b: The second one, as many columns in a row as the result has.
            shape: Of the result: rows and columns, multiples of a vector's numbers.
            terms: Of every sum.
            finish: What becomes of a row of sums from a column on.
            start: What they begin with; none for zero.
        """
        code, (rows, columns) = self.code, shape
        tall = min(8, code.lanes) if many_registers() else 4
        with code.loop(0, columns, code.lanes) as column, code.loop(0, rows, tall) as r:
            places = [r.at + i for i in range(tall)]
            begin = [start(p, column.at) if start else code.zero for p in places]
            with code.loop(0, terms, values=begin) as term:
                theirs = code.read(b, term.at * columns + column.at)
                for i, place in enumerate(places):
                    one = code.read_one(a, place * steps[0] + term.at * steps[1])
                    term.values[i] = term.values[i].plus(one, theirs)
            for place, value in zip(places, term.values, strict=True):
                finish(place, column.at, value)


Start = Callable[[Index, Index], Vector]
Finish = Callable[[Index, Index, Vector], None]


@cache
def _forth(dtype: torch.dtype, wide_lanes: int, whole: bool) -> Callable[..., None]:
    tensors = ["z", "u", "w1", "b1", "w2", "b2", "out", "mean", "rate", "room"]
    code = Code("forth", tensors, _SIZES, dtype, wide_lanes, ["slope", "eps"])
    z, u, w1, b1, w2, b2, out, mean, rate, room = code.tensors
    (_, _, narrow, wide, first, last), (slope, eps) = code.sizes, code.numbers
    with code.loop(first, last) as job:
        block = _Block(code, job.at, whole, room)
        normal, layer = block.layer(narrow), block.layer(wide)
        means = block.means(lambda row, column: block.read(u, row, column), 0)

        def squared(row: Index, column: Index) -> Vector:
            off = block.read(u, row, column) - code.read_one(means, row)
            off = off.among(block.some(column))
            code.write(off, normal, row * narrow + column)
            return off * off

        rates = block.means(squared, 1)
        with code.loop(0, _BLOCK, wide_lanes) as group:
            some = code.below(block.rows - group.at)
            of = code.read(means, group.at)
            code.write(of, mean, block.start + group.at, some)
            inverse = code.one / (code.read(rates, group.at) + eps).root()
            code.write(inverse, rates, group.at)
            code.write(inverse, rate, block.start + group.at, some)
        with code.loop(0, _BLOCK) as row:
            r = code.read_one(rates, row.at)
            with code.loop(0, narrow, wide_lanes) as column:
                at = row.at * narrow + column.at
                code.write(code.read(normal, at) * r, normal, at)

        def bent(row: Index, column: Index, x: Vector) -> None:
            x = x.where(x.positive(), x * slope)
            code.write(x, layer, row * wide + column)

        def added(row: Index, column: Index, x: Vector) -> None:
            block.write(x + block.read(z, row, column), out, row, column)

        block.product(
            normal, (narrow, 1), w1, (_BLOCK, wide), narrow, bent,
            lambda row, column: code.read(b1, column),
        )  # fmt: skip
        block.product(
            layer, (wide, 1), w2, (_BLOCK, narrow), wide, added,
            lambda row, column: code.read(b2, column),
        )  # fmt: skip
    return code.compiled()


@cache
def _back(dtype: torch.dtype, wide_lanes: int, whole: bool) -> Callable[..., None]:
    tensors = ["g", "u", "mean", "rate", "w1", "b1", "w1_back", "w2", "by_u",
               "by_w1", "by_w2", "by_b1", "by_b2", "room"]  # fmt: skip
    code = Code("back", tensors, _SIZES, dtype, wide_lanes, ["slope"])
    (g, u, mean, rate, w1, b1, w1_back, w2, by_u, by_w1, by_w2, by_b1, by_b2,
     room) = code.tensors  # fmt: skip
    (_, _, narrow, wide, first, last), (slope,) = code.sizes, code.numbers
    with code.loop(first, last) as job:
        block = _Block(code, job.at, whole, room)
        normal, grads, by_normal = (block.layer(narrow) for _ in range(3))
        layer, by_layer = block.layer(wide), block.layer(wide)
        with code.loop(0, _BLOCK) as row:
            m, r = (code.read_one(t, block.row(row.at)) for t in (mean, rate))
            with code.loop(0, narrow, wide_lanes) as column:
                at = row.at * narrow + column.at
                code.write(block.read(g, row.at, column.at), grads, at)
                x = (block.read(u, row.at, column.at) - m) * r
                code.write(x.among(block.some(column.at)), normal, at)

        def bent(row: Index, column: Index, x: Vector) -> None:
            x = x.where(x.positive(), x * slope)
            code.write(x, layer, row * wide + column)

        def bent_back(row: Index, column: Index, by: Vector) -> None:
            at = row * wide + column
            up = code.read(layer, at).positive()
            code.write(by.where(up, by * slope), by_layer, at)

        block.product(
            normal, (narrow, 1), w1, (_BLOCK, wide), narrow, bent,
            lambda row, column: code.read(b1, column),
        )  # fmt: skip
        block.product(grads, (narrow, 1), w2, (_BLOCK, wide), narrow, bent_back)
        for a, mine, b, theirs, to in (
            (grads, narrow, layer, wide, by_w2), (by_layer, wide, normal, narrow, by_w1)
        ):  # fmt: skip
            read, write = _of(code, to, theirs)
            block.product(a, (1, mine), b, (mine, theirs), block.rows, write, read)
        write = _of(code, by_normal, narrow)[1]
        block.product(by_layer, (wide, 1), w1_back, (_BLOCK, narrow), wide, write)
        for a, width, to in ((by_layer, wide, by_b1), (grads, narrow, by_b2)):
            with code.loop(0, width, wide_lanes) as column:
                begin = [code.read(to, column.at)]
                with code.loop(0, block.rows, values=begin) as row:
                    row.values[0] += code.read(a, row.at * width + column.at)
                code.write(row.values[0], to, column.at)
        by = _of(code, by_normal, narrow)[0]
        of = _of(code, normal, narrow)[0]
        level = block.means(by, 0)
        slant = block.means(lambda row, column: by(row, column) * of(row, column), 1)
        with code.loop(0, _BLOCK) as row:
            shift, turn = (code.read_one(t, row.at) for t in (level, slant))
            r = code.read_one(rate, block.row(row.at))
            with code.loop(0, narrow, wide_lanes) as column:
                rest = by(row.at, column.at) - shift - turn * of(row.at, column.at)
                block.write(rest * r, by_u, row.at, column.at)
    return code.compiled()


def _of(code: Code, tensor: ir.Value, width: Index) -> tuple[Start, Finish]:
    """Reads and writes a row from a column on."""

    def read(row: Index, column: Index) -> Vector:
        return code.read(tensor, row * width + column)

    def write(row: Index, column: Index, x: Vector) -> None:
        code.write(x, tensor, row * width + column)

    return read, write
