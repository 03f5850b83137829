"""Training with Lightning: from a configuration to a run folder."""
