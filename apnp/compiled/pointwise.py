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
    weights = [plan.panels(w1.T), plan.row(b1), plan.panels(w2.T), plan.row(b2)]
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
    weights = [plan.panels(w1.T), plan.row(b1), plan.panels(w1), plan.panels(w2)]
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
        self.jobs = ceil(n / _BLOCK)
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
        """Likewise."""
        return functional.pad(vector, (0, -len(vector) % self.lanes)).contiguous()

    def room(self, narrow: int, wide: int) -> Tensor:
        """For blocks of so many narrow and wide layers, and for sums of their rows."""
        width = narrow * self.sizes[2] + wide * self.sizes[3] + 2 * (self.lanes + 1)
        return self._z.new_empty(_BLOCK * width)


class _Matrix:
    """A matrix of the code, in panels.

    Args:
        code: Where it is read.
        memory: Its first number.
        rows: Number of its rows.
    """

    def __init__(self, code: Code, memory: ir.Value, rows: Index | int) -> None:
        self.code, self.memory, self.rows = code, memory, code.index(rows)

    def at(self, row: Index, column: Index) -> Index:
        """The place of a row in the panel that begins with a column."""
        return column * self.rows + row * self.code.lanes

    def read(self, row: Index, column: Index) -> Vector:
        """A row of the panel that begins with a column."""
        return self.code.read(self.memory, self.at(row, column))

    def write(self, row: Index, column: Index, x: Vector) -> None:
        """Likewise."""
        self.code.write(x, self.memory, self.at(row, column))


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
        self._room = code.place(room, code.index(_BLOCK * 2 * (code.lanes + 1)))

    def layer(self, width: Index) -> _Matrix:
        """Room for another layer."""
        here, self._room = self._room, self.code.place(self._room, width * _BLOCK)
        return _Matrix(self.code, here, _BLOCK)

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

    def means(
        self, rows: Callable[[Index, Index], tuple[Vector, Vector]]
    ) -> tuple[ir.Value, ir.Value]:
        """Two means of every row.

        Args:
            rows: Writes what is done to a row from a column on; what is summed.

        Returns:
            Where they are, one row after the other.
        """
        code, lanes = self.code, self.code.lanes
        each = _BLOCK * lanes
        with code.loop(0, _BLOCK) as row:
            with code.loop(0, self.narrow, lanes, [code.zero] * 2) as column:
                for i, more in enumerate(rows(row.at, column.at)):
                    column.values[i] += more
            for i, value in enumerate(column.values):
                code.write(value, self._sums, row.at * lanes + i * each)

        def over_lanes(first: Index, n: int) -> Vector:
            if n == 1:
                return code.read(self._sums, first)
            other = over_lanes(first + n // 2 * lanes, n // 2)
            return over_lanes(first, n // 2).pairs(other)

        count = code.number(self._channels)
        with code.loop(0, 2 * _BLOCK, lanes) as group:
            total = over_lanes(group.at * lanes, lanes)
            code.write(total / count, self._sums, group.at + 2 * each)
        first, second = (code.index(2 * each + i * _BLOCK) for i in range(2))
        return code.place(self._sums, first), code.place(self._sums, second)

    def product(
        self, a: _Matrix, b: _Matrix, columns: Index, terms: Index, finish: "Finish",
        start: "Start",
    ) -> None:  # fmt: skip
        """A product of a layer and a matrix.

        Args:
            a: The layer.
            b: The matrix, as many columns as the result.
            columns: Of the result.
            terms: Of every sum: columns of the layer, rows of the matrix.
            finish: What becomes of a row of sums, from a column on.
            start: What they begin with.
        """
        code, lanes, tall = self.code, self.code.lanes, _tall(self.code)
        with (
            code.loop(0, columns, lanes) as column,
            code.loop(0, _BLOCK, tall) as row,
        ):
            places = [row.at + i for i in range(tall)]
            begin = [start(place, column.at) for place in places]
            with code.loop(0, terms, lanes, begin) as panel:
                first = a.at(row.at, panel.at)
                with code.loop(0, lanes, values=panel.values) as k:
                    theirs = b.read(panel.at + k.at, column.at)
                    for i in range(tall):
                        one = code.read_one(a.memory, first + i * lanes + k.at)
                        k.values[i] = k.values[i].plus(one, theirs)
                panel.values = k.values
            for place, value in zip(places, panel.values, strict=True):
                finish(place, column.at, value)

    def products_of_rows(
        self, a: _Matrix, b: _Matrix, rows: Index, columns: Index, sums: _Matrix
    ) -> None:
        """Add the product of a layer, turned, and another one.

        Args:
            a: The layer that is turned.
            b: The other one.
            rows: Of the result: columns of the first.
            columns: Likewise: columns of the second.
            sums: What is added to.
        """
        code, lanes, tall = self.code, self.code.lanes, _tall(self.code)
        with (
            code.loop(0, columns, lanes) as column,
            code.loop(0, rows, lanes) as panel,
            code.loop(0, lanes, tall) as row,
        ):
            first = a.at(code.index(0), panel.at) + row.at
            places = [panel.at + row.at + i for i in range(tall)]
            begin = [sums.read(place, column.at) for place in places]
            with code.loop(0, self.rows, values=begin) as k:
                theirs = b.read(k.at, column.at)
                for i in range(tall):
                    one = code.read_one(a.memory, first + i + k.at * lanes)
                    k.values[i] = k.values[i].plus(one, theirs)
            for place, value in zip(places, k.values, strict=True):
                sums.write(place, column.at, value)


Start = Callable[[Index, Index], Vector]
Finish = Callable[[Index, Index, Vector], None]


def _tall(code: Code) -> int:
    """Rows of a product whose sums are in registers at once."""
    return min(8, code.lanes) if many_registers() else 4


@cache
def _forth(dtype: torch.dtype, wide_lanes: int, whole: bool) -> Callable[..., None]:
    tensors = ["z", "u", "w1", "b1", "w2", "b2", "out", "mean", "rate", "room"]
    code = Code("forth", tensors, _SIZES, dtype, wide_lanes, ["slope", "eps"])
    z, u, w1, b1, w2, b2, out, mean, rate, room = code.tensors
    (_, channels, narrow, wide, first, last), (slope, eps) = code.sizes, code.numbers
    with code.loop(first, last) as job:
        block = _Block(code, job.at, whole, room)
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
        with code.loop(0, _BLOCK, wide_lanes) as group:
            level = code.read(levels, group.at)
            variance = code.read(rates, group.at) - level * level
            code.write(code.one / (variance + eps).root(), rates, group.at)
        with code.loop(0, _BLOCK) as row:
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
            normal, _Matrix(code, w1, narrow), wide, narrow, bent,
            lambda row, column: code.read(b1, column),
        )  # fmt: skip
        block.product(
            layer, _Matrix(code, w2, wide), narrow, wide, added,
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
            normal, _Matrix(code, w1, narrow), wide, narrow, bent,
            lambda row, column: code.read(b1, column),
        )  # fmt: skip
        block.product(
            grads, _Matrix(code, w2, narrow), wide, narrow, bent_back, nothing
        )
        block.products_of_rows(grads, layer, narrow, wide, _Matrix(code, by_w2, narrow))
        block.products_of_rows(
            by_layer, normal, wide, narrow, _Matrix(code, by_w1, wide)
        )
        block.product(
            by_layer, _Matrix(code, w1_back, wide), narrow, wide, by_normal.write,
            nothing,
        )  # fmt: skip
        for a, width, to in ((by_layer, wide, by_b1), (grads, narrow, by_b2)):
            with code.loop(0, width, wide_lanes) as column:
                begin = [code.read(to, column.at)]
                with code.loop(0, block.rows, values=begin) as row:
                    row.values[0] += a.read(row.at, column.at)
                code.write(row.values[0], to, column.at)

        def along(row: Index, column: Index) -> tuple[Vector, Vector]:
            by = by_normal.read(row, column)
            return by, by * normal.read(row, column)

        levels, slants = block.means(along)
        with code.loop(0, _BLOCK) as row:
            shift, turn = (code.read_one(t, row.at) for t in (levels, slants))
            r = code.read_one(rate, block.row(row.at))
            with code.loop(0, narrow, wide_lanes) as column:
                x = by_normal.read(row.at, column.at) - shift
                x = x - turn * normal.read(row.at, column.at)
                block.write(x * r, by_u, row.at, column.at)
    return code.compiled()
