"""apnp.prediction."""
