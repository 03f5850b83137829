"""Learned frames that lack one property each."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import test_learned_frames as laws
import torch
from breaking import Break

from apnp.framing import LearnedFrames
from apnp.framing.parts import Part


def heavier(sound: Any) -> Any:
    def forward(self, layout):
        poses = sound(self, layout)
        return replace(poses, weight=1.5 * poses.weight)

    return forward


def collapsed(sound: Any) -> Any:
    """All codes are the first."""

    def scores(self, layout):
        found, log_weight = sound(self, layout)
        first = found[:, :, :1].expand_as(found)
        return first, torch.zeros_like(log_weight)

    return scores


def always_noisy(sound: Any) -> Any:
    """Noise in predictions too."""

    def scores(self, layout):
        noisy = layout.values + 0.1 * torch.randn_like(layout.values)
        return sound(self, replace(layout, values=noisy))

    return scores


def undefined(sound: Any) -> Any:
    """The poses of the network, whether their axes are defined or not."""

    def complete(self, poses, layout, defined):
        made = sound(self, poses, layout, defined)
        none = made.weight[:, poses.n :] * 0
        return replace(made, weight=torch.cat((poses.weight, none), 1))

    return complete


def detached(sound: Any) -> Any:
    def gram_schmidt(first, second):
        turn, size = sound(first, second)
        return turn.detach() + 0 * first[..., None, :], size

    return gram_schmidt


def without_gradient(sound: Any) -> Any:
    def forward(self, layout):
        return sound(self, layout).each(
            lambda v: (
                v.detach() + 0 * sum(p.sum() for p in self.parameters())
                if v.is_floating_point()
                else v
            )
        )

    return forward


BREAKS: dict[Callable[..., None], Break] = {
    laws.test_weights_sum_to_one_and_axes_are_orthonormal: Break(
        "forward", heavier, LearnedFrames, {"group": "E(2)"}
    ),
    laws.test_poses_and_weights_of_codes_differ: Break(
        "_scores", collapsed, LearnedFrames, {"group": "SE(2)"}
    ),
    laws.test_the_kind_of_sampling_says_how_many_poses_there_are: Break(
        "_turned", lambda sound: lambda self, poses: poses, LearnedFrames
    ),
    laws.test_every_draw_of_noise_is_equivariant_and_predictions_have_none: Break(
        "_scores", always_noisy, LearnedFrames
    ),
    laws.test_a_layout_without_learned_axes_takes_its_moments: Break(
        "_complete", undefined, LearnedFrames, {"group": "SE(2)"}
    ),
    laws.test_gradients_pass_through_gram_schmidt: Break(
        "gram_schmidt", detached, laws
    ),
    laws.test_poses_learn_through_every_backbone: Break(
        "forward", without_gradient, LearnedFrames, {"name": "CNP"}
    ),
    laws.test_uniform_turns_are_spread_evenly: Break(
        "turns",
        lambda sound: lambda self, count: sound(self, 2 * count)[:count],
        Part,
        {"group": "SE(2)"},
    ),
}
"""For each law of learned frames what it must notice."""
