"""Skill of the TNP by its attention, at equal steps and at equal time.

    python benchmarks/attention_skill.py --config configs/europe/tnp.yaml \
        --stations FILE --steps 300 --seeds 0 1 2 --jobs 2 --output runs/skill \
        --data.context "[20, 150]" --data.targets 100 --model.backbone.tnp.width 32

What follows the options of this program is handed on to `train.py`. Windows and the
published network keep the group of the configuration; plain attention keeps none. All
are strict and trained for `--steps`, and again for as many steps as take `--minutes`
(the time of the published network's `--steps`, unless given), by the processor time of
a step, the kinds taking turns: other load on the machine is not counted. Runs that are
finished are not trained again, nor steps timed again. Targets are the test stations of
the split on its test days. Differences are to the published network, paired by day,
scores averaged over seeds.
"""

import argparse
from pathlib import Path
from statistics import median
from time import process_time

import pandas as pd
import torch
from runs import test_tasks, train

from apnp.build import build_model
from apnp.config import Config, parse, parser
from apnp.data import read_stations
from apnp.data.heldout import heldout_tasks
from apnp.evaluation import evaluate
from apnp.inputs.batching import collate
from apnp.prediction import load
from apnp.training.data import prepare

KINDS = {
    "te_tnp": ["--model.backbone.tnp.attention=te_tnp"],
    "gaussian_bias": ["--model.backbone.tnp.attention=gaussian_bias"],
    "plain": ["--model.backbone.tnp.attention=plain", "--model.group=none"],
}


def arguments() -> tuple[argparse.Namespace, list[str]]:
    """The command line, and what of it is for `train.py`."""
    made = argparse.ArgumentParser(
        description=__doc__.split("\n")[0], allow_abbrev=False
    )
    made.add_argument("--config", required=True)
    made.add_argument("--stations", required=True)
    made.add_argument("--steps", type=int, default=300)
    made.add_argument("--minutes", type=float)
    made.add_argument("--seeds", type=int, nargs="+", default=[0])
    made.add_argument("--jobs", type=int, default=1)
    made.add_argument("--context", type=int, default=100)
    made.add_argument("--tasks", type=int, default=40)
    made.add_argument("--repeat", type=int, default=9)
    made.add_argument("--output", type=Path, required=True)
    args, rest = made.parse_known_args()
    common = ["--config", args.config, "--model.form=strict", *rest]
    common += ["--data.path", args.stations, "--trainer.max_minutes", "0"]
    common += ["--trainer.max_steps", str(args.steps)]
    return args, common


def seconds(configs: dict[str, Config], stations: str, repeat: int) -> dict[str, float]:
    """Median processor time of a training step of every kind, on the same tasks."""
    torch.set_num_threads(1)
    first = next(iter(configs.values()))
    prepared = prepare(first, read_stations(stations))
    size = first.trainer.batch_size
    modules = {
        kind: build_model(config.model, prepared.inputs)
        for kind, config in configs.items()
    }
    times: dict[str, list[float]] = {kind: [] for kind in configs}
    for step in range(repeat + 1):
        tasks = range(step * size, (step + 1) * size)
        batch = collate([prepared.tasks.task(k) for k in tasks])
        for kind, module in modules.items():
            start = process_time()
            of = module(batch).log_prob(batch.target.y, batch.target.y_mask)
            of.mean().backward()
            times[kind].append(process_time() - start)
    return {kind: median(taken[1:]) for kind, taken in times.items()}  # 0 warms up


def plan(args: argparse.Namespace, common: list[str]) -> pd.DataFrame:
    """Seconds a step, and steps by kind and budget; written once, then read."""
    path = args.output / "plan.csv"
    if not path.exists():
        configs = {
            kind: parse(parser(), [*common, *of])[0] for kind, of in KINDS.items()
        }
        cost = seconds(configs, args.stations, args.repeat)
        budget = args.steps * cost["te_tnp"]
        budget = 60 * args.minutes if args.minutes else budget
        rows = [("equal steps", kind, cost[kind], args.steps) for kind in KINDS]
        rows += [
            ("equal time", kind, cost[kind], max(round(budget / cost[kind]), 1))
            for kind in KINDS
        ]
        args.output.mkdir(parents=True, exist_ok=True)
        table = pd.DataFrame(rows, columns=["budget", "kind", "seconds", "steps"])
        table.to_csv(path, index=False)
    return pd.read_csv(path)


def score(
    args: argparse.Namespace, runs: dict[tuple[str, int, int], Path]
) -> pd.DataFrame:
    """Scores of every run on every task."""
    ds, tables = read_stations(args.stations), []
    for (kind, steps, seed), run in runs.items():
        model = load(run)
        times, held_out = test_tasks(model, ds, args.tasks)
        tasks = heldout_tasks(
            ds, times, held_out,
            n_context=args.context, context_pool="outside", seed=0,
        )  # fmt: skip
        table = evaluate([model], tasks, n_tasks=len(times)).per_task()
        weights = sum(p.numel() for p in model.process.parameters())
        own = {"kind": kind, "steps": steps, "seed": seed, "weights": weights}
        tables.append(table.assign(**own))
    return pd.concat(tables, ignore_index=True)


def compared(planned: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """Mean scores by budget and kind, and paired differences, with standard errors."""
    by_task = scores.groupby(["kind", "steps", "task"])[["crps", "nll"]].mean()
    weights = scores.groupby("kind")["weights"].first()
    rows = []
    for budget, part in planned.groupby("budget", sort=False):
        steps = part.set_index("kind")["steps"]
        base = by_task.loc["te_tnp", steps["te_tnp"]]
        for _, line in part.iterrows():
            own = by_task.loc[line["kind"], line["steps"]]
            row = {
                "budget": budget, "attention": line["kind"],
                "weights": weights[line["kind"]],
                "ms a step": f"{1e3 * line['seconds']:.1f}", "steps": line["steps"],
            }  # fmt: skip
            for name in ("crps", "nll"):
                row[name] = _with_error(own[name])
                row[f"{name} - te_tnp"] = _with_error(own[name] - base[name])
            rows.append(row)
    return pd.DataFrame(rows)


def _with_error(values: pd.Series) -> str:
    return f"{values.mean():.3f} ± {values.sem():.3f}"


def _markdown(table: pd.DataFrame) -> str:
    rows = [list(table), ["---"] * len(table.columns), *table.values.tolist()]
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in rows)


def main() -> None:
    """Plan, train, score, print and write the tables."""
    args, common = arguments()
    planned = plan(args, common)
    runs = {
        (kind, steps, seed): args.output / f"{kind}_{steps}_{seed}"
        for seed in args.seeds
        for kind, steps in zip(planned["kind"], planned["steps"], strict=True)
    }
    wanted = {
        run: [
            *common, *KINDS[kind], "--trainer.seed", str(seed),
            "--trainer.max_steps", str(steps),
        ]
        for (kind, steps, seed), run in runs.items()
    }  # fmt: skip
    train(wanted, args.jobs)
    scores = score(args, runs)
    scores.to_csv(args.output / "scores.csv", index=False)
    table = compared(planned, scores)
    table.to_csv(args.output / "attention_skill.csv", index=False)
    print(_markdown(table))


if __name__ == "__main__":
    main()
