"""Likelihoods."""

from mutation import Mutation

LIKELIHOODS = "tests/laws/test_likelihoods.py"

# fmt: off
MUTATIONS = [
    Mutation("density is normalised", "apnp/likelihoods/predictive.py",
             "2 * math.pi * self.variance", "math.pi * self.variance", LIKELIHOODS),
    Mutation("CRPS is the closed form", "apnp/likelihoods/predictive.py",
             "1 / math.sqrt(math.pi)", "1 / math.pi", LIKELIHOODS),
    Mutation("quantile scales by the spread", "apnp/likelihoods/predictive.py",
             "self.variance.sqrt() * torch.special.ndtri",
             "self.variance * torch.special.ndtri", LIKELIHOODS),
    Mutation("samples scale by the spread", "apnp/likelihoods/predictive.py",
             "self.variance.sqrt() * noise", "self.variance * noise", LIKELIHOODS),
    Mutation("unobserved values are not scored", "apnp/likelihoods/predictive.py",
             "return torch.where(mask, log_density, 0.0)", "return log_density",
             LIKELIHOODS),
    Mutation("spread has a floor", "apnp/likelihoods/gaussian.py",
             "self.floor + nn", "nn", LIKELIHOODS),
    Mutation("a spread that is guessed is kept", "apnp/likelihoods/gaussian.py",
             "None if guessed else", "None if False else", "tests/unit/likelihoods"),
]
# fmt: on
