"""Backbones that read auxiliary sets and lack one property each."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import test_auxiliary_sets as laws
import torch
from breaking import Break, Method
from broken_backbones import Law, noisy
from torch import Tensor

from apnp.types import AuxiliarySet, GriddedField, PointSet


def of_auxiliary_sets(change: Callable[[AuxiliarySet], AuxiliarySet]) -> Any:
    """Encodes other auxiliary sets."""

    def broken(encode: Method) -> Method:
        def encoded(self, context, domain, auxiliary=()):
            return encode(self, context, domain, tuple(map(change, auxiliary)))

        return encoded

    return broken


def first_auxiliary_sets(encode: Method) -> Method:
    """Reads as many auxiliary sets as it knows of and drops the others."""

    def encoded(self, context, domain, auxiliary=()):
        count = len(getattr(self, "backbone", self).auxiliary_dy)
        return encode(self, context, domain, auxiliary[:count])

    return encoded


def auxiliary_sets_made_up(encode: Method) -> Method:
    """Reads an empty auxiliary set in place of one that is missing."""

    def encoded(self, context, domain, auxiliary=()):
        x = context.x[:, :0]
        sizes = getattr(self, "backbone", self).auxiliary_dy[len(auxiliary) :]
        empty = [PointSet.observed(x, x.new_zeros(*x.shape[:2], n)) for n in sizes]
        return encode(self, context, domain, (*auxiliary, *empty))

    return encoded


def in_order(auxiliary_set: AuxiliarySet) -> AuxiliarySet:
    """Values that count by their place in the order of points or rows."""
    steps = torch.arange(auxiliary_set.y.shape[1], dtype=auxiliary_set.y.dtype)
    shape = (-1,) + (1,) * (auxiliary_set.y.ndim - 2)
    return replace(auxiliary_set, y=auxiliary_set.y * (1 + steps.reshape(shape)))


def guessed(auxiliary_set: AuxiliarySet) -> AuxiliarySet:
    """Everything observed; what is not a number is read as some number."""
    y = auxiliary_set.y.nan_to_num(1.0, 2.0)
    return replace(auxiliary_set, y=y, y_mask=auxiliary_set.y_mask | True)


def zero_where_missing(auxiliary_set: AuxiliarySet) -> AuxiliarySet:
    y = torch.where(auxiliary_set.y_mask, auxiliary_set.y, 0.0)
    auxiliary_set = replace(auxiliary_set, y=y, y_mask=auxiliary_set.y_mask | True)
    if isinstance(auxiliary_set, GriddedField):
        return replace(
            auxiliary_set, axes=tuple(map(Tensor.nan_to_num, auxiliary_set.axes))
        )
    return replace(auxiliary_set, x=auxiliary_set.x.nan_to_num())


def placeless(auxiliary_set: AuxiliarySet) -> AuxiliarySet:
    """All points, or nodes along an axis, where the first is."""
    if isinstance(auxiliary_set, GriddedField):
        axes = (0 * axis + axis[:, 1:2] for axis in auxiliary_set.axes)
        return replace(auxiliary_set, axes=tuple(axes))
    return replace(auxiliary_set, x=0 * auxiliary_set.x + auxiliary_set.x[:, 1:2])


def scaled_grid(auxiliary_set: AuxiliarySet) -> AuxiliarySet:
    """Values of a grid in other units than those of points."""
    if isinstance(auxiliary_set, GriddedField):
        return replace(auxiliary_set, y=1.1 * auxiliary_set.y)
    return auxiliary_set


BREAKS: dict[Law, list[Break]] = {
    laws.test_0_values_and_locations_of_auxiliary_sets_reach_the_target: [
        Break("encode", of_auxiliary_sets(lambda s: replace(s, y=0 * s.y))),
        Break("encode", of_auxiliary_sets(placeless)),
    ],
    laws.test_3_order_within_an_auxiliary_set_is_irrelevant: [
        Break("encode", of_auxiliary_sets(in_order))
    ],
    laws.test_4_unobserved_values_of_auxiliary_sets_have_no_influence: [
        Break("encode", of_auxiliary_sets(guessed), arguments={"junk": junk})
        for junk in (1e6, float("inf"), float("nan"))
    ],
    laws.test_5_unobserved_points_and_rows_of_auxiliary_sets_may_be_deleted: [
        Break("encode", of_auxiliary_sets(zero_where_missing), arguments={"junk": junk})
        for junk in (0.0, float("nan"))
    ],
    laws.test_9_an_all_missing_auxiliary_set_is_the_empty_one: [
        Break("encode", of_auxiliary_sets(zero_where_missing)),
        Break(
            "encode", of_auxiliary_sets(lambda s: replace(s, y_mask=s.y_mask & False))
        ),
    ],
    laws.test_10_auxiliary_sets_that_a_member_does_not_read_are_refused_by_name: [
        Break("encode", first_auxiliary_sets)
    ],
    laws.test_10_auxiliary_sets_of_wrong_shape_are_refused_by_name: [
        Break("encode", auxiliary_sets_made_up)
    ],
    laws.test_a_gridded_auxiliary_set_is_the_same_values_at_points: [
        Break("encode", of_auxiliary_sets(scaled_grid)),
        Break("decode", noisy()),
    ],
}
"""For each law of auxiliary sets breaks of any architecture that reads them."""
