"""A simulated climate of daily temperature on the Earth, and stations that observe it.

Beside it smoke plumes in a box. Everything here is simulated; only the outlines of land
are real.
"""

from apnp.data.simulate.climate import SimulatedClimate
from apnp.data.simulate.network import simulate_stations, write_simulated
from apnp.data.simulate.relief import write_relief
from apnp.data.simulate.smoke import Plume, SmokeBox
from apnp.data.simulate.smoke_runs import read_smoke, simulate_smoke

__all__ = [
    "Plume",
    "SimulatedClimate",
    "SmokeBox",
    "read_smoke",
    "simulate_smoke",
    "simulate_stations",
    "write_relief",
    "write_simulated",
]
