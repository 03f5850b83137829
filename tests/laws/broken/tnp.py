"""The TNP, the PT-TNP and their attention."""

from mutation import Mutation

BACKBONES = "tests/laws/test_backbones.py"
TNP = "apnp/backbones/tnp.py"
PT_TNP = "apnp/backbones/pt_tnp.py"
TOKENS = "apnp/backbones/tokens.py"
ATTENTION = "apnp/nn/attention.py"
LAYERS = "tests/unit/nn/test_attention.py"
SPREAD = "apnp/nn/spread_out.py"
SPREAD_OUT = "tests/unit/nn/test_spread_out.py"
OURS = "TNP and not Local"

# fmt: off
MUTATIONS = [
    Mutation("tnp: 1 tokens know what the group leaves", TOKENS,
             "here = self.group.here(points.x)",
             "here = points.x[..., : self.group.here(points.x).shape[-1]]",
             BACKBONES, f"test_1 and {OURS}"),
    Mutation("tnp: 1 windows know what the group leaves", ATTENTION,
             "torch.cat((squared, offsets(x, other)), dim=-1)",
             "torch.cat((squared, (x + other)[..., :offsets(x, x).shape[-1]]), -1)",
             BACKBONES, f"test_1 and {OURS}"),
    Mutation("tnp: 1 the published network, too", TOKENS,
             "offsets = self.group.offsets(x, other) / self.lengths[0]",
             "offsets = (x + other)[..., : self.group.offsets(x, x).shape[-1]]",
             BACKBONES, f"test_1 and {OURS} and published"),
    Mutation("tnp: 4 unobserved values are replaced", TOKENS,
             "y=torch.where(context.y_mask, context.y, 0.0)", "y=context.y",
             BACKBONES, f"test_4 and {OURS}"),
    Mutation("tnp: 4 unobserved covariates are replaced", TOKENS,
             "w=torch.where(context.w_mask, context.w, 0.0)", "w=context.w",
             BACKBONES, f"test_4 and {OURS}"),
    Mutation("tnp: 5 locations of padding are replaced", TOKENS,
             "x=torch.where(seen, context.x, domain.centre[:, None])", "x=context.x",
             BACKBONES, f"test_5 and {OURS}"),
    Mutation("tnp: 5 unobserved points are hidden", ATTENTION,
             "zero.masked_fill(~self.seen, -torch.inf)", "zero",
             BACKBONES, f"test_5 and {OURS}"),
    Mutation("tnp: 9 an empty context reads the learned token", ATTENTION,
             "functional.pad(hidden, (1, 0))",
             "functional.pad(hidden, (1, 0), value=-torch.inf)", LAYERS),
    Mutation("tnp: logits are scaled as written out", ATTENTION,
             "scale=self.compared**-0.5", "scale=1.0", LAYERS),
    Mutation("tnp: windows are as long as they say", ATTENTION,
             "torch.cat((-0.5 * inverse,", "torch.cat((-inverse,", LAYERS),
    Mutation("tnp: windows fit beside what a head compares", ATTENTION,
             "self.compared = min(own, channels - columns)", "self.compared = own",
             LAYERS),
    Mutation("tnp: values keep their channels", ATTENTION,
             "functional.pad(values, (0, more))", "functional.pad(values, (more, 0))",
             LAYERS),
    Mutation("tnp: windows refuse what is not bilinear", ATTENTION,
             "if not torch.allclose(found, step(x, y)):", "if False:", LAYERS),
    Mutation("tnp: the learned token has no window", ATTENTION,
             "functional.pad(window, (1, 0))",
             "functional.pad(window, (1, 0), value=1.0)", LAYERS),
    Mutation("tnp: fixed inputs reach the targets' embedding", TOKENS,
             "return h if et is None else h + et", "return h",
             "tests/unit/backbones/test_tnp.py"),
    Mutation("pt_tnp: 1 the first is at the centroid of the seen", SPREAD,
             "centroid = (share * x).sum(1, keepdim=True)",
             "centroid = 0 * x[:, :1]", BACKBONES, "test_1 and PTTNP"),
    Mutation("pt_tnp: 3 ties are told by values", SPREAD,
             "torch.where(tied, rank, -1)", "torch.where(tied, 0, -1)", SPREAD_OUT),
    Mutation("pt_tnp: 5 the unseen are never chosen", SPREAD,
             ".masked_fill(~seen, -torch.inf)", "", SPREAD_OUT),
    Mutation("pt_tnp: no place is chosen twice", SPREAD,
             "least = -torch.inf if i == 0 else 0.0", "least = -torch.inf", SPREAD_OUT),
    Mutation("pt_tnp: the farthest of all chosen", SPREAD,
             "torch.minimum(unchosen, (x", "torch.minimum(unchosen * torch.inf, (x",
             SPREAD_OUT),
    Mutation("pt_tnp: 5 absent pseudo-tokens are hidden", PT_TNP,
             "return Tokens(z, sites, seen, points, domain)",
             "return Tokens(z, sites, seen | True, points, domain)",
             BACKBONES, "test_5 and PTTNP"),
    Mutation("pt_tnp: 8 points read the pseudo-tokens", PT_TNP,
             "z = self.scattering[i](z, layers[-1], outwards)", "pass",
             BACKBONES, "test_8 and PTTNP"),
    Mutation("tnp: windows keep their digits in mixed precision",
             "apnp/nn/attention.py",
             "torch.autocast(queries.device.type, enabled=False)",
             "torch.autocast(queries.device.type, enabled=torch.is_autocast_enabled("
             "queries.device.type))", "tests/unit/experiments/test_mixed_precision.py"),
]
# fmt: on
