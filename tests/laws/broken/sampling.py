"""Draws of fields, and the chain of autoregressive prediction."""

from mutation import Mutation

CHAIN = "apnp/prediction/autoregressive.py"
CHAINED = "tests/unit/prediction/test_autoregressive.py"
SAMPLING = "apnp/prediction/sampling.py"
SAMPLED = "tests/unit/prediction/test_sampling.py"
CONDITIONED = "apnp/prediction/conditioned.py"
TRAINED = "tests/unit/prediction/test_trained.py"

# fmt: off
MUTATIONS = [
    Mutation("draws: values observed join the context", CHAIN,
             "        context = joined(context, part)\n", "", CHAINED),
    Mutation("draws: values drawn join the context", CHAIN,
             "seen = joined(seen, with_values(part, values[:, index]))", "pass",
             CHAINED, "chain"),
    Mutation("draws: what joins is what was drawn", CHAIN,
             "with_values(part, values[:, index])", "with_values(part, part.y)",
             CHAINED),
    Mutation("draws: the order is kept", CHAIN,
             "for index in order.split(block):",
             "for index in order.sort().values.split(block):", CHAINED),
    Mutation("draws: the order holds every target", CHAIN,
             "if sorted(order.tolist()) != list(range(n)):", "if False:", CHAINED),
    Mutation("draws: rows have numbers of their own", SAMPLING,
             "1 + row).random", "1).random", SAMPLED),
    Mutation("draws: numbers follow the seed", SAMPLING,
             "(self.seed, seconds, stream)", "(0, seconds, stream)", SAMPLED),
    Mutation("draws: numbers follow the time", SAMPLING,
             "(self.seed, seconds, stream)", "(self.seed, 0, stream)", SAMPLED),
    Mutation("draws: what is shared is not a row's", SAMPLING,
             "self._generator(time, 0)", "self._generator(time, 1)", SAMPLED),
    Mutation("draws: anchors are far apart", SAMPLING,
             "distance.argmax()", "distance.argmin()", SAMPLED),
    Mutation("draws: cells have levels of their own", "apnp/prediction/field.py",
             "draw(sites.take(kept), levels[:, kept])",
             "draw(sites.take(kept), levels[:, : kept.sum()])",
             "tests/unit/prediction/test_field.py"),
    Mutation("draws: a joint draw is in units", CONDITIONED,
             "return self.representation.unscale(drawn)", "return drawn", TRAINED,
             "draws"),
    Mutation("draws: cells share their factors", CONDITIONED,
             "realise(level, shared)", "realise(level, 0 * shared)", TRAINED, "draws"),
    Mutation("draws: fields are given the anchors drawn", CONDITIONED,
             "joined(self.context, with_values(target, y))",
             "joined(self.context, target)", TRAINED, "draw"),
    Mutation("draws: a region weighs area", "apnp/prediction/region.py",
             "np.cos(np.radians(lat.values))", "np.ones(lat.size)", SAMPLED),
    Mutation("draws: a region needs two", "apnp/prediction/region.py",
             'ds.sizes["realization"] < 2', 'ds.sizes["realization"] < 1', SAMPLED),
]
# fmt: on
