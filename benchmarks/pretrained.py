"""Judge the shipped weights at networks they have never seen, beside kriging.

    APNP_REAL_DATA=FOLDER python benchmarks/pretrained.py --open open_daily.parquet \
        --output runs/pretrained

The folder holds `europe_daily_mean_2017_2019.nc` and `noaa_non_us_daily.parquet`; the
open data give the stations of the United States. The tasks are fixed here: days,
contexts and targets follow from the seeds below. All targets lie in the test blocks of
the default split, the context outside them; no training used a station of these blocks,
a day of `TEST_DAYS` (United States, globe) or a European observation of 2019. Nothing
is trained or tuned on these tasks.

"shipped model" is what `apnp predict` gives: every context recalibrates it. Every row
compares it with the model that is not recalibrated, regression kriging (elevation and
latitude), ordinary kriging and informed kriging, which has all covariates of the model.
Ratios and their standard errors are paired over tasks. The output folder holds every
prediction (`points.parquet`), the tables by row (`summary.csv`) and by season, density,
height, latitude and distance (`parts.csv`), the same in Markdown (`tables.md`), and the
calibration figure. `--baselines FOLDER` takes kriging from an earlier output.
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
from pretrained_tables import (
    MODEL,
    REFERENCE,
    as_markdown,
    breakdown,
    parts_as_markdown,
    summary,
    verdict,
)
from scipy.spatial import cKDTree

import apnp
from apnp.data.heldout import heldout_tasks
from apnp.data.schema import from_arrays
from apnp.evaluation import baseline, evaluate, informed_kriging
from apnp.geometry.sphere import km_to_chord, nearest_km, unit_vectors
from apnp.geometry.station_blocks import StationSplit
from apnp.observations import Observations, Predictor
from apnp.plotting import calibration
from apnp.prediction import TrainedModel

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
AS_TRAINED = "shipped model, not recalibrated"
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
    """Every prediction of a row, with the network's density and distance there."""
    tasks = list(row.tasks())
    points = evaluate(predictors, tasks).points.assign(row=row.name, limit=row.limit)
    tree = _tree(row.stations["lat"].values, row.stations["lon"].values)
    near = tree.query_ball_point(
        unit_vectors(points["lat"], points["lon"]), km_to_chord(_NEAR_KM),
        return_length=True,
    )  # fmt: skip
    # Predictions are ordered by task, then by predictor.
    distance = [
        np.tile(_distance(context, target), len(predictors))
        for context, target in tasks
    ]
    return points.assign(n_near=near, distance_km=np.concatenate(distance))


def _distance(context: Observations, target: Observations) -> np.ndarray:
    """Distance of each target to the nearest context station, km."""
    there = unit_vectors(target.sites.lat, target.sites.lon)
    return nearest_km(_tree(context.sites.lat, context.sites.lon), there)


def _tree(lat: np.ndarray, lon: np.ndarray) -> cKDTree:
    return cKDTree(unit_vectors(lat, lon).reshape(-1, 3))


def with_baselines(points: pd.DataFrame, earlier: pd.DataFrame) -> pd.DataFrame:
    """The predictions of a row, and those of other models in an earlier output.

    Raises:
        SystemExit: If the earlier output is of other tasks.
    """
    row = points["row"].iloc[0]
    known = earlier[(earlier["row"] == row) & ~earlier["model"].isin(points["model"])]
    keys = ["time", "lat", "lon", "observed"]
    own = points[points["model"] == points["model"].iloc[0]]
    same = known[known["model"] == REFERENCE]
    if not np.array_equal(own[keys].to_numpy(), same[keys].to_numpy()):
        raise SystemExit(f"--baselines holds other tasks of {row!r}. Leave it out.")
    number = pd.factorize(known["task"])[0] + points["task"].min()
    return pd.concat([points, known.assign(task=number)], ignore_index=True)


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
    add("--baselines", help="take kriging from this folder, an earlier output")
    return made


def main() -> None:
    """Score, print the tables and write them."""
    args = parser().parse_args()
    if not args.data:
        raise SystemExit("Set APNP_REAL_DATA, or give --data: the folder of real data.")
    start, parts = perf_counter(), []
    earlier = pd.DataFrame({"row": []})
    if args.baselines:
        earlier = pd.read_parquet(Path(args.baselines) / "points.parquet")
    model, folder = apnp.load(args.checkpoint), Path(args.output)
    folder.mkdir(parents=True, exist_ok=True)
    for row in rows(Path(args.data), Path(args.open)):
        if args.rows in row.name:
            known = row.name in set(earlier["row"])
            found = scored(row, _predictors(model, args.quick, known))
            # Every row numbers its tasks from 0.
            found = found.assign(task=found["task"] + 1000 * len(parts))
            found["model"] = found["model"].astype(str)
            parts.append(with_baselines(found, earlier) if known else found)
            table = summary(parts[-1])
            print(as_markdown(table).split("\n", 2)[2], flush=True)
            pd.concat(parts).to_parquet(folder / "points.parquet")
    write(pd.concat(parts, ignore_index=True), Path(args.output))
    print(f"{perf_counter() - start:.0f} s; tables: {args.output}")


def _predictors(model: TrainedModel, quick: bool, known: bool) -> list[Predictor]:
    """The model, recalibrated and not, and the kriging that is not known yet."""
    predictors: list[Predictor] = [
        Named(model.self_recalibrating(), MODEL), Named(model, AS_TRAINED)
    ]  # fmt: skip
    if not known:
        predictors.append(baseline("regression_kriging"))
        if not quick:
            predictors.append(baseline("ordinary_kriging"))
            predictors.append(informed_kriging(model.covariates))
    return predictors


def write(points: pd.DataFrame, folder: Path) -> None:
    """Print the tables, and write them and the calibration figure."""
    table, by_part = summary(points), breakdown(points, MODEL)
    table.to_csv(folder / "summary.csv", index=False, float_format="%.6g")
    by_part.to_csv(folder / "parts.csv", index=False, float_format="%.6g")
    points.to_parquet(folder / "points.parquet")
    shown = points[points["model"].isin([MODEL, AS_TRAINED, REFERENCE])]
    pit = {str(m): v.to_numpy() for m, v in shown.groupby("model", sort=False)["pit"]}
    calibration(pit, folder / "calibration.png")
    text = f"{as_markdown(table)}\n\n{parts_as_markdown(by_part)}\n"
    (folder / "tables.md").write_text(text)
    print(text)
    print("\n".join(verdict(table, MODEL)))


if __name__ == "__main__":
    main()
