"""Quality control of a network by a model: what is found, and how."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray
from tqdm import tqdm

from apnp.data.fill_elevation import fill_elevation
from apnp.errors import DataError
from apnp.network import faults
from apnp.network.leave_one_out import LEAST_STATIONS, LeaveOneOut
from apnp.network.screening import suspects
from apnp.observations import Floats
from apnp.prediction import TrainedModel

FAULTS = ("gross", "offset", "stuck", "swapped", "shifted_day", "wrong_units")
"""What a value may be found to be, in the order of the bits of its flag."""


@dataclass(frozen=True, eq=False)
class Checked:
    """What a check has found; nothing of the stations is changed.

    Arrays of values have dims (time, station).

    Attributes:
        stations: The station dataset.
        variable: The variable checked.
        mean: What the other stations predict.
        std: Standard deviation of that, corrected by the residuals of the whole file.
        z: Values less predictions and usual offsets, in standard deviations.
        offset: What each station usually lies above the prediction, (station,).
        flag: Bits, one for each of `FAULTS`.
        note: What is known of a station's faults, (station,).
    """

    stations: xr.Dataset
    variable: str
    mean: Floats
    std: Floats
    z: Floats
    offset: Floats
    flag: NDArray[np.int8]
    note: list[str]

    @property
    def value(self) -> Floats:
        """The values that were checked."""
        return values_of(self.stations, self.variable)

    def has(self, fault: str) -> NDArray[np.bool_]:
        """Where a fault was found, (time, station)."""
        return (self.flag & (1 << FAULTS.index(fault))) > 0

    def table(self) -> pd.DataFrame:
        """One row for each flagged value, the worst first.

        Columns station, time, lat, lon, elevation, value, expected, stderr, z, faults
        (names, separated by spaces) and note.
        """
        rows, columns = np.nonzero(self.flag)
        ds = self.stations
        found = pd.DataFrame(
            {
                "station": ds["station"].values[columns],
                "time": ds["time"].values[rows],
                **{
                    name: ds[name].values[columns]
                    for name in ("lat", "lon", "elevation")
                },
                "value": self.value[rows, columns],
                "expected": self.mean[rows, columns],
                "stderr": self.std[rows, columns],
                "z": self.z[rows, columns],
                "faults": [named(flag) for flag in self.flag[rows, columns]],
                "note": [self.note[column] for column in columns],
            }
        )
        order = np.argsort(-np.abs(found["z"].fillna(0.0)), kind="stable")
        return found.iloc[order].reset_index(drop=True)

    def per_station(self) -> pd.DataFrame:
        """One row for each station with a flagged value, most flagged share first.

        Columns station, lat, lon, elevation, values, flagged, share, usual_offset, one
        for each fault with its number of values, and note.
        """
        ds, known = self.stations, np.isfinite(self.value)
        flagged = (self.flag > 0).sum(0)
        found = pd.DataFrame(
            {
                "station": ds["station"].values,
                **{name: ds[name].values for name in ("lat", "lon", "elevation")},
                "values": known.sum(0),
                "flagged": flagged,
                "share": flagged / np.maximum(known.sum(0), 1),
                "usual_offset": self.offset,
                **{fault: self.has(fault).sum(0) for fault in FAULTS},
                "note": self.note,
            }
        )
        found = found[found["flagged"] > 0]
        return found.sort_values(
            ["share", "flagged"], ascending=False, kind="stable", ignore_index=True
        )


def named(flag: int) -> str:
    """The faults of a flag, separated by spaces.

    >>> named(5)
    'gross stuck'
    """
    return " ".join(name for bit, name in enumerate(FAULTS) if flag & (1 << bit))


def values_of(stations: xr.Dataset, variable: str) -> Floats:
    """The values of a station dataset, (time, station)."""
    return stations[variable].transpose("time", "station").values.astype(np.float64)


_ROUNDS = 2
"""Times that days are predicted: again without the values that are found bad."""


def check_stations(
    model: TrainedModel,
    stations: xr.Dataset,
    *,
    limit: float = faults.GROSS,
    progress: bool = False,
) -> Checked:
    """Check every value of a station dataset against what the others predict.

    Values far from their neighbours' median are left out of what others are predicted
    from, and in a second round all that the first has flagged, so that an error does
    not make its neighbours look wrong.

    Args:
        model: The model.
        stations: The stations; unknown elevations become those of the terrain.
        limit: Standard deviations from which a value is a gross error.
        progress: Whether to show rate and time left on standard error.

    Raises:
        DataError: If there are too few stations, or a time has no gridded covariate.
    """
    ds = fill_elevation(stations)
    value = values_of(ds, model.variable)
    check_number(ds)
    model.check_days(ds["time"].values)
    others = LeaveOneOut.of(model, ds)
    places = (others.lat, others.lon, others.elevation)
    bad = suspects(value, *places)
    mean, std = np.full((2, *value.shape), np.nan)
    days: NDArray[np.bool_] = np.ones(len(value), dtype=bool)
    for _ in range(_ROUNDS):
        _predict(others, ds["time"].values, value, bad, days, (mean, std), progress)
        found = faults.Residuals.of(value, mean, std)
        flag, note = _judged(found, limit)
        days = np.asarray(((flag > 0) & ~bad).any(1))
        bad |= flag > 0
    return Checked(
        ds, model.variable, mean, found.std, found.z, found.offset, flag,
        _with_partners(note, ds["station"].values),
    )  # fmt: skip


def check_number(ds: xr.Dataset) -> None:
    """Refuse a network too small to predict a station from the others.

    Raises:
        DataError: Naming the number of stations.
    """
    if ds.sizes["station"] <= LEAST_STATIONS:
        raise DataError(
            f"{ds.sizes['station']} stations: each is predicted from the others, which "
            f"takes more than {LEAST_STATIONS}. Give the files of more stations "
            "together."
        )


def _predict(
    others: LeaveOneOut,
    times: NDArray[np.datetime64],
    value: Floats,
    bad: NDArray[np.bool_],
    days: NDArray[np.bool_],
    into: tuple[Floats, Floats],
    progress: bool,
) -> None:
    """Predict the values of some days from the others that are not bad."""
    rows = np.flatnonzero(days)
    for row in tqdm(rows, "check", unit="day", mininterval=1, disable=not progress):
        known = np.isfinite(value[row])
        into[0][row], into[1][row] = others.day(
            value[row], times[row], ~bad[row], known
        )


def _judged(
    found: faults.Residuals, limit: float
) -> tuple[NDArray[np.int8], list[tuple[int, str]]]:
    """The flags, and of each station its partner (-1: none) and its units."""
    gross = faults.gross_errors(found.z, limit)
    exchanged, other = faults.swapped(found)
    units, what = faults.wrong_units(found, gross)
    masks = (
        gross, faults.persistent_offsets(found), faults.stuck(found.value), exchanged,
        faults.shifted_days(found), units,
    )  # fmt: skip
    flag = sum(mask.astype(np.int8) << bit for bit, mask in enumerate(masks))
    return np.asarray(flag, dtype=np.int8), list(zip(other.tolist(), what, strict=True))


def _with_partners(found: list[tuple[int, str]], ids: NDArray) -> list[str]:
    """Notes for people on stations."""
    notes = []
    for other, units in found:
        parts = [f"swapped with {ids[other]}"] if other >= 0 else []
        notes.append("; ".join(parts + ([units] if units else [])))
    return notes
