"""apnp.plotting."""
