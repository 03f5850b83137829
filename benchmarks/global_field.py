"""Time and memory of global fields of mean and standard error, written as CF NetCDF.

    python benchmarks/global_field.py --checkpoint runs/demo \
        --stations data/simulated_stations.nc --time 2021-07-01/2021-07-30 --grid 0.25

The model is loaded before the clock starts. Every repetition predicts and writes the
whole file; peak memory is the process's, libraries included. Beside it, the bare
computation: the same times and cells, rows by rows, and nothing done with them. With
`--random N` there are N stations drawn over the globe, with values of no meaning, in
place of a file.
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
from apnp.maps.predict_field import CHUNK_CELLS
from apnp.observations import Sites
from apnp.prediction.trained import TrainedModel
from apnp.process import make_fast


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


def bare(model: TrainedModel, ds: xr.Dataset, field: xr.Dataset) -> float:
    """Seconds that mean and standard error of the field's cells take alone."""
    lat, lon = field["lat"].values, field["lon"].values
    rows = max(1, CHUNK_CELLS // len(lon))
    start = perf_counter()
    for time in field["time"].values:
        conditioned = model.condition(observations_at(ds, time))
        for i in range(0, len(lat), rows):
            across, along = np.meshgrid(lat[i : i + rows], lon, indexing="ij")
            flat = across.ravel()
            conditioned.predict(Sites(flat, along.ravel(), np.zeros_like(flat), time))
    return perf_counter() - start


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
    make_fast()  # as `apnp predict` does
    model = apnp.load(args.checkpoint)
    ds = read_stations(args.stations) if args.stations else anywhere(args)
    times = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(args.repeat):
            start = perf_counter()
            field = model.predict_grid(
                ds, time=args.time, grid=args.grid, elevation=args.relief,
                output=Path(folder) / "field.nc",
            )  # fmt: skip
            times.append(perf_counter() - start)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
            cells = field.sizes["lat"] * field.sizes["lon"]
            days = field.sizes["time"]
            n = len(observations_at(ds, field["time"].values[0]))
            alone = bare(model, ds, field) if len(times) == args.repeat else 0.0
            field.close()
    first, *rest = times
    print(
        f"{days} times of {cells:,} cells from {n:,} stations, "
        f"{torch.get_num_threads()} threads: first {first:.2f} s"
        + (f", then {min(rest):.2f} to {max(rest):.2f} s" if rest else "")
        + f"; peak {peak:.2f} GB; bare computation {alone:.2f} s, "
        f"ratio {times[-1] / alone:.2f}"
    )


if __name__ == "__main__":
    main()
