"""apnp.groups."""
