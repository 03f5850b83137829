"""Quality control: which values and stations are kept, and a sentence for the rest."""

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from apnp.data.positions import counted, note_minutes, screen_positions, some, spans
from apnp.data.readings import Readings
from apnp.data.repeated import often_repeated
from apnp.data.schema import ELEVATION_RANGE, FAILED_CHECK, GOOD, OUT_OF_RANGE
from apnp.data.units import canonical_units, guess_units, to_degc
from apnp.errors import DataError
from apnp.geometry.sphere import (
    great_circle_km,
    km_to_chord,
    nearest_chord,
    unit_vectors,
    wrap_longitude,
)
from apnp.variables import Variable

SAME_PLACE_KM = 0.1  # stations nearer than this are one
MOVED_KM = 10.0  # an id seen further apart than this is more than one station
MOST_PLACES = 10  # an id seen at more places than this is a ship or a buoy
MOVED_M = 100.0  # so does a place that differs by more than this in height
FAR_OUTSIDE_K = 20.0  # a repeated value farther than this from all others is a code
FEWEST_CODES = 3  # how often a code for missing values occurs at least
REFUSED_SHARE = 0.01  # more impossible values than this are no accident

MISSING_CODES = (-9999.9, -9999, -999.9, -999, 999.9, 9999, 9999.9, 99999, -99999)


def screen_values(given: Readings, about: Variable) -> Readings:
    """Readings in degC with failed and impossible values marked (value NaN).

    Args:
        given: Readings in any units of temperature.
        about: The variable, whose plausible range holds.

    Raises:
        DataError: If more values are impossible than allowed (wrong units).
    """
    units = canonical_units(given.units, given.where)
    value = to_degc(given.value, units)
    flag = given.flag.copy()
    notes = list(given.notes)
    failed = (flag == FAILED_CHECK) & ~np.isnan(value)
    if failed.any():
        notes.append(_count(failed, "value", "with a failed quality flag dropped"))
    low, high = about.plausible
    outside = (flag == GOOD) & ~((value >= low) & (value <= high))
    n, n_checked = int(outside.sum()), int((flag == GOOD).sum())
    _refuse_code(given, about, value, outside)
    if n > REFUSED_SHARE * n_checked and (n >= 10 or n > 0.2 * n_checked):
        _refuse_mixture(given, about, units, outside)
        _refuse_units(given, about, units, n / n_checked)
    if n:
        flag[outside] = OUT_OF_RANGE
        notes.append(
            _count(outside, "value", f"outside [{low:g}, {high:g}] degC dropped")
        )
    notes += _repeated(given, about, value, flag == GOOD)
    value = np.where(flag == GOOD, value, np.nan)
    return replace(given, value=value, flag=flag, units=about.units, notes=tuple(notes))


def _refuse_code(
    given: Readings, about: Variable, value: NDArray, outside: NDArray
) -> None:
    """Refuse a repeated value far outside the rest: a code for a missing value.

    Args:
        given: Readings in any units.
        about: The variable.
        value: Their values in degC.
        outside: Where these are impossible.

    Raises:
        DataError: Naming the value, and how to declare it missing.
    """
    good = given.flag == GOOD
    raw, count = np.unique(given.value[good], return_counts=True)
    if raw.size < 3:
        return
    degc = np.unique(value[good])
    middle = np.repeat(degc, count)
    spread = float(np.ptp(np.quantile(middle, [0.02, 0.98])))
    far = max(FAR_OUTSIDE_K, spread / 2)
    n_outside = int(outside.sum())
    for end, beside in ((0, 1), (-1, -2)):
        n = int(count[end])
        gap = abs(float(degc[end] - degc[beside]))
        impossible = not about.plausible[0] <= degc[end] <= about.plausible[1]
        if impossible:
            told = n >= 0.8 * n_outside and n > REFUSED_SHARE * len(given) and n >= 10
        else:
            told = gap >= far
        if n >= FEWEST_CODES and told:
            rest = np.delete(raw, end)
            raise DataError(
                f"{given.where}: the value {raw[end]:g} of {about.name} occurs {n:,} "
                f"times, far outside the rest ({rest.min():g} to {rest.max():g}): it "
                f"is probably a code for missing values. If so, say --missing "
                f"{raw[end]:g}; if not, check the column and its units (--units)."
            )


def _repeated(
    given: Readings, about: Variable, value: NDArray, good: NDArray
) -> list[str]:
    """A warning where one possible value is repeated like a code for missing values."""
    found = often_repeated(given.value[good], value[good])
    if found is None:
        return []
    code, n, beside = found
    return [
        f"WARNING: {given.where}: the value {code:g} of {about.name} occurs {n:,} "
        f"times, and no other value within 5 K more than {beside:,} times: it may be a "
        f"code for missing values (--missing {code:g}), and is kept"
    ]


def _refuse_mixture(
    given: Readings, about: Variable, units: str, outside: NDArray
) -> None:
    """Refuse impossible values that all belong to some of the stations, the fewer.

    Raises:
        DataError: Naming those stations, and units in which they would be possible.
    """
    names, ids = pd.factorize(given.sites["station"].astype(str))
    good = given.flag == GOOD
    n = np.bincount(names[given.site[good]], minlength=len(ids))
    bad = np.bincount(names[given.site[outside]], minlength=len(ids))
    theirs = bad > 0.2 * np.maximum(n, 1)
    few = bad.sum() < FEWEST_CODES * theirs.sum()
    most = 2 * theirs.sum() > (n > 0).sum()  # it is rather the file's units then
    if few or most or not theirs.any() or bad[~theirs].sum() > 0.01 * n.sum():
        return
    raw = given.value[good & theirs[names[given.site]]]
    guess = guess_units(raw, about)
    looks = f"look like {' or '.join(guess)}" if guess else "fit no known units"
    raise DataError(
        f"{given.where}: {counted(int(theirs.sum()), 'station')} of "
        f"{int((n > 0).sum()):,} ({some(ids[theirs])}) have values of {about.name} "
        f"from {raw.min():g} to {raw.max():g} that cannot be {units}, and {looks}; the "
        "other stations' can. Give stations in other units in a file of their own, "
        "with --units, or state the units of each row in a column `units`."
    )


def _refuse_units(given: Readings, about: Variable, units: str, share: float) -> None:
    raw = given.value[(given.flag == GOOD)]
    guess = guess_units(raw, about)
    looks = (
        f"values look like {' or '.join(guess)}. If so, say --units "
        f'{about.name}="{guess[0]}"'
        if guess
        else "no known units fit. Check the column, or name units with --units"
    )
    raise DataError(
        f"{given.where}: {share:.1%} of the values of {about.name}, read as {units}, "
        f"lie outside [{about.plausible[0]:g}, {about.plausible[1]:g}] {about.units} "
        f"(they run from {raw.min():g} to {raw.max():g}). The units are probably "
        f"wrong: {looks}."
    )


def screen_sites(
    sites: pd.DataFrame, n_readings: NDArray
) -> tuple[NDArray[np.intp], pd.DataFrame, list[str]]:
    """Which station each site belongs to, the stations, and what was done.

    Sites at impossible positions are dropped. Sites of one id within `MOVED_KM` are
    one station; further apart they are several stations (the site was moved), or, at
    more than `MOST_PLACES` places, a ship or buoy, which is dropped. Stations within
    `SAME_PLACE_KM` of each other are merged. A merged station takes id and position of
    the site with most readings, and the first elevation that is known.

    Args:
        sites: As in `Readings`.
        n_readings: Number of readings of each site.

    Returns:
        The station (row of the table) of each site, -1 if dropped; the stations; notes.

    Raises:
        DataError: If no site is at a possible position.
    """
    sites = sites.assign(station=sites["station"].astype(str))
    notes: list[str] = []
    valid = screen_positions(sites, notes)
    if not valid.any():
        raise DataError(
            f"No station is left: {'; '.join(notes) or 'there is none'}.{spans(sites)}"
        )
    note_minutes(sites, notes)
    sites = sites.assign(lon=wrap_longitude(sites["lon"].where(valid, 0.0)))
    sites["elevation"] = _known_elevation(sites["elevation"])
    _screen_heights(sites, notes)
    label, sites = _places_of_each_id(sites, valid, notes)
    if (label < 0).all():
        raise DataError(f"No station is left: {'; '.join(notes)}.")
    _note_heights(sites, label, notes)
    order = np.lexsort((np.arange(len(sites)), -n_readings))
    order = order[label[order] >= 0]
    stations = _first_of_each(sites.iloc[order], label[order])
    merged = _merge_near(stations, notes)
    label = np.where(label >= 0, merged[np.maximum(label, 0)], -1)
    stations = _first_of_each(sites.iloc[order], label[order])
    unknown = stations["elevation"].isna().to_numpy()
    if unknown.any():
        notes.append(_count(unknown, "station", "of unknown elevation kept without it"))
    return label, stations, notes


def _known_elevation(elevation: pd.Series) -> NDArray[np.float64]:
    value = pd.to_numeric(elevation, errors="coerce").to_numpy(np.float64, copy=True)
    low, high = ELEVATION_RANGE
    value[~((value >= low) & (value <= high))] = np.nan
    return value


def _screen_heights(sites: pd.DataFrame, notes: list[str]) -> None:
    """Make unknown a height like -99 far below all others; note suspicious ones."""
    each = sites.drop_duplicates("station")["elevation"].dropna()
    values = np.unique(each)
    if values.size > 1 and _like_code(values[0]) and values[1] - values[0] > MOVED_M:
        code = values[0]
        ids = sites["station"][sites["elevation"] == code].unique()
        sites.loc[sites["elevation"] == code, "elevation"] = np.nan
        notes.append(
            f"elevation {code:g} at {counted(len(ids), 'station')} ({some(ids)}) "
            "taken for a code for unknown, being far below all others "
            f"(--missing {code:g})"
        )
    if values.size == 1 and len(each) > 2 and 0 < values[0] <= 10:
        notes.append(
            f"all {len(each)} stations are at {values[0]:g} m: if that is the height "
            "of the thermometer, their elevations are unknown (--missing "
            f"{values[0]:g})"
        )


def _like_code(value: float) -> bool:
    """Whether a height below the sea is written like a code: -99, -99.9, -88.

    >>> _like_code(-99.0), _like_code(-99.9), _like_code(-98.0), _like_code(-9.0)
    (True, True, False, False)
    """
    digits = f"{value:g}".replace(".", "")
    return value < -50 and digits[0] == "-" and len(set(digits[1:])) == 1


def _note_heights(sites: pd.DataFrame, label: NDArray, notes: list[str]) -> None:
    """Note stations whose elevation differs much between their readings."""
    kept = label >= 0
    by = sites["elevation"][kept].groupby(label[kept])
    wide = (by.max() - by.min()) > MOVED_M
    if wide.any():
        first = sites["station"][kept].groupby(label[kept]).first()
        notes.append(
            f"{counted(int(wide.sum()), 'station')} with elevations that differ by "
            f"more than {MOVED_M:g} m at one place: that of most readings is used "
            f"({some(first[wide])})"
        )


def _places_of_each_id(
    sites: pd.DataFrame, valid: NDArray, notes: list[str]
) -> tuple[NDArray[np.intp], pd.DataFrame]:
    """A label for each site: sites of one id at one place share it; -1 is dropped."""
    label = np.where(valid, pd.factorize(sites["station"])[0], -1)
    lat, lon = sites["lat"].to_numpy(), sites["lon"].to_numpy()
    names = sites["station"].to_numpy(object, copy=True)
    rank = pd.Series(np.arange(len(sites))).where(valid)
    first = np.where(valid, rank.groupby(label).transform("min"), 0).astype(np.intp)
    height = sites["elevation"].to_numpy(np.float64)
    far = valid & _elsewhere(
        great_circle_km(lat, lon, lat[first], lon[first]), height - height[first]
    )
    moved: list[str] = []
    ships: list[str] = []
    n_labels = int(label.max(initial=-1)) + 1
    for same in np.unique(label[far]):
        rows = np.flatnonzero(label == same)
        place = _places(lat[rows], lon[rows], height[rows])
        if place.max() >= MOST_PLACES:
            ships.append(names[rows[0]])
            label[rows] = -1
            continue
        moved.append(names[rows[0]])
        for k in range(1, place.max() + 1):
            label[rows[place == k]] = n_labels
            names[rows[place == k]] = f"{names[rows[0]]}#{k + 1}"
            n_labels += 1
    if ships:
        notes.append(
            f"{counted(len(ships), 'moving platform')} dropped ({some(ships)})"
        )
    if moved:
        notes.append(
            f"{counted(len(moved), 'id')} seen at places more than {MOVED_KM:g} km, or "
            f"{MOVED_M:g} m in height, apart split into one station a place "
            f"({some(moved)})"
        )
    return _compact(label), sites.assign(station=names)


def _elsewhere(km: NDArray, metres: NDArray) -> NDArray[np.bool_]:
    """Whether a site is another place: far off, or moved and much higher or lower."""
    return (km > MOVED_KM) | ((km > SAME_PLACE_KM) & (np.abs(metres) > MOVED_M))


def _places(lat: NDArray, lon: NDArray, height: NDArray) -> NDArray[np.intp]:
    """Numbers of places: each the sites that are not elsewhere than its first one."""
    place = np.full(lat.shape, -1, dtype=np.intp)
    for k in range(MOST_PLACES + 1):
        left = np.flatnonzero(place < 0)
        if left.size == 0:
            break
        km = great_circle_km(lat[left], lon[left], lat[left[0]], lon[left[0]])
        away = _elsewhere(km, height[left] - height[left[0]])
        place[left[~away]] = k
    return np.where(place < 0, MOST_PLACES, place)


def _compact(label: NDArray) -> NDArray[np.intp]:
    """Labels 0, 1, ... in order of first appearance; -1 stays."""
    out = np.full(label.shape, -1, dtype=np.intp)
    out[label >= 0] = pd.factorize(label[label >= 0])[0]
    return out


def _first_of_each(sites: pd.DataFrame, label: NDArray) -> pd.DataFrame:
    """One row a label, in label order: the first site's, first known elevation."""
    by = sites.groupby(label, sort=True)
    rows = by.head(1).set_index(np.asarray(pd.unique(label))).sort_index()
    return rows.assign(elevation=by["elevation"].first())


def _merge_near(stations: pd.DataFrame, notes: list[str]) -> NDArray[np.intp]:
    """A label for each station: those within `SAME_PLACE_KM` share it."""
    unit, n = unit_vectors(stations["lat"], stations["lon"]), len(stations)
    chord = float(km_to_chord(SAME_PLACE_KM))
    if n < 2 or nearest_chord(unit).min() > 2 * chord:
        return np.arange(n)
    from scipy.sparse import coo_array  # slow to load, and seldom needed
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    pairs = cKDTree(unit).query_pairs(chord, output_type="ndarray")
    if pairs.size == 0:
        return np.arange(n)
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    label = connected_components(graph, directed=False)[1]
    together = pd.Series(label).duplicated(keep=False).to_numpy()
    ids = stations["station"].to_numpy()[together]
    notes.append(
        f"{counted(len(ids), 'station')} at "
        f"{counted(len(np.unique(label[together])), 'place')} merged: "
        f"less than {SAME_PLACE_KM * 1000:g} m apart ({some(ids)})"
    )
    return _compact(label)


def _count(which: NDArray, noun: str, text: str) -> str:
    return f"{counted(int(which.sum()), noun)} {text}"
