"""Depthwise convolutions of planes whose channels are contiguous.

Each task is taken in patches of nodes, and of these some channels, as many as one or
two registers hold: they are copied, with the zeros beyond the edge, to scratch memory
that fits the cache. Sums of neighbouring nodes then stay in registers for all that they
read.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from math import ceil

import torch
from llvmlite import ir
from torch import Tensor
from torch.nn import functional

from apnp.compiled import threads
from apnp.compiled.code import Code, Index, lanes, many_registers

_TILE = 8
"""Neighbouring nodes whose sums are in registers at once."""
_GRADIENT_TILE = 4
"""Neighbouring nodes whose derivatives are; it divides `_TILE`."""
_TAPS = 9
"""Largest number of neighbouring weights in registers at once."""
_WIDE = 64
"""Columns of a patch, unless the kernel is as wide."""
_SCRATCH = 2**11
"""Nodes of a patch: two registers of each are a quarter of a megabyte."""
_SIZES = ["rows", "columns", "channels", "out_rows", "out_columns", "above", "left",
          "kernel_rows", "groups", "strip", "strips", "part",
          "first", "last"]  # fmt: skip


def convolve(
    z: Tensor, weight: Tensor, bias: Tensor, beyond: tuple[int, int],
    addend: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Sums of every channel's nodes, with weights of its own.

    Args:
        z: (b, rows, columns, c), contiguous.
        weight: (kernel rows, kernel columns, c).
        bias: (c,).
        beyond: Rows and columns of zeros beyond every edge.
        addend: Added to the result, as large as it, contiguous.

    Returns:
        (b, rows', columns', c).
    """
    plan = _Plan(z, weight.shape[:2], beyond)
    out = z.new_empty(len(z), *plan.out, z.shape[3])
    weights = plan.padded(weight)
    function = _forward(plan.taps, z.dtype, plan.lanes, addend is not None)
    addend = z if addend is None else addend

    def work(first: int, last: int) -> None:
        scratch = z.new_empty(plan.scratch)
        given = [z, weights, bias.contiguous(), addend, out, scratch]
        function(*(t.data_ptr() for t in given), *plan.sizes, first, last)

    threads.shared(work, plan.jobs, out.numel() * weight[..., 0].numel())
    return out


def by_weights(
    z: Tensor, g: Tensor, kernel: tuple[int, int], beyond: tuple[int, int]
) -> tuple[Tensor, Tensor]:
    """The derivatives of `convolve` by its weights.

    Args:
        z: (b, rows, columns, c), contiguous.
        g: By what it returned, contiguous.
        kernel: Rows and columns of the weights.
        beyond: As there.

    Returns:
        By the weights, (*kernel, c), and by the bias, (c,).
    """
    plan = _Plan(z, kernel, beyond)
    function = _backward(plan.taps, z.dtype, plan.lanes)
    taps = kernel[0] * plan.groups * plan.taps

    def work(first: int, last: int) -> Tensor:
        sums = z.new_zeros(taps + 1, z.shape[3])
        scratches = z.new_empty(plan.scratch), z.new_empty(plan.scratch_gradient)
        given = [z, g, sums, sums[taps], *scratches]
        function(*(t.data_ptr() for t in given), *plan.sizes, first, last)
        return sums

    size = g.numel() * kernel[0] * kernel[1]
    total = threads.summed(work, plan.jobs, size)
    return total[:-1].unflatten(0, (kernel[0], -1))[:, : kernel[1]], total[-1]


class _Plan:
    """How a convolution is done in patches.

    Attributes:
        out: Rows and columns of the result.
        groups: The columns of the kernel are taken in this number of groups ...
        taps: ... of this number, which may go beyond its last one.
        lanes: Channels at once.
        scratch: Numbers of a patch of the input.
        scratch_gradient: Numbers of a patch of the result.
        jobs: Strips of all tasks.
        sizes: Arguments of the code.
    """

    def __init__(
        self, z: Tensor, kernel: tuple[int, ...], beyond: tuple[int, int]
    ) -> None:
        b, rows, columns, c = z.shape
        high, wide = kernel
        self.out = rows + 2 * beyond[0] - high + 1, columns + 2 * beyond[1] - wide + 1
        self.groups = ceil(wide / _TAPS)
        self.taps = ceil(wide / self.groups)
        halo = self.groups * self.taps - 1
        part = _evenly(self.out[1], max(_WIDE, 2 * halo), _TILE)
        strip = _evenly(self.out[0], max(_SCRATCH // (part + halo) - high, high))
        strips = ceil(self.out[0] / strip)
        one = lanes(z.dtype)
        self.lanes = 2 * one if many_registers() and c > one else one
        self.scratch = (strip + high - 1) * (part + halo) * self.lanes
        self.scratch_gradient = strip * part * self.lanes
        self.jobs = b * strips
        self.sizes = (
            rows, columns, c, *self.out, *beyond, high, self.groups, strip, strips,
            part,
        )  # fmt: skip

    def padded(self, weight: Tensor) -> Tensor:
        """(rows, columns, c) with columns of zeros up to the end of the last group."""
        missing = self.groups * self.taps - weight.shape[1]
        if missing:
            weight = functional.pad(weight, (0, 0, 0, missing))
        return weight.contiguous()


def _evenly(n: int, most: int, step: int = 1) -> int:
    """Size of equal parts of n, a multiple of the step, about as large as allowed."""
    return ceil(n / ceil(n / most) / step) * step


class _Patch:
    """The code of one patch and some of its channels.

    Attributes:
        some: Lanes that are channels.
        channel: The first of them.
        n: Rows of the result.
        tiles: Tiles of each.
        wide: Columns of the scratch memory for what is convolved.

    Args:
        code: Where this is written.
        taps: Columns of the kernel that are taken at once.
        job: Number of the task and strip.
        start: First column of the result.
        channel: First channel of the vector.
    """

    def __init__(
        self, code: Code, taps: int, job: Index, start: Index, channel: Index
    ) -> None:
        self.code, self.channel, self._start = code, channel, start
        (self._rows, self._columns, self._channels, self._out_rows, self._out_columns,
         self._above, self._left, self._high, groups, strip, strips,
         part) = code.sizes[:12]  # fmt: skip
        self._task, self._top = job // strips, job % strips * strip
        self.some = code.below(self._channels - channel)
        self.n = strip.up_to(self._out_rows - self._top)
        self.tiles = (part.up_to(self._out_columns - start) + _TILE - 1) // _TILE
        self.wide = self.tiles * _TILE + groups * taps - 1

    def copy(self, z: ir.Value, scratch: ir.Value) -> None:
        """What is convolved, with zeros beyond the edges of the plane."""
        corner = self._top - self._above, self._start - self._left
        shape, plane = (self.n + self._high - 1, self.wide), (self._rows, self._columns)
        self._copy(z, scratch, corner, shape, plane)

    def copy_gradient(self, g: ir.Value, scratch: ir.Value) -> None:
        """The derivative of the result, with zeros up to the end of the last tile."""
        shape, plane = (self.n, self.tiles * _TILE), (self._out_rows, self._out_columns)
        self._copy(g, scratch, (self._top, self._start), shape, plane)

    def node(self, row: Index, column: Index) -> tuple[Index, ir.Value]:
        """The place of a node of the result, and its lanes: none beyond the edge."""
        y, x = self._task * self._out_rows + self._top + row, self._start + column
        at = (y * self._out_columns + x) * self._channels + self.channel
        return at, self.code.both(self.some, x.below(self._out_columns))

    def _copy(
        self, tensor: ir.Value, scratch: ir.Value, corner: tuple[Index, Index],
        shape: tuple[Index, Index], plane: tuple[Index, Index],
    ) -> None:  # fmt: skip
        code, (top, left), (n, wide), (rows, columns) = self.code, corner, shape, plane
        none = code.index(0)
        with code.loop(0, n) as y:
            row = top + y.at
            inside = code.builder.and_(code.index(-1).below(row), row.below(rows))
            start = none.where(none.below(left), none - left)
            start = start.up_to(wide).where(inside, wide)
            stop = (columns - left).up_to(wide).where(inside, wide)
            stop = stop.where(start.below(stop), start)
            here = y.at * wide * code.lanes
            there = (self._task * rows + row) * columns + left
            with code.loop(0, start) as x:
                code.write(code.zero, scratch, here + x.at * code.lanes)
            with code.loop(start, stop) as x:
                at = (there + x.at) * self._channels + self.channel
                node = code.read(tensor, at, self.some)
                code.write(node, scratch, here + x.at * code.lanes)
            with code.loop(stop, wide) as x:
                code.write(code.zero, scratch, here + x.at * code.lanes)


@contextmanager
def _patches(code: Code, taps: int) -> Iterator[_Patch]:
    """One after the other."""
    channels, out_columns, part = code.sizes[2], code.sizes[4], code.sizes[11]
    with (
        code.loop(code.sizes[12], code.sizes[13]) as job,
        code.loop(0, out_columns, part) as start,
        code.loop(0, channels, code.lanes) as channel,
    ):
        yield _Patch(code, taps, job.at, start.at, channel.at)


@cache
def _forward(
    taps: int, dtype: torch.dtype, lanes: int, added: bool
) -> Callable[..., None]:
    tensors = ["z", "weight", "bias", "addend", "out", "scratch"]
    code = Code("forward", tensors, _SIZES, dtype, lanes)
    z, weight, bias, addend, out, scratch = code.tensors
    channels, high, groups = code.sizes[2], code.sizes[7], code.sizes[8]
    with _patches(code, taps) as patch:
        patch.copy(z, scratch)
        begin = [code.read(bias, patch.channel, patch.some)] * _TILE
        with code.loop(0, patch.n) as y, code.loop(0, patch.tiles) as tile:
            x = tile.at * _TILE
            with code.loop(0, high, values=begin) as row:
                with code.loop(0, groups, values=row.values) as group:
                    t = group.at * taps
                    here = ((y.at + row.at) * patch.wide + x + t) * lanes
                    of = (row.at * groups * taps + t) * channels + patch.channel
                    weights = []
                    for place in range(_TILE + taps - 1):
                        if place < taps:
                            at = of + channels * place
                            weights.append(code.read(weight, at, patch.some))
                        node = code.read(scratch, here + place * lanes)
                        for i in range(max(0, place - taps + 1), min(_TILE, place + 1)):
                            value = group.values[i].plus(weights[place - i], node)
                            group.values[i] = value
                row.values = group.values
            for i, value in enumerate(row.values):
                at, some = patch.node(y.at, x + i)
                value = value + code.read(addend, at, some) if added else value
                code.write(value, out, at, some)
    return code.compiled()


@cache
def _backward(taps: int, dtype: torch.dtype, lanes: int) -> Callable[..., None]:
    tensors = ["z", "g", "by_weight", "by_bias", "scratch", "scratch_gradient"]
    code = Code("backward", tensors, _SIZES, dtype, lanes)
    z, g, by_weight, by_bias, scratch, scratch_gradient = code.tensors
    channels, high, groups = code.sizes[2], code.sizes[7], code.sizes[8]
    with _patches(code, taps) as patch:
        patch.copy(z, scratch)
        patch.copy_gradient(g, scratch_gradient)
        columns, some = patch.tiles * _TILE, patch.some
        begin = [code.read(by_bias, patch.channel, some)]
        with code.loop(0, patch.n * columns, values=begin) as node:
            node.values[0] += code.read(scratch_gradient, node.at * lanes)
        code.write(node.values[0], by_bias, patch.channel, some)
        with code.loop(0, high) as row, code.loop(0, groups) as group:
            t = group.at * taps
            of = (row.at * groups * taps + t) * channels + patch.channel
            places = [of + channels * i for i in range(taps)]
            sums = [code.read(by_weight, at, some) for at in places]
            with code.loop(0, patch.n, values=sums) as y:
                with code.loop(0, columns, _GRADIENT_TILE, y.values) as x:
                    here = ((y.at + row.at) * patch.wide + x.at + t) * lanes
                    there = (y.at * columns + x.at) * lanes
                    grads = []
                    for place in range(_GRADIENT_TILE + taps - 1):
                        if place < _GRADIENT_TILE:
                            grads.append(
                                code.read(scratch_gradient, there + place * lanes)
                            )
                        value = code.read(scratch, here + place * lanes)
                        for i in range(
                            max(0, place - _GRADIENT_TILE + 1), min(taps, place + 1)
                        ):
                            x.values[i] = x.values[i].plus(grads[place - i], value)
                y.values = x.values
            for at, value in zip(places, y.values, strict=True):
                code.write(value, by_weight, at, some)
    return code.compiled()
