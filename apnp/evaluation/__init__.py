"""Scores of predictors at held-out stations, neural or of the geostatistician."""

from apnp.evaluation.anomaly_kriging import AnomalyKriging
from apnp.evaluation.baselines import (
    ARCHIVE_BASELINES,
    BASELINES,
    baseline,
    informed_kriging,
    true_law_kriging,
)
from apnp.evaluation.evaluate import Evaluation, evaluate
from apnp.evaluation.random_forest import RandomForest
from apnp.evaluation.report import as_text, write

__all__ = [
    "ARCHIVE_BASELINES",
    "BASELINES",
    "AnomalyKriging",
    "Evaluation",
    "RandomForest",
    "as_text",
    "baseline",
    "evaluate",
    "informed_kriging",
    "true_law_kriging",
    "write",
]
