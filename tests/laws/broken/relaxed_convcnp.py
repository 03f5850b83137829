"""The RelaxedConvCNP and the CNN that it relaxes."""

from mutation import Mutation

BACKBONES = "tests/laws/test_backbones.py"
RELAXED = "apnp/backbones/relaxed_convcnp.py"
CNN = "apnp/nn/cnn.py"
UNIT = "tests/unit/backbones/test_relaxed_convcnp.py"

# fmt: off
MUTATIONS = [
    Mutation("relaxed: 0 functions of location reach the target", RELAXED,
             "(1 + known * t(latent.sites))", "(1 + 0 * known * t(latent.sites))",
             BACKBONES, "test_0 and Relaxed"),
    Mutation("relaxed: 1 functions are read at the nodes", RELAXED,
             "t(latent.sites))", "t(latent.sites - latent.sites.mean()))",
             BACKBONES, "test_1 and Relaxed"),
    Mutation("relaxed: 2 absolute location is switched off by the task", RELAXED,
             "known = latent.domain.absolute.reshape",
             "known = (latent.domain.absolute | True).reshape",
             BACKBONES, "test_2 and Relaxed"),
    Mutation("relaxed: 2 without location a convolution is as it was", RELAXED,
             "(1 + known", "(0.9 + known", BACKBONES, "test_2 and Relaxed"),
    Mutation("relaxed: 2 strict() drops the relaxation", RELAXED,
             "return self.convcnp\n", "return self\n", BACKBONES, "test_2 and Relaxed"),
    Mutation("relaxed: 8 every layer has its own function", CNN,
             "block(z, gains[i])", "block(z, gains[0])", BACKBONES,
             "test_8 and Relaxed"),
    Mutation("relaxed: inputs are weighed, not outputs", "apnp/nn/unet.py",
             "seen = self.edge(z if gain is None else gain * z)",
             "seen = self.edge(z if gain is None else gain.mean() * z)",
             UNIT),
    Mutation("relaxed: the field itself goes on unweighed", "apnp/nn/unet.py",
             "return residual(z, mixed",
             "return residual(z if gain is None else gain * z, mixed",
             UNIT),
    Mutation("relaxed: a function for every layer", RELAXED,
             "if len(relaxations) != len(convcnp.net.blocks):", "if not relaxations:",
             UNIT),
    Mutation("relaxed: a U-Net is refused", RELAXED,
             "if not isinstance(convcnp.net, CNN):", "if convcnp.net is None:", UNIT),
    Mutation("relaxed: it is not wrapped again", "apnp/build.py",
             ' and config.backbone.name != "relaxed_convcnp"', "",
             "tests/unit/test_build_lattices.py"),
    Mutation("relaxed: strict is without", "apnp/build.py",
             'if config.form == "strict":', 'if config.form == "none":',
             "tests/unit/test_build_lattices.py"),
    Mutation("cnn: gains are as many as blocks", CNN,
             "if gains and len(gains) != len(self.blocks):",
             "if len(gains) > len(self.blocks):", "tests/unit/nn/test_cnn.py"),
    Mutation("cnn: it is built of the size that is set", "apnp/build.py",
             "CNN(settings.channels[0], settings.depth, *rest",
             "CNN(settings.channels[0], 8, *rest",
             "tests/unit/test_build_lattices.py"),
]
# fmt: on
