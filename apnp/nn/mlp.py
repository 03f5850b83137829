"""Multilayer perceptron, and linear layers that start small."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from apnp.nn.cache import rows_at_once

_MANY = 2**23
"""Numbers of a layer, 32 MB, for which a C library fetches new memory each time."""


class MLP(nn.Sequential):
    """Linear layers with a GELU between each two, on the last axis.

    On a CPU, large inputs are processed in blocks of rows that fit into the cache, in
    both passes. Hidden activations are recomputed in the backward pass. Double
    backward then raises.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(.., n_in) -> (.., n_out)."""
        linear = [layer for layer in self if isinstance(layer, nn.Linear)]
        plain = [nn.Linear, *[nn.GELU, nn.Linear] * (len(linear) - 1)]
        if (
            x.device.type != "cpu"
            or torch.is_autocast_enabled("cpu")
            or [type(layer) for layer in self] != plain
        ):
            return self.reference(x)
        parameters = [p for layer in linear for p in (layer.weight, layer.bias)]
        widest = _widest(parameters)
        # To make layers again takes longer than to keep them, while there is room; not
        # where they are a small part of the work.
        again = sum(layer.weight.numel() for layer in linear[:-1])
        kept = torch.is_grad_enabled() and 3 * again > linear[-1].weight.numel()
        most = _MANY // widest if kept else rows_at_once(widest)
        if x.shape[:-1].numel() <= most:
            return self.reference(x)
        out: Tensor = _InPieces.apply(x.flatten(0, -2), *parameters)
        return out.unflatten(0, x.shape[:-1])

    def reference(self, x: Tensor) -> Tensor:
        """The same, layer by layer."""
        return super().forward(x)


class _InPieces(torch.autograd.Function):
    """Of rows (n, n_in), and a weight and a bias for each linear layer."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, *parameters: Tensor) -> Tensor:
        ctx.save_for_backward(x, *parameters)
        *inner, (weight, bias) = _layers(parameters)
        out = x.new_empty(len(x), len(weight))
        step = rows_at_once(_widest(parameters))
        for rows, o in zip(x.split(step), out.split(step), strict=True):
            for w, b in inner:
                rows = torch.ops.aten.gelu_(torch.addmm(b, rows, w.T))
            torch.addmm(bias, rows, weight.T, out=o)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        x, *parameters = ctx.saved_tensors
        layers = _layers(parameters)
        by_x = torch.empty_like(x) if ctx.needs_input_grad[0] else None
        by = [torch.zeros_like(p) for p in parameters]
        step = rows_at_once(_widest(parameters))
        for i, (rows, g) in enumerate(
            zip(x.split(step), grads[0].split(step), strict=True)
        ):
            entered, linear = [rows], []
            for w, b in layers[:-1]:
                linear.append(torch.addmm(b, entered[-1], w.T))
                entered.append(torch.nn.functional.gelu(linear[-1]))
            for (w, _), (by_w, by_b) in zip(
                layers[::-1], _layers(by)[::-1], strict=True
            ):
                # This way round, for the sake of layers of a few inputs.
                torch.addmm(by_w.T, entered.pop().T, g, out=by_w.T)
                by_b += g.sum(0)
                if linear:
                    h = linear.pop()
                    g = torch.mm(g, w)
                    torch.ops.aten.gelu_backward.grad_input(g, h, grad_input=g)
                elif by_x is not None:
                    torch.mm(g, w, out=by_x[i * step :][: len(g)])
        return by_x, *by


def _layers(parameters: Any) -> list[tuple[Tensor, Tensor]]:
    """Weight and bias of each linear layer."""
    return list(zip(parameters[::2], parameters[1::2], strict=True))


def _widest(parameters: Any) -> int:
    """The most numbers that a row has on its way."""
    return max(size for p in parameters for size in p.shape)


def mlp(n_in: int, width: int, n_out: int, hidden: int = 2, factor: float = 1.0) -> MLP:
    """A perceptron on the last axis: `hidden` GELU layers of `width`, then linear.

    With a `factor` below one the last layer starts that much smaller.
    """
    layers: list[nn.Module] = []
    for _ in range(hidden):
        layers += [nn.Linear(n_in, width), nn.GELU()]
        n_in = width
    last = nn.Linear(n_in, n_out)
    return MLP(*layers, shrink(last, factor) if factor < 1 else last)


def first_weight(made: MLP) -> Tensor:
    """The weight of the first layer, (width, n_in)."""
    first = made[0]
    assert isinstance(first, nn.Linear)
    return first.weight


@torch.no_grad()
def shrink(layer: nn.Linear, factor: float = 0.1) -> nn.Linear:
    """Start a residual branch near zero: weights times `factor`, no constant."""
    layer.weight.mul_(factor)
    if layer.bias is not None:
        layer.bias.zero_()
    return layer
