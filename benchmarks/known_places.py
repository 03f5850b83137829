"""What known places gain: paired scores of models, and the gain by distance.

    python benchmarks/known_places.py KNOWN UNSEEN --stations FILE --figure FILE

KNOWN and UNSEEN are folders that `apnp evaluate --at known` and `--at unseen` wrote for
the same models. The first model of each is the reference. The figure shows the ratio of
CRPS to it by distance to the nearest known site: zero for known stations, else that of
the unseen station to the nearest one of those that the evaluation did not hold out.
"""

import argparse
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from apnp import scores
from apnp.files import atomic_write


def paired(folder: str) -> pd.DataFrame:
    """Scores of each model, paired with those of the first on the same tasks."""
    tasks = pd.read_csv(f"{folder}/per_task.csv")
    models = list(tasks["model"].unique())
    by = {m: tasks[tasks["model"] == m].set_index("task").sort_index() for m in models}
    base = by[models[0]]
    rows = []
    for model in models:
        table = by[model]
        ratio, ratio_se = scores.paired_ratio(table["crps"], base["crps"])
        nll, nll_se = scores.paired_difference(table["nll"], base["nll"])
        rows.append(
            {
                "model": model,
                "CRPS (K)": f"{table['crps'].mean():.3f}",
                "ratio": f"{ratio:.3f} ±{ratio_se:.3f}",
                "NLL (nats)": f"{table['nll'].mean():.3f}",
                "difference": f"{nll:+.3f} ±{nll_se:.3f}",
                "in 90 %": f"{100 * table['coverage_90'].mean():.1f}",
            }
        )
    return pd.DataFrame(rows)


def distances(unseen: pd.DataFrame, stations: pd.DataFrame) -> np.ndarray:
    """Distance of unseen stations to the nearest known one, in km."""
    from scipy.spatial import cKDTree

    from apnp.geometry.sphere import nearest_km, unit_vectors

    tree = cKDTree(unit_vectors(stations["lat"], stations["lon"]))
    return nearest_km(tree, unit_vectors(unseen["lat"], unseen["lon"]))


def draw(known: str, unseen: str, stations: str, path: str) -> None:
    """The ratio of CRPS to the first model by distance to the nearest known site."""
    from matplotlib.figure import Figure

    from apnp.data import read_stations
    from apnp.geometry.station_blocks import StationSplit

    ds = read_stations([stations])
    sites = ds[["lat", "lon"]].to_dataframe().reset_index()
    part = StationSplit().assign(sites["lat"].to_numpy(), sites["lon"].to_numpy())
    sites = sites[part == "train"]
    at_known = pd.read_csv(f"{known}/per_station.csv")
    at_unseen = pd.read_csv(f"{unseen}/per_station.csv")
    at_unseen["km"] = distances(at_unseen, sites)
    edges = np.quantile(at_unseen["km"], [0, 0.25, 0.5, 0.75, 1.0])
    figure = Figure(figsize=(6, 3.6), layout="constrained")
    axes = figure.subplots()
    models = list(at_unseen["model"].unique())
    for model in (m for m in models[1:] if m in set(at_known["model"])):
        x, y = [0.0], [_ratio(at_known, model, models[0])]
        for low, high in pairwise(edges):
            inside = at_unseen[at_unseen["km"].between(low, high)]
            x.append(inside["km"].median())
            y.append(_ratio(inside, model, models[0]))
        axes.plot(x, y, marker="o", label=model)
    axes.axhline(1.0, color="0.6", linewidth=0.8)
    axes.set_xlabel("distance to the nearest known site (km)")
    axes.set_ylabel(f"CRPS relative to {models[0]}")
    axes.legend(frameon=False)
    with atomic_write(path) as temporary:
        figure.savefig(temporary, format="png", dpi=130)


def _ratio(table: pd.DataFrame, model: str, reference: str) -> float:
    """Ratio of total CRPS, stations weighted by the tasks that scored them."""
    total = table.assign(total=table["crps"] * table["n_tasks"])
    sums = total.groupby("model")["total"].sum()
    return float(sums[model] / sums[reference])


def main(argv: Sequence[str] | None = None) -> None:
    """Print both tables, and draw the figure if it is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("known")
    parser.add_argument("unseen")
    parser.add_argument("--stations", help="station file, for the figure")
    parser.add_argument("--figure", help="PNG file to draw")
    args = parser.parse_args(argv)
    for name, folder in (("known", args.known), ("unseen", args.unseen)):
        print(f"\nat {name} stations\n{paired(folder).to_string(index=False)}")
    if args.figure:
        draw(args.known, args.unseen, args.stations, args.figure)


if __name__ == "__main__":
    main()
