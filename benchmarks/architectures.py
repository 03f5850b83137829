"""Every architecture in every form, trained alike and scored on the same tasks.

    python benchmarks/architectures.py --configs configs/europe/*.yaml \
        --stations FILE --minutes 5 --jobs 2 --output runs/architectures

A cell is a configuration file in a form: strict, approximate, or unconstrained, where
the architecture keeps no group and its attention knows nothing of pairs. A form that an
architecture does not have is left out. One thread a run, `--jobs` at a time; what is
trained is not trained again. Targets are the test stations of the split on its test
days. The table is printed and written as `architectures.csv`.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import pandas as pd
from runs import test_tasks, train

from apnp.build import build_model
from apnp.config import parse, parser
from apnp.data import read_stations
from apnp.data.heldout import heldout_tasks
from apnp.errors import ConfigError
from apnp.evaluation import baseline, evaluate
from apnp.groups import Trivial
from apnp.inputs.stations import StationInputs
from apnp.prediction import load

FORMS = {
    "strict": ["--model.form=strict"],
    "approximate": ["--model.form=approximate"],
    "unconstrained": ["--model.form=strict", "--model.group=none"],
}


def arguments() -> argparse.Namespace:
    """The command line."""
    made = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    made.add_argument("--configs", nargs="+", type=Path, required=True)
    made.add_argument("--stations", required=True)
    made.add_argument("--minutes", type=float, default=5.0)
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--jobs", type=int, default=1)
    made.add_argument("--context", type=int, default=400)
    made.add_argument("--tasks", type=int, default=40)
    made.add_argument("--output", type=Path, required=True)
    return made.parse_args()


def cells(args: argparse.Namespace) -> dict[tuple[str, str], list[str]]:
    """Arguments of `train.py` for every configuration in every form that it has."""
    found = {}
    for path in args.configs:
        for form, forced in FORMS.items():
            given = ["--config", str(path), *forced]
            model = parse(parser(), given)[0].model
            name = model.backbone.name
            if form == "unconstrained" and hasattr(
                getattr(model.backbone, name), "attention"
            ):
                given.append(f"--model.backbone.{name}.attention=plain")
                model = parse(parser(), given)[0].model
            somewhere = StationInputs.fit(
                model.geometry, [40, 60], [0, 20], [1.0, 2], coast=model.coast
            )
            try:
                backbone = build_model(model, somewhere).backbone
            except ConfigError:  # this architecture has no such form
                continue
            if isinstance(backbone.group, Trivial) == (form == "unconstrained"):
                found[path.stem, form] = given
    return found


def main() -> None:
    """Train, score, print and write the table."""
    args = arguments()
    wanted = cells(args)
    folders = {key: args.output / "_".join((*key, str(args.seed))) for key in wanted}
    common = ["--data.path", args.stations, "--trainer.seed", str(args.seed)]
    common += ["--trainer.max_minutes", str(args.minutes)]
    train({folders[key]: given + common for key, given in wanted.items()}, args.jobs)
    ds = read_stations(args.stations)
    models = {
        key: replace(load(run), name=", ".join(key)) for key, run in folders.items()
    }
    times, held_out = test_tasks(next(iter(models.values())), ds, args.tasks)
    tables = []
    for pool in ("outside", "all"):
        tasks = heldout_tasks(
            ds, times, held_out, n_context=args.context, context_pool=pool, seed=0
        )
        predictors = [*models.values(), baseline("regression_kriging")]
        result = evaluate(predictors, tasks, n_tasks=len(times), progress=True)
        tables.append(result.summary().assign(pool=pool))
    table = pd.concat(tables)
    sizes = pd.DataFrame(
        {
            "weights": sum(p.numel() for p in model.process.parameters()),
            "steps": pd.read_csv(folders[key] / "metrics.csv")["step"].max(),
        }
        for key, model in models.items()
    )
    sizes.index = [model.name for model in models.values()]
    table = table.set_index("model").join(sizes)
    table.to_csv(args.output / "architectures.csv")
    print(table.round(4).to_string())


if __name__ == "__main__":
    main()
