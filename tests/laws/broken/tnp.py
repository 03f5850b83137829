"""The TNP and its attention."""

from mutation import Mutation

BACKBONES = "tests/laws/test_backbones.py"
TNP = "apnp/backbones/tnp.py"
GLOBAL = "apnp/nn/global_attention.py"

# fmt: off
MUTATIONS = [
    Mutation("tnp: 1 tokens know what the group leaves", TNP,
             "self.group.here(x), points.y",
             "x[..., : self.group.here(x).shape[-1]], points.y",
             BACKBONES, "test_1 and TNP and not Local"),
    Mutation("tnp: 1 offsets are of the pair", TNP,
             "self.group.offsets(left, right)", "(right + left)",
             BACKBONES, "test_1 and TNP and not Local"),
    Mutation("tnp: 4 unobserved values are replaced", TNP,
             "y=torch.where(context.y_mask, context.y, 0.0)", "y=context.y",
             BACKBONES, "test_4 and TNP and not Local"),
    Mutation("tnp: 5 unobserved points are hidden", GLOBAL,
             "bias.masked_fill(hidden, -torch.inf)", "bias",
             BACKBONES, "test_5 and TNP and not Local"),
    Mutation("tnp: 9 an empty context reads the learned token", GLOBAL,
             "mask = functional.pad(bias, (1, 0))",
             "mask = functional.pad(bias, (1, 0), value=-torch.inf)",
             "tests/unit/nn/test_global_attention.py"),
    Mutation("tnp: logits are scaled as written out", GLOBAL,
             "logits / queries.shape[-1] ** 0.5", "logits",
             "tests/unit/nn/test_global_attention.py"),
]
# fmt: on
