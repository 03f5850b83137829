"""Draws of a field by the shipped model: their time against that of the field alone.

    python benchmarks/draws.py [--grid 1] [--stations 2000] [--samples 20] [--repeat 3]

Both are predicted in this process, in turn, from made-up stations of the whole globe;
times are the least of the repeats, by the clock and of the processor. The last line is
of the draws: their standard deviation over the predicted one, and that of the mean of
all cells as `region_mean` gives it.
"""

import argparse
from time import perf_counter, process_time

import numpy as np
import torch
from waits import DAY, stations

from apnp.data import from_table
from apnp.prediction import Samples, load, region_mean
from apnp.process import make_fast


def main() -> None:
    """Print one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--grid", type=float, default=1.0)
    parser.add_argument("--stations", type=int, default=2000)
    parser.add_argument("--samples", type=int, default=20)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    args = parser.parse_args()
    make_fast()
    torch.set_num_threads(args.threads)
    model, network = load(), from_table(stations(args.stations, 1))
    asked = {
        "time": DAY, "grid": args.grid, "region": (-180, -90, 180, 90),
        "recalibration": False,
    }  # fmt: skip
    least = {}
    for _ in range(args.repeat):
        for samples in (None, Samples(args.samples)):
            start = np.array([perf_counter(), process_time()])
            field = model.predict_grid(network, samples=samples, **asked)
            seconds = np.array([perf_counter(), process_time()]) - start
            least[bool(samples)] = np.minimum(seconds, least.get(bool(samples), np.inf))
    ratio = field.tas_sample.std("realization", ddof=1) / field.tas_stderr
    rms = float(np.sqrt((ratio**2).mean()))
    alone, drawn = least[False], least[True]
    for name, one, other in zip(("clock", "processor"), alone, drawn, strict=True):
        print(
            f"{name}: field {one:.2f} s, with {args.samples} draws {other:.2f} s, "
            f"{other / one:.2f} times"
        )
    print(
        f"standard deviation of draws over the predicted one {rms:.3f}; of the mean of "
        f"all cells {region_mean(field).tas_std.item():.3f} K"
    )


if __name__ == "__main__":
    main()
