"""Prediction with a trained model: fields as CF NetCDF, and tables of points."""

from apnp.prediction.conditioned import ConditionedModel
from apnp.prediction.grid import Grid
from apnp.prediction.region import region_mean
from apnp.prediction.sampling import Samples
from apnp.prediction.trained import TrainedModel, load

__all__ = ["ConditionedModel", "Grid", "Samples", "TrainedModel", "load", "region_mean"]
