"""Regression kriging of apnp beside that of PyKrige and GSTools, on the same tasks.

    python benchmarks/kriging_peers.py FILE [--time A/B] [--context 400] [--tasks 40]

Each library is used as its manual shows, with a mean linear in elevation and latitude
and an exponential variogram that it fits itself: PyKrige's universal kriging in three
dimensions (chordal distance) and its regression kriging (which gives no variance, so
its CRPS is that of a Gaussian with the residuals' standard deviation); GSTools'
external-drift kriging on the sphere, its variogram fitted to the residuals of the
regression. Needs the test dependencies.
"""

import argparse
from contextlib import redirect_stdout
from io import StringIO

import numpy as np
from subjects.gstools import GSToolsExtDrift
from subjects.pykrige import PyKrigeRegression, PyKrigeUniversal

from apnp.data import read_stations, select_times
from apnp.data.heldout import heldout_tasks
from apnp.evaluation import as_text, baseline, evaluate
from apnp.geometry.station_blocks import StationSplit
from apnp.observations import Predictor


def main() -> None:
    """Score all of them at the default split's test blocks and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("stations", help="station file")
    parser.add_argument("--time", help="days, A/B (default: all)")
    parser.add_argument("--context", type=int, default=400)
    parser.add_argument("--context-pool", choices=("outside", "all"), default="outside")
    parser.add_argument("--tasks", type=int, default=40)
    args = parser.parse_args()
    ds = read_stations([args.stations])
    times = select_times(ds, args.time) if args.time else ds["time"].values
    n = min(args.tasks, len(times))
    times = times[np.linspace(0, len(times) - 1, n).round().astype(int)]
    held_out = StationSplit().assign(ds["lat"].values, ds["lon"].values) == "test"
    peers: list[Predictor] = [
        PyKrigeUniversal(),
        PyKrigeRegression(),
        GSToolsExtDrift(),
    ]
    tasks = heldout_tasks(
        ds, times, held_out, n_context=args.context, context_pool=args.context_pool
    )
    models = [baseline("regression_kriging"), *peers]
    with redirect_stdout(StringIO()):  # PyKrige reports every fit
        evaluation = evaluate(models, tasks, n_tasks=n, progress=True)
    print(as_text(evaluation))


if __name__ == "__main__":
    main()
