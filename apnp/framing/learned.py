"""Learned frames: a small network chooses the poses of a context (Kim 2023).

The network reads invariants of the observed points alone, so the poses that it builds
of the points move exactly as the context does, for every draw: there is no sampling in
a prediction. A fixed number of learned codes takes the place of random noise.
"""

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from apnp.framing.frames import UNDEFINED, Layout, flipped, frames_of
from apnp.framing.parts import Part, parts_of
from apnp.framing.poses import Poses
from apnp.groups import Group
from apnp.nn.mlp import mlp

Sampling = Literal["learned", "uniform", "canonical"]


@dataclass(frozen=True)
class PoseSampling:
    """How learned frames choose poses.

    Attributes:
        kind: `learned` poses, each with a weight of its own; `canonical`, a single
            one; or `uniform`, turned by equal steps from a canonical one, with equal
            weights, about the mean of the points.
        count: Number of poses, mirror images not counted; a canonical frame has one.
        width: Channels of the network that chooses them.
        noise: Standard deviation of noise in what the network reads of a point, in
            training alone.
    """

    kind: Sampling = "learned"
    count: int = 4
    width: int = 32
    noise: float = 0.0

    def __post_init__(self) -> None:
        if self.count < 1 or self.width < 1 or self.noise < 0:
            raise ValueError(
                "`count` and `width` must be >= 1 and `noise` >= 0. Got "
                f"{self.count}, {self.width} and {self.noise}."
            )


class LearnedFrames(nn.Module):
    """Poses chosen by a network of invariants: layout -> `Poses`.

    A pose's centre is a weighted mean of the points and its axes are weighted sums of
    steps to them, made orthonormal (Gram-Schmidt). A pose loses its weight before its
    axes are undefined; where those of all poses are, the moments of the layout give
    the poses (`frames_of`). Mirror images come in pairs of equal weight.

    Args:
        group: The symmetry; any that has frames.
        n_values: Number of values of each point that the network may read.
        sampling: How poses are chosen.

    Raises:
        ValueError: If the group has no frames, or poses are to be `uniform` and it has
            no turns: shifts have no uniform distribution.
    """

    def __init__(
        self, group: Group, n_values: int, sampling: PoseSampling | None = None
    ) -> None:
        super().__init__()
        sampling = sampling or PoseSampling()
        self.moments = frames_of(group)
        self.parts = parts_of(group)
        self.sampling = sampling
        width, kind = sampling.width, sampling.kind
        self.codes = sampling.count if kind == "learned" else 1
        self.turns = sampling.count if kind == "uniform" else 1
        self.centres = sum(part.centred for part in self.parts) * (kind != "uniform")
        self.n_axes = sum(part.axes for part in self.parts)
        if kind == "uniform" and not self.n_axes:
            raise ValueError(
                "Frames sampled uniformly need a group with turns: shifts have no "
                "uniform distribution. Take learned or canonical ones."
            )
        n_features = sum(part.n_features for part in self.parts)
        self.embed = mlp(n_features + n_values, width, width, hidden=1)
        self.of_point = nn.Linear(width, width, bias=False)
        self.of_all = nn.Linear(width, width, bias=False)
        self.code = nn.Parameter(torch.randn(self.codes, width))
        # A constant would change neither a weighted mean nor a sum of centred steps.
        self.head = nn.Linear(width, self.centres + self.n_axes, bias=False)
        self.weigh = nn.Linear(width, 1, bias=False) if self.codes > 1 else None

    def forward(self, layout: Layout) -> Poses:
        """The poses of each task's layout."""
        scores, log_weight = self._scores(layout)
        centres, axes = scores.split((self.centres, self.n_axes), dim=-1)
        of_centres, of_axes = iter(centres.unbind(-1)), iter(axes.split(1, dim=-1))
        origins, matrices, size = [], [], torch.ones_like(log_weight)
        for part in self.parts:
            own = layout.part(part.dims)
            step = part.steps(own)
            score = next(of_centres, None) if part.centred else None
            origins.append(_origin(part, own, step, score, self.codes))
            mine = [next(of_axes) for _ in range(part.axes)]
            matrix, found = part.matrix(step, own.mask, mine, self.codes)
            matrices.append(matrix)
            size = size * found
        weight = log_weight.exp() * size
        total = weight.sum(-1, keepdim=True)
        defined = total > UNDEFINED
        even = torch.full_like(weight, 1 / self.codes)
        weight = torch.where(defined, weight / total.clamp(min=UNDEFINED), even)
        oriented = torch.ones_like(defined[:, 0])
        poses = Poses(torch.cat(origins, -1), _blocks(matrices), weight, oriented)
        return self._complete(self._turned(poses), layout, defined)

    def _scores(self, layout: Layout) -> tuple[Tensor, Tensor]:
        """For each point and code: (b, n, k, heads); log weights of codes (b, k)."""
        mask = layout.mask[..., None]
        features = [p.features(layout.part(p.dims)) for p in self.parts]
        if layout.values is not None:
            features.append(layout.values)
        read = torch.where(mask, torch.cat(features, -1), 0.0)
        h = self.embed(read)
        if self.training and self.sampling.noise > 0:
            h = h + self.sampling.noise * torch.randn_like(h)
        h = torch.where(mask, h, 0.0)
        count = mask.sum(1).clamp(min=1)
        pooled = self.of_all(h.sum(1) / count)[:, None] + self.code
        hidden = self.of_point(h)[:, :, None] + pooled[:, None]
        scores = self.head(nn.functional.gelu(hidden))
        if self.weigh is None:
            return scores, pooled.new_zeros(len(pooled), 1)
        logits = self.weigh(nn.functional.gelu(pooled))[..., 0]
        return scores, logits.log_softmax(-1)

    def _turned(self, poses: Poses) -> Poses:
        """The poses with their turns by equal steps and their mirror images."""
        start = 0
        for part in self.parts:
            if self.turns > 1 and part.axes:
                turn = part.turns(self.turns).to(poses.matrix)
                full = (
                    torch.eye(poses.matrix.shape[-1]).to(turn).repeat(len(turn), 1, 1)
                )
                stop = start + part.dx
                full[:, start:stop, start:stop] = turn
                poses = Poses(
                    poses.origin.repeat_interleave(len(turn), 1),
                    (full @ poses.matrix[:, :, None]).flatten(1, 2),
                    poses.weight.repeat_interleave(len(turn), 1) / len(turn),
                    poses.oriented,
                )
            if part.mirrored is not None:
                poses = flipped(poses, start + part.mirrored)
            start += part.dx
        return poses

    def _complete(self, poses: Poses, layout: Layout, defined: Tensor) -> Poses:
        """With the poses of the moments, for tasks in which no axes are defined."""
        if bool(defined.all()):
            return poses
        with torch.no_grad():
            spare = self.moments(layout)
        return Poses(
            torch.cat((poses.origin, spare.origin), 1),
            torch.cat((poses.matrix, spare.matrix), 1),
            torch.cat((poses.weight * defined, spare.weight * ~defined), 1),
            defined[:, 0] | spare.oriented,
        )


def _origin(
    part: Part, own: Layout, step: Tensor, scores: Tensor | None, k: int
) -> Tensor:
    """What becomes zero in each pose, (b, k, dx): a weighted mean of the points."""
    mean, _ = own.mean()
    if not part.centred:
        return torch.zeros_like(mean)[:, None].expand(-1, k, -1)
    origin = mean[:, None].expand(-1, k, -1)
    if scores is not None:
        masked = scores.masked_fill(~own.mask[..., None], -math.inf)
        some = own.mask.any(-1)[:, None, None]
        share = torch.where(some, masked, 0.0).softmax(1)
        origin = origin + share.mT @ step
    kept = torch.zeros_like(mean[0])
    kept[list(part.shifted)] = 1.0
    return origin * kept


def _blocks(matrices: list[Tensor]) -> Tensor:
    """Block-diagonal matrices, (b, k, dx, dx)."""
    if len(matrices) == 1:
        return matrices[0]
    b, k = matrices[0].shape[:2]
    size = sum(each.shape[-1] for each in matrices)
    made = matrices[0].new_zeros(b, k, size, size)
    start = 0
    for each in matrices:
        stop = start + each.shape[-1]
        made[..., start:stop, start:stop] = each
        start = stop
    return made
