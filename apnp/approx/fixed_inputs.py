"""Fixed inputs: a few learned functions of absolute location."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from apnp.nn.mlp import mlp


@dataclass(frozen=True)
class Support:
    """The box of locations where the model was trained, with a soft edge.

    Attributes:
        low: Lower corner, one number an axis, units of `x`.
        high: Upper corner.
        edge: Width over which the fixed inputs fall from one to zero outside the box;
            zero cuts them off.
    """

    low: tuple[float, ...]
    high: tuple[float, ...]
    edge: float = 0.0

    def __post_init__(self) -> None:
        if len(self.low) != len(self.high) or any(
            a >= b for a, b in zip(self.low, self.high, strict=True)
        ):
            raise ValueError(
                "`low` must lie below `high` on every axis. Got "
                f"{self.low} and {self.high}."
            )
        if self.edge < 0:
            raise ValueError(f"`edge` is a length, at least 0. Got {self.edge}.")

    def weight(self, x: Tensor) -> Tensor:
        """One inside, zero beyond the edge, (..., dx) -> (..., 1)."""
        outside = torch.maximum(
            x.new_tensor(self.low) - x, x - x.new_tensor(self.high)
        ).amax(-1, keepdim=True)
        if self.edge == 0:
            return (outside <= 0).to(x.dtype)
        s = (1 - outside / self.edge).clamp(0, 1)
        return s * s * (3 - 2 * s)


class FixedInputs(nn.Module):
    """`count` learned functions t_b(x) of absolute location, mixed into channels.

    Fourier features of frequencies up to `bandwidth`, a perceptron, `count` functions
    and a linear map without constant to the latent's channels. On the sphere `x` is a
    unit vector, so the functions are smooth across the date line and the poles.

    Args:
        dx: Dimensions of a location.
        dz: Channels of the latent.
        count: Number of fixed inputs B, at least 1.
        bandwidth: Standard deviation of the frequencies, in cycles a unit of `x`: the
            inverse of the shortest scale that the fixed inputs may hold.
        width: Width of the perceptron.
        support: Where they act; everywhere unless given.
        n_frequencies: Number of random frequencies, drawn from a fixed seed; without
            any the perceptron reads the location itself.
    """

    frequencies: Tensor

    def __init__(
        self,
        dx: int,
        dz: int,
        count: int = 16,
        bandwidth: float = 0.5,
        width: int = 64,
        support: Support | None = None,
        n_frequencies: int = 16,
    ) -> None:
        super().__init__()
        if count < 1:
            raise ValueError(
                f"`count` is a number of functions, at least 1. Got {count}: for none "
                "take the backbone without fixed inputs."
            )
        if support is not None and len(support.low) != dx:
            raise ValueError(
                f"`support` must have the dimensions of a location, dx = {dx}. "
                f"Got {len(support.low)}."
            )
        self.dx = dx
        generator = torch.Generator().manual_seed(0)
        frequencies = torch.randn(dx, n_frequencies, generator=generator)
        self.support = support
        self.register_buffer("frequencies", 2 * math.pi * bandwidth * frequencies)
        self.functions = mlp(dx + 2 * n_frequencies, width, count)
        self.mix = nn.Linear(count, dz, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(..., dx) -> (..., dz)."""
        if x.shape[-1] != self.dx:
            raise ValueError(
                f"Fixed inputs take locations of dx = {self.dx}. Got {x.shape[-1]}."
            )
        phase = x @ self.frequencies
        features = torch.cat((x, torch.cos(phase), torch.sin(phase)), dim=-1)
        t = self.mix(self.functions(features))
        return t if self.support is None else self.support.weight(x) * t
