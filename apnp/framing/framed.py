"""Any backbone made equivariant by averaging over frames."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from apnp.backbones import Backbone
from apnp.framing.frames import Layout, frames_of
from apnp.framing.learned import LearnedFrames, PoseSampling
from apnp.framing.poses import Poses
from apnp.framing.whitening import whitening_frames
from apnp.groups import Group, LinearMotions, LongitudeShifts, SphereRotations
from apnp.types import (
    AuxiliarySet,
    Domain,
    GriddedField,
    PointSet,
    _Movable,
    at_points,
)

_OF_A_SPHERE = (LongitudeShifts, SphereRotations)


@dataclass(frozen=True)
class FramedLatent(_Movable):
    """What a backbone keeps of a context in every pose.

    Attributes:
        inner: Its latent of b k tasks, the poses of a task side by side.
        poses: The poses.
        domain: The domain of the task, as it was given.
    """

    inner: Any
    poses: Poses
    domain: Domain

    @property
    def z(self) -> Tensor:
        """Channels in every pose, (b, k, ...)."""
        return self.inner.z.unflatten(0, (-1, self.poses.n))

    @property
    def sites(self) -> Tensor:
        """Where the sites of every pose are on the map, (b, k, ..., dx)."""
        return self.poses.backward(self.inner.sites.unflatten(0, (-1, self.poses.n)))

    def shifted(self, e: Tensor) -> "FramedLatent":
        """With `e` (b, k, ..., dz) added; a task without orientation stays as it is.

        Its sites lie wherever, since no direction turns with the context.
        """
        oriented = self.poses.oriented.reshape(-1, *(1,) * (e.ndim - 1))
        return replace(self, inner=self.inner.shifted((e * oriented).flatten(0, 1)))


class Framed(Backbone[FramedLatent]):
    """The weighted average of a backbone over the frames of a group (Puny 2022).

    Context, domain and targets are moved into each pose, the backbone answers there,
    and its channels are averaged. What it keeps of its own is kept; the frames make it
    equivariant under `group`, whatever it is. Poses follow from the context and its
    domain alone, never from targets.

    Args:
        backbone: Any backbone.
        group: The symmetry that the frames give.
        sampling: How learned frames choose poses; by default frames are the moments of
            the layout, which have nothing to learn.

    Raises:
        ValueError: If the group has no frames, or other dimensions than the backbone.
    """

    def __init__(
        self, backbone: Backbone, group: Group, sampling: PoseSampling | None = None
    ) -> None:
        super().__init__()
        if backbone.group.dx != group.dx:
            raise ValueError(
                "`backbone` and `group` must agree in dx. Got "
                f"{backbone.group.dx} and {group.dx}."
            )
        self.backbone, self.group = backbone, group
        self.dy, self.dw = backbone.dy, backbone.dw
        self.frames: Callable[[Layout], Poses] = torch.no_grad()(
            _frames(group, backbone.group)
        )
        if sampling is not None:
            n_values = 2 * (self.dy + self.dw)
            self.frames = LearnedFrames(group, n_values, sampling)
        self.dz, self.d_out = backbone.dz, backbone.d_out
        self.predicts_moments = backbone.predicts_moments
        self.embeds_targets = backbone.embeds_targets
        self.has_sites = backbone.has_sites
        self.auxiliary_dy = backbone.auxiliary_dy

    def encode(
        self,
        context: PointSet,
        domain: Domain,
        auxiliary: tuple[AuxiliarySet, ...] = (),
    ) -> FramedLatent:
        """Encode in every pose; auxiliary sets are read at their points."""
        self.check_context(context, domain, auxiliary)
        mask = context.y_mask.any(-1)
        # A padded point may hold anything as its location.
        present = (mask | context.w_mask.any(-1))[..., None]
        x = torch.where(present, context.x, domain.centre[:, None])
        poses = self.frames(Layout(x, mask, domain.centre, _values(context)))
        moved = tuple(poses.points(self._points(each)) for each in auxiliary)
        inner = self.backbone.encode(
            poses.points(replace(context, x=x)), poses.domain(domain), moved
        )
        return FramedLatent(inner, poses, domain)

    def _points(self, auxiliary_set: AuxiliarySet) -> PointSet:
        """An auxiliary set at its points, which can be turned."""
        dx, on_sphere = self.group.dx, isinstance(self.group, _OF_A_SPHERE)
        if isinstance(auxiliary_set, GriddedField):
            n = dx - 1 if on_sphere else dx
            if len(auxiliary_set.axes) != n:
                raise ValueError(
                    f"A gridded auxiliary set has {n} axes for this model. Got "
                    f"{len(auxiliary_set.axes)}."
                )
        elif auxiliary_set.x.shape[-1] != dx or auxiliary_set.w.shape[-1]:
            raise ValueError(
                f"A scattered auxiliary set has dx = {dx} for this model and no "
                "covariates: make them its variables. Got dx = "
                f"{auxiliary_set.x.shape[-1]} and dw = {auxiliary_set.w.shape[-1]}."
            )
        return at_points(auxiliary_set, dx)

    def process(self, latent: FramedLatent) -> FramedLatent:
        """The backbone's own map, in every pose."""
        return replace(latent, inner=self.backbone.process(latent.inner))

    def decode(
        self, latent: FramedLatent, xt: Tensor, wt: Tensor, et: Tensor | None = None
    ) -> Tensor:
        """Read every pose at the targets, and average its channels."""
        self.check_targets(latent, xt, wt)
        poses = latent.poses
        x = poses.forward(xt)
        x = torch.where(poses.oriented.reshape(-1, 1, 1, 1), x, _turned_to_axis(x))
        w = wt.repeat_interleave(poses.n, 0)
        e = None if et is None else et.repeat_interleave(poses.n, 0)
        read = self.backbone.decode(latent.inner, x.flatten(0, 1), w, e)
        each = read.unflatten(0, (-1, poses.n))
        return (poses.weight[..., None, None] * each).sum(1)


def _frames(group: Group, inside: Group) -> Callable[[Layout], Poses]:
    """The frames of a group, for a backbone that keeps `inside` of its own."""
    if isinstance(group, LinearMotions):
        return whitening_frames(group, inside)
    return frames_of(group)


def _values(context: PointSet) -> Tensor:
    """Values and covariates, zero where unobserved, and their masks."""
    parts = (context.y, context.y_mask), (context.w, context.w_mask)
    found = [torch.where(mask, value, 0.0) for value, mask in parts]
    return torch.cat((*found, *(mask.to(context.x) for _, mask in parts)), -1)


def _turned_to_axis(x: Tensor) -> Tensor:
    """Locations turned in the plane of the first two dimensions onto the first."""
    radius = x[..., :2].norm(dim=-1, keepdim=True)
    return torch.cat((radius, torch.zeros_like(radius), x[..., 2:]), dim=-1)[
        ..., : x.shape[-1]
    ]
