"""Multilayer perceptron, and linear layers that start small."""

import torch
from torch import nn


def mlp(
    n_in: int, width: int, n_out: int, hidden: int = 2, factor: float = 1.0
) -> nn.Sequential:
    """A perceptron on the last axis: `hidden` GELU layers of `width`, then linear.

    With a `factor` below one the last layer starts that much smaller.
    """
    layers: list[nn.Module] = []
    for _ in range(hidden):
        layers += [nn.Linear(n_in, width), nn.GELU()]
        n_in = width
    last = nn.Linear(n_in, n_out)
    return nn.Sequential(*layers, shrink(last, factor) if factor < 1 else last)


@torch.no_grad()
def shrink(layer: nn.Linear, factor: float = 0.1) -> nn.Linear:
    """Start a residual branch near zero: weights times `factor`, no constant."""
    layer.weight.mul_(factor)
    if layer.bias is not None:
        layer.bias.zero_()
    return layer
