"""What you wait for: ten tasks of a user, each done by every library that can do it.

    python benchmarks/waits.py --output runs/waits.csv [--quick] [--only ROW ...]
        [--install] [--train CONFIG]

The rows are installing (with `--install` only), importing, a first map of the globe at
1 degree and at 0.25 degree, 30 days at 0.25 degree, training to the skill of the
README (with `--train CONFIG` only, as `apnp train --config CONFIG`), 20 draws at 1
degree, and a map from 100,000 stations. Every subject of every row has a fresh process:
times are from its start to its end, those of apnp are of the command `apnp`. Peers get
the same made-up stations, used as their manuals show, and give mean and standard
deviation of every cell. The CRPS is that of 200 stations that nobody was given, with
the same context and method, on a field that is known: fast and wrong is no win. What
does not end in `--limit` seconds is told as such. `--quick` takes coarse grids and few
stations: does everything run? Needs the extra `bench` and Linux.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd

HELD_OUT, DAY = 200, np.datetime64("2021-07-01")
TITLES = {
    "install": "Install into a fresh environment",
    "import": "Import the library",
    "map": "First map of the globe, 1 degree",
    "fine": "Map of the globe, 0.25 degree",
    "month": "30 days of the globe, 0.25 degree",
    "train": "Train to the skill of the README",
    "draws": "20 draws of the globe, 1 degree",
    "many": "Map from 100,000 stations, 1 degree",
}
IMPORTS = {
    "apnp": "import apnp.prediction", "deepsensor": "import deepsensor.torch",
    "neuralprocesses": "import neuralprocesses.torch", "pykrige": "import pykrige.uk3d",
    "gstools": "import gstools", "gpytorch": "import gpytorch",
}  # fmt: skip
PEERS = ("pykrige", "gstools", "gpytorch")
"""Those that map stations without a training of hours."""
UNTRAINED = ("deepsensor", "neuralprocesses")
"""Those that come without weights: no map before hours of training."""


@dataclass(frozen=True)
class Row:
    """A task.

    Attributes:
        name: Its key in `TITLES`.
        stations: Number of stations.
        grid: Size of a cell, degrees.
        days: Number of days.
        samples: Number of draws.
    """

    name: str
    stations: int = 2_000
    grid: float = 1.0
    days: int = 1
    samples: int = 0


ROWS = (
    Row("import"), Row("map"), Row("fine", grid=0.25), Row("month", grid=0.25, days=30),
    Row("draws", samples=20), Row("many", stations=100_000),
)  # fmt: skip


def truth(lat: np.ndarray, lon: np.ndarray, height: np.ndarray) -> np.ndarray:
    """A temperature in degrees Celsius: warm equator, lapse rate, waves of weather."""
    phi, lam = np.radians(lat), np.radians(lon)
    waves = 4 * np.sin(5 * lam) * np.cos(phi) + 3 * np.cos(7 * phi + 3 * lam)
    return 30 * np.cos(phi) ** 2 - 5 - 6.5e-3 * height + waves * np.cos(phi)


def stations(n: int, days: int) -> pd.DataFrame:
    """Stations anywhere, the same on all days, with noise of half a degree."""
    rng = np.random.default_rng(0)
    lat = np.degrees(np.arcsin(rng.uniform(-1, 1, n)))
    lon, height = rng.uniform(-180, 180, n), rng.uniform(0, 2000, n)
    tables = [
        pd.DataFrame(
            {
                "station": np.arange(n).astype(str), "time": str(DAY + day),
                "lat": lat, "lon": lon, "elevation": height,
                "tas": truth(lat, lon, height) + 0.5 * rng.normal(size=n),
            }
        )
        for day in range(days)
    ]  # fmt: skip
    return pd.concat(tables, ignore_index=True)


def peer(name: str):
    """A library's kriging: `condition(context).predict(sites)`."""
    if name == "pykrige":
        from subjects.pykrige import PyKrigeUniversal

        return PyKrigeUniversal()
    if name == "gstools":
        from subjects.gstools import GSToolsExtDrift

        return GSToolsExtDrift()
    from subjects.gpytorch import GPyTorchExact

    return GPyTorchExact()


def map_by_peer(name: str, folder: Path, row: Row) -> None:
    """Map the stations of a folder cell by cell, and predict the held-out ones."""
    from apnp.observations import Observations, Sites

    def sites(table: pd.DataFrame) -> Sites:
        return Sites(*(table[k].values for k in ("lat", "lon", "elevation")), DAY)

    table, held = (pd.read_csv(folder / f) for f in ("stations.csv", "held.csv"))
    lat = np.arange(-90 + row.grid / 2, 90, row.grid)
    lon = np.arange(-180 + row.grid / 2, 180, row.grid)
    cells = [each.ravel() for each in np.meshgrid(lat, lon, indexing="ij")]
    grid = pd.DataFrame({"lat": cells[0], "lon": cells[1], "elevation": 0.0})
    for _, day in table.groupby("time"):
        fitted = peer(name).condition(Observations(sites(day), day["tas"].values))
        for start in range(0, len(grid), 8192):
            fitted.predict(sites(grid[start : start + 8192]))
    mean, std = fitted.predict(sites(held))
    held.assign(mean=mean, std=std).to_csv(folder / "predicted.csv", index=False)


def command(row: Row, folder: Path) -> list[str]:
    """The command of apnp that does a row."""
    last = DAY + row.days - 1
    words = [
        sys.executable, "-m", "apnp", "predict",
        "--stations", str(folder / "stations.csv"), "--time", f"{DAY}/{last}",
        "--grid", str(row.grid), "--output", str(folder / "field.nc"),
    ]  # fmt: skip
    return words + (["--samples", str(row.samples)] if row.samples else [])


def points(folder: Path) -> list[str]:
    """The command that predicts the held-out stations, off the clock."""
    return [
        sys.executable, "-m", "apnp", "predict", "--time", str(DAY),
        "--stations", str(folder / "stations.csv"),
        "--points", str(folder / "held.csv"), "--output", str(folder / "predicted.csv"),
    ]  # fmt: skip


def timed(words: list[str], limit: float) -> dict[str, object]:
    """Seconds by the wall and the processor, and peak memory, of a process."""
    start = perf_counter()
    process = subprocess.Popen(
        words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        _, said = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return {"note": f"not done in {limit:g} s"}
    if process.returncode:
        last = (said.strip().splitlines() or ["no word"])[-1]
        return {"note": f"cannot: {last[:120]}"}
    return {"seconds": perf_counter() - start}


def watched(words: list[str], limit: float) -> dict[str, object]:
    """As `timed`, by a process of its own, whose children's resources are these."""
    code = (
        "import json, resource, sys; sys.path.insert(0, sys.argv[1]);"
        "from waits import timed;"
        "found = timed(json.loads(sys.argv[2]), float(sys.argv[3]));"
        "use = resource.getrusage(resource.RUSAGE_CHILDREN);"
        "found |= {'cpu_s': use.ru_utime + use.ru_stime,"
        " 'peak_mb': use.ru_maxrss / 1024}; print(json.dumps(found))"
    )
    here = str(Path(__file__).parent)
    done = subprocess.run(
        [sys.executable, "-c", code, here, json.dumps(words), str(limit)],
        stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])


def crps(folder: Path) -> float:
    """Mean CRPS of the held-out stations, against the field without noise."""
    from apnp.scores import crps_gaussian

    found = pd.read_csv(folder / "predicted.csv")
    value = truth(found["lat"], found["lon"], found["elevation"])
    return float(crps_gaussian(value, found["mean"], found["std"]).mean())


def by_script(name: str, folder: Path, row: Row) -> list[str]:
    """The command that has a peer do a row."""
    given = [name, str(folder), json.dumps(row.__dict__)]
    return [sys.executable, __file__, "--worker", *given]


def maps(row: Row, limit: float) -> Iterator[dict[str, object]]:
    """Every subject's map."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        table = stations(row.stations + HELD_OUT, row.days)
        kept = table["station"].astype(int) < row.stations
        table[kept].to_csv(folder / "stations.csv", index=False)
        held = table[~kept & (table["time"] == str(DAY))]
        held.drop(columns=["tas", "time"]).to_csv(folder / "held.csv", index=False)
        found = watched(command(row, folder), limit)
        if "seconds" in found and "note" not in watched(points(folder), limit):
            found["crps"] = crps(folder)
        yield {"subject": "apnp", **found}
        for name in PEERS:
            (folder / "predicted.csv").unlink(missing_ok=True)
            if row.samples:
                yield {"subject": name, "note": "draws of a field: not in one call"}
            elif find_spec(name) is None:
                yield {"subject": name, "note": "not installed"}
            else:
                found = watched(by_script(name, folder, row), limit)
                if (folder / "predicted.csv").exists() and "seconds" in found:
                    found["crps"] = crps(folder)
                yield {"subject": name, **found}
    yield from ({"subject": n, "note": "comes without weights"} for n in UNTRAINED)


def imports(limit: float) -> Iterator[dict[str, object]]:
    """The time that each library takes to load; torch's own beside them."""
    for name, code in {**IMPORTS, "torch alone": "import torch"}.items():
        if name != "torch alone" and find_spec(name) is None:
            yield {"subject": name, "note": "not installed"}
        else:
            yield {"subject": name, **watched([sys.executable, "-c", code], limit)}


def installed(limit: float) -> Iterator[dict[str, object]]:
    """The time to install each library into a fresh environment, from the registry."""
    root = str(Path(__file__).parents[1])
    for name in IMPORTS:
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([sys.executable, "-m", "venv", folder], check=True)
            pip = [f"{folder}/bin/pip", "install", "--quiet", "torch==2.13.0"]
            found = watched([*pip, root if name == "apnp" else name], limit)
            size = sum(f.stat().st_size for f in Path(folder).rglob("*") if f.is_file())
            yield {"subject": name, **found, "disk_mb": size / 2**20}


def trained(config: str, limit: float) -> Iterator[dict[str, object]]:
    """The time of a training run; its skill is what `apnp evaluate` says of it."""
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, "-m", "apnp", "train", "--config", config]
        found = watched([*words, "--run", f"{folder}/run"], limit)
        yield {"subject": "apnp", **found}


def smaller(row: Row) -> Row:
    """The same task with little to do."""
    n, days = min(row.stations, 400), min(row.days, 2)
    samples = min(row.samples, 2)
    return replace(row, stations=n, grid=20 * row.grid, days=days, samples=samples)


def shown(table: pd.DataFrame) -> str:
    """A line for each subject of each row."""
    lines = []
    for (title, subject), own in table.groupby(["row", "subject"], sort=False):
        one = own.iloc[0]
        if not np.isfinite(one.get("seconds", np.nan)):
            lines.append(f"{title:<38}{subject:<17}{one['note']}")
            continue
        line = f"{title:<38}{subject:<17}{one['seconds']:>8.1f} s"
        line += f"{one['cpu_s']:>8.1f} s CPU{one['peak_mb']:>8.0f} MB"
        if np.isfinite(one.get("crps", np.nan)):
            line += f"  CRPS {one['crps']:.2f}"
        lines.append(line)
    return "\n".join(lines)


def main() -> None:
    """Do every row, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path("runs/waits.csv"))
    parser.add_argument("--quick", action="store_true", help="little to do")
    parser.add_argument("--only", nargs="+", choices=TITLES, metavar="ROW")
    parser.add_argument("--limit", type=float, default=600.0, help="seconds a subject")
    parser.add_argument("--install", action="store_true", help="install each, too")
    parser.add_argument("--train", metavar="CONFIG", help="train with it, too")
    parser.add_argument("--worker", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        name, folder, given = args.worker
        map_by_peer(name, Path(folder), Row(**json.loads(given)))
        return
    made: dict[str, Callable[[], Iterator[dict[str, object]]]] = {}
    if args.install:
        made["install"] = lambda: installed(args.limit)
    for row in ROWS:
        own = smaller(row) if args.quick else row
        made[row.name] = lambda own=own: maps(own, args.limit)  # type: ignore[misc]
    made["import"] = lambda: imports(args.limit)
    if args.train:
        made["train"] = lambda: trained(args.train, args.limit)
    from bench import machine

    rows: list[dict[str, object]] = []
    for name, subjects in made.items():
        if args.only and name not in args.only:
            continue
        new = [{"row": TITLES[name], **found} for found in subjects()]
        print(shown(pd.DataFrame(new)), flush=True)
        rows += new
        table = pd.DataFrame(rows).assign(quick=args.quick, **machine())
        args.output.parent.mkdir(parents=True, exist_ok=True)
        table.to_csv(args.output, index=False)


if __name__ == "__main__":
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    main()
