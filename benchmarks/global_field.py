"""Time and memory of a global field of mean and standard error, written as CF NetCDF.

    python benchmarks/global_field.py --checkpoint runs/demo \
        --stations data/simulated_stations.nc --time 2021-07-01 --grid 0.25

The model is loaded before the clock starts. Every repetition predicts and writes the
whole file; peak memory is the process's, libraries included. With `--random N` there
are N stations drawn over the globe, with values of no meaning, in place of a file.
"""

import argparse
import resource
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
import torch
import xarray as xr

import apnp
from apnp.data import observations_at, read_stations


def anywhere(args: argparse.Namespace) -> xr.Dataset:
    """N stations drawn over the globe, read as a table of stations is."""
    draw = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "station": np.arange(args.random).astype(str),
            "time": args.time,
            "lat": np.degrees(np.arcsin(draw.uniform(-1, 1, args.random))),
            "lon": draw.uniform(-180, 180, args.random),
            "elevation": draw.uniform(0, 2000, args.random),
            "tas": draw.normal(10, 10, args.random).clip(-40, 40),
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stations.csv"
        table.to_csv(path, index=False)
        return read_stations(path).load()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--checkpoint", required=True)
    given = parser.add_mutually_exclusive_group(required=True)
    given.add_argument("--stations")
    given.add_argument("--random", type=int, metavar="N")
    parser.add_argument("--time", required=True)
    parser.add_argument("--grid", type=float, default=0.25)
    parser.add_argument("--relief")
    parser.add_argument("--repeat", type=int, default=5)
    args = parser.parse_args()
    model = apnp.load(args.checkpoint)
    ds = read_stations(args.stations) if args.stations else anywhere(args)
    n = len(observations_at(ds, args.time))
    times = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(args.repeat):
            start = perf_counter()
            field = model.predict_grid(
                ds, time=args.time, grid=args.grid, relief=args.relief,
                output=Path(folder) / "field.nc",
            )  # fmt: skip
            times.append(perf_counter() - start)
            cells = field.sizes["lat"] * field.sizes["lon"]
            field.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    first, *rest = times
    print(
        f"{cells:,} cells from {n:,} stations, {torch.get_num_threads()} threads: "
        f"first {first:.2f} s"
        + (f", then {min(rest):.2f} to {max(rest):.2f} s" if rest else "")
        + f"; peak {peak:.2f} GB"
    )


if __name__ == "__main__":
    main()
