"""Predictions that score themselves."""

from mutation import Mutation

CONDITIONED = "apnp/prediction/conditioned.py"
UNITS = "tests/unit/prediction/test_conditioned.py"
EVALUATE = "tests/unit/evaluation/test_evaluate.py"
SCORES = "tests/unit/test_scores.py"

# fmt: off
MUTATIONS = [
    Mutation("scoring: a density has inverse units", CONDITIONED,
             "units - log_density", "-log_density", UNITS),
    Mutation("scoring: a probability has none", CONDITIONED,
             "torch.where(at_atom, 0.0, np.log(std))",
             "torch.where(at_atom, 1.0, 1.0) * np.log(std)", UNITS),
    Mutation("scoring: CRPS has units", CONDITIONED,
             "crps=std * _array", "crps=_array", UNITS),
    Mutation("scoring: less than zero has no probability", CONDITIONED,
             "below=_array(upto - mass)", "below=_array(upto)", UNITS),
    Mutation("scoring: quantiles are shifted", CONDITIONED,
             "unscale(_array(self.predictive.quantile(level)))",
             "unscale_std(_array(self.predictive.quantile(level)))", UNITS),
    Mutation("scoring: transforms are randomised at an atom", "apnp/observations.py",
             "rng.random(self.upto.shape) *", "1.0 *", SCORES),
    Mutation("scoring: Gaussian density has its sign", "apnp/scores.py",
             "-log_density_gaussian(y, self.mean, self.std), pit",
             "log_density_gaussian(y, self.mean, self.std), pit", SCORES),
    Mutation("scoring: intervals are central", "apnp/scores.py",
             "np.abs(np.asarray(pit) - 0.5) <= level / 2",
             "np.asarray(pit) <= level + 0.02", EVALUATE),
    Mutation("scoring: the law's own CRPS", "apnp/evaluation/evaluate.py",
             '"crps": found.crps',
             '"crps": scores.crps_gaussian(target.value, mean, marginals.std)',
             EVALUATE),
    Mutation("scoring: the law's own transforms", "apnp/evaluation/evaluate.py",
             "pit = found.pit(np.random.default_rng(task))",
             "pit = scores.pit_gaussian(target.value, mean, marginals.std)", EVALUATE),
]
# fmt: on
