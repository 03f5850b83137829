"""Training steps of the published sizes: rate, memory and share of peak.

    python benchmarks/gpu.py [--device cuda] [--size paper] [--smoke FILE]
        [--models "ConvCNP(T~)" ...] [--repeat 20] [--minutes 8] [--output runs/gpu.csv]

First the local TNP, the default: a field's cells from 2,000 stations, the context read
before, and the training step of `configs/europe_daily.yaml`, through torch's operators
alone. Then, while there are `--minutes`, the models of the published studies.

Models are those of `apnp experiment gibbs-1d` and of `environment`, in two and in four
dimensions, on a made-up temperature of the paper's grid; with plumes of `apnp data
smoke` also those of `smoke`. A step is forward, backward and the optimiser's, on a
batch that lies on the device; in float32 and in mixed bfloat16, as it is and compiled,
whose warm-up is told beside. Peak is the largest product of two matrices of side 4,096
in the same precision. What a model cannot do is told in its row.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import gpu_local_tnp
import numpy as np
import pandas as pd
import torch
from measure import counter
from torch import nn

from apnp.build import build_model
from apnp.experiments.entries import Entry
from apnp.experiments.gibbs import models as gibbs_models
from apnp.experiments.gibbs.gibbs_study import Gibbs
from apnp.experiments.patches import models as grid_models
from apnp.experiments.patches.environment_study import (
    CENTRAL_US,
    EUROPE,
    Environment,
    Split,
)
from apnp.experiments.patches.patch_tasks import SPACE_TIME_LAW, SURFACE_LAW
from apnp.experiments.patches.reanalysis_tasks import Grid
from apnp.experiments.patches.smoke_study import Smoke
from apnp.experiments.study import Experiment
from apnp.inputs.batching import collate
from apnp.process import make_fast
from apnp.types import Task

SIDE = 4096
LATE = "not begun: the minutes were over"
PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--size", choices=list(gibbs_models.SIZES), default="paper")
    parser.add_argument("--models", nargs="+", help="all of them unless given")
    parser.add_argument("--smoke", type=Path, help="plumes of `apnp data smoke`")
    parser.add_argument("--repeat", type=int, default=20, help="steps that are timed")
    parser.add_argument("--eager", action="store_true", help="compile nothing")
    parser.add_argument("--cells", type=int, default=65_536, help="of the local TNP")
    parser.add_argument("--stations", type=int, default=2_000, help="of the local TNP")
    parser.add_argument(
        "--minutes", type=float, default=7.0, help="no model is begun after so many"
    )
    parser.add_argument("--side", type=int, default=SIDE, help="of the matrices")
    parser.add_argument("--output", type=Path, help="CSV to write")
    return parser.parse_args()


def studies(
    args: argparse.Namespace, folder: Path
) -> list[tuple[str, Experiment, list[Entry], int]]:
    """Name, tasks, models and tasks at once of every study."""
    size = gibbs_models.SIZES[args.size]
    n = size.trainer.batch_size
    made: list[tuple[str, Experiment, list[Entry], int]] = [
        ("gibbs", Gibbs(folder, n), gibbs_models.entries(gibbs_models.NAMES, size), n)
    ]
    grids = grid_models.SIZES[args.size]
    cut: list[tuple[str, Environment | Smoke]] = [
        ("environment", Environment(_split(), SURFACE_LAW, "")),
        ("environment, 4-D", Environment(_split(), SPACE_TIME_LAW, "")),
    ]
    if args.smoke is not None:
        cut.append(("smoke", Smoke(args.smoke)))
    for name, experiment in cut:
        entries = grid_models.entries(None, grids, experiment.patch)
        made.append((name, experiment, entries, grids.trainer.batch_size))
    return made


def _split() -> Split:
    """Temperature of both regions, each half a degree: waves of no meaning."""
    lat, lon = np.arange(30, 60.5, 0.5), np.arange(-120, 45.5, 0.5)
    time = np.arange("2018-12-01", "2019-02-01", dtype="M8[D]")
    day, row, column = np.ogrid[: len(time), : len(lat), : len(lon)]
    values = 10 + 5 * np.sin(0.3 * day + 0.1 * row) * np.cos(0.2 * column)
    grid = Grid(time, lat, lon, values, 300 + 300 * np.sin(0.2 * (row + column)[0]))
    return Split.cut(
        grid, grid, (EUROPE, CENTRAL_US), "2018-12", "2019-01", "2019-01", least=4
    )


def wait(device: str) -> float:
    """The time, when all that was asked of the device is done."""
    if device.startswith("cuda"):
        torch.cuda.synchronize()
    return perf_counter()


def seconds(function: Callable[[], object], device: str, repeat: int) -> float:
    """Median of so many calls."""
    times = []
    for _ in range(repeat):
        start = wait(device)
        function()
        times.append(wait(device) - start)
    return float(np.median(times))


def peak(device: str, kind: torch.dtype, side: int) -> float:
    """10^12 operations a second of a product of two matrices."""
    a = torch.randn(side, side, device=device).to(kind)
    return 2 * side**3 / 1e12 / seconds(lambda: a @ a, device, 5)


def step_of(
    model: nn.Module, batch: Task, device: str, kind: torch.dtype
) -> Callable[[], None]:
    """A training step."""
    optimizer = torch.optim.AdamW(model.parameters(), fused=True)
    mixed = kind != torch.float32

    def step() -> None:
        optimizer.zero_grad()
        with torch.autocast(torch.device(device).type, kind, enabled=mixed):
            law = model(batch)
        loss = -law.log_prob(batch.target.y, batch.target.y_mask).mean()
        loss.backward()
        optimizer.step()

    return step


def measured(
    entry: Entry, inputs, batch: Task, args: argparse.Namespace, precision: str,
    compiled: bool,
) -> dict[str, object]:  # fmt: skip
    """One row of the table."""
    kind, device = PRECISIONS[precision], args.device
    torch.manual_seed(0)
    model = build_model(entry.model, inputs).to(device)
    row: dict[str, object] = {
        "model": entry.name, "weights": sum(p.numel() for p in model.parameters()),
        "precision": precision, "compiled": compiled,
    }  # fmt: skip
    try:
        with counter() as counted:
            step_of(model, batch, device, kind)()
        step = step_of(torch.compile(model) if compiled else model, batch, device, kind)
        if device.startswith("cuda"):
            torch.cuda.reset_peak_memory_stats()
        warm = seconds(step, device, 1)
        taken = seconds(step, device, args.repeat)
    except Exception as error:  # whatever a compiler or a memory says of it
        return {**row, "error": f"{type(error).__name__}: {error}".splitlines()[0]}
    row |= {
        "first_s": warm, "ms": 1e3 * taken, "steps_per_s": 1 / taken,
        "share_of_peak": counted.total / 1e3 / taken
        / peak(device, kind, args.side),
    }  # fmt: skip
    if device.startswith("cuda"):
        row["memory_gb"] = torch.cuda.max_memory_allocated() / 2**30
    return row


def main() -> None:
    """Measure, print, write."""
    args = arguments()
    make_fast()
    name = args.device
    if name.startswith("cuda"):
        name = torch.cuda.get_device_name(torch.device(name))
    end = perf_counter() + 60 * args.minutes
    rows = []
    for row in gpu_local_tnp.rows(
        args.device, args.stations, args.cells, args.repeat, PRECISIONS, seconds
    ):
        rows.append(row)
        print(row, flush=True)
    with TemporaryDirectory() as folder:
        for study, experiment, entries, n in studies(args, Path(folder)):
            source = experiment.tasks("train", 0)
            batch = collate([source.task(i) for i in range(n)]).to(args.device)
            for entry in entries:
                if args.models and entry.name not in args.models:
                    continue
                if perf_counter() > end:
                    rows.append({"study": study, "model": entry.name, "error": LATE})
                    continue
                for precision in PRECISIONS:
                    for compiled in (False,) if args.eager else (False, True):
                        inputs = experiment.inputs
                        row = measured(entry, inputs, batch, args, precision, compiled)
                        rows.append({"study": study, **row})
                        print(rows[-1], flush=True)
    table = pd.DataFrame(rows).assign(device=name, torch=torch.__version__)
    if args.output is not None:
        args.output.parent.mkdir(parents=True, exist_ok=True)
        table.to_csv(args.output, index=False)
    print(f"{name}, torch {torch.__version__}")
    print(table.drop(columns=["device", "torch"]).round(3).to_string(index=False))


if __name__ == "__main__":
    main()
