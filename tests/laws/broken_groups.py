"""Groups that lack one property each."""

import test_groups as laws
import torch
from breaking import Break
from broken_backbones import Law

from apnp.groups import LongitudeShifts, Rotations, Translations, Trivial


def is_trivial(row) -> bool:
    return isinstance(row[0], Trivial)


def is_not_trivial(row) -> bool:
    return not is_trivial(row)


def moves_the_origin(row) -> bool:
    return not isinstance(row[0], (Trivial, Rotations))


def drifting(sound):
    """Something else at every call."""
    return lambda self, *args: sound(self, *args) + torch.rand(1).item()


def blind(sound):
    """What leaves nothing of anything."""
    return lambda self, *args: 0 * sound(self, *args)


def among_all(act):
    """Moves a location by where the others are."""

    def moved(self, element, x):
        mean = x.mean(dim=-2, keepdim=True) if x.ndim > 1 else 0 * x
        return act(self, element, x) + 0.1 * mean

    return moved


def by_place(invariants):
    """Tells of a pair where on the map it is."""

    def told(self, x, other):
        place = x.sin().sum(-1)[:, :, None, None].expand(-1, -1, other.shape[1], -1)
        return torch.cat((invariants(self, x, other), place), dim=-1)

    return told


def blurred(invariants):
    """Tells of a pair what the other pairs are like."""

    def told(self, x, other):
        found = invariants(self, x, other)
        return found + 0.1 * found.mean(1, keepdim=True)

    return told


def from_origin(trend):
    return lambda self, x, centre: trend(self, x, torch.zeros_like(centre))


def cubed(trend):
    """Functions whose span the group does not keep."""
    return lambda self, x, centre: trend(self, x, centre) ** 3


def instead(method):
    """A break that takes no account of the sound method."""
    return lambda sound: method


BREAKS: dict[Law, list[Break]] = {
    laws.test_action_of_a_group: [
        Break("act", lambda act: lambda self, g, x: act(self, g, x) + 0.1),
    ],
    laws.test_action_takes_locations_of_any_leading_shape: [Break("act", among_all)],
    laws.test_random_elements_repeat_with_the_generator_and_follow_the_dtype: [
        Break("random", lambda draw: lambda *args: draw(*args).double()),
    ],
    laws.test_invariants_are_invariant: [
        Break("invariants", by_place, applies=is_not_trivial),
        Break("invariants", drifting, applies=is_trivial),
    ],
    laws.test_invariants_tell_apart_pairs_that_no_element_maps_to_each_other: [
        Break("invariants", blind)
    ],
    laws.test_invariants_belong_to_the_pair_they_are_at: [Break("invariants", blurred)],
    laws.test_here_and_offsets_are_invariant: [
        Break("point_invariants", instead(lambda self, x: x), applies=is_not_trivial),
        Break(
            "pair_invariants", instead(lambda self, x, o: o + x), applies=is_not_trivial
        ),
        Break("point_invariants", drifting, applies=is_trivial),
    ],
    laws.test_here_offsets_and_distance_tell_apart_what_no_element_maps_to_each_other: [
        Break("act", instead(lambda self, g, x: x), applies=is_not_trivial),
        Break("point_invariants", blind, applies=is_trivial),
    ],
    laws.test_here_and_offsets_take_locations_of_any_leading_shape: [
        Break("pair_invariants", lambda offsets: lambda *args: offsets(*args)[None])
    ],
    laws.test_offsets_vanish_where_both_are_the_same_and_grow_like_the_distance: [
        Break("pair_invariants", instead(lambda self, x, o: torch.ones_like(x + o))),
        Break("pair_invariants", instead(lambda self, x, o: 100.0 * (o - x))),
    ],
    laws.test_offsets_of_the_closest_points_are_exact_in_single_precision: [
        Break("pair_invariants", instead(lambda self, x, o: (o + 100.0) - (x + 100.0)))
    ],
    laws.test_trend_moves_with_its_centre_and_its_span_does_not_move_at_all: [
        Break("trend", from_origin, applies=moves_the_origin),
        Break("trend", cubed, applies=is_not_trivial),
        Break("trend", instead(lambda self, x, centre: x), applies=is_trivial),
    ],
}
"""For each law breaks of any group."""

OF_ONE: dict[Law, Break] = {
    laws.test_longitude_shift_turns_east_by_its_angle: Break(
        "act", lambda act: lambda self, g, x: act(self, -g, x), LongitudeShifts
    ),
    laws.test_longitude_offsets_are_east_and_north: Break(
        "pair_invariants",
        lambda offsets: lambda *args: -offsets(*args),
        LongitudeShifts,
    ),
    laws.test_translation_offsets_are_differences_and_here_the_axes_that_stay: Break(
        "point_invariants", instead(lambda self, x: x), Translations
    ),
    laws.test_translation_moves_its_axes_alone: Break(
        "act", instead(lambda self, g, x: x + g.sum()), Translations
    ),
}
"""Breaks of the laws of a single group."""
