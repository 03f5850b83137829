"""The pointwise half of a convolutional block, a few rows of channels at a time.

Normalisation over channels, two linear maps and what lies between them take far more
memory than the field that they change. Of a field that does not fit a core's cache,
rows that do take the whole way at once, forth and back; of the way forth only means and
deviations of the rows are kept, the rest is done again on the way back.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

from apnp.nn.cache import rows_at_once

SLOPE = 0.1
"""Of the leaky rectifier between the linear maps, below zero."""


def residual(
    z: Tensor, u: Tensor, norm: nn.LayerNorm, expand: nn.Linear, contract: nn.Linear
) -> Tensor:
    """Z and what two linear maps make of the normalised u, node by node.

    Of a large field on a processor it has no second derivatives, and says so.

    Args:
        z: (b, c, *grid), channels in a row for speed, as of u.
        u: The same shape.
        norm: Over channels.
        expand: To the wider layer.
        contract: Back.

    Returns:
        (b, c, *grid), channels in a row.
    """
    rows = z.movedim(1, -1)
    if (
        z.device.type != "cpu"
        or torch.is_autocast_enabled("cpu")
        or rows.shape[:-1].numel() <= rows_at_once(expand.out_features)
    ):
        return residual_reference(z, u, norm, expand, contract)
    out = _Residual.apply(
        rows.flatten(0, -2),
        u.movedim(1, -1).flatten(0, -2),
        norm.weight, norm.bias, expand.weight, expand.bias,
        contract.weight, contract.bias, norm.eps,
    )  # fmt: skip
    return out.view(rows.shape).movedim(-1, 1)


def residual_reference(
    z: Tensor, u: Tensor, norm: nn.LayerNorm, expand: nn.Linear, contract: nn.Linear
) -> Tensor:
    """The same as `residual`, layer by layer."""
    wide = functional.leaky_relu(expand(norm(u.movedim(1, -1))), SLOPE)
    return z + contract(wide).movedim(-1, 1)


class _Residual(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, z: Tensor, u: Tensor, gain: Tensor, shift: Tensor, w1: Tensor,
        b1: Tensor, w2: Tensor, b2: Tensor, eps: float,
    ) -> Tensor:  # fmt: skip
        # The normalisation's own gain and shift are part of the first linear map.
        weight, bias = w1 * gain, torch.addmv(b1, w1, shift)
        out = torch.empty_like(z)
        mean, rate = u.new_empty(len(u), 1), u.new_empty(len(u), 1)
        share = u.new_full((u.shape[1], 1), 1 / u.shape[1])
        step = rows_at_once(len(weight))
        rooms = _rooms(u, weight, step, 1)
        for o, some, here, m, r in zip(
            *(t.split(step) for t in (out, u, z, mean, rate)), strict=True
        ):
            normal, squared, wide = (room[: len(o)] for room in rooms)
            torch.mm(some, share, out=m)
            torch.sub(some, m, out=normal)
            torch.mm(torch.mul(normal, normal, out=squared), share, out=r)
            r.add_(eps).rsqrt_()
            torch.addmm(bias, normal.mul_(r), weight.T, out=wide)
            torch.addmm(b2, functional.leaky_relu_(wide, SLOPE), w2.T, out=o)
            o += here
        ctx.save_for_backward(u, mean, rate, gain, shift, w1, b1, w2)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        u, mean, rate, gain, shift, w1, b1, w2 = ctx.saved_tensors
        (g,) = grads
        weight, bias = w1 * gain, torch.addmv(b1, w1, shift)
        by_u = torch.empty_like(u)
        by_weight, by_w2 = torch.zeros_like(w1), torch.zeros_like(w2)
        by_bias = torch.zeros_like(b1)
        step = rows_at_once(len(weight))
        rooms = _rooms(u, weight, step, 2)
        for o, some, back, m, r in zip(
            *(t.split(step) for t in (by_u, u, g, mean, rate)), strict=True
        ):
            normal, by_normal, wide, by_wide = (room[: len(o)] for room in rooms)
            torch.sub(some, m, out=normal).mul_(r)
            torch.addmm(bias, normal, weight.T, out=wide)
            functional.leaky_relu_(wide, SLOPE)
            torch.addmm(by_w2, back.T, wide, out=by_w2)
            torch.mm(back, w2, out=by_wide)
            torch.ops.aten.leaky_relu_backward(
                by_wide, wide, SLOPE, True, grad_input=by_wide
            )
            torch.addmm(by_weight, by_wide.T, normal, out=by_weight)
            by_bias += by_wide.sum(0)
            torch.mm(by_wide, weight, out=by_normal)
            (back_u, _, _) = torch.ops.aten.native_layer_norm_backward(
                by_normal, some, gain.shape, m, r, None, None, [True, False, False]
            )
            o.copy_(back_u)
        by_w1 = torch.addr(by_weight * gain, by_bias, shift)
        by_gain = (by_weight * w1).sum(0)
        return g, by_u, by_gain, by_bias @ w1, by_w1, by_bias, by_w2, g.sum(0), None


def _rooms(u: Tensor, weight: Tensor, step: int, wide: int) -> list[Tensor]:
    """Memory for two narrow layers and some wide ones of the rows taken at once."""
    sizes = [u.shape[1]] * 2 + [len(weight)] * wide
    return [u.new_empty(min(step, len(u)), size) for size in sizes]
