"""Prediction with a trained model: fields as CF NetCDF, and tables of points."""

from apnp.prediction.grid import Grid
from apnp.prediction.symmetry import SymmetryProbe, symmetry_breaking
from apnp.prediction.trained import ConditionedModel, TrainedModel, load

__all__ = [
    "ConditionedModel",
    "Grid",
    "SymmetryProbe",
    "TrainedModel",
    "load",
    "symmetry_breaking",
]
