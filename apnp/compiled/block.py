"""Rows of channels that are worked on together, in compiled code."""

from collections.abc import Callable
from typing import Any

from llvmlite import ir

from apnp.compiled.code import Code, Index, Vector, many_registers

BLOCK = 32
"""Rows that are taken at once."""

Start = Callable[[Index, Index], Vector]
Finish = Callable[[Index, Index, Vector], None]


class Matrix:
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
        """Write a row of the panel that begins with a column."""
        self.code.write(x, self.memory, self.at(row, column))


class Block:
    """The code of one block of rows.

    Attributes:
        code: Where it is written.
        start: First row.
        rows: Number of rows.

    Args:
        code: The code that is written.
        job: Number of the block.
        whole: Whether a row is a whole number of vectors.
        scratch: Memory of its own; the first part is for sums of rows.
    """

    def __init__(self, code: Code, job: Index, whole: bool, scratch: Any) -> None:
        self.code, self._whole, self._sums = code, whole, scratch
        n, self._channels, self.narrow, self.wide = code.sizes[:4]
        self.start = job * BLOCK
        self.rows = (n - self.start).up_to(BLOCK)
        self._scratch = code.place(scratch, code.index(BLOCK * 2 * (code.lanes + 1)))

    def layer(self, width: Index) -> Matrix:
        """Scratch memory for another layer."""
        here = self._scratch
        self._scratch = self.code.place(here, width * BLOCK)
        return Matrix(self.code, here, BLOCK)

    def row(self, row: Index) -> Index:
        """The place of a row among all, of the last one for those beyond."""
        return self.start + row.up_to(self.rows - 1)

    def some(self, column: Index) -> ir.Value:
        """Lanes from a column on that are channels; none named if all of them are."""
        return None if self._whole else self.code.below(self._channels - column)

    def read(self, tensor: ir.Value, row: Index, column: Index) -> Vector:
        """A row of a tensor of all rows, from a column on."""
        at = self.row(row) * self._channels + column
        return self.code.read(tensor, at, self.some(column))

    def write(self, x: Vector, tensor: ir.Value, row: Index, column: Index) -> None:
        """Write a row of a tensor of all rows, from a column on."""
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
        each = BLOCK * lanes
        with code.loop(0, BLOCK) as row:
            with code.loop(0, self.narrow, lanes, [code.zero] * 2) as column:
                for i, term in enumerate(rows(row.at, column.at)):
                    column.values[i] += term
            for i, value in enumerate(column.values):
                code.write(value, self._sums, row.at * lanes + i * each)

        def over_lanes(first: Index, n: int) -> Vector:
            if n == 1:
                return code.read(self._sums, first)
            other = over_lanes(first + n // 2 * lanes, n // 2)
            return over_lanes(first, n // 2).pairs(other)

        count = code.number(self._channels)
        with code.loop(0, 2 * BLOCK, lanes) as group:
            total = over_lanes(group.at * lanes, lanes)
            code.write(total / count, self._sums, group.at + 2 * each)
        first, second = (code.index(2 * each + i * BLOCK) for i in range(2))
        return code.place(self._sums, first), code.place(self._sums, second)

    def product(
        self, a: Matrix, b: Matrix, columns: Index, terms: Index, finish: Finish,
        start: Start,
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
        code, lanes, height = self.code, self.code.lanes, _register_rows(self.code)
        with (
            code.loop(0, columns, lanes) as column,
            code.loop(0, BLOCK, height) as row,
        ):
            places = [row.at + i for i in range(height)]
            begin = [start(place, column.at) for place in places]
            with code.loop(0, terms, lanes, begin) as panel:
                first = a.at(row.at, panel.at)
                with code.loop(0, lanes, values=panel.values) as k:
                    theirs = b.read(panel.at + k.at, column.at)
                    for i in range(height):
                        one = code.read_one(a.memory, first + i * lanes + k.at)
                        k.values[i] = k.values[i].plus(one, theirs)
                panel.values = k.values
            for place, value in zip(places, panel.values, strict=True):
                finish(place, column.at, value)

    def products_of_rows(
        self, a: Matrix, b: Matrix, rows: Index, columns: Index, sums: Matrix
    ) -> None:
        """Add the product of a transposed layer and another one.

        Args:
            a: The layer that is transposed.
            b: The other one.
            rows: Of the result: columns of the first.
            columns: Of the result: columns of the second.
            sums: What is added to.
        """
        code, lanes, height = self.code, self.code.lanes, _register_rows(self.code)
        with (
            code.loop(0, columns, lanes) as column,
            code.loop(0, rows, lanes) as panel,
            code.loop(0, lanes, height) as row,
        ):
            first = a.at(code.index(0), panel.at) + row.at
            places = [panel.at + row.at + i for i in range(height)]
            begin = [sums.read(place, column.at) for place in places]
            with code.loop(0, self.rows, values=begin) as k:
                theirs = b.read(k.at, column.at)
                for i in range(height):
                    one = code.read_one(a.memory, first + i + k.at * lanes)
                    k.values[i] = k.values[i].plus(one, theirs)
            for place, value in zip(places, k.values, strict=True):
                sums.write(place, column.at, value)


def _register_rows(code: Code) -> int:
    """Rows of a product whose sums are in registers at once."""
    return min(8, code.lanes) if many_registers() else 4
