"""Compare the predictions and losses of this tree with those of another commit.

    python benchmarks/unchanged.py --before COMMIT [--atol 1e-4]

The shipped weights of that commit predict one day of `data/us_two_days.nc` on a coarse
grid, and a small model of the default kind trains for some steps on
`data/simulated_stations.nc`, once with the code of either commit. The largest
differences are printed; the exit status is 1 where they are more than rounding.
"""

import argparse
import csv
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import xarray as xr

ROOT = Path(__file__).parents[1]
DAY = "2019-01-22"
FIELDS = ("tas", "tas_stderr")
TRAINING = (
    "--model.backbone.local_tnp.width=8", "--model.backbone.local_tnp.heads=2",
    "--model.backbone.local_tnp.neighbours=5", "--data.context=[5,20]",
    "--data.targets=10", "--trainer.validation_every=4", "--trainer.batch_size=2",
    "--trainer.validation_tasks=2", "--trainer.log_every=1", "--trainer.max_steps=8",
)  # fmt: skip


def run(tree: Path, program: str, *words: object) -> None:
    """Run a program of a tree with that tree's package, on one thread."""
    environment = os.environ | {"PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(tree / program), *map(str, words)]
    subprocess.run(command, check=True, cwd=tree, env=environment)


def outcome(
    tree: Path, weights: Path, folder: Path
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Predicted fields, and the losses and scores of a short training."""
    field = folder / "field.nc"
    run(
        tree, "predict.py", "--checkpoint", weights, "--stations",
        ROOT / "data" / "us_two_days.nc", "--time", DAY, "--grid", "4",
        "--output", field,
    )  # fmt: skip
    run(
        tree, "train.py", f"--data.path={ROOT / 'data' / 'simulated_stations.nc'}",
        *TRAINING, f"--run={folder / 'run'}",
    )  # fmt: skip
    with xr.open_dataset(field) as ds:
        fields = {name: ds[name].values for name in FIELDS}
    with (folder / "run" / "metrics.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    names = ("step", "loss", "validation_crps", "validation_nll")
    losses = [[float(row[name] or "nan") for name in names] for row in rows]
    return fields, np.array(losses)


def difference(before: np.ndarray, after: np.ndarray) -> float:
    """The largest difference; infinite where one has a value and the other none."""
    if before.shape != after.shape or (np.isnan(before) != np.isnan(after)).any():
        return np.inf
    return float(np.nanmax(np.abs(before - after)))


def main() -> int:
    """Run both trees and compare; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--before", required=True, help="commit to compare with")
    parser.add_argument("--atol", type=float, default=1e-4, help="degC, nats")
    args = parser.parse_args()
    git = ("git", "-C", str(ROOT), "worktree")
    with tempfile.TemporaryDirectory() as name:
        folder, old = Path(name), Path(name) / "before"
        subprocess.run([*git, "add", "--detach", old, args.before], check=True)
        try:
            weights = old / "apnp" / "pretrained" / "weights"
            both = []
            for tree, part in ((old, "old"), (ROOT, "new")):
                (folder / part).mkdir()
                both.append(outcome(tree, weights, folder / part))
        finally:
            subprocess.run([*git, "remove", "--force", old], check=True)
    (fields, losses), (fields_now, losses_now) = both
    found = {k: difference(fields[k], fields_now[k]) for k in FIELDS}
    found["losses and scores"] = difference(losses, losses_now)
    for what, value in found.items():
        print(f"{what}: largest difference {value:.2g}")
    return int(max(found.values()) > args.atol)


if __name__ == "__main__":
    sys.exit(main())
