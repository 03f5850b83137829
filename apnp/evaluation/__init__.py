"""apnp.evaluation."""
