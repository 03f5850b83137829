"""Multilayer perceptron."""

from torch import nn


def mlp(n_in: int, width: int, n_out: int, hidden: int = 2) -> nn.Sequential:
    """A perceptron on the last axis: `hidden` GELU layers of `width`, then linear."""
    layers: list[nn.Module] = []
    for _ in range(hidden):
        layers += [nn.Linear(n_in, width), nn.GELU()]
        n_in = width
    return nn.Sequential(*layers, nn.Linear(n_in, n_out))
