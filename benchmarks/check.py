"""Errors planted in real data: how many `apnp check`, and other tests, find.

    python benchmarks/check.py STATIONS... [--time A/B] [--region W,S,E,N]

The values of the files count as good: what is truly wrong among them counts as a false
alarm. Beside `apnp check` stand a buddy check (as in titanlib: values against the mean
of the neighbours at one height, in their standard deviations) and the spatial
regression test (Hubbard et al. 2005), both on the same planted data, with the
threshold that flags 1 % of the good values.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from scipy.spatial import cKDTree

import apnp
from apnp.cli.parser import region
from apnp.data import read_stations, select_times
from apnp.data.fill_elevation import LAPSE_RATE_K_PER_M, fill_elevation
from apnp.data.select import select_region
from apnp.geometry.sphere import km_to_chord, unit_vectors
from apnp.network.check import FAULTS, check_stations, values_of
from apnp.network.neighbour_regression import NeighbourRegression
from apnp.network.screening import median

GROSS_SHARE = 0.005
GROSS_SIZE = (6.0, 12.0)
SPELL = 60
STATION_SHARE = 0.02
FALSE_ALARMS = 0.01


@dataclass
class Planted:
    """Values with errors, and which errors they are, (time, station)."""

    value: np.ndarray
    kind: np.ndarray


def plant(value: np.ndarray, std: np.ndarray, rng: np.random.Generator) -> Planted:
    """Single gross errors of 6 to 12 of the model's standard deviations, and spells."""
    made = Planted(value.copy(), np.full(value.shape, "", dtype=object))
    known = np.isfinite(value) & np.isfinite(std)
    _plant_spells(made, rng)
    free = np.argwhere(known & (made.kind == ""))
    chosen = free[rng.random(len(free)) < GROSS_SHARE]
    size = rng.uniform(*GROSS_SIZE, len(chosen)) * rng.choice([-1, 1], len(chosen))
    at = tuple(chosen.T)
    made.value[at] += size * std[at]
    made.kind[at] = "gross"
    return made


def _plant_spells(made: Planted, rng: np.random.Generator) -> None:
    """Spells of every persistent fault at a few stations each."""
    nt, n = made.value.shape
    number = max(int(STATION_SHARE * n), 2)
    stations = rng.permutation(n)
    faults: list[tuple[str, Callable[[np.ndarray], np.ndarray]]] = [
        ("offset", lambda v: v + rng.choice([-1, 1]) * rng.uniform(4, 6)),
        ("stuck", lambda v: np.where(np.isfinite(v), v[np.isfinite(v)][0], np.nan)),
        ("shifted_day", lambda v: np.roll(v, rng.choice([-1, 1]))),
        ("wrong_units", lambda v: v * 1.8 + 32),
        ("wrong_units", lambda v: v / 10),
    ]
    taken = 0
    for kind, spoil in faults:
        for station in stations[taken : taken + number]:
            length = SPELL if kind != "stuck" else 15
            start = int(rng.integers(0, max(nt - length, 1)))
            rows = slice(start, start + length)
            if np.isfinite(made.value[rows, station]).any():
                made.value[rows, station] = spoil(made.value[rows, station])
                made.kind[rows, station] = kind
        taken += number
    for one, two in stations[taken : taken + number // 2 * 2].reshape(-1, 2):
        start = int(rng.integers(0, max(nt - SPELL, 1)))
        rows = slice(start, start + SPELL)
        made.value[rows, [one, two]] = made.value[rows, [two, one]]
        made.kind[rows, [one, two]] = "swapped"
    made.kind[~np.isfinite(made.value)] = ""


def buddy_check(value: np.ndarray, ds: xr.Dataset, radius_km: float = 150.0):
    """Distance from the mean of at least 5 neighbours, in their standard deviations."""
    unit = unit_vectors(ds["lat"].values, ds["lon"].values)
    near = cKDTree(unit).query_ball_point(unit, float(km_to_chord(radius_km)))
    score = np.zeros(value.shape)
    for station, others in enumerate(near):
        others = [other for other in others if other != station]
        higher = ds["elevation"].values[station] - ds["elevation"].values[others]
        there = value[:, others] - LAPSE_RATE_K_PER_M * higher
        known = np.isfinite(there)
        count = np.maximum(known.sum(1), 1)
        mean = np.where(known, there, 0.0).sum(1) / count
        squares = np.where(known, (there - mean[:, None]) ** 2, 0.0).sum(1) / count
        away = np.abs(value[:, station] - mean) / np.maximum(np.sqrt(squares), 1.0)
        score[:, station] = np.where(count >= 5, np.nan_to_num(away), 0.0)
    return score


def regression_test(value: np.ndarray, ds: xr.Dataset):
    """Distance from the weighted regression, in its standard errors."""
    mean, std = NeighbourRegression().estimate(
        value, ds["lat"].values, ds["lon"].values
    )
    return np.nan_to_num(np.abs(value - mean) / std)


def rows_of(name: str, flagged: np.ndarray, planted: Planted, named=None) -> list[dict]:
    """Recall by kind, share of the good values flagged, and precision."""
    known = np.isfinite(planted.value)
    bad = (planted.kind != "") & known
    good = known & ~bad
    rows = []
    for kind in ("gross", *FAULTS[1:]):
        here = known & (planted.kind == kind)
        rows.append(
            {
                "test": name, "kind": kind, "planted": int(here.sum()),
                "found": flagged[here].mean() if here.any() else np.nan,
                "named": named[kind][here].mean()
                if named is not None and here.any() else np.nan,
            }
        )  # fmt: skip
    found = int((flagged & bad).sum())
    rows.append(
        {
            "test": name, "kind": "all", "planted": int(bad.sum()),
            "found": flagged[bad].mean(), "false_alarms": flagged[good].mean(),
            "precision": found / max(int((flagged & known).sum()), 1),
        }
    )  # fmt: skip
    return rows


def at_false_alarms(score: np.ndarray, planted: Planted) -> np.ndarray:
    """What is flagged by the threshold that flags 1 % of the good values."""
    good = np.isfinite(planted.value) & (planted.kind == "")
    return score > np.quantile(score[good], 1 - FALSE_ALARMS)


def main() -> None:
    """Plant, check, count, print, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stations", nargs="+")
    parser.add_argument("--time")
    parser.add_argument("--region", type=region)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output")
    args = parser.parse_args()
    ds = fill_elevation(read_stations(args.stations))
    if args.region:
        ds = select_region(ds, args.region)
    if args.time:
        ds = ds.sel(time=select_times(ds, args.time))
    model = apnp.load("pretrained")
    clean = check_stations(model, ds, progress=True)
    value = values_of(ds, "tas")
    planted = plant(value, clean.std, np.random.default_rng(args.seed))
    low, high = -90.0, 60.0
    planted.value = np.clip(planted.value, low, high)
    dirty = ds.assign(tas=ds["tas"].copy(data=planted.value.T.astype(np.float32)))
    checked = check_stations(model, dirty, progress=True)
    named = {kind: checked.has(kind) for kind in FAULTS}
    z = np.nan_to_num(np.abs(checked.z))
    rows = [
        *rows_of("apnp check", checked.flag > 0, planted, named),
        *rows_of("apnp check, gross alone", named["gross"], planted, named),
        *rows_of("apnp check, |z| at 1 %", at_false_alarms(z, planted), planted),
    ]
    for name, score in (
        ("buddy check at 1 %", buddy_check(planted.value, ds)),
        ("spatial regression test at 1 %", regression_test(planted.value, ds)),
    ):
        rows += rows_of(name, at_false_alarms(score, planted), planted)
    table = pd.DataFrame(rows)
    spread = float(median(np.abs(value - clean.mean).ravel()))
    print(
        f"{ds.sizes['station']} stations, {ds.sizes['time']} days, seed {args.seed}; "
        f"median standard deviation {np.nanmedian(clean.std):.2f} K, median absolute "
        f"residual {spread:.2f} K; values of the file flagged before planting "
        f"{(clean.flag > 0)[np.isfinite(value)].mean():.2%}"
    )
    print(table.to_string(index=False, float_format="%.3f", na_rep="-"))
    if args.output:
        table.to_csv(Path(args.output), index=False, float_format="%.4g")


if __name__ == "__main__":
    main()
