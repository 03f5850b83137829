"""apnp.approx."""
