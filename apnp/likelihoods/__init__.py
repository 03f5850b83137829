"""Likelihoods: channels at targets to predictive distributions, one family a file."""

from apnp.likelihoods.gaussian import HeteroscedasticGaussian
from apnp.likelihoods.predictive import GaussianPredictive, Predictive

__all__ = ["GaussianPredictive", "HeteroscedasticGaussian", "Predictive"]
