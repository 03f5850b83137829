"""Lattices, set convolutions, the U-Net, drift and kriging of the ConvCNP."""

from mutation import Mutation

DRIFT = "tests/unit/nn/test_drift.py"
LATTICE = "tests/unit/nn/test_lattice.py"
UNET = "tests/unit/nn/test_unet.py"
SETCONV = "tests/unit/nn/test_setconv.py"
COVARIANCE = "apnp/nn/covariance.py"
KRIGING = "tests/unit/nn/test_covariance.py"

# fmt: off
MUTATIONS = [
    Mutation("plane: symmetric about the centre", "apnp/nn/lattice.py",
             "self.cell * (steps - (g - 1) / 2)", "self.cell * (steps - g / 2)",
             LATTICE),
    Mutation("plane: edges are held", "apnp/nn/lattice.py",
             "(relative / self.cell + last / 2).clamp(0, last)",
             "relative / self.cell + last / 2", LATTICE),
    Mutation("sphere: half-turn in the padding", "apnp/nn/lattice.py",
             "turned = z.roll(z.shape[-1] // 2, dims=-1)", "turned = z", LATTICE),
    Mutation("sphere: padding is mirrored", "apnp/nn/lattice.py",
             "turned[..., :k, :].flip(-2)", "turned[..., :k, :]", LATTICE),
    Mutation("sphere: padding is periodic", "apnp/nn/lattice.py",
             'mode="circular"', 'mode="constant"', LATTICE),
    Mutation("sphere: half-turn in the reading", "apnp/nn/lattice.py",
             "column[..., None, :] + columns // 2 * beyond[..., None].long()",
             "column[..., None, :] + 0 * beyond[..., None].long()", LATTICE),
    Mutation("sphere: one value at the pole", "apnp/nn/lattice.py",
             "read(self._tapered(z)", "read(z", LATTICE),
    Mutation("sphere: long waves are read beyond 60 degrees", "apnp/nn/lattice.py",
             "torch.maximum(length / 3, cos_lat / 0.5)", "(cos_lat / 0.5)", LATTICE),
    Mutation("sphere: rows are cell centres", "apnp/nn/lattice.py",
             "self.cell * (steps + 0.5) - math.pi / 2", "self.cell * steps - 1.5",
             LATTICE),
    Mutation("sphere: kernel widens near a pole", "apnp/nn/lattice.py",
             "2 * cos_lat * (cos_lat - horizontal)",
             "2 * (1 - horizontal / cos_lat.clamp(min=1e-9))", LATTICE),
    Mutation("sphere: coarsest columns are even", "apnp/nn/lattice.py",
             "columns % 2 or min(rows, columns) < k", "min(rows, columns) < k",
             "tests/unit/backbones"),
    Mutation("sphere: rows are as many as the kernel reaches", "apnp/nn/lattice.py",
             "columns % 2 or min(rows, columns) < k", "columns % 2",
             "tests/unit/backbones"),
    Mutation("spread sums every axis", "apnp/nn/setconv.py",
             "for axis in axes[:-1]:", "for axis in axes[1:-1]:", SETCONV),
    Mutation("cubic weights reproduce quadratics", "apnp/nn/setconv.py",
             "(0.5 * s - 0.5) * s * s", "(0.5 * s - 0.4) * s * s", SETCONV),
    Mutation("coarsening takes pairs", "apnp/nn/unet.py",
             "z.unflatten(axis, (-1, 2)).mean(axis + 1)",
             "z.unflatten(axis, (2, -1)).mean(axis)", UNET),
    Mutation("lattices that cannot be halved are refused", "apnp/nn/unet.py",
             "if g % step:", "if g % 2:", UNET),
    Mutation("drift weighs observations by their mask", "apnp/nn/drift.py",
             "own = torch.where(seen, f, 0.0)", "own = f", DRIFT),
    Mutation("drift shrinks to its prior", "apnp/nn/drift.py",
             "eye = self.ridge *", "eye = self.ridge**2 *", DRIFT),
    Mutation("drift weighs observations by their covariance", "apnp/nn/drift.py",
             "torch.cat((own, rest), -1))", "torch.cat((own, rest), -1)) * 0.5",
             DRIFT),
    Mutation("gradients of the covariance's inverse are whole", COVARIANCE,
             "wanted - matrix @ solved", "wanted - matrix.detach() @ solved", KRIGING),
    Mutation("covariance has its widths", COVARIANCE,
             "-0.5 * torch.exp(-2", "-0.5 * torch.exp(-1", KRIGING),
    Mutation("every piece of a covariance is summed", COVARIANCE,
             "(slice(i, i + step) for", "(slice(0, step) for", KRIGING, "fast_sum"),
    Mutation("and every piece counts for its widths", COVARIANCE,
             "by_rate[k] += share", "by_rate[k] = share", KRIGING, "fast_sum"),
    Mutation("and for its weights", COVARIANCE,
             "by_share[k] += part", "by_share[k] = part", KRIGING, "fast_sum"),
    Mutation("no second derivatives of a covariance", COVARIANCE,
             "    @once_differentiable\n", "", KRIGING, "second"),
    Mutation("a masked point is independent of all others", COVARIANCE,
             "* m[..., None] * m[..., None, :]", "* m[..., None]", KRIGING),
    Mutation("the sphere kriges by chords", "apnp/nn/lattice.py",
             "keepdim=True) - 2 * x @ nodes.mT", "keepdim=True) - x @ nodes.mT",
             KRIGING),
]
# fmt: on
