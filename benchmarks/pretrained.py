"""Judge the shipped weights at networks they have never seen, beside kriging.

    APNP_REAL_DATA=FOLDER python benchmarks/pretrained.py --open open_daily.parquet \
        --output runs/pretrained

The folder holds `europe_daily_mean_2017_2019.nc` and `noaa_non_us_daily.parquet`; the
open data give the stations of the United States. The tasks are fixed here: days,
contexts and targets follow from the seeds below. All targets lie in the test blocks of
the default split, the context outside them; no training used a station of these blocks,
a day of `TEST_DAYS` (United States, globe) or a European observation of 2019. Nothing
is trained or tuned on these tasks.

Every row compares the model with regression kriging (elevation and latitude), ordinary
kriging and informed kriging, which has all covariates of the model. Ratios and their
standard errors are paired over tasks. `points.parquet` in the output folder holds every
prediction, for the tables by season, density, height and distance of the model card.
"""

import argparse
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
import xarray as xr

import apnp
from apnp import scores
from apnp.data.heldout import heldout_tasks
from apnp.data.schema import from_arrays
from apnp.evaluation import baseline, evaluate, informed_kriging
from apnp.evaluation.tables import per_task
from apnp.geometry.station_blocks import StationSplit
from apnp.observations import Observations, Predictor

Pair = tuple[Observations, Observations]

WINTER = ("2019-01-21", "2019-01-22", "2019-01-24", "2019-01-25")
SUMMER = ("2011-07-07", "2011-07-08")
CONTINENTS = {
    # west, south, east, north in degrees, and the number of context stations
    "Asia": ((60.0, 5.0, 150.0, 75.0), 400),
    "Africa": ((-20.0, -36.0, 40.0, 30.0), 200),
    "South America": ((-82.0, -56.0, -34.0, 13.0), 150),
}
CONTIGUOUS_STATES = (-125.0, 24.0, -66.0, 50.0)
"""West, south, east, north: the archive of the United States reaches the South Pole."""
REFERENCE = "regression kriging"
_MOST_TARGETS = 1500
_EUROPEAN_DAYS = 24
_NEAR_KM = 100.0


@dataclass(frozen=True)
class Row:
    """One row of the table: tasks on a network.

    Attributes:
        name: What the table calls it.
        stations: The network.
        days: Days of the tasks, a task each.
        n_context: Number of context stations.
        limit: Largest ratio of CRPS to that of regression kriging that passes.
        seed: Draws the contexts.
    """

    name: str
    stations: xr.Dataset
    days: tuple[str, ...]
    n_context: int
    limit: float
    seed: int = 0

    def tasks(self) -> Iterator[Pair]:
        """Contexts and targets, at most `_MOST_TARGETS` targets each."""
        held_out = StationSplit().assign(
            self.stations["lat"].values, self.stations["lon"].values
        )
        pairs = heldout_tasks(
            self.stations, np.array(self.days, "datetime64[ns]"), held_out == "test",
            n_context=self.n_context, seed=self.seed,
        )  # fmt: skip
        for context, target in pairs:
            rng = np.random.default_rng(len(target))
            yield context, target.take(rng.permutation(len(target))[:_MOST_TARGETS])


def europe(folder: Path) -> xr.Dataset:
    """Daily means of 2019 at European stations."""
    with xr.open_dataset(folder / "europe_daily_mean_2017_2019.nc") as ds:
        ds = ds.sel(time="2019").load()
    return from_arrays(
        "tas", ds["tg"].transpose("station", "time").values,
        station=ds["station"].values, lat=ds["latitude"].values,
        lon=ds["longitude"].values, elevation=ds["elevation"].values,
        time=ds["time"].values,
    )  # fmt: skip


def daily(table: pd.DataFrame, days: tuple[str, ...]) -> xr.Dataset:
    """The stations of a table that report on some days, their values in range."""
    table = table[table["time"].isin(pd.DatetimeIndex(days))]
    table = table[table["tas"].between(-90, 60) & table["lat"].between(-90, 90)]
    table = table.drop_duplicates(["station", "time"])
    wide = table.pivot(index="station", columns="time", values="tas")
    places = table.drop_duplicates("station").set_index("station").loc[wide.index]
    height = places["elevation"].astype(float)
    return from_arrays(
        "tas", wide.to_numpy(), station=wide.index.to_numpy(),
        lat=places["lat"].to_numpy(), lon=places["lon"].to_numpy(),
        elevation=height.where(height.between(-450, 9000)).to_numpy(),
        time=wide.columns.to_numpy(),
    )  # fmt: skip


def in_box(table: pd.DataFrame, box: tuple[float, ...]) -> pd.DataFrame:
    """The rows of a region: west, south, east, north in degrees."""
    west, south, east, north = box
    inside = table["lat"].between(south, north) & table["lon"].between(west, east)
    return table[inside]


def rows(folder: Path, open_file: Path) -> list[Row]:
    """All rows."""
    columns = ["station", "time", "lat", "lon", "elevation", "tas", "source"]
    foreign = pd.read_parquet(folder / "noaa_non_us_daily.parquet", columns=columns)
    states = pd.read_parquet(open_file, columns=columns)
    states = states[states["source"].isin(["GSOD-2019-01", "GSOD-2011-07"])]
    contiguous = in_box(states, CONTIGUOUS_STATES)
    days = (*WINTER, *SUMMER)
    european = europe(folder)
    steps = np.linspace(3, european.sizes["time"] - 4, _EUROPEAN_DAYS).round()
    chosen = european["time"].values[steps.astype(int)].astype("datetime64[D]")
    year = tuple(map(str, chosen))
    made = [
        Row("Europe 2019, 400", european, year, 400, 0.86),
        Row("Europe 2019, 100", european, year, 100, 0.86),
        Row("United States, winter", daily(contiguous, WINTER), WINTER, 400, 0.80),
        Row("United States, summer", daily(contiguous, SUMMER), SUMMER, 400, 0.80),
    ]
    for name, (box, n) in CONTINENTS.items():
        made.append(Row(name, daily(in_box(foreign, box), days), days, n, 0.97))
    globe = daily(pd.concat([foreign, states]), days)
    for months, some in (("January", WINTER), ("July", SUMMER)):
        made += [
            Row(f"globe {months}, 500", globe, some, 500, 0.86),
            Row(f"globe {months}, 2000", globe, some[:2], 2000, 0.86),
        ]
    return made


class Named:
    """A predictor under the name that the tables give it."""

    def __init__(self, model: Predictor, name: str) -> None:
        self.model, self.name = model, name
        self.condition = model.condition


def scored(row: Row, predictors: list[Predictor]) -> pd.DataFrame:
    """Every prediction of a row, with the density of the network at each target."""
    points = evaluate(predictors, row.tasks()).points.assign(row=row.name)
    lat, lon = row.stations["lat"].values, row.stations["lon"].values
    from scipy.spatial import cKDTree

    from apnp.geometry.sphere import km_to_chord, unit_vectors

    tree = cKDTree(unit_vectors(lat, lon))
    near = tree.query_ball_point(
        unit_vectors(points["lat"], points["lon"]), km_to_chord(_NEAR_KM),
        return_length=True,
    )  # fmt: skip
    return points.assign(n_near=near, limit=row.limit)


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


def breakdown(points: pd.DataFrame, model: str) -> pd.DataFrame:
    """Scores of one model in parts of the rows: season, density, height, distance."""
    whole = points.reset_index(drop=True)
    month = whole["time"].dt.month
    parts = {
        "season": pd.Series(SEASONS[(month % 12) // 3]),
        "density": _quarters(whole),
        "height (m)": pd.cut(whole["elevation"], [-500, 200, 500, 1000, 9000]),
        "latitude": pd.cut(whole["lat"].abs(), [0, 23.5, 40, 55, 66.5, 90]),
    }
    lines = []
    for group, rows_in in (("Europe", "Europe"), ("globe", "globe")):
        here = whole["row"].str.startswith(rows_in)
        for by, value in parts.items():
            for level in sorted(value[here].dropna().unique(), key=str):
                some = whole[here & (value == level)]
                lines.append({"network": group, "by": by, "part": str(level)}
                             | line(some, model))  # fmt: skip
    return pd.DataFrame(lines)


def _quarters(points: pd.DataFrame) -> pd.Series:
    """The quarter of each row's targets by stations within 100 km, sparse first."""
    rank = points.groupby("row")["n_near"].rank(method="first", pct=True)
    return np.ceil(4 * rank).clip(1, 4).astype(int).map("quarter {}".format)


def as_markdown(table: pd.DataFrame) -> str:
    """The table as the model card holds it."""
    lines = [
        "| row | model | CRPS (K) | ratio to regression kriging | NLL | NLL difference "
        "| in 90 % (%) | tasks |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for r in table.to_dict("records"):
        lines.append(
            f"| {r['row']} | {r['model']} | {r['crps']:.3f} "
            f"| {r['ratio']:.3f} ± {r['ratio_se']:.3f} | {r['nll']:.3f} "
            f"| {r['nll_difference']:+.3f} ± {r['nll_difference_se']:.3f} "
            f"| {100 * r['coverage_90']:.1f} | {r['tasks']} |"
        )
    return "\n".join(lines)


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


def parser() -> argparse.ArgumentParser:
    """The arguments."""
    made = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = made.add_argument
    add("--checkpoint", default="pretrained", help="model (default: the shipped one)")
    add("--data", default=os.environ.get("APNP_REAL_DATA"), help="folder of real data")
    add("--open", required=True, help="parquet file of open observations")
    add("--output", default="runs/pretrained_benchmark", help="folder of tables")
    add("--rows", default="", help="only the rows whose name contains this")
    add("--quick", action="store_true", help="leave out all but regression kriging")
    return made


def main() -> None:
    """Score, print the tables and write them."""
    args = parser().parse_args()
    if not args.data:
        raise SystemExit("Set APNP_REAL_DATA, or give --data: the folder of real data.")
    model = apnp.load(args.checkpoint)
    name = "shipped model"
    predictors: list[Predictor] = [Named(model, name), baseline("regression_kriging")]
    if not args.quick:
        predictors += [baseline("ordinary_kriging"), informed_kriging(model.covariates)]
    start, parts = perf_counter(), []
    for row in rows(Path(args.data), Path(args.open)):
        if args.rows in row.name:
            found = scored(row, predictors)
            # Every row numbers its tasks from 0.
            parts.append(found.assign(task=found["task"] + 1000 * len(parts)))
            table = summary(parts[-1])
            print(as_markdown(table).split("\n", 2)[2], flush=True)
    points = pd.concat(parts, ignore_index=True)
    table, by_part = summary(points), breakdown(points, name)
    folder = Path(args.output)
    folder.mkdir(parents=True, exist_ok=True)
    table.to_csv(folder / "summary.csv", index=False, float_format="%.6g")
    by_part.to_csv(folder / "parts.csv", index=False, float_format="%.6g")
    points.to_parquet(folder / "points.parquet")
    print(as_markdown(table))
    print("\n".join(verdict(table, name)))
    print(f"{perf_counter() - start:.0f} s; tables: {folder}")


if __name__ == "__main__":
    main()
