"""Tables of a study: scores with standard errors, and differences on the same tasks."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from apnp import scores
from apnp.experiments.entries import Entry
from apnp.experiments.study import Experiment, Study
from apnp.files import atomic_write


def summary(
    per_task: pd.DataFrame, entries: Sequence[Entry], experiment: Experiment
) -> pd.DataFrame:
    """Mean scores of every model and oracle in every regime.

    Seeds are averaged task by task first; standard errors count tasks.

    Args:
        per_task: One row for each model, seed, regime and task.
        entries: The models, for their strict twins.
        experiment: Of what the study is: its regimes, and rivals of every model.

    Returns:
        One row a regime and model: regime, model, seeds, n_tasks, log_likelihood,
        seed_spread (standard deviation of the seeds' means), twin (above the strict
        twin), a column for each of the experiment's rivals (above it) and deviation;
        each but the spread with its error `_se`, and those of rivals with the share
        of tasks `_won`, which a few tasks of very low scores do not rule.
    """
    twins = {e.name: e.twin for e in entries}
    rows = []
    for regime in experiment.regimes:
        table = per_task[per_task["regime"] == regime]
        groups = table.groupby(["model", "task"], sort=False)
        means = groups[["log_likelihood", "deviation"]].mean()
        by_model = {
            str(name): means.loc[name] for name in table["model"].drop_duplicates()
        }
        for name, own in by_model.items():
            rivals = {k: rival for k, (rival, _) in experiment.rivals.items()}
            pairs = {"twin": twins.get(name), **rivals}
            others = {k: by_model.get(v or "") for k, v in pairs.items() if v != name}
            rows.append({"regime": regime, "model": name, **_row(own, others)})
            seeds = table[table["model"] == name].groupby("seed")["log_likelihood"]
            spread = seeds.mean().std() if seeds.ngroups > 1 else np.nan
            rows[-1] |= {"seeds": seeds.ngroups, "seed_spread": spread}
    return pd.DataFrame(rows)


def _row(own: pd.DataFrame, others: Mapping[str, pd.DataFrame | None]) -> dict:
    row: dict[str, float] = {"n_tasks": len(own)}
    found = {"log_likelihood": scores.mean_and_error(own["log_likelihood"])}
    for name, other in others.items():
        if other is not None:
            pair = own["log_likelihood"], other["log_likelihood"].loc[own.index]
            found[name] = scores.paired_difference(*pair)
            row[f"{name}_won"] = float((pair[0] > pair[1]).mean())
    if own["deviation"].notna().all():
        found["deviation"] = scores.mean_and_error(own["deviation"])
    for name, (mean, error) in found.items():
        row |= {name: mean, f"{name}_se": error}
    return row


def markdown(table: pd.DataFrame, experiment: Experiment, heading: str) -> str:
    """The summary as one Markdown table a regime, best model first."""
    parts = [heading]
    rivals = {name: title for name, (_, title) in experiment.rivals.items()}
    compared = {"twin": "above strict twin (in % of tasks)"} | rivals
    for regime, title in experiment.regimes.items():
        rows = table[table["regime"] == regime]
        rows = rows.sort_values("log_likelihood", ascending=False)
        parts.append(f"### {title} ({int(rows['n_tasks'].max())} tasks)\n")
        columns = " | ".join(compared.values())
        parts.append(
            f"| model | seeds | log-likelihood | {columns} | deviation (%) |\n|"
            + "---|" * (4 + len(compared))
        )
        for row in rows.to_dict("records"):
            oracle = row["model"] in experiment.oracles
            cells = [
                row["model"], "" if oracle else str(row["seeds"]),
                _cell(row, "log_likelihood", ""),
                _cell(row, "twin") + _share(row, "twin"),
                *(_cell(row, name) for name in rivals),
                _cell(row, "deviation", "", 100),
            ]  # fmt: skip
            parts.append("| " + " | ".join(cells) + " |")
        parts.append("")
    return "\n".join(parts)


def _cell(row: Mapping, name: str, sign: str = "+", times: float = 1) -> str:
    if name not in row or pd.isna(row[name]):
        return ""
    digits = 1 if times > 1 else 4
    error = f" ± {times * row[f'{name}_se']:.{digits}f}"
    return f"{times * row[name]:{sign}.{digits}f}{error}"


def provenance(runs: pd.DataFrame) -> str:
    """How every model was trained, as one Markdown table."""
    columns = {
        "model": "model", "seed": "seed", "weights": "weights", "steps": "steps",
        "minutes": "minutes", "learning_rate": "learning rate", "config": "config",
        "commit": "commit", "machine": "machine", "finished": "finished (UTC)",
    }  # fmt: skip
    shown = runs.reindex(columns=list(columns)).astype(object).fillna("")
    lines = [
        "### How the models were trained\n",
        "| " + " | ".join(columns.values()) + " |", "|" + "---|" * len(columns),
    ]  # fmt: skip
    for row in shown.to_dict("records"):
        row["minutes"] = f"{row['minutes']:.1f}"
        row["weights"] = f"{row['weights']:,}"
        lines.append("| " + " | ".join(map(str, row.values())) + " |")
    return "\n".join([*lines, ""])


def _share(row: Mapping, name: str) -> str:
    share = row.get(f"{name}_won")
    return "" if pd.isna(share) else f" ({100 * share:.0f})"


def write(
    per_task: pd.DataFrame,
    entries: Sequence[Entry],
    study: Study,
    runs: pd.DataFrame,
    heading: str,
) -> tuple[pd.DataFrame, str]:
    """Write the CSV files and `table.md`.

    Args:
        per_task: `scores.csv`.
        entries: The models, for their strict twins.
        study: Whose folder takes the files.
        runs: `runs.csv`.
        heading: First lines of `table.md`.

    Returns:
        The table of `summary.csv`, and the text of `table.md`.
    """
    table = summary(per_task, entries, study.experiment)
    text = markdown(table, study.experiment, heading)
    if len(runs):
        text += "\n" + provenance(runs)
    made_of = {"scores": per_task, "summary": table, "runs": runs}
    for name, made in made_of.items():
        with atomic_write(study.folder / f"{name}.csv") as new:
            made.to_csv(new, index=False, float_format="%.6g")
    with atomic_write(study.folder / "table.md") as new:
        new.write_text(text)
    return table, text
