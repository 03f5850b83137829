"""Frames of linear maps of the plane: the layout is brought to a standard shape.

The second moments of a layout turn a stretch of the plane back, up to a rotation or a
mirror image (polar decomposition, Mironenco 2024). What is left is a rigid motion, kept
by the backbone inside, or by moment frames of the whitened layout.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from apnp.framing.frames import Layout, directions, everywhere, flipped, turns_onto
from apnp.framing.poses import Poses
from apnp.groups import Group, LinearMotions, RigidMotions

NARROWEST = 1e-8
"""Smallest ratio of the second moments across and along a layout that is whitened.

A layout narrower than a ten-thousandth of its length is taken as so wide: points on a
line do not say how they were stretched across it.
"""
_ONE_PLACE = 1e-20


def whitening_frames(group: LinearMotions, inside: Group) -> Callable[[Layout], Poses]:
    """The frames of a group of linear maps, a map of layouts to poses.

    Args:
        group: The group.
        inside: The symmetry that the backbone inside keeps of its own. Rigid motions
            with mirror images: one pose is enough. Any other: 6 poses, or 12 where
            mirror images belong to the group.
    """

    def poses(layout: Layout) -> Poses:
        mean, _ = layout.mean()
        matrix = _whitening(layout, mean, group)
        if isinstance(inside, RigidMotions) and inside.mirrors:
            weight = mean.new_ones(len(mean), 1)
            return Poses(mean[:, None], matrix[:, None], weight, everywhere(mean))
        step = (layout.x - mean[:, None]) @ matrix.mT
        spare = (matrix @ (layout.centre - mean)[..., None])[..., 0]
        angle, weight, oriented = directions(step, layout.mask, spare)
        found = Poses(
            mean[:, None].expand(-1, angle.shape[1], -1),
            turns_onto(angle) @ matrix[:, None], weight, oriented,
        )  # fmt: skip
        return flipped(found, 1) if group.mirrors else found

    return poses


def _whitening(layout: Layout, origin: Tensor, group: LinearMotions) -> Tensor:
    """Symmetric matrices (b, 2, 2) that bring layouts to a standard shape.

    The standard shape has the second moments of a unit circle, those of a circle of
    its own area (`special`), or its own moments brought to a mean of one
    (`similarity`). Without two different points the map is the unit matrix.
    """
    step = torch.where(layout.mask[..., None], layout.x - origin[:, None], 0.0)
    count = layout.mask.sum(-1).clamp(min=1)[:, None, None]
    values, axes = torch.linalg.eigh(step.mT @ step / count)
    # Points that differ by rounding alone are one.
    there = values[:, 1:] > _ONE_PLACE * (1.0 + origin.square().sum(-1, keepdim=True))
    values = torch.where(there, values, 1.0)
    values = values.clamp(min=NARROWEST * values[:, 1:])
    if group.kind == "similarity":
        values = values.mean(-1, keepdim=True).expand(-1, 2)
    scale = values.rsqrt()
    if group.kind == "special":
        scale = scale * values.prod(-1, keepdim=True) ** 0.25
    return (axes * scale[:, None]) @ axes.mT
