"""apnp.data."""
