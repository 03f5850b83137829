"""Forms of a model, trained alike and scored alike: approximate ones, leaner ones.

    python benchmarks/forms.py --config configs/europe_daily.yaml --stations FILE \
        --minutes 10 --seeds 0 1 2 --output runs/forms [--jobs 2] [--forms ...]

Every form is trained with every seed from the same configuration, one thread a run and
`--jobs` runs at a time; runs that are finished are not trained again. Each is scored
on the test days at the test stations of the split, on the same tasks. The table gives
paired differences to the strict form: scores are averaged over seeds, standard errors
are over days (same seeds) and over seeds.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from runs import test_tasks, train

from apnp.data import read_stations
from apnp.data.heldout import heldout_tasks
from apnp.evaluation import evaluate
from apnp.prediction import load

_STRICT = ("--model.form", "strict")
FORMS = {
    "strict": _STRICT,
    "approximate": ("--model.form", "approximate"),
    "no dropout": (
        "--model.form", "approximate", "--model.fixed_inputs.dropout", "0"
    ),
    "narrow": (*_STRICT, "--model.backbone.convcnp.expansion", "1"),
    "linear": (*_STRICT, "--model.backbone.convcnp.read", "2"),
    "values alone": (*_STRICT, "--model.backbone.convcnp.embedded", "0"),
    "one width": (*_STRICT, "--model.backbone.convcnp.lengthscales", "[1.0]"),
    "cnn": (*_STRICT, "--model.backbone.convcnp.net", "cnn"),
    "set convolutions alone": (
        *_STRICT, "--model.backbone.convcnp.kriging", "false",
        "--model.backbone.convcnp.drift", "false",
    ),
    "lean": (
        *_STRICT, "--model.backbone.convcnp.kriging", "false",
        "--model.backbone.convcnp.drift", "false",
        "--model.backbone.convcnp.lengthscales", "[1.0]",
        "--model.backbone.convcnp.expansion", "1",
        "--model.backbone.convcnp.read", "2",
        "--model.backbone.convcnp.embedded", "0",
    ),
}  # fmt: skip


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--config", required=True)
    parser.add_argument("--stations", required=True)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--steps", type=int, help="steps of a run, in place of minutes")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument(
        "--forms", nargs="+", choices=list(FORMS), default=list(FORMS)[:3],
        help="the strict one is what the others are compared with",
    )  # fmt: skip
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--context", type=int, default=400)
    parser.add_argument("--tasks", type=int, default=40)
    parser.add_argument("--output", type=Path, required=True)
    found = parser.parse_args()
    if "strict" not in found.forms:
        parser.error("--forms must name strict, which the others are compared with.")
    return found


def run_folder(output: Path, form: str, seed: int) -> Path:
    """Where the run of a form and a seed lies."""
    return output / f"{form.replace(' ', '_')}_{seed}"


def score(args: argparse.Namespace) -> pd.DataFrame:
    """Scores of every run on every task and both context pools."""
    ds = read_stations(args.stations)
    tables = []
    for form in args.forms:
        for seed in args.seeds:
            model = load(run_folder(args.output, form, seed))
            times, held_out = test_tasks(model, ds, args.tasks)
            for pool in ("outside", "all"):
                tasks = heldout_tasks(
                    ds, times, held_out,
                    n_context=args.context, context_pool=pool, seed=0,
                )  # fmt: skip
                strict = FORMS[form][:2] == _STRICT
                own = [model] if strict else [model, model.strict()]
                table = evaluate(own, tasks, n_tasks=len(times)).per_task()
                names = dict(
                    zip([m.name for m in own], (form, f"{form}, t = 0"), strict=False)
                )
                table["model"] = table["model"].astype(str).map(names)
                tables.append(table.assign(seed=seed, pool=pool))
    return pd.concat(tables, ignore_index=True)


def differences(scores: pd.DataFrame) -> pd.DataFrame:
    """Mean scores, and paired differences to the strict form with both errors."""
    rows = []
    for (pool, model), table in scores.groupby(["pool", "model"], sort=False):
        base = scores[(scores["pool"] == pool) & (scores["model"] == "strict")]
        pair = table.merge(base, on=["seed", "task"], suffixes=("", "_strict"))
        row = {"pool": pool, "model": model, "coverage_90": table["coverage_90"].mean()}
        for name in ("crps", "nll"):
            pair["d"] = pair[name] - pair[f"{name}_strict"]
            by_day = pair.groupby("task")["d"].mean()
            by_seed = pair.groupby("seed")["d"].mean()
            row |= {
                name: table[name].mean(),
                f"{name}_difference": pair["d"].mean(),
                "se_days": by_day.std(ddof=1) / np.sqrt(len(by_day)),
                "se_seeds": by_seed.std(ddof=1) / np.sqrt(len(by_seed)),
            }
            row[f"{name}_se_days"] = row.pop("se_days")
            row[f"{name}_se_seeds"] = row.pop("se_seeds")
        rows.append(row)
    return pd.DataFrame(rows)


def main() -> None:
    """Train, score, print and write the tables."""
    args = arguments()
    common = ["--config", args.config, "--data.path", args.stations]
    if args.steps is None:
        common += ["--trainer.max_minutes", str(args.minutes)]
    else:
        common += ["--trainer.max_minutes", "0", "--trainer.max_steps", str(args.steps)]
    wanted = {
        run_folder(args.output, form, seed): [
            *common, "--trainer.seed", str(seed), *FORMS[form],
        ]
        for seed in args.seeds
        for form in args.forms
    }  # fmt: skip
    train(wanted, args.jobs)
    scores = score(args)
    scores.to_csv(args.output / "scores.csv", index=False)
    table = differences(scores)
    table.to_csv(args.output / "forms.csv", index=False)
    print(table.round(4).to_string(index=False))


if __name__ == "__main__":
    main()
