"""Learned fixed inputs that break a symmetry only as far as the data ask."""

from apnp.approx.fixed_inputs import FixedInputs, Support
from apnp.approx.sites import SiteVectors, SummedInputs, with_more_sites
from apnp.approx.wrapper import ApproximatelyEquivariant

__all__ = [
    "ApproximatelyEquivariant",
    "FixedInputs",
    "SiteVectors",
    "SummedInputs",
    "Support",
    "with_more_sites",
]
