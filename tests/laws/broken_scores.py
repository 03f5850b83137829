"""Scores that lack one property each."""

from collections.abc import Callable
from typing import Any

import numpy as np
import test_scores as laws
from breaking import Break, Method
from broken_backbones import Law

from apnp import scores
from apnp.observations import Scores

CASE = dict(zip(("y", "mean", "std"), laws.CASES[0], strict=True))


def changed(change: Callable[[Any], Any]) -> Callable[[Method], Method]:
    """Another result of a function."""
    return lambda sound: lambda *args: change(sound(*args))


def of_a_wider_interval(covered: Method) -> Method:
    return lambda pit, level: covered(pit, level + 0.02)


def unpaired(paired_difference: Method) -> Method:
    """Takes both scores for independent of each other."""

    def difference(a, b):
        found, _ = paired_difference(a, b)
        errors = [scores.mean_and_error(each)[1] for each in (a, b)]
        return found, float(np.hypot(*errors))

    return difference


def of_known_mean(paired_ratio: Method) -> Method:
    """Takes the denominator for known."""

    def ratio(a, b):
        return paired_ratio(a, b)[0], scores.mean_and_error(a)[1] / np.mean(b)

    return ratio


def lenient(covered: Method) -> Method:
    return lambda pit, level: covered(pit, min(level, 0.99))


def open_interval(covered: Method) -> Method:
    """Leaves the ends of the interval out."""

    def inside(pit, level):
        found = covered(pit, level)
        return found & (np.abs(np.asarray(pit) - 0.5) < level / 2)

    return inside


def of_one_task(mean_and_error: Method) -> Method:
    """Gives a single task no error at all."""

    def found(per_task):
        mean, error = mean_and_error(per_task)
        return mean, float(np.nan_to_num(error))

    return found


def at_the_top(pit: Method) -> Method:
    """Of an atom always the highest transform."""
    return lambda self, rng: np.asarray(self.upto)


def too_wide(score: Method) -> Method:
    return lambda self, y: score(scores.GaussianMarginals(self.mean, 2 * self.std), y)


BREAKS: dict[Law, Break] = {
    laws.test_crps_is_the_integral_of_the_squared_difference_of_cdfs: Break(
        "crps_gaussian", changed(lambda found: 1.001 * found), scores, CASE
    ),
    laws.test_density_and_pit_are_those_of_the_normal_law: Break(
        "log_density_gaussian", changed(lambda found: found + 0.001), scores, CASE
    ),
    laws.test_crps_of_a_narrow_prediction_is_the_absolute_error: Break(
        "crps_gaussian", changed(np.square), scores
    ),
    laws.test_a_calibrated_prediction_covers_its_level: Break(
        "covered", of_a_wider_interval, scores, {"level": 0.9}
    ),
    laws.test_standard_error_counts_tasks: Break(
        "mean_and_error", changed(lambda found: (found[0], found[1] * 2)), scores
    ),
    laws.test_pairing_removes_what_tasks_share: Break(
        "paired_difference", unpaired, scores
    ),
    laws.test_error_of_a_ratio_is_that_of_repeated_draws: Break(
        "paired_ratio", of_known_mean, scores
    ),
    laws.test_refuses_what_has_no_score: Break("covered", lenient, scores),
    laws.test_gaussians_score_themselves: Break(
        "score", too_wide, scores.GaussianMarginals
    ),
    laws.test_transforms_at_an_atom_are_uniform_and_cover_their_level: Break(
        "pit", at_the_top, Scores
    ),
    laws.test_the_ends_of_an_interval_are_covered_and_no_level_is_zero_or_one: Break(
        "covered", open_interval, scores
    ),
    laws.test_two_tasks_have_an_error_and_one_has_none: Break(
        "mean_and_error", of_one_task, scores
    ),
    laws.test_scores_of_single_precision_are_computed_in_double: Break(
        "crps_gaussian", changed(np.float32), scores
    ),
}
"""A break for each law of scores."""
