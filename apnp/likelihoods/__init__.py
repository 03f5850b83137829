"""apnp.likelihoods."""
