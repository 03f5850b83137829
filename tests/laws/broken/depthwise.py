"""The derivatives of depthwise convolutions."""

from mutation import Mutation

DEPTHWISE = "apnp/nn/depthwise.py"
UNIT = "tests/unit/nn/test_depthwise.py"

# fmt: off
MUTATIONS = [
    Mutation("depthwise: every task counts for the weights", DEPTHWISE,
             "by_weight += _by_weight(some, theirs, ctx.padding)",
             "by_weight = _by_weight(some, theirs, ctx.padding)", UNIT,
             "its_reference"),
    Mutation("depthwise: zeros beyond the edge take back no derivative", DEPTHWISE,
             "k - 1 - p for k, p", "k - 1 for k, p", UNIT, "its_reference"),
    Mutation("depthwise: kernels are turned on the way back", DEPTHWISE,
             "weight.flip(tuple(range(2, g.ndim)))", "weight", UNIT, "its_reference"),
    Mutation("depthwise: tasks and channels are groups of their own", DEPTHWISE,
             "each.unflatten(1, z.shape[:2]).sum(1)",
             "each.unflatten(1, z.shape[:2][::-1]).sum(2)", UNIT, "its_reference"),
    Mutation("depthwise: a line stays torch's own", DEPTHWISE,
             "if line or weight.shape[-1] < _LEAST:",
             "if weight.shape[-1] < _LEAST:", UNIT, "pays"),
    Mutation("depthwise: the bias of a line is added apart", DEPTHWISE,
             "if line and bias is not None:", "if False:", UNIT, "line"),
    Mutation("depthwise: and added", DEPTHWISE,
             "depthwise_reference(z, weight, None, beyond) + added",
             "depthwise_reference(z, weight, None, beyond)", UNIT, "its_reference"),
    Mutation("depthwise: the bias has a derivative of its own", DEPTHWISE,
             "g.transpose(0, 1).flatten(1).sum(1)",
             "g.transpose(0, 1).flatten(1).mean(1)", UNIT, "its_reference"),
    Mutation("depthwise: second derivatives are refused", DEPTHWISE,
             "    @once_differentiable\n", "", UNIT, "second"),
    Mutation("depthwise: mixed precision stays torch's own", DEPTHWISE,
             'or torch.is_autocast_enabled("cpu")', "", UNIT, "pays"),
    Mutation("depthwise: the fast way is taken", DEPTHWISE,
             'z.device.type != "cpu"', 'z.device.type == "cpu"', UNIT, "pays"),
    Mutation("depthwise: small kernels stay torch's own", DEPTHWISE,
             "_LEAST = 5", "_LEAST = 1", UNIT, "pays"),
]
# fmt: on
