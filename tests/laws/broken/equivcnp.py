"""The EquivCNP and its steerable kernels."""

from mutation import Mutation

BACKBONES = "tests/laws/test_backbones.py"
STEERABLE = "apnp/nn/steerable.py"
EQUIVCNP = "apnp/backbones/equivcnp.py"
UNIT = "tests/unit/nn/test_steerable.py"
WHOLE = "tests/unit/backbones/test_equivcnp.py"
BUILD = "tests/unit/test_build_lattices.py"

# fmt: off
MUTATIONS = [
    Mutation("equivcnp: 0 context values reach the target", EQUIVCNP,
             "z=self.net(latent.z)", "z=0 * self.net(latent.z)", BACKBONES,
             "test_0 and EquivCNP"),
    Mutation("equivcnp: 1 mirrors turn the other way", STEERABLE,
             "torch.where(mirror[:, None] == 1, -step, step) % self.number",
             "step % self.number", BACKBONES, "test_1 and EquivCNP"),
    Mutation("equivcnp: 1 kernels turn with their channel", STEERABLE,
             "nodes, turns.matrices())", "nodes, turns.matrices().mT)", BACKBONES,
             "test_1 and EquivCNP"),
    Mutation("equivcnp: 1 harmonics turn with their ring", STEERABLE,
             "torch.atan2(back[..., 1], back[..., 0])",
             "torch.atan2(nodes[..., 1], nodes[..., 0]).expand(turns.order, -1, -1)",
             BACKBONES, "test_1 and EquivCNP"),
    Mutation("equivcnp: 1 fields are mixed alike for every element", STEERABLE,
             "self.mix.bias.repeat_interleave(order)", "self.mix.bias.repeat(order)",
             BACKBONES, "test_1 and EquivCNP"),
    Mutation("equivcnp: 1 every turn is read", STEERABLE,
             "self.order)).mean(2)", "self.order))[:, :, 0]", BACKBONES,
             "test_1 and EquivCNP"),
    Mutation("equivcnp: 1 scalars are lifted to all elements", STEERABLE,
             "z.repeat_interleave(self.order, dim=1)", "z.repeat(1, self.order, 1, 1)",
             BACKBONES, "test_1 and EquivCNP"),
    Mutation("equivcnp: 1 kernels of the line are mirrored", STEERABLE,
             "(self.weight + self.weight.flip(-1)) / 2", "self.weight", BACKBONES,
             "test_1 and EquivCNP"),
    Mutation("equivcnp: both waves of a frequency are learned", STEERABLE,
             "both = torch.cos(m * angle), torch.sin(m * angle)",
             "both = torch.cos(m * angle), 0 * torch.sin(m * angle)", UNIT),
    Mutation("equivcnp: frequencies are what a ring can hold", STEERABLE,
             "range(1, rho + 1)", "range(1, 3 * rho + 1)", UNIT),
    Mutation("equivcnp: rings end before the kernel does", STEERABLE,
             "_SIGMA = 0.45", "_SIGMA = 0.9", UNIT),
    Mutation("equivcnp: what is exact is said", STEERABLE,
             "360 // math.gcd(self.number, 4)", "360 // self.number", UNIT),
    Mutation("equivcnp: no turn at all is refused", STEERABLE,
             "if self.number < 2:", "if self.number < 1:", UNIT),
    Mutation("equivcnp: a turned domain has the same lattice", EQUIVCNP,
             "domain.extent.amax(-1, keepdim=True)", "domain.extent", WHOLE),
    Mutation("equivcnp: a lattice that is not square is refused", EQUIVCNP,
             "len(set(lattice.shape)) > 1", "len(set(lattice.shape)) > 2", WHOLE),
    Mutation("equivcnp: the group is that of the network", EQUIVCNP,
             "RigidMotions(net.n_axes, net.mirrors)", "RigidMotions(net.n_axes)",
             WHOLE),
    Mutation("equivcnp: a sphere is refused", "apnp/build.py",
             'if config.geometry == "sphere":\n        raise',
             'if config.geometry == "none":\n        raise', BUILD),
    Mutation("equivcnp: another group is refused", "apnp/build.py",
             'config.group not in ("default", "rigid_motions")',
             'config.group not in ("default", "rigid_motions", "translations")', BUILD),
]
# fmt: on
