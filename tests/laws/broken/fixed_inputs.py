"""Fixed inputs and their support."""

from mutation import Mutation

FIXED = "tests/unit/approx"

# fmt: off
MUTATIONS = [
    Mutation("support is zero outside", "apnp/approx/fixed_inputs.py",
             "self.support.weight(x) * t", "t", FIXED),
    Mutation("support has its edge outside", "apnp/approx/fixed_inputs.py",
             "(1 - outside / self.edge)", "(-outside / self.edge)", FIXED),
    Mutation("support has a smooth edge", "apnp/approx/fixed_inputs.py",
             "s * s * (3 - 2 * s)", "s", FIXED),
    Mutation("fixed inputs use Fourier features", "apnp/approx/fixed_inputs.py",
             "2 * math.pi * bandwidth * frequencies", "bandwidth * frequencies", FIXED),
    Mutation("fixed inputs match the channels of a field", "apnp/types.py",
             '_check_shape("e", e, tuple(self.z.movedim', '("e", e, (self.z.movedim',
             FIXED),
    Mutation("fixed inputs match the channels of tokens", "apnp/types.py",
             '_check_shape("e", e, tuple(self.z.shape))', "pass",
             "tests/unit/test_types.py"),
]
# fmt: on
