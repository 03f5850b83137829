"""The RCNP, and the mean over a set."""

from mutation import Mutation

BACKBONES = "tests/laws/test_backbones.py"
RCNP = "apnp/backbones/rcnp.py"
TOKENS = "apnp/backbones/tokens.py"
SET = "apnp/nn/deep_set.py"
UNIT = "tests/unit/backbones/test_rcnp.py"

# fmt: off
MUTATIONS = [
    Mutation("rcnp: 1 targets know what the group leaves", TOKENS,
             "torch.cat((self.group.here(xt), wt), dim=-1)",
             "torch.cat((xt[..., : self.group.here(xt).shape[-1]], wt), dim=-1)",
             BACKBONES, "test_1 and RCNP"),
    Mutation("rcnp: distances are of the pair", TOKENS,
             "squared = (other - x)", "squared = (other - 0.9 * x)",
             BACKBONES, "test_1 and RCNP"),
    Mutation("rcnp: 5 unobserved points do not count", SET,
             "share = seen.to(values) / seen.sum(-1, keepdim=True).clamp(min=1)",
             "share = torch.ones_like(seen).to(values) / max(seen.shape[-1], 1)",
             BACKBONES, "test_5 and RCNP"),
    Mutation("rcnp: the mean is over the seen", SET,
             "seen.sum(-1, keepdim=True).clamp(min=1)", "max(seen.shape[-1], 1)",
             "tests/unit/nn/test_deep_set.py"),
    Mutation("rcnp: 5 both of a pair are seen", RCNP,
             "seen[:, :, None] & seen[:, None]",
             "seen[:, :, None].expand(-1, -1, seen.shape[1])",
             BACKBONES, "test_5 and RCNP"),
    Mutation("rcnp: 9 an empty context has a mean", SET,
             ".clamp(min=1)", "", BACKBONES, "test_9 and RCNP"),
    Mutation("rcnp: 10 shapes of contexts are checked", RCNP,
             "        self.check_context(context, domain, streams)\n", "",
             BACKBONES, "test_10 and RCNP"),
    Mutation("rcnp: 10 shapes of targets are checked", RCNP,
             "        self.check_targets(latent, xt, wt)\n", "",
             BACKBONES, "test_10 and RCNP"),
    Mutation("rcnp: pairs relate the context to itself", RCNP,
             "self.among(self.relation(", "0 * self.among(self.relation(", UNIT),
    Mutation("rcnp: a pair has both tokens", RCNP,
             "self.partner(latent.z)[:, None]", "self.partner(latent.z)[:, :, None]",
             UNIT),
    Mutation("rcnp: the first of a pair is related to the target", RCNP,
             "relation[:, :, :, None] +", "relation[:, :, None] +", UNIT),
    Mutation("rcnp: relations hold the target's covariates", RCNP,
             "functional.pad(relation, (0, 1), value=1.0)",
             "functional.pad(relation, (0, 1))", UNIT),
    Mutation("rcnp: chunks are in order", RCNP,
             "h[:, i : i + step]", "h[:, : len(xt[0, i : i + step])]", UNIT),
    Mutation("rcnp: lengths are those given", TOKENS,
             "gaussian(squared, length) for",
             "gaussian(2 * squared, length) for", UNIT),
]
# fmt: on
