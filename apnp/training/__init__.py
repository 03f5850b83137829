"""apnp.training."""
