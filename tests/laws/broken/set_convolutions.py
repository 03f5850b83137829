"""The encoding of lattice models without kriging."""

from mutation import Mutation

BACKBONES = "tests/laws/test_backbones.py"
GRIDDED = "apnp/backbones/gridded.py"
BUILD = "apnp/build.py"
UNIT = "tests/unit/backbones/test_convcnp.py"
OF_BUILD = "tests/unit/test_build_lattices.py"

# fmt: off
MUTATIONS = [
    Mutation("without kriging: 0 values have a linear way through", GRIDDED,
             "analysis = analysis + field", "analysis = analysis + 0 * field", UNIT,
             "successive"),
    Mutation("without kriging: every width corrects the ones before", GRIDDED,
             "residual = presence * (residual - corrected)", "pass", UNIT,
             "successive"),
    Mutation("without kriging: 4 unobserved values correct nothing", GRIDDED,
             "residual = presence * (residual - corrected)",
             "residual = residual - corrected", UNIT, "successive"),
    Mutation("without kriging: 8 widths are learned", GRIDDED,
             "return self.log_widths.exp()", "return self.log_widths.detach().exp()",
             BACKBONES, "test_8 and without"),
    Mutation("without kriging: no pairs of points", GRIDDED,
             "Covariance(scales) if kriging else None", "Covariance(scales)", UNIT,
             "faster"),
    Mutation("without kriging: the EquivCNP leaves it out",
             "apnp/backbones/equivcnp.py",
             "net.width, widths, stream_dy, kriging", "net.width, widths, stream_dy",
             OF_BUILD, "kriging"),
    Mutation("without kriging: the ConvCNP leaves it out",
             "apnp/backbones/convcnp.py",
             "net.width, widths, stream_dy, kriging, read",
             "net.width, widths, stream_dy, True, read", OF_BUILD, "kriging"),
]
# fmt: on
