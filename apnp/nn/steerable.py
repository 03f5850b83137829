"""Convolutional networks on the plane that keep turns and mirrors, and on the line.

A field of the regular representation has one channel for every element of a finite
group of turns (and mirrors): moving the plane by an element permutes them. Kernels are
sums of circular harmonics times Gaussian rings, which turn to any angle without
interpolation (Weiler, Hamprecht and Storath 2018; Weiler and Cesa 2019).
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from apnp.nn.cnn import check_sizes
from apnp.nn.depthwise import depthwise, kernels_like, with_input
from apnp.nn.mlp import shrink
from apnp.nn.padding import Edge, Pad
from apnp.nn.unet import Block

_SIGMA = 0.45
"""Width of a ring of a kernel, in cells: wider ones are cut by the kernel's edge."""


@dataclass(frozen=True)
class PointGroup:
    """The cyclic group C_N of turns by 2 pi / N, or D_N with mirrors besides.

    Element k + N s mirrors across the first axis if s = 1, then turns by k steps.

    Attributes:
        number: N, at least 2.
        mirrors: Whether mirrors belong to it.
    """

    number: int
    mirrors: bool = True

    def __post_init__(self) -> None:
        if self.number < 2:
            raise ValueError(
                f"`turns` are two or more to a circle. Got {self.number}: without "
                "turns take a ConvCNP."
            )

    @property
    def order(self) -> int:
        """Number of elements."""
        return self.number * (2 if self.mirrors else 1)

    def matrices(self) -> Tensor:
        """The elements as orthogonal matrices, (order, 2, 2), double precision."""
        angle = 2 * math.pi / self.number * torch.arange(self.number).double()
        cos, sin = torch.cos(angle), torch.sin(angle)
        turns = torch.stack((cos, -sin, sin, cos), dim=-1).unflatten(-1, (2, 2))
        mirror = torch.tensor([1.0, -1.0], dtype=torch.float64)
        return torch.cat((turns, turns * mirror)) if self.mirrors else turns

    def quotients(self) -> Tensor:
        """The number of the element h^-1 g, (order, order) of h and g."""
        element = torch.arange(self.order)
        turn, mirror = element % self.number, element // self.number
        step = turn - turn[:, None]
        step = torch.where(mirror[:, None] == 1, -step, step) % self.number
        return step + self.number * (mirror ^ mirror[:, None])

    @property
    def exact(self) -> str:
        """Of which turns and mirrors a square lattice is left as it is, in words."""
        angle = 360 // math.gcd(self.number, 4)
        words = "every shift"
        if angle < 360:
            words += f" with turns by {angle} degrees"
        if self.mirrors:
            along = {90: "axes and diagonals", 180: "axes", 360: "the first axis"}
            words += f" and mirrors across {along[angle]}"
        return words


class SteerableDepthwise(nn.Module):
    """A depthwise convolution of regular fields, its kernel turned for each channel.

    Channel h of field c is convolved with k_c(h^-1 u), where

        k_c(u) = sum_{rho, m} G(|u| - rho) (a cos(m theta) + b sin(m theta)),

    with rings rho = 0, 1, .. and frequencies m <= rho. Higher ones turn worse on square
    cells; with these a kernel sees waves of nine cells alike at any angle, within 3 %.

    Args:
        fields: Number of fields.
        kernel: Nodes across the kernel, odd.
        turns: The group.
        beyond: Nodes beyond every edge that are zero.
    """

    basis: Tensor

    def __init__(
        self, fields: int, kernel: int, turns: PointGroup, beyond: int = 0
    ) -> None:
        super().__init__()
        self.beyond = beyond
        basis = _harmonics(kernel, turns).to(torch.get_default_dtype())
        self.register_buffer("basis", basis, persistent=False)
        n_basis = basis.shape[1]
        self.weight = nn.Parameter(torch.randn(fields, n_basis) / (3 * n_basis) ** 0.5)

    def forward(self, z: Tensor) -> Tensor:
        """(b, fields * order, h, w) -> (b, .., h + 2 beyond - kernel + 1, ..)."""
        kernels = torch.einsum("cj,hjxy->chxy", self.weight, self.basis).flatten(0, 1)
        return depthwise(z, kernels[:, None], beyond=self.beyond)


def _harmonics(kernel: int, turns: PointGroup) -> Tensor:
    """The basis of kernels at h^-1 u, (order, n_basis, kernel, kernel), unit rings."""
    reach = kernel // 2
    steps = torch.arange(-reach, reach + 1).double()
    nodes = torch.stack(torch.meshgrid(steps, steps, indexing="ij"), dim=-1)
    # u @ h is the inverse of h, its transpose, applied to u.
    back = torch.einsum("xyi,hij->hxyj", nodes, turns.matrices())
    radius = torch.linalg.vector_norm(nodes, dim=-1)
    angle = torch.atan2(back[..., 1], back[..., 0])
    waves = []
    for rho in range(reach + 1):
        ring = torch.exp(-0.5 * ((radius - rho) / _SIGMA) ** 2)
        ring = ring / torch.linalg.vector_norm(ring)
        waves.append(ring.expand_as(angle))
        for m in range(1, rho + 1):
            both = torch.cos(m * angle), torch.sin(m * angle)
            waves += [math.sqrt(2) * ring * wave for wave in both]
    return torch.stack(waves, dim=1)


class RegularLinear(nn.Module):
    """A linear map of regular fields at every node that commutes with the group.

    out[d, h] = sum_{c, g} W[d, c, h^-1 g] z[c, g] + b[d].

    Args:
        n_in: Number of fields.
        n_out: Number of fields returned.
        turns: The group.
    """

    quotients: Tensor

    def __init__(self, n_in: int, n_out: int, turns: PointGroup) -> None:
        super().__init__()
        self.register_buffer("quotients", turns.quotients(), persistent=False)
        self.mix = nn.Linear(n_in * turns.order, n_out)

    def forward(self, z: Tensor) -> Tensor:
        """(..., n_in * order) -> (..., n_out * order)."""
        order = len(self.quotients)
        weight = self.mix.weight.unflatten(1, (-1, order))[..., self.quotients]
        weight = weight.transpose(1, 2).flatten(2).flatten(0, 1)
        return functional.linear(z, weight, self.mix.bias.repeat_interleave(order))


class SteerableBlock(nn.Module):
    """The residual block of the U-Net for regular fields.

    Its two factors, a kernel turned with the group and a mixture over it, are those of
    a separable group convolution (Knigge 2022).
    """

    def __init__(self, fields: int, kernel: int, turns: PointGroup, pad: Pad) -> None:
        super().__init__()
        self.edge = Edge(pad, kernel)
        self.depthwise = SteerableDepthwise(fields, kernel, turns, self.edge.beyond)
        self.norm = nn.LayerNorm(fields * turns.order, elementwise_affine=False)
        self.expand = RegularLinear(fields, 2 * fields, turns)
        self.contract = RegularLinear(2 * fields, fields, turns)
        shrink(self.contract.mix)

    def forward(self, z: Tensor) -> Tensor:
        """(b, fields * order, h, w) -> the same shape."""
        update = self.depthwise(self.edge(z)).movedim(1, -1)
        update = self.contract(functional.gelu(self.expand(self.norm(update))))
        return z + update.movedim(-1, 1)


class SteerableCNN(nn.Module):
    """Scalar fields to scalar fields on square cells, keeping C_N or D_N and shifts.

    Scalars are lifted to regular fields, go through residual blocks and are averaged
    over the group. PointGroup and mirrors that map the lattice onto itself are kept to
    rounding, others as far as the lattice resolves the fields.

    Attributes:
        n_axes: Two lattice axes.
        width: Channels in and out.
        mirrors: Whether mirrors are kept.
        exact: What is kept to rounding, in words.

    Args:
        fields: Number of fields, one a scalar channel.
        depth: Number of blocks.
        kernel: Nodes across a kernel, odd.
        turns: The group.
        pad: The lattice's padding.
    """

    n_axes = 2

    def __init__(
        self, fields: int, depth: int, kernel: int, turns: PointGroup, pad: Pad
    ) -> None:
        super().__init__()
        check_sizes(fields, depth, kernel)
        self.width, self.order = fields, turns.order
        self.mirrors, self.exact = turns.mirrors, turns.exact
        self.blocks = nn.Sequential(
            *(SteerableBlock(fields, kernel, turns, pad) for _ in range(depth))
        )

    def forward(self, z: Tensor) -> Tensor:
        """(b, fields, h, w) -> the same shape."""
        z = z.repeat_interleave(self.order, dim=1)
        # Linear maps of fields then read channels in a row.
        regular = self.blocks(z.contiguous(memory_format=torch.channels_last))
        return regular.unflatten(1, (self.width, self.order)).mean(2)


class MirroredConv(nn.Module):
    """A convolution whose kernels are averaged with their mirror images.

    Args:
        channels: Channels of the field.
        kernel: Nodes across a kernel, odd.
        beyond: Nodes beyond either end that are zero.
    """

    def __init__(self, channels: int, kernel: int, beyond: int = 0) -> None:
        super().__init__()
        self.beyond = beyond
        made = nn.Conv1d(channels, channels, kernel, groups=channels)
        self.weight, self.bias = made.weight, made.bias

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """(b, c, g) to (b, c, g + 2 beyond - kernel + 1), and z (`with_input`)."""
        weight = (self.weight + self.weight.flip(-1)) / 2
        return with_input(z, kernels_like(weight, z), self.bias, self.beyond)


class ReflectionCNN(nn.Module):
    """A residual CNN on a line whose kernels are their own mirror images.

    Attributes:
        n_axes: One lattice axis.
        width: Channels in and out.
        mirrors: True: they are kept.
        exact: What is kept to rounding, in words.

    Args:
        channels: Channels of the field.
        depth: Number of blocks.
        kernel: Nodes across a kernel, odd.
        pad: The lattice's padding.
    """

    n_axes = 1
    mirrors = True
    exact = "every element: the lattice moves with the context"

    def __init__(self, channels: int, depth: int, kernel: int, pad: Pad) -> None:
        super().__init__()
        check_sizes(channels, depth, kernel)
        self.width = channels
        blocks = [Block(channels, kernel, 1, pad) for _ in range(depth)]
        for block in blocks:
            mirrored = MirroredConv(channels, kernel, block.edge.beyond)
            block.add_module("depthwise", mirrored)
        self.blocks = nn.Sequential(*blocks)

    def forward(self, z: Tensor) -> Tensor:
        """(b, channels, g) -> the same shape."""
        row = z[:, :, None].contiguous(memory_format=torch.channels_last)
        return self.blocks(row)[:, :, 0]
