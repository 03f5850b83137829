"""The CNP."""

from mutation import Mutation

BACKBONES = "tests/laws/test_backbones.py"
CNP = "apnp/backbones/cnp.py"
TOKENS = "apnp/backbones/tokens.py"
UNIT = "tests/unit/backbones/test_cnp.py"
OWN = "CNP and not ConvCNP and not RCNP"

# fmt: off
MUTATIONS = [
    Mutation("cnp: 0 a point is read with its location", CNP,
             "torch.cat((points.x, inputs", "torch.cat((0 * points.x, inputs",
             BACKBONES, f"test_0 and {OWN}"),
    Mutation("cnp: 0 a target is read with its location", CNP,
             "torch.cat((context, xt, wt)", "torch.cat((context, 0 * xt, wt)",
             BACKBONES, f"test_0 and {OWN}"),
    Mutation("cnp: 4 unobserved values are replaced", CNP,
             "points = known(context, domain)", "points = context",
             BACKBONES, f"test_4 and {OWN}"),
    Mutation("cnp: 5 unobserved points do not count", CNP,
             "points.x, points.y_mask.any(-1), points",
             "points.x, points.y_mask[..., 0] | True, points",
             BACKBONES, f"test_5 and {OWN}"),
    Mutation("cnp: 6 rows have their own mean", CNP,
             "mean_of_seen(latent.z[:, None], latent.seen)",
             "mean_of_seen(latent.z[:, None], latent.seen).roll(1, 0)",
             BACKBONES, f"test_6 and {OWN}"),
    Mutation("cnp: 10 shapes of contexts are checked", CNP,
             "        self.check_context(context, domain, streams)\n", "",
             BACKBONES, f"test_10 and {OWN}"),
    Mutation("cnp: 10 shapes of targets are checked", CNP,
             "        self.check_targets(latent, xt, wt)\n", "",
             BACKBONES, f"test_10 and {OWN}"),
    Mutation("cnp: values come before covariates and masks", TOKENS,
             "torch.cat((points.y, points.w, *masks)",
             "torch.cat((points.w, points.y, *masks)", UNIT),
    Mutation("cnp: no approximate form of what has no sites", "apnp/approx/wrapper.py",
             "if not backbone.has_sites:", "if False:", UNIT),
    Mutation("cnp: its group is none", "apnp/build.py",
             'if config.group not in ("default", "none"):', "if False:",
             "tests/unit/test_build.py", "impossible_cnp"),
]
# fmt: on
