"""Likelihoods: channels at targets to predictive distributions, one family a file."""

from apnp.likelihoods.gaussian import HeteroscedasticGaussian
from apnp.likelihoods.likelihood import Likelihood
from apnp.likelihoods.low_rank import LowRankGaussian, LowRankPredictive
from apnp.likelihoods.mixture import GaussianMixture, MixturePredictive
from apnp.likelihoods.predictive import GaussianPredictive, Predictive

__all__ = [
    "GaussianMixture",
    "GaussianPredictive",
    "HeteroscedasticGaussian",
    "Likelihood",
    "LowRankGaussian",
    "LowRankPredictive",
    "MixturePredictive",
    "Predictive",
]
