"""The study of a reanalysis: patches of temperature (Ashman 2024, section 5.3)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from apnp.data.gridded.reanalysis import read_reanalysis
from apnp.errors import ConfigError
from apnp.experiments.entries import Entry
from apnp.experiments.patches.figures import (
    PatchTask,
    draw_learning,
    draw_patches,
    predict_patch,
)
from apnp.experiments.patches.models import UNCONSTRAINED, Patch
from apnp.experiments.patches.patch_tasks import PatchSampling, PatchTasks
from apnp.experiments.patches.reanalysis_tasks import Grid, reanalysis_tasks, represent
from apnp.experiments.study import TEST_SEED, Experiment, Study, file_name
from apnp.geometry.coastline import is_land
from apnp.geometry.sphere import EARTH_RADIUS_KM
from apnp.inputs.coordinates import CoordinateInputs
from apnp.inputs.gridded_covariates import KM_PER_UNIT
from apnp.maps.elevation import Relief
from apnp.plotting.breaking import mean_and_breaking

Region = tuple[float, float, float, float]
"""West, south, east and north in degrees."""

EUROPE: Region = (10.0, 35.0, 45.0, 60.0)
CENTRAL_US: Region = (-120.0, 30.0, -80.0, 50.0)
_HEIGHTS_KM, _TIMES = (-1.0, 10.0), (-20.0, 20.0)
"""All heights of the ground and times of a year: fixed inputs end in space alone."""
_VALIDATION = 10
"""The last tenth of the training times is held out unless others are named."""
_SHOWN = 0.1
"""Share of a region's cells that are known in a map."""


def read_grid(
    paths: Sequence[str | PathLike[str]],
    *,
    relief: str | PathLike[str] | None = None,
    land: bool = False,
    every: int = 1,
) -> Grid:
    """Air temperature of NetCDF files on one grid of the Earth.

    Args:
        paths: ERA5-style files.
        relief: NetCDF of elevation or geopotential, to have heights of the cells.
        land: Whether cells over the sea are left out.
        every: Every n-th time is used.

    Raises:
        DataError: If a file cannot be read.
    """
    ds = read_reanalysis(paths).isel(time=slice(None, None, every))
    lat, lon = (ds[name].values for name in ("lat", "lon"))
    rows, columns = np.meshgrid(lat, lon, indexing="ij")
    sites = rows.ravel(), columns.ravel()
    shape = len(lat), len(lon)
    height = None
    if relief is not None:
        height = np.asarray(Relief.open(relief).at(*sites)).reshape(shape)
    grid = Grid(ds["time"].values, lat, lon, ds["tas"].values, height)
    if not land:
        return grid
    return grid.cut(land=is_land(*sites, "110m").reshape(shape))


@dataclass(frozen=True, eq=False)
class Split:
    """The parts of a reanalysis.

    Attributes:
        train: Where and when models are trained.
        validation: The same region at other times, to choose weights by.
        test: The same region at yet other times.
        out: Another region.
    """

    train: Grid
    validation: Grid
    test: Grid
    out: Grid

    @classmethod
    def cut(
        cls,
        here: Grid,
        there: Grid,
        regions: tuple[Region, Region],
        train: str,
        test: str,
        out: str,
        validation: str | None = None,
        least: int = 1,
    ) -> "Split":
        """The split of a grid, and of that which holds the other region.

        Args:
            here: Holds the region of training.
            there: Holds the other region.
            regions: The region of training, and the other.
            train: Times of training, `A/B` (both included) or one.
            test: Times of the test in that region.
            out: Times of the test in the other region.
            validation: Times to choose weights by; unless given, the last tenth of
                the times of training, which are then not trained on.
            least: Fewest of those times.

        Raises:
            ConfigError: If a part is empty, or times are used twice.
        """
        home = here.cut(regions[0])
        trained = home.cut(None, *_ends(train))
        if validation is None:
            n = max(least, len(trained.time) // _VALIDATION)
            if len(trained.time) < 2 * least:
                raise ConfigError(
                    f"--train-time is {2 * least} times or more, for the last are held "
                    f"out. Got {len(trained.time)} in {train}."
                )
            held, trained = _at(trained, slice(-n, None)), _at(trained, slice(-n))
        else:
            held = home.cut(None, *_ends(validation))
        tested = home.cut(None, *_ends(test))
        for name, other in {"--validation-time": held, "--test-time": tested}.items():
            if np.isin(other.time, trained.time).any():
                raise ConfigError(
                    f"--train-time and {name} share times: a time is used once. Got "
                    f"{train} and {validation if other is held else test}."
                )
        return cls(trained, held, tested, there.cut(regions[1], *_ends(out)))


class Environment(Experiment):
    """Patches of a reanalysis, in the region of training and in another one.

    In the other region absolute location is hidden, so that every model is its
    strictly equivariant component.

    Args:
        split: The parts of the reanalysis.
        law: How tasks are drawn, of two axes (lat, lon) or three (time, lat, lon).
        name: Names of the files.

    Raises:
        ConfigError: If patch and grid do not fit, or the other region is none.
    """

    norm, batch = 2, 16
    variable, units = "tas", "1"

    def __init__(self, split: Split, law: PatchSampling, name: str) -> None:
        self.split, self.law = split, law
        self.regimes = {
            "in": "In the region of training",
            "out": "In another region, without fixed inputs",
        }
        self.rivals = {"unconstrained": (UNCONSTRAINED, f"above {UNCONSTRAINED}")}
        self.station_inputs = represent(split.train, "plane")
        half = self.patch.cell / 2
        low = tuple(edge - half for edge in self.station_inputs.low)
        high = tuple(edge + half for edge in self.station_inputs.high)
        if self.patch.axes > 2:
            low += _HEIGHTS_KM[0], _TIMES[0]
            high += _HEIGHTS_KM[1], _TIMES[1]
        self.inputs = CoordinateInputs(low, high)
        known = f"{law.shape} cells of {name}, {law.least:g} to {law.most:g} known"
        self.what = f"{known}; {_described(split.train)}"
        self.judged_on = f"{_described(split.test)}; {_described(split.out)}"
        if self.tasks("out", 0).absolute:
            raise ConfigError(
                "The middle of --out-region lies in the region of training, where "
                f"absolute location is known: take another. {_described(split.out)}."
            )

    @property
    def patch(self) -> Patch:
        """What models must know of the grid."""
        step = np.radians(np.diff(self.split.train.lat).mean())
        cell = float(step) * EARTH_RADIUS_KM / KM_PER_UNIT
        axes = 2 if len(self.law.shape) == 2 else 4
        return Patch(max(self.law.shape[-2:]), cell, axes)

    def tasks(self, part: str, seed: int, dropout: float = 0.0) -> PatchTasks:
        """Tasks of "train", "validation", "in" or "out"."""
        parts = {
            "train": self.split.train, "validation": self.split.validation,
            "in": self.split.test, "out": self.split.out,
        }  # fmt: skip
        law = replace(self.law, dropout=dropout, seed=seed)
        return reanalysis_tasks(parts[part], self.station_inputs, law)

    def draw(
        self, study: Study, entries: Sequence[Entry], seed: int, table: pd.DataFrame
    ) -> None:
        """Write `learning.png`, and what every model makes of test data.

        `patch.png` shows a task of latitude and longitude, and `map-MODEL.png` the
        whole region of training for each model that breaks its symmetry.
        """
        if self.patch.axes == 2:
            draw_patches(study, entries, seed, self.tasks("in", TEST_SEED), 0)
        for entry in entries:
            if entry.model.form == "approximate":
                ds, context = self.mapped(study, entry, seed)
                path = study.folder / f"map-{file_name(entry)}.png"
                title = f"{entry.name}, {ds['time'].values.astype('M8[h]')}"
                mean_and_breaking(ds, path, stations=context, title=title)
        draw_learning(study, entries, seed)

    def mapped(
        self, study: Study, entry: Entry, seed: int
    ) -> tuple[xr.Dataset, xr.Dataset]:
        """A prediction for the whole region of training at one time, and its context.

        Temperature `tas` in degrees Celsius, `tas_stderr`, `tas_difference` (with fixed
        inputs minus without), and `elevation` if it is known, (lat, lon).
        """
        grid, steps = self.split.test, self.law.shape[:-2]
        whole = (*steps, len(grid.lat), len(grid.lon))
        law = replace(
            self.law, shape=whole, least=_SHOWN, most=_SHOWN, observed=1e-6,
            seed=TEST_SEED,
        )  # fmt: skip
        task = PatchTask(reanalysis_tasks(grid, self.station_inputs, law), 0)
        made = predict_patch(study, entry, seed, task)
        first = task.drawn.corner[0] if steps else task.drawn.record
        time, at = grid.time[first], ((0,) if steps else ())
        scale = self.station_inputs
        values = {
            "tas": scale.scaling.unscale(made.mean[at]),
            "tas_stderr": scale.scaling.unscale_std(made.std[at]),
            "tas_difference": scale.scaling.unscale_std((made.mean - made.without)[at]),
        }
        if grid.elevation is not None:
            values["elevation"] = grid.elevation
        ds = xr.Dataset(
            {k: (("lat", "lon"), v, {"units": "degC"}) for k, v in values.items()},
            {"lat": grid.lat, "lon": grid.lon, "time": time},
        )
        rows, columns = np.nonzero(np.isfinite(made.context[at]))
        places = {"lat": grid.lat[rows], "lon": grid.lon[columns]}
        return ds, xr.Dataset({k: ("station", v) for k, v in places.items()})


def _ends(times: str) -> tuple[str, str]:
    """First and last time of `A/B`, or of one."""
    first, _, last = times.partition("/")
    for time in filter(None, (first, last)):
        try:
            np.datetime64(time)
        except ValueError:
            raise ConfigError(
                f"Not a time: {time!r}. Write 2018, 2018-07-01 or a range A/B."
            ) from None
    return first, last or first


def _at(grid: Grid, kept: slice) -> Grid:
    return replace(grid, time=grid.time[kept], values=grid.values[kept])


def _described(grid: Grid) -> str:
    """Extent and mean of a grid, which tell it from others."""
    mean = np.nanmean(grid.values.astype(np.float64))
    return (
        f"{grid.lat.min():g} to {grid.lat.max():g} N, {grid.lon.min():g} to "
        f"{grid.lon.max():g} E, {len(grid.time)} times from "
        f"{grid.time[0].astype('M8[m]')} to {grid.time[-1].astype('M8[m]')} "
        f"(mean {mean:.6g})"
    )


def files(paths: Sequence[str | PathLike[str]]) -> str:
    """Names of files without their folders."""
    return ", ".join(Path(path).name for path in paths)
