"""Backbones that read streams and lack one property each."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import test_streams as laws
import torch
from breaking import Break, Method
from broken_backbones import Law, noisy
from torch import Tensor

from apnp.types import GriddedField, PointSet, Stream


def of_streams(change: Callable[[Stream], Stream]) -> Any:
    """Encodes other streams."""

    def broken(encode: Method) -> Method:
        def encoded(self, context, domain, streams=()):
            return encode(self, context, domain, tuple(map(change, streams)))

        return encoded

    return broken


def first_streams(encode: Method) -> Method:
    """Reads as many streams as it knows of and drops the others."""

    def encoded(self, context, domain, streams=()):
        count = len(getattr(self, "backbone", self).stream_dy)
        return encode(self, context, domain, streams[:count])

    return encoded


def streams_made_up(encode: Method) -> Method:
    """Reads an empty stream in place of one that is missing."""

    def encoded(self, context, domain, streams=()):
        x = context.x[:, :0]
        sizes = getattr(self, "backbone", self).stream_dy[len(streams) :]
        empty = [PointSet.observed(x, x.new_zeros(*x.shape[:2], n)) for n in sizes]
        return encode(self, context, domain, (*streams, *empty))

    return encoded


def in_order(stream: Stream) -> Stream:
    """Values that count by their place in the order of points or rows."""
    steps = torch.arange(stream.y.shape[1], dtype=stream.y.dtype)
    shape = (-1,) + (1,) * (stream.y.ndim - 2)
    return replace(stream, y=stream.y * (1 + steps.reshape(shape)))


def guessed(stream: Stream) -> Stream:
    """Everything observed; what is not a number is read as some number."""
    y = stream.y.nan_to_num(1.0, 2.0)
    return replace(stream, y=y, y_mask=stream.y_mask | True)


def zero_where_missing(stream: Stream) -> Stream:
    y = torch.where(stream.y_mask, stream.y, 0.0)
    stream = replace(stream, y=y, y_mask=stream.y_mask | True)
    if isinstance(stream, GriddedField):
        return replace(stream, axes=tuple(map(Tensor.nan_to_num, stream.axes)))
    return replace(stream, x=stream.x.nan_to_num())


def placeless(stream: Stream) -> Stream:
    """All points, or nodes along an axis, where the first is."""
    if isinstance(stream, GriddedField):
        axes = (0 * axis + axis[:, 1:2] for axis in stream.axes)
        return replace(stream, axes=tuple(axes))
    return replace(stream, x=0 * stream.x + stream.x[:, 1:2])


def scaled_grid(stream: Stream) -> Stream:
    """Values of a grid in other units than those of points."""
    if isinstance(stream, GriddedField):
        return replace(stream, y=1.1 * stream.y)
    return stream


BREAKS: dict[Law, list[Break]] = {
    laws.test_0_values_and_locations_of_streams_reach_the_target: [
        Break("encode", of_streams(lambda s: replace(s, y=0 * s.y))),
        Break("encode", of_streams(placeless)),
    ],
    laws.test_3_order_within_a_stream_is_irrelevant: [
        Break("encode", of_streams(in_order))
    ],
    laws.test_4_unobserved_values_of_streams_have_no_influence: [
        Break("encode", of_streams(guessed), arguments={"junk": junk})
        for junk in (1e6, float("inf"), float("nan"))
    ],
    laws.test_5_unobserved_points_and_rows_of_streams_may_be_deleted: [
        Break("encode", of_streams(zero_where_missing), arguments={"junk": junk})
        for junk in (0.0, float("nan"))
    ],
    laws.test_9_an_all_missing_stream_is_the_empty_one: [
        Break("encode", of_streams(zero_where_missing)),
        Break("encode", of_streams(lambda s: replace(s, y_mask=s.y_mask & False))),
    ],
    laws.test_10_streams_that_a_member_does_not_read_are_refused_by_name: [
        Break("encode", first_streams)
    ],
    laws.test_10_streams_of_wrong_shape_are_refused_by_name: [
        Break("encode", streams_made_up)
    ],
    laws.test_a_gridded_stream_is_the_same_values_at_points: [
        Break("encode", of_streams(scaled_grid)),
        Break("decode", noisy()),
    ],
}
"""For each law of streams breaks of any architecture that reads them."""
