"""Figures of the 1-D study: predictive bands, and the gap to the ceiling."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch

from apnp.checkpoint import load_model
from apnp.experiments.entries import Entry
from apnp.experiments.gibbs.function_plots import (
    Band,
    Panel,
    bands,
    ceiling,
    learning,
)
from apnp.experiments.gibbs.gp import (
    GIBBS_CENTRES,
    FunctionDraw,
    Places,
    as_task,
    gibbs_process,
    gibbs_tasks,
)
from apnp.experiments.gibbs.oracles import mixture
from apnp.experiments.study import Study
from apnp.model import NeuralProcess

_DRAWN_SEED = 2**40 + 3
_NODES = 241


def draw(
    study: Study, entries: Sequence[Entry], seed: int, table: pd.DataFrame
) -> None:
    """Write `gap.png` and, if there is a model, `bands.png` and `learning.png`."""
    experiment = study.experiment
    (top, _), best = experiment.rivals["ceiling"], experiment.oracles[0]
    gaps = {
        title: {
            row["model"]: (row["ceiling"], row["ceiling_se"])
            for row in table[table["regime"] == regime].to_dict("records")
            if pd.notna(row.get("ceiling")) and row["model"] != best
        }
        for regime, title in experiment.regimes.items()
    }
    ceiling(gaps, study.folder / "gap.png")
    if entries:
        rows = [_row(entry, study, seed) for entry in entries]
        bands(rows, study.folder / "bands.png")
        curves = {entry.name: study.curve(entry, seed) for entry in entries}
        ours = (table["model"] == top) & (table["regime"] == "in")
        level = float(table.loc[ours, "log_likelihood"].iloc[0])
        learning(curves, level, study.folder / "learning.png")


def _row(entry: Entry, study: Study, seed: int) -> list[Panel]:
    """A task whose interval holds the break, and one far away."""
    model = load_model(study.run(entry, seed))[0]
    near = Places((-0.5, 0.5), context=(24, 24))
    far = Places(GIBBS_CENTRES["out"], context=(24, 24))
    titles = study.experiment.regimes.values()
    return [
        _panel(model, f"{entry.name}, {title.lower()}", places)
        for title, places in zip(titles, (near, far), strict=True)
    ]


def _panel(model: NeuralProcess, title: str, places: Places) -> Panel:
    tasks = gibbs_tasks("in", _DRAWN_SEED)
    tasks.places = places
    drawn = tasks.draw(0)
    half = places.extent / 2
    x = drawn.centre + torch.linspace(-half, half, _NODES, dtype=torch.float64)
    line = FunctionDraw(
        drawn.kind, drawn.centre, drawn.xc, drawn.yc, x[:, None], 0 * x, True
    )
    task = as_task(line, places.extent)
    found = {}
    with torch.inference_mode():
        for name, which in {"model": model, "without": model.strict()}.items():
            made = which(task).double()
            found[name] = Band(_numbers(made.mean), _numbers(made.variance.sqrt()))
    exact = mixture(gibbs_process(), line).gaussian()
    oracle = Band(_numbers(exact.mean), _numbers(exact.variance[0].sqrt()))
    if np.array_equal(found["model"].mean, found["without"].mean):
        shown = {"model": found["model"], "exact inference": oracle}
    else:
        shown = {
            "model": found["model"],
            "exact inference": oracle,
            "fixed inputs off": found["without"],
        }
    context = _numbers(drawn.xc), _numbers(drawn.yc)
    return Panel(title, x.numpy(), shown, context)


def _numbers(value: torch.Tensor) -> np.ndarray:
    return value.flatten().numpy()
