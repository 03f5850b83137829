"""The tables of `pretrained.py`: scores by row and by part, as data and as Markdown."""

import numpy as np
import pandas as pd

from apnp import scores
from apnp.evaluation.tables import per_task

MODEL, REFERENCE = "shipped model", "regression kriging"


def line(points: pd.DataFrame, model: str) -> dict[str, object]:
    """Scores of a model on some predictions, and its ratio to the reference."""
    tasks = {
        name: group.set_index("task")
        for name, group in per_task(points).groupby("model", observed=True)
    }
    own, base = tasks[model], tasks[REFERENCE]
    base = base.loc[own.index]
    ratio, ratio_se = scores.paired_ratio(own["crps"], base["crps"])
    nll, nll_se = scores.paired_difference(own["nll"], base["nll"])
    return {
        "model": model, "tasks": len(own), "targets": int(own["n_targets"].sum()),
        "crps": own["crps"].mean(), "ratio": ratio, "ratio_se": ratio_se,
        "nll": own["nll"].mean(), "nll_difference": nll, "nll_difference_se": nll_se,
        "coverage_90": own["coverage_90"].mean(),
    }  # fmt: skip


def summary(points: pd.DataFrame) -> pd.DataFrame:
    """One line for each row and model."""
    lines = []
    for name, part in points.groupby("row", sort=False):
        for model in part["model"].unique():
            found = line(part, model)
            lines.append({"row": name, **found, "limit": part["limit"].iloc[0]})
    return pd.DataFrame(lines)


SEASONS = np.array(["DJF", "MAM", "JJA", "SON"])
_BOUNDS = {
    "height (m)": ("elevation", [-500, 200, 500, 1000, 9000]),
    "latitude": ("lat", [0, 23.5, 40, 55, 66.5, 90]),
    "distance (km)": ("distance_km", [0, 25, 50, 100, 200, 400, 20000]),
}
_ALL, _POLAR_CIRCLE = "all networks", 66.5


def breakdown(points: pd.DataFrame, model: str) -> pd.DataFrame:
    """Scores of one model in parts of the rows: season, density, height, distance."""
    whole = points.reset_index(drop=True)
    month = whole["time"].dt.month
    parts = {
        "season": pd.Series(SEASONS[(month % 12) // 3]),
        "density": _quarters(whole),
    }
    for by, (column, bounds) in _BOUNDS.items():
        value = whole[column] if column == "elevation" else whole[column].abs()
        parts[by] = pd.cut(value, bounds, include_lowest=True)
    arctic = whole["lat"] > _POLAR_CIRCLE
    for by in ("season", "distance (km)"):
        parts[f"north of {_POLAR_CIRCLE} N, {by}"] = parts[by].where(arctic)
    lines = []
    for group in ("Europe", "globe", _ALL):
        here = (group == _ALL) | whole["row"].str.startswith(group)
        for by, value in parts.items():
            for level in sorted(value[here].dropna().unique(), key=_order):
                some = whole[here & (value == level)]
                lines.append({"network": group, "by": by, "part": _text(level)}
                             | line(some, model))  # fmt: skip
    return pd.DataFrame(lines)


def _order(level: object) -> object:
    if isinstance(level, pd.Interval):
        return level.left
    return list(SEASONS).index(level) if level in SEASONS else level


def _text(level: object) -> str:
    if isinstance(level, pd.Interval):
        return f"{round(level.left):g} to {level.right:g}"
    return str(level)


def _quarters(points: pd.DataFrame) -> pd.Series:
    """The quarter of each row's targets by stations within 100 km, sparse first.

    Ties are broken by order, which is the same for every model: all of them are
    compared on the same targets.
    """
    rank = points.groupby(["row", "model"], observed=True)["n_near"].rank(
        method="first", pct=True
    )
    return np.ceil(4 * rank).clip(1, 4).astype(int).map("quarter {}".format)


def as_markdown(table: pd.DataFrame) -> str:
    """The table as the model card holds it."""
    lines = [
        "| Network, context | model | CRPS (K) | ratio to regression kriging | limit "
        "| NLL | NLL difference | in 90 % (%) | days |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for r in table.to_dict("records"):
        limit = f"{r['limit']:g}" if r["model"] == MODEL else ""
        lines.append(
            f"| {r['row']} | {r['model']} | {r['crps']:.3f} "
            f"| {_with_error(r, 'ratio', '.3f')} | {limit} | {r['nll']:.3f} "
            f"| {_with_error(r, 'nll_difference', '+.3f')} "
            f"| {100 * r['coverage_90']:.1f} | {r['tasks']} |"
        )
    return "\n".join(lines)


def parts_as_markdown(table: pd.DataFrame) -> str:
    """The table of parts as the model card holds it."""
    lines = [
        "| network | by | part | targets | CRPS (K) | ratio | NLL difference "
        "| in 90 % (%) |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for r in table.to_dict("records"):
        lines.append(
            f"| {r['network']} | {r['by']} | {r['part']} | {r['targets']:,} "
            f"| {r['crps']:.3f} | {_with_error(r, 'ratio', '.3f')} "
            f"| {r['nll_difference']:+.3f} | {100 * r['coverage_90']:.1f} |"
        )
    return "\n".join(lines)


def _with_error(r: dict, name: str, form: str) -> str:
    if r["model"] == REFERENCE:
        return "1" if name == "ratio" else "0"
    return f"{r[name]:{form}} ± {r[name + '_se']:.3f}"


def verdict(table: pd.DataFrame, model: str) -> list[str]:
    """What each row of the model fails, if anything."""
    found = []
    for r in table[table["model"] == model].to_dict("records"):
        wrong = []
        if r["ratio"] > r["limit"]:
            wrong.append(f"ratio {r['ratio']:.3f} above {r['limit']:g}")
        if r["nll_difference"] >= 0:
            wrong.append(f"NLL {r['nll_difference']:+.3f} above regression kriging's")
        if not 0.86 <= r["coverage_90"] <= 0.94:
            wrong.append(f"coverage {100 * r['coverage_90']:.1f} % outside 86 to 94 %")
        found.append(f"{r['row']}: {'; '.join(wrong) or 'passes'}")
    return found
