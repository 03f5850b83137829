"""Likelihoods and predictive distributions that lack one property each."""

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import test_likelihoods as laws
import torch
from breaking import Break, Method
from broken_backbones import Law

from apnp.likelihoods import LowRankPredictive


def of_result(change: Callable[..., Any]) -> Any:
    """The result of a method, changed."""

    def broken(sound: Method) -> Method:
        return lambda self, *args: change(sound(self, *args), self)

    return broken


def of_everything(log_prob: Method) -> Method:
    """Scores unobserved values as well."""
    return lambda self, y, mask: log_prob(self, y, torch.ones_like(mask))


def on_average(log_prob: Method) -> Method:
    """The mean of log densities in place of their sum."""
    return lambda self, y, mask: log_prob(self, y, mask) / y.shape[1]


def any_number(quantile: Method) -> Method:
    return lambda self, p: quantile(self, min(max(p, 0.01), 0.99))


def forgetful(sample: Method) -> Method:
    """Other draws every time."""

    def drawn(self, k, generator):
        generator.seed()
        return sample(self, k, generator)

    return drawn


def without_floor(forward: Method) -> Method:
    def predicted(self, h):
        found = forward(self, h)
        object.__setattr__(found, "variance", 1e-6 * found.variance)
        return found

    return predicted


def sharing(draws: Any, predictive: Any) -> Any:
    """Values that share more than the joint density says."""
    apart = draws - predictive.mean
    return draws + 0.5 * apart.mean((-1, -2), keepdim=True)


def copied(self: Any, *args: Any) -> Any:
    return replace(
        self, **{f.name: getattr(self, f.name) for f in fields(self) if f.init}
    )


OF_DISTRIBUTIONS: dict[Law, list[Break]] = {
    laws.test_density_integrates_to_one_with_the_stated_moments: [
        Break("log_density", of_result(lambda found, _: found + 0.01))
    ],
    laws.test_quantile_inverts_the_distribution_function: [
        Break("quantile", of_result(lambda found, _: found + 0.01), arguments={"p": p})
        for p in (0.001, 0.37)
    ],
    laws.test_quantile_refuses_what_is_no_probability: [
        Break("quantile", any_number, arguments={"p": p}) for p in (0.0, 1.3)
    ],
    laws.test_crps_is_the_integral_of_the_squared_error_of_the_distribution: [
        Break(
            "crps", of_result(lambda found, _: 1.01 * found), arguments={"shift": 0.75}
        )
    ],
    laws.test_crps_is_the_score_of_samples: [
        Break("crps", of_result(lambda found, _: 1.2 * found))
    ],
    laws.test_samples_have_the_stated_moments_and_repeat_with_the_generator: [
        Break("realise", of_result(lambda found, _: 1.1 * found)),
        Break("sample", forgetful),
    ],
    laws.test_samples_are_coherent_as_far_as_values_are: [
        Break("realise", of_result(sharing))
    ],
    laws.test_draws_of_some_targets_are_those_of_all: [
        Break("realise", of_result(lambda found, _: found + 0.1 * found.mean(2, True)))
    ],
    laws.test_log_prob_of_one_value_is_its_log_density: [
        Break("log_prob", of_result(lambda found, _: 1.01 * found))
    ],
    laws.test_log_prob_counts_observed_values_alone: [Break("log_prob", of_everything)],
    laws.test_unobserved_junk_leaves_the_gradient_finite: [
        Break("log_prob", of_everything)
    ],
    laws.test_gradients_are_those_of_the_scores: [
        Break(score, of_result(lambda found, _: 0.5 * found + 0.5 * found.detach()))
        for score in ("log_prob", "crps")
    ],
    laws.test_shifted_moves_the_distribution: [
        Break("shifted", lambda shifted: copied)
    ],
    laws.test_widened_spreads_the_distribution_about_its_mean: [
        Break("widened", lambda widened: copied)
    ],
    laws.test_no_targets_are_a_distribution_of_nothing: [Break("log_prob", on_average)],
    laws.test_samples_are_one_or_more: [
        Break("sample", lambda sample: lambda self, k, g: sample(self, max(k, 1), g))
    ],
}
"""For each law breaks of any predictive distribution."""

OF_LIKELIHOODS: dict[Law, list[Break]] = {
    laws.test_spread_never_falls_below_its_floor: [
        Break("forward", without_floor, arguments={"scale": 1e-3})
    ],
}
"""For each law breaks of any likelihood."""

OF_ONE: dict[Law, Break] = {
    laws.test_low_rank_is_the_dense_gaussian: Break(
        "log_prob", of_everything, LowRankPredictive, {"share": 0.5}
    ),
}
"""Breaks of the laws of a single distribution."""
