"""apnp.nn."""
