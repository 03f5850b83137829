"""Scores of predictors at held-out stations, neural or of the geostatistician."""

from apnp.evaluation.baselines import (
    BASELINES,
    baseline,
    informed_kriging,
    true_law_kriging,
)
from apnp.evaluation.evaluate import Evaluation, evaluate
from apnp.evaluation.report import as_text, write

__all__ = [
    "BASELINES",
    "Evaluation",
    "as_text",
    "baseline",
    "evaluate",
    "informed_kriging",
    "true_law_kriging",
    "write",
]
