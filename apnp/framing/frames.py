"""Frames: poses that move with a context, for each group of symmetries.

A frame is a map of contexts to a few weighted poses that move as the context does
(Puny 2022); the average of any network over these poses is equivariant. Weights let it
be continuous as well (Dym 2024): a direction fades out before it is undefined.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from apnp.framing.poses import Poses
from apnp.groups import (
    Group,
    LongitudeShifts,
    Product,
    RigidMotions,
    SphereRotations,
    Translations,
)

_ORDERS = (1, 2, 3)
"""Orders of the moments that give a direction in a plane."""
UNDEFINED = 1e-8
"""Squared moments, relative to the spread, below which none has a direction."""


@dataclass(frozen=True)
class Layout:
    """What frames may read: where the observed points and the domain are.

    Attributes:
        x: Locations, (b, n, dx); anything where not observed.
        mask: True for observed points, (b, n).
        centre: Centre of the domain, (b, dx).
        values: What was observed at the points, (b, n, values); anything where not
            observed. Learned frames alone read it.
    """

    x: Tensor
    mask: Tensor
    centre: Tensor
    values: Tensor | None = None

    def mean(self) -> tuple[Tensor, Tensor]:
        """Mean location (b, dx), the domain's centre where there is no point; count."""
        count = self.mask.sum(-1, keepdim=True)
        x = torch.where(self.mask[..., None], self.x, 0.0)
        mean = x.sum(1) / count.clamp(min=1)
        return torch.where(count > 0, mean, self.centre), count

    def part(self, dims: slice) -> "Layout":
        """The same points on some dimensions alone."""
        return replace(self, x=self.x[..., dims], centre=self.centre[..., dims])


def frames_of(group: Group) -> Callable[[Layout], Poses]:
    """The frames of a group, a map of layouts to poses.

    Raises:
        ValueError: If the group has none here.
    """
    if isinstance(group, Product):
        first, second = frames_of(group.first), frames_of(group.second)
        split = group.first.dx
        return lambda layout: first(layout.part(slice(0, split))).together(
            second(layout.part(slice(split, None)))
        )
    if isinstance(group, Translations):
        return lambda layout: _centred(layout, group.dims)
    if isinstance(group, RigidMotions) and group.dx == 1:
        return _both_ways
    if isinstance(group, RigidMotions) and group.dx == 2:
        return lambda layout: _turned(layout, group.mirrors)
    if isinstance(group, LongitudeShifts):
        return _about_the_axis
    if isinstance(group, SphereRotations):
        return _about_the_mean
    raise ValueError(
        f"Frames exist for shifts, for rigid motions of a line and a plane, for "
        f"longitude shifts, rotations of the sphere, and products of these. Got "
        f"{type(group).__name__} in {group.dx} dimensions."
    )


def _centred(layout: Layout, dims: tuple[int, ...]) -> Poses:
    """One pose: the mean of the points becomes the origin on the shifted axes."""
    mean, _ = layout.mean()
    origin = torch.zeros_like(mean)
    origin[:, list(dims)] = mean[:, list(dims)]
    matrix = torch.eye(mean.shape[-1]).to(mean).expand(len(mean), 1, -1, -1)
    return Poses(origin[:, None], matrix, mean.new_ones(len(mean), 1), everywhere(mean))


def _both_ways(layout: Layout) -> Poses:
    """Two poses of a line: about the mean, and mirrored there."""
    mean, _ = layout.mean()
    sign = mean.new_tensor([1.0, -1.0]).reshape(1, 2, 1, 1).expand(len(mean), -1, 1, 1)
    weight = mean.new_full((len(mean), 2), 0.5)
    return Poses(mean[:, None].expand(-1, 2, -1), sign, weight, everywhere(mean))


def _turned(layout: Layout, mirrors: bool) -> Poses:
    """Poses of a plane about the mean, turned to the moments of the layout."""
    mean, _ = layout.mean()
    angle, weight, oriented = directions(
        layout.x - mean[:, None], layout.mask, layout.centre - mean
    )
    poses = Poses(
        mean[:, None].expand(-1, angle.shape[1], -1),
        turns_onto(angle),
        weight,
        oriented,
    )
    return flipped(poses, 1) if mirrors else poses


def flipped(poses: Poses, dim: int) -> Poses:
    """Every pose, and its mirror image along a dimension, each of half the weight."""
    flip = poses.matrix.new_ones(poses.matrix.shape[-1], 1)
    flip[dim] = -1
    return Poses(
        torch.cat((poses.origin, poses.origin), 1),
        torch.cat((poses.matrix, flip * poses.matrix), 1),
        torch.cat((poses.weight, poses.weight), 1) / 2,
        poses.oriented,
    )


def _about_the_axis(layout: Layout) -> Poses:
    """Poses of the sphere turned about its axis to the moments of the layout."""
    angle, weight, _ = directions(layout.x[..., :2], layout.mask, layout.centre[:, :2])
    matrix = torch.eye(3).to(angle).repeat(*angle.shape, 1, 1)
    matrix[..., :2, :2] = turns_onto(angle)
    # At the axis itself a turn changes nothing: no direction is needed there.
    return Poses(
        matrix.new_zeros(*angle.shape, 3), matrix, weight, everywhere(layout.centre)
    )


def _about_the_mean(layout: Layout) -> Poses:
    """The mean direction becomes the pole; then turned about it by the moments."""
    mean, _ = layout.mean()
    length = mean.norm(dim=-1, keepdim=True)
    centre = layout.centre / layout.centre.norm(dim=-1, keepdim=True)
    pole = torch.where(length > UNDEFINED, mean / length.clamp(min=UNDEFINED), centre)
    basis = _basis(pole)
    angle, weight, oriented = directions(
        (layout.x @ basis.mT)[..., :2],
        layout.mask,
        (layout.centre[:, None] @ basis.mT)[:, 0, :2],
    )
    turn = torch.eye(3).to(angle).repeat(*angle.shape, 1, 1)
    turn[..., :2, :2] = turns_onto(angle)
    return Poses(
        turn.new_zeros(*angle.shape, 3), turn @ basis[:, None], weight, oriented
    )


def directions(
    step: Tensor, mask: Tensor, spare: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Directions of a plane that turn with the layout, and their weights.

    For m = 1, 2, 3 the moment of order m of the steps z, as complex numbers, has m
    directions, of weight |moment|^2 / m: a moment that vanishes loses its weight before
    its direction is undefined. If all vanish, the direction of `spare` is used.

    Args:
        step: Steps from the centre to the points, (b, n, 2).
        mask: True for observed points, (b, n).
        spare: A vector that turns with the points, (b, 2).

    Returns:
        Angles in radians, (b, 6); weights that sum to one, (b, 6); whether any
        direction is defined, (b,).
    """
    z = torch.view_as_complex(torch.where(mask[..., None], step, 0.0).contiguous())
    count = mask.sum(-1, keepdim=True).clamp(min=1)
    radius = (z.abs().square().sum(-1, keepdim=True) / count).sqrt()
    z = z / radius.clamp(min=torch.finfo(radius.dtype).tiny ** 0.5)
    angles, weights = [], []
    for order in _ORDERS:
        # The mean step is zero: the first moment is that of z |z|.
        power = z * z.abs() if order == 1 else z**order
        moment = power.sum(-1, keepdim=True) / count
        turns = torch.arange(order).to(radius) / order
        angles.append(moment.angle() / order + 2 * torch.pi * turns)
        weight = moment.abs().square() / order
        weights.append(weight.expand(-1, order))
    angle, weight = torch.cat(angles, -1), torch.cat(weights, -1)
    total = weight.sum(-1, keepdim=True)
    defined = (total > UNDEFINED) & (radius > UNDEFINED)
    instead = torch.atan2(spare[:, 1], spare[:, 0])[:, None]
    even = torch.full_like(weight, 1 / weight.shape[-1])
    return (
        torch.where(defined, angle, instead),
        torch.where(defined, weight / total.clamp(min=UNDEFINED), even),
        defined[:, 0] | (spare.norm(dim=-1) > UNDEFINED),
    )


def turns_onto(angle: Tensor) -> Tensor:
    """Matrices that turn the direction `angle` (...) onto the first axis."""
    cos, sin = angle.cos(), angle.sin()
    rows = torch.stack((cos, sin), -1), torch.stack((-sin, cos), -1)
    return torch.stack(rows, dim=-2)


def _basis(pole: Tensor) -> Tensor:
    """Rotations that take `pole` (b, 3), a unit vector, to the third axis."""
    least = pole.abs().argmin(-1, keepdim=True)
    helper = torch.zeros_like(pole).scatter(-1, least, 1.0)
    east = torch.linalg.cross(helper, pole)
    east = east / east.norm(dim=-1, keepdim=True)
    return torch.stack((east, torch.linalg.cross(pole, east), pole), dim=-2)


def everywhere(like: Tensor) -> Tensor:
    """True for every task of a batch, (b,): a direction is defined in all of them."""
    return torch.ones(len(like), dtype=torch.bool, device=like.device)
