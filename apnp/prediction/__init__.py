"""Prediction with a trained model: fields as CF NetCDF, and tables of points."""

from apnp.prediction.conditioned import ConditionedModel
from apnp.prediction.grid import Grid
from apnp.prediction.trained import TrainedModel, load

__all__ = ["ConditionedModel", "Grid", "TrainedModel", "load"]
