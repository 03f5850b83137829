"""Prediction with a trained model: fields as CF NetCDF, and tables of points."""

from apnp.maps.curvilinear_grid import CurvilinearGrid
from apnp.maps.draws import Samples
from apnp.maps.grid import Grid
from apnp.maps.projected_grid import ProjectedGrid
from apnp.maps.region_mean import block_means, region_mean
from apnp.prediction.conditioned import ConditionedModel
from apnp.prediction.predict import predict
from apnp.prediction.symmetry import SymmetryProbe, symmetry_breaking
from apnp.prediction.trained import TrainedModel, load

__all__ = [
    "ConditionedModel",
    "CurvilinearGrid",
    "Grid",
    "ProjectedGrid",
    "Samples",
    "SymmetryProbe",
    "TrainedModel",
    "block_means",
    "load",
    "predict",
    "region_mean",
    "symmetry_breaking",
]
