"""Learned fixed inputs that break a symmetry only as far as the data ask."""

from apnp.approx.fixed_inputs import FixedInputs, Support
from apnp.approx.wrapper import ApproximatelyEquivariant

__all__ = ["ApproximatelyEquivariant", "FixedInputs", "Support"]
