"""Figures: maps of mean and uncertainty, calibration. Needs no network and no display.

Every function returns a matplotlib `Figure` that belongs to no window; with a path it
is also written to a file.
"""

from apnp.plotting.breaking import symmetry_breaking
from apnp.plotting.calibration import calibration
from apnp.plotting.maps import map

__all__ = ["calibration", "map", "symmetry_breaking"]
