"""A ConvCNP that kriges from the nearest stations, beside one that kriges from all.

    OMP_NUM_THREADS=1 python benchmarks/nearest_kriging.py --output runs/nearest.csv
        [--stations 500 1000 2000] [--rounds 2] [--steps 100] [--seeds 0 1 2]

First the processor time of a training step (8 tasks, 500 targets, 64 x 64 nodes, the
settings of the default with the benchmark's CNN; no drift), the least of all rounds.
Up to 512 stations both are the same. Then the CRPS at validation tasks of 600 stations
after training on rough random fields, 32 x 32 nodes: pairs with the same seed have the
same first weights and the same tasks.
"""

import argparse
import math
from dataclasses import replace
from pathlib import Path
from time import process_time

import numpy as np
import pandas as pd
import torch
from cases import CASES, Case, Points, drawn
from subjects.ours import DENSE, SUBJECTS, Ours, as_task
from torch import Tensor

from apnp.process import make_fast

FORMS = {"nearest": "apnp with local kriging", "all": "apnp with kriging"}
STEP = next(c for c in CASES if c.name == "2-D step: ConvCNP 500 context")
SKILL = replace(
    STEP, tasks=2, context=600, targets=(300,), lattice=32, channels=16, layers=3
)
FREQUENCIES, VALIDATION = 256, 12


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, required=True, help="CSV to write")
    parser.add_argument("--stations", type=int, nargs="*", default=[500, 1000, 2000])
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--steps", type=int, default=100, help="steps of a training")
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2])
    return parser.parse_args()


def subject(form: str) -> Ours:
    """The model of the benchmarks that kriges so."""
    return next(s for s in SUBJECTS if isinstance(s, Ours) and s.name == FORMS[form])


def step_rows(stations: list[int], rounds: int) -> list[dict[str, object]]:
    """Processor time of a training step of both forms, in turns."""
    rows = []
    for n in stations:
        case = replace(STEP, context=n)
        forms = [form for form in FORMS if form == "nearest" or n <= DENSE]
        works = {form: subject(form).setup(case, drawn(case)) for form in forms}
        times: dict[str, list[float]] = {form: [] for form in forms}
        for _ in range(rounds + 1):
            for form, work in works.items():
                start = process_time()
                work.loss().backward()
                times[form].append(1e3 * (process_time() - start))
        for form, spent in times.items():
            rows.append(
                {"measure": "step_ms", "stations": n, "form": form,
                 "value": min(spent[1:])}
            )  # fmt: skip
            print(rows[-1], flush=True)
    return rows


def rough(case: Case, seed: int) -> Points:
    """Tasks whose values are a sum of waves with a heavy tail of frequencies."""
    points = drawn(case, seed)
    generator = torch.Generator().manual_seed(seed)
    shape = (case.tasks, FREQUENCIES)
    radius = torch.rand(shape, generator=generator)
    radius = 3 * torch.sqrt(1 / (1 - 0.999 * radius) ** 2 - 1)
    angle = 2 * math.pi * torch.rand(shape, generator=generator)
    phase = 2 * math.pi * torch.rand(shape, generator=generator)
    waves = torch.stack((radius * angle.cos(), radius * angle.sin()), -1)

    def values(x: Tensor) -> Tensor:
        field = torch.cos(x @ waves.mT + phase[:, None]).sum(-1, keepdim=True)
        noise = torch.randn(*x.shape[:2], 1, generator=generator)
        return field * math.sqrt(2 / FREQUENCIES) + 0.15 * noise

    return replace(points, yc=values(points.xc), yt=values(points.xt))


def skill(form: str, seed: int, steps: int) -> float:
    """CRPS at validation tasks after training."""
    model, _ = subject(form).model(SKILL, rough(SKILL, 0))
    torch.manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.01 * torch.randn_like(parameter)
    optimiser = torch.optim.AdamW(model.parameters(), lr=2e-3)
    for i in range(steps):
        task = as_task(rough(SKILL, 10_000 * (seed + 1) + i))
        loss = -model(task).log_prob(task.target.y, task.target.y_mask).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    scores = []
    with torch.inference_mode():
        for i in range(VALIDATION):
            task = as_task(rough(SKILL, 1_000_000 + i))
            law = model(task)
            scores.append(law.crps(task.target.y).mean())
    return float(torch.stack(scores).mean())


def main() -> None:
    """Measure both, print and write."""
    args = arguments()
    make_fast()
    torch.set_num_threads(1)
    rows = step_rows(args.stations, args.rounds)
    for seed in args.seeds:
        for form in FORMS:
            value = skill(form, seed, args.steps)
            rows.append(
                {"measure": "crps", "stations": SKILL.context, "form": form,
                 "seed": seed, "value": value}
            )  # fmt: skip
            print(rows[-1], flush=True)
    table = pd.DataFrame(rows)
    args.output.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(args.output, index=False)
    if args.seeds:
        pairs = table[table["measure"] == "crps"].pivot(
            index="seed", columns="form", values="value"
        )
        apart = pairs["nearest"] - pairs["all"]
        error = apart.std(ddof=1) / np.sqrt(len(apart))
        print(f"CRPS, nearest minus all: {apart.mean():+.5f}, se {error:.5f}")


if __name__ == "__main__":
    main()
