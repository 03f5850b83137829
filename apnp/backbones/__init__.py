"""apnp.backbones."""
