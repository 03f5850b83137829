"""Many smoke plumes on disk: simulated in any number of sittings, then one CF file."""

import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from multiprocessing import get_context, parent_process
from os import PathLike
from pathlib import Path
from threading import Thread
from time import monotonic
from zipfile import BadZipFile

import netCDF4
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from apnp import __version__
from apnp.errors import DataError
from apnp.experiments.patches.smoke_box import NotConverged, Plume, SmokeBox, phiflow
from apnp.files import atomic_write

_ABOUT = {
    "run": ("i4", "number of the run, which with the seed determines it"),
    "source_x": ("f8", "horizontal place of the source, in cells"),
    "source_radius": ("f8", "radius of the source, in cells"),
    "buoyancy": ("f8", "upward acceleration of a unit of smoke"),
}


def simulate_smoke(
    output: str | PathLike[str],
    *,
    runs: int,
    seed: int = 0,
    workers: int = 1,
    box: SmokeBox | None = None,
    report: Callable[[str], None] = print,
) -> list[str]:
    """Simulate runs 0, 1, ... and gather them in one file.

    Each run is written to a folder `<output>.runs` as it is done, whole or not at all.
    An interrupted command resumes, and one that asks for more
    runs makes only those that are new.

    Args:
        output: The NetCDF file to make.
        runs: Number of runs, at least 1.
        seed: With a run's number it determines the run.
        workers: Processes that simulate at a time.
        box: Where the plumes rise.
        report: Told of progress, a line at a time.

    Returns:
        For each run that did not converge, its number and why; it is in no file.

    Raises:
        ConfigError: If PhiFlow is not installed.
        DataError: If the folder holds runs of another seed or box, or a part is
            damaged, or no run converged.
    """
    phiflow()
    box = box or SmokeBox()
    folder = _folder(Path(output), seed, box)
    left = [i for i in range(runs) if not _part(folder, i).exists()]
    if len(left) < runs:
        report(f"{runs - len(left)} of {runs} runs are there already")
    begun = monotonic()
    for done, _ in enumerate(_simulated(folder, left, seed, box, workers), 1):
        pace = (monotonic() - begun) / done
        report(
            f"{runs - len(left) + done} of {runs} runs, {pace:.1f} s a run, "
            f"{pace * (len(left) - done) / 60:.0f} min left"
        )
    return _gather(Path(output), folder, runs, seed, box)


def _part(folder: Path, index: int) -> Path:
    return folder / f"{index:06d}.npz"


def _folder(output: Path, seed: int, box: SmokeBox) -> Path:
    """The folder of single runs, which says what they are runs of."""
    folder = output.with_name(f"{output.name}.runs")
    about = {"seed": seed, "box": json.loads(json.dumps(asdict(box)))}
    path = folder / "settings.json"
    folder.mkdir(exist_ok=True)
    if not path.exists():
        with atomic_write(path) as temporary:
            temporary.write_text(json.dumps(about))
    found = json.loads(path.read_text())
    if found != about:
        raise DataError(
            f"{folder} holds runs of {found}, and {about} is requested. Remove that "
            "folder, or give another output."
        )
    return folder


def _simulated(
    folder: Path, left: list[int], seed: int, box: SmokeBox, workers: int
) -> Iterator[None]:
    """Each time a run is done, in this process or in several."""
    if workers == 1 or len(left) < 2:
        for index in left:
            write_run(folder, index, seed, box)
            yield
        return
    with ProcessPoolExecutor(workers, get_context("spawn"), _end_together) as pool:
        started = [pool.submit(write_run, folder, i, seed, box) for i in left]
        try:
            for future in as_completed(started):
                future.result()
                yield
        finally:
            pool.shutdown(cancel_futures=True)


def _end_together() -> None:
    """End this process with the one that started it, even one that was killed."""

    def watch() -> None:
        started_by = parent_process()
        if started_by is not None:
            started_by.join()
        os._exit(1)

    Thread(target=watch, daemon=True).start()


def write_run(folder: Path, index: int, seed: int, box: SmokeBox) -> None:
    """Simulate run `index` and write its state, or why there is none, to `folder`."""
    plume = Plume.draw(seed, index)
    state, reason = np.zeros((0, 0), np.float32), ""
    try:
        state = box.run(plume).astype(np.float32)
    except NotConverged as error:
        reason = str(error)
    with atomic_write(_part(folder, index)) as temporary, temporary.open("wb") as file:
        np.savez_compressed(
            file, state=state, reason=reason,
            plume=np.array([plume.x, plume.radius, plume.buoyancy]),
        )  # fmt: skip


def _gather(
    output: Path, folder: Path, runs: int, seed: int, box: SmokeBox
) -> list[str]:
    failed = []
    with atomic_write(output) as temporary, netCDF4.Dataset(temporary, "w") as file:
        _define(file, box)
        kept = 0
        for index in range(runs):
            plume, state, reason = _read_run(_part(folder, index))
            if reason:
                failed.append(f"run {index}: {reason}")
                continue
            for name, value in zip(_ABOUT, (index, *plume), strict=True):
                file[name][kept] = value
            file["smoke"][kept] = state
            kept += 1
        file.setncatts(_attributes(runs, seed, box, failed))
        if not kept:
            raise DataError(
                f"None of {runs} runs converged, so {output} is not written. "
                f"{failed[0]}."
            )
    return failed


def _read_run(path: Path) -> tuple[NDArray, NDArray, str]:
    try:
        with path.open("rb") as file, np.load(file) as part:
            return part["plume"], part["state"], str(part["reason"])
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise DataError(
            f"{path}: cannot be read as a run ({error}). Remove it, and it is "
            "simulated again."
        ) from None


def _define(file: netCDF4.Dataset, box: SmokeBox) -> None:
    sizes = {"run": None, "y": box.cells, "x": box.cells}
    for name, size in sizes.items():
        file.createDimension(name, size)
    for name, (kind, text) in _ABOUT.items():
        about = file.createVariable(name, kind, ("run",))
        about.setncatts({"long_name": text, "units": "1"})
    for name, up in (("y", "height above the floor"), ("x", "distance from the left")):
        axis = file.createVariable(name, "f8", (name,))
        text = f"{up}, in cells"
        axis.setncatts({"long_name": text, "units": "1"})
        axis[:] = np.arange(box.cells) + 0.5
    smoke = file.createVariable(
        "smoke", "f4", ("run", "y", "x"), compression="zlib", complevel=4,
        chunksizes=(1, box.cells, box.cells), fill_value=np.float32(np.nan),
    )  # fmt: skip
    smoke.setncatts(
        {
            "long_name": "density of smoke",
            "units": "1",
            "coordinates": "source_x source_radius buoyancy",
            "comment": f"state after {box.steps} steps of {box.dt:g}",
        }
    )


def _attributes(
    runs: int, seed: int, box: SmokeBox, failed: list[str]
) -> dict[str, str]:
    return {
        "Conventions": "CF-1.11",
        "title": "SIMULATED smoke plumes in a closed box with a ball",
        "source": f"SIMULATED by apnp {__version__} with PhiFlow {_version()}: {box}",
        "references": "Ashman et al. 2024, arXiv 2406.13488",
        "history": f"apnp data smoke --runs {runs} --seed {seed}",
        "comment": "; ".join(failed) if failed else "every run converged",
    }


def _version() -> str:
    from phi import __version__ as version

    return str(version)


def read_smoke(path: str | PathLike[str]) -> xr.Dataset:
    """The plumes of a file that `simulate_smoke` made, with dims (run, y, x).

    Raises:
        DataError: If the file cannot be read, or holds no plumes.
    """
    try:
        with xr.open_dataset(path, engine="netcdf4") as ds:
            ds = ds.load()
    except (OSError, RuntimeError, ValueError) as error:
        raise DataError(f"{path}: cannot be read as NetCDF ({error}).") from None
    if "smoke" not in ds or ds["smoke"].dims != ("run", "y", "x"):
        raise DataError(
            f"{path}: a file of plumes holds `smoke` with dims (run, y, x); this one "
            f"holds {', '.join(map(str, ds.data_vars)) or 'nothing'}. Make it with "
            "`apnp data smoke`."
        )
    bad = ~np.isfinite(ds["smoke"].values).all(axis=(1, 2))
    if bad.any():
        raise DataError(
            f"{path}: run {ds['run'].values[bad][0]} holds values that are not finite. "
            "The file is damaged; make it again."
        )
    return ds
