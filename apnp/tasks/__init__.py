"""apnp.tasks."""
