"""How long it takes to make the tasks of a training step, beside the step itself.

    OMP_NUM_THREADS=1 python benchmarks/task_generation.py [--smoke FILE]

Batches of the small studies of `apnp experiment`: drawing (or reading from a bank) and
collating one, and a step of ConvCNP(T~) forward and backward; processor time in ms.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

import numpy as np
from torch import nn

from apnp.build import build_model
from apnp.experiments import gibbs_models, grid_models
from apnp.experiments.gibbs import Gibbs
from apnp.experiments.smoke import Smoke
from apnp.experiments.study import Experiment
from apnp.tasks.source import TaskSource
from apnp.tasks.stations import collate
from apnp.types import Task

_MODEL = "ConvCNP(T~)"
_BATCHES = 30


def batches(tasks: TaskSource, size: int) -> Callable[[int], Task]:
    """Batch i of a source."""
    return lambda i: collate([tasks.task(i * size + j) for j in range(size)])


def step(model: nn.Module, batch: Task) -> None:
    """Forward and backward."""
    model.zero_grad()
    target = batch.target
    (-model(batch).log_prob(target.y, target.y_mask).mean()).backward()


def median_ms(function: Callable[[int], object]) -> float:
    """Of the processor's time for each i, the first ones left out."""
    times = []
    for i in range(_BATCHES):
        start = process_time()
        function(i)
        times.append(1e3 * (process_time() - start))
    return float(np.median(times[3:]))


def report(name: str, made: Callable[[int], Task], taken: float) -> None:
    """One line: tasks, step, ratio."""
    spent = median_ms(made)
    print(
        f"{name:<20}{spent:8.2f} ms of tasks{taken:8.1f} ms a step{spent / taken:8.1%}"
    )


def step_ms(model: nn.Module, made: Callable[[int], Task]) -> float:
    """Of a training step."""
    drawn = [made(i) for i in range(_BATCHES)]
    return median_ms(lambda i: step(model, drawn[i]))


def model_of(experiment: Experiment, small) -> nn.Module:
    """The small ConvCNP(T~) of a study."""
    return build_model(small[0].model, experiment.inputs)


def main() -> None:
    """Print a line a source of tasks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--smoke", type=Path, help="plumes of `apnp data smoke`")
    args = parser.parse_args()
    size = gibbs_models.SIZES["small"]
    n = size.trainer.batch_size
    with TemporaryDirectory() as folder:
        gibbs = Gibbs(Path(folder), _BATCHES * n)
        model = model_of(gibbs, gibbs_models.entries([_MODEL], size))
        drawn = batches(gibbs.tasks("train", 0), n)
        taken = step_ms(model, drawn)
        report("gibbs-1d, drawn", drawn, taken)
        gibbs.ahead(0)
        report("gibbs-1d, bank", batches(gibbs.tasks("train", 0), n), taken)
    if args.smoke is not None:
        smoke, grids = Smoke(args.smoke), grid_models.SIZES["small"]
        model = model_of(smoke, grid_models.entries([_MODEL], grids, smoke.patch))
        made = batches(smoke.tasks("train", 0), grids.trainer.batch_size)
        report("smoke", made, step_ms(model, made))


if __name__ == "__main__":
    main()
