"""How the shipped weights are made: open station days and simulated climates, mixed."""

from apnp.pretraining.mixture import MixtureLaw
from apnp.pretraining.prepare import prepare_pretraining, pretrain

__all__ = ["MixtureLaw", "prepare_pretraining", "pretrain"]
