"""Whether a network is of a kind that a model has learned from, said in one line."""

import logging

from apnp.inputs.network_ranges import NetworkRanges
from apnp.observations import Sites

log = logging.getLogger(__name__)


def unlike_training(ranges: NetworkRanges | None, network: Sites) -> str:
    """How a network departs from those of the training, which a warning says as well.

    Args:
        ranges: Those of the networks of the training; None where the checkpoint does
            not tell.
        network: The stations that are observed.

    Returns:
        "no" where it does not depart, blank where the ranges are unknown.
    """
    if ranges is None:
        return ""
    found = "; ".join(ranges.departures(network))
    if found:
        log.warning(
            "The network is unlike those that the model learned from (%s): its "
            "uncertainty may be wrong.", found,
        )  # fmt: skip
    return found or "no"
