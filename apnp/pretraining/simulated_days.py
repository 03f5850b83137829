"""Training tasks of simulated days: each a climate, a network and a day of its own."""

import numpy as np

from apnp.inputs.stations import StationInputs
from apnp.pretraining.candidates import Candidates
from apnp.pretraining.climates import simulated_day
from apnp.pretraining.misreported import ElevationErrors
from apnp.pretraining.mixture import batch_size_draw
from apnp.pretraining.networks import NetworkLaw
from apnp.pretraining.sampling import SamplingLaw
from apnp.pretraining.sites import SiteInputs
from apnp.types import Task

_FIRST_DAY, _LAST_DAY = np.datetime64("1950-01-01"), np.datetime64("2029-12-31")
_STREAM = 13


class SimulatedDays:
    """Tasks of the simulated climates; task `i` follows from the seed and `i` alone.

    Args:
        inputs: Turns sites into model inputs.
        places: Where stations may stand.
        sampling: How stations are divided into context and targets.
        seed: With a task's index it determines the task.
        batch_size: Tasks whose sizes are alike.
    """

    def __init__(
        self,
        inputs: StationInputs,
        places: Candidates,
        sampling: SamplingLaw,
        seed: int,
        batch_size: int = 1,
    ) -> None:
        self.places, self.sampling = places, sampling
        self.seed, self.batch_size = seed, batch_size
        self.network, self.errors = NetworkLaw(), ElevationErrors()
        self._unit = places.unit
        self._inputs = SiteInputs(inputs, places.lat, places.lon, places.elevation)

    def task(self, index: int) -> Task:
        """Task `index` (b = 1), without padding."""
        rng = np.random.default_rng([self.seed, _STREAM, index])
        time = _FIRST_DAY + rng.integers(int((_LAST_DAY - _FIRST_DAY).astype(int)))
        stations = self.network.draw(rng, self.places, self._unit)
        size = batch_size_draw(self.seed, index, self.batch_size)
        unit = self._inputs.x[stations]
        parts = self.sampling.divide(rng, unit, size)
        chosen = stations[np.concatenate(parts)]
        value = simulated_day(rng, self.places.take(chosen), time)
        inputs = self._inputs
        raised = self.errors.raised_m(
            rng, inputs.elevation[chosen], inputs.ground[chosen]
        )
        n = len(parts[0])
        return inputs.task(
            time,
            (chosen[:n], value[:n], raised[:n]),
            (chosen[n:], value[n:], raised[n:]),
        )
