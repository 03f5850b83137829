"""apnp.geometry."""
