"""Linear maps and their frames that lack one property each."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import test_linear_frames as laws
import torch
from breaking import Break

from apnp.framing import Framed, whitening
from apnp.groups import LinearMotions

AFFINE = laws.MEMBERS[0]


def unwhitened(_: Any) -> Any:
    """Frames that leave the shape of a layout as it is."""

    def matrix(layout, origin, group):
        return torch.eye(2).to(origin).repeat(len(origin), 1, 1)

    return matrix


def heavier(sound: Any) -> Any:
    def made(group, inside):
        found = sound(group, inside)

        def poses(layout):
            one = found(layout)
            return replace(one, weight=1.5 * one.weight)

        return poses

    return made


def unfloored(_: Any) -> Any:
    def matrix(layout, origin, group):
        step = torch.where(layout.mask[..., None], layout.x - origin[:, None], 0.0)
        values, axes = torch.linalg.eigh(step.mT @ step)
        return (axes * values.rsqrt()[:, None]) @ axes.mT

    return matrix


BREAKS: dict[Callable[..., None], Break] = {
    laws.test_laws_of_backbones_hold: Break(
        "_whitening", unwhitened, whitening,
        {"rule": "test_2_without_fixed_inputs_strictly_equivariant", "member": AFFINE},
    ),
    laws.test_linear_maps_are_a_group: Break(
        "compose", lambda sound: lambda self, a, b: sound(self, b, a), LinearMotions,
        {"kind": "affine"},
    ),
    laws.test_random_maps_are_of_their_kind: Break(
        "random", lambda sound: lambda *args: 1.1 * sound(*args), LinearMotions,
        {"kind": "special"},
    ),
    laws.test_the_span_of_a_trend_is_kept: Break(
        "trend", lambda sound: lambda self, x, centre: x, LinearMotions
    ),
    laws.test_whitened_layouts_have_the_standard_shape: Break(
        "whitening_frames", heavier, laws, {"kind": "affine", "name": "CNP"}
    ),
    laws.test_layouts_that_do_not_fill_the_plane_have_predictions: Break(
        "_whitening", unfloored, whitening, {"member": AFFINE, "n": 1}
    ),
    laws.test_without_frames_no_model_keeps_a_stretch: Break(
        "tnp",
        lambda sound: lambda group: Framed(sound(group), LinearMotions("affine")),
        laws,
    ),
    laws.test_what_does_not_exist_is_refused: Break(
        "invariants", lambda sound: lambda self, x, other: x, LinearMotions
    ),
}  # fmt: skip
"""For each law of linear maps what it must notice."""
