"""Frames that lack one property each."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import test_frames as laws
import torch
from breaking import Break

from apnp.framing import Framed, Poses, frames
from apnp.groups import RigidMotions

E2 = next(m for m in laws.FRAMED if m.name == "Framed TNP, E(2)")


def principal_axes(_: Any) -> Any:
    """Both directions of the first principal axis, of equal weight (Puny 2022)."""

    def directions(step, mask, spare):
        z = torch.where(mask[..., None], step, 0.0)
        axis = torch.linalg.eigh(z.mT @ z).eigenvectors[..., -1]
        angle = torch.atan2(axis[:, 1], axis[:, 0])[:, None]
        angles = torch.cat((angle, angle + torch.pi), -1)
        weight = torch.full_like(angles, 0.5)
        return angles, weight, torch.ones(len(z), dtype=torch.bool)

    return directions


def north(_: Any) -> Any:
    """One direction that does not turn with the layout."""

    def directions(step, mask, spare):
        angle = step.new_zeros(len(step), 1)
        return angle, angle + 1, torch.ones(len(step), dtype=torch.bool)

    return directions


def heavier(sound: Any) -> Any:
    def made(group):
        found = sound(group)

        def poses(layout) -> Poses:
            one = found(layout)
            return replace(one, weight=1.5 * one.weight)

        return poses

    return made


BREAKS: dict[Callable[..., None], Break] = {
    laws.test_predictions_are_continuous_through_an_isotropic_layout: Break(
        "directions", principal_axes, frames, {"group": "SE(2)"}
    ),
    laws.test_weights_sum_to_one_and_maps_keep_distances: Break(
        "frames_of", heavier, laws, {"framed_member": E2}
    ),
    laws.test_points_on_a_line_are_as_good_as_others: Break(
        "directions", north, frames, {"framed_member": E2, "n": 3}
    ),
    laws.test_a_network_without_symmetry_is_not_equivariant_by_itself: Break(
        "alive", lambda sound: lambda m: sound(laws.framed("E(2)")), laws
    ),
    laws.test_groups_without_frames_and_other_dimensions_are_refused: Break(
        "frames_of", lambda sound: lambda group: sound(RigidMotions(2)), laws
    ),
    laws.test_an_observation_without_neighbours_is_read_by_distance_alone: Break(
        "decode",
        lambda sound: (
            lambda self, latent, *rest: sound(
                self,
                replace(
                    latent,
                    poses=replace(latent.poses, oriented=latent.poses.oriented | True),
                ),
                *rest,
            )
        ),
        Framed,
    ),
}
"""For each law of frames what it must notice."""
