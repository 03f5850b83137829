"""A simulated climate of daily temperature on the Earth, and stations that observe it.

Only the outlines of land are real.
"""

from apnp.data.simulate.climate import SimulatedClimate
from apnp.data.simulate.network import simulate_stations, write_simulated
from apnp.data.simulate.relief import write_relief

__all__ = [
    "SimulatedClimate",
    "simulate_stations",
    "write_relief",
    "write_simulated",
]
