"""How long a training step waits for its tasks.

    OMP_NUM_THREADS=1 python benchmarks/task_generation.py [--smoke FILE]

Batches of the demo's stations for two of its models, and of the small studies of
`apnp experiment`, read as training reads them: by the training process itself, and by
one worker process beside it (`trainer.workers: 1`, which needs a core of its own). A
step is forward and backward. Medians of the clock, in ms; the first steps are left out.
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader

from apnp.build import build_model
from apnp.config import parse, parser
from apnp.data import read_stations
from apnp.experiments.gibbs import models as gibbs_models
from apnp.experiments.gibbs.gibbs_study import Gibbs
from apnp.experiments.patches import models as grid_models
from apnp.experiments.patches.smoke_study import Smoke
from apnp.process import make_fast
from apnp.training.data import TaskBatches, prepare
from apnp.training.task_source import TaskSource

_MODEL = "ConvCNP(T~)"
_STEPS, _FIRST = 60, 10
_ROOT = Path(__file__).parents[1]


def spent(
    model: nn.Module, tasks: TaskSource, size: int, workers: int
) -> tuple[float, float]:
    """Median ms that a step waits for its tasks, and that it then takes."""
    waited, taken = [], []
    batches = TaskBatches(tasks, range(_STEPS), size)
    loader = iter(DataLoader(batches, batch_size=None, num_workers=workers))
    for _ in range(_STEPS):
        start = perf_counter()
        batch = next(loader)
        ready = perf_counter()
        model.zero_grad()
        target = batch.target
        (-model(batch).log_prob(target.y, target.y_mask).mean()).backward()
        waited.append(1e3 * (ready - start))
        taken.append(1e3 * (perf_counter() - ready))
    return float(np.median(waited[_FIRST:])), float(np.median(taken[_FIRST:]))


def report(name: str, model: nn.Module, tasks: TaskSource, size: int) -> None:
    """A line: without a worker and with one."""
    line = f"{name:<22}"
    for workers in (0, 1):
        waited, taken = spent(model, tasks, size, workers)
        share = waited / (waited + taken)
        line += f"{waited:9.2f} + {taken:7.1f} ms, waiting {share:6.1%}"
    print(line, flush=True)


def main() -> None:
    """Print a line a source of tasks."""
    made = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    made.add_argument("--smoke", type=Path, help="plumes of `apnp data smoke`")
    args = made.parse_args()
    make_fast()  # as `apnp train` does
    torch.manual_seed(0)
    print(f"{'':<22}{'no worker':>32}{'one worker':>34}")
    stations = read_stations(_ROOT / "data/simulated_stations.nc").load()
    for name in ("demo.yaml", "demo/convcnp.yaml"):
        demo, _ = parse(parser(), ["--config", str(_ROOT / "configs" / name)])
        prepared = prepare(demo, stations)
        model = build_model(demo.model, prepared.inputs)
        report(name, model, prepared.tasks, demo.trainer.batch_size)
    size = gibbs_models.SIZES["small"]
    n = size.trainer.batch_size
    entry = gibbs_models.entries([_MODEL], size)[0]
    with TemporaryDirectory() as folder:
        gibbs = Gibbs(Path(folder), _STEPS * n)
        model = build_model(entry.model, gibbs.inputs)
        report("gibbs-1d, drawn", model, gibbs.tasks("train", 0), n)
        gibbs.ahead(0)
        report("gibbs-1d, from a bank", model, gibbs.tasks("train", 0), n)
    if args.smoke is not None:
        smoke, grids = Smoke(args.smoke), grid_models.SIZES["small"]
        entry = grid_models.entries([_MODEL], grids, smoke.patch)[0]
        model = build_model(entry.model, smoke.inputs)
        tasks = smoke.tasks("train", 0)
        report("smoke", model, tasks, grids.trainer.batch_size)


if __name__ == "__main__":
    main()
