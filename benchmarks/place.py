"""Real stations hidden and added again in the order that `apnp place` proposes.

    python benchmarks/place.py STATIONS... [--region W,S,E,N] [--time A/B]

Of the stations a fifth are judges, which nobody sees; a third are candidates, hidden at
first. They are added in the order of `apnp place` (greedy), at random (mean of
several orders), the farthest from all others first (space filling), and the most
uncertain first. After each number the judges are predicted, on days that no choice saw:
their CRPS and RMSE are real errors, not the model's own uncertainty.
"""

import argparse
from collections.abc import Iterable

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

import apnp
from apnp.cli.parser import region
from apnp.data import observations_at, read_stations, select_times
from apnp.data.fill_elevation import fill_elevation
from apnp.data.select import select_region
from apnp.geometry.sphere import unit_vectors
from apnp.maps.grid import Grid
from apnp.maps.grid_choice import region_around
from apnp.maps.request import elevation_for
from apnp.network import place_area, place_network
from apnp.network.remembered_terrain import remembering
from apnp.observations import Sites

RANDOM_ORDERS = 3


def main() -> None:
    """Choose, add, predict the judges, print, and write the table."""
    args = _arguments()
    ds = fill_elevation(read_stations(args.stations))
    if args.region:
        ds = select_region(ds, args.region)
    if args.time:
        ds = ds.sel(time=select_times(ds, args.time))
    ds = ds.isel(station=np.isfinite(ds["tas"]).mean("time").values > 0.9)
    rng = np.random.default_rng(args.seed)
    if args.sample:
        few = rng.permutation(ds.sizes["station"])[: args.sample]
        ds = ds.isel(station=np.sort(few))
    model = apnp.load("pretrained")
    model = remembering(model, ds["lat"].values, ds["lon"].values)
    part = rng.choice(3, ds.sizes["station"], p=[0.2, 0.35, 0.45])
    judges, hidden, there = (np.flatnonzero(part == k) for k in range(3))
    half = ds.sizes["time"] // 2
    early, late = ds.isel(time=slice(0, half)), ds.isel(time=slice(half, None))
    numbers = [n for n in args.numbers if n <= len(hidden)]
    orders = _orders(model, early, there, hidden, max(numbers), args, rng)
    rows = []
    for name, order in orders:
        for number in [0, *numbers]:
            context = np.concatenate([there, hidden[np.array(order[:number], int)]])
            crps, rmse = _judged(model, late, context, judges, args.judged)
            rows.append({"order": name, "added": number, "crps": crps, "rmse": rmse})
    table = pd.DataFrame(rows).groupby(["order", "added"], sort=False).mean()
    table = table.reset_index().pivot(index="added", columns="order", values="crps")
    print(
        f"{len(there)} stations there, {len(hidden)} candidates, {len(judges)} judges; "
        f"CRPS (K) of the judges on {args.judged} days that no choice saw"
    )
    print(table.to_string(float_format="%.4f"))
    if args.output:
        table.to_csv(args.output, float_format="%.5g")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stations", nargs="+")
    parser.add_argument("--time")
    parser.add_argument("--region", type=region)
    parser.add_argument("--numbers", type=int, nargs="+", default=[5, 10, 20, 40])
    parser.add_argument("--days", type=int, default=6)
    parser.add_argument("--judged", type=int, default=20)
    parser.add_argument("--sample", type=int, help="stations to take, at random")
    parser.add_argument("--grid", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output")
    return parser.parse_args()


def _orders(model, ds, there, hidden, number, args, rng) -> Iterable[tuple[str, list]]:
    """Names and orders of the candidates, as places in `hidden`."""
    known = ds.isel(station=there)
    lat, lon = ds["lat"].values[hidden], ds["lon"].values[hidden]
    elevation = ds["elevation"].values[hidden]
    box = region_around(ds["lat"].values, ds["lon"].values, args.grid)
    targets = place_area.land_targets(Grid.regular(args.grid, box), elevation_for(ds))
    candidates = place_area.Candidates(lat, lon, elevation, np.arange(len(lat)))
    days = place_network.days_of(model, known, targets, args.days, candidates)
    uncertain = _most_uncertain(days, candidates)
    found = place_network.placed(days, candidates, number, 0.0, progress=True)
    print(found.told())
    yield "apnp place", found.chosen.index
    yield "most uncertain", uncertain
    yield "space filling", _farthest(ds, there, hidden, number)
    for _ in range(RANDOM_ORDERS):
        yield "random", rng.permutation(len(hidden)).tolist()


def _most_uncertain(days, candidates) -> list[int]:
    """Candidates by the model's standard deviation at them, largest first."""
    std = np.zeros(len(candidates))
    for day in days:
        sites = Sites(
            candidates.lat, candidates.lon, candidates.elevation,
            day.context.sites.time,
        )  # fmt: skip
        std += day.model.condition(day.context).predict(sites)[1]
    return np.argsort(-std, kind="stable").tolist()


def _farthest(ds, there, hidden, number) -> list[int]:
    """Candidates each the farthest from all stations and those chosen before."""
    unit = unit_vectors(ds["lat"].values, ds["lon"].values)
    distance = cKDTree(unit[there]).query(unit[hidden])[0]
    chosen: list[int] = []
    for _ in range(number):
        chosen.append(int(distance.argmax()))
        new = np.linalg.norm(unit[hidden] - unit[hidden[chosen[-1]]], axis=-1)
        distance = np.minimum(distance, new)
    return chosen


def _judged(model, ds, context, judges, days) -> tuple[float, float]:
    """CRPS and RMSE at the judges, mean of some days."""
    rows = np.unique(np.linspace(0, ds.sizes["time"] - 1, days).round().astype(int))
    crps, squares = [], []
    for row in rows:
        time = ds["time"].values[row]
        seen = observations_at(ds.isel(station=context), time)
        asked = observations_at(ds.isel(station=judges), time)
        found = model.condition(seen).marginals(asked.sites)
        crps.append(found.score(asked.value).crps.mean())
        squares.append(np.mean((found.mean - asked.value) ** 2))
    return float(np.mean(crps)), float(np.sqrt(np.mean(squares)))


if __name__ == "__main__":
    main()
