"""The local TNP beside an earlier commit of itself: time, outputs and losses.

    python benchmarks/local_tnp.py --old COMMIT [--rounds 3] [--cells 20000]
        [--steps 10]

A field from 2,000 stations and training steps at the settings of
`configs/europe_daily.yaml` (two tasks of 1,000 context points and 300 targets, a
mixture as likelihood, AdamW), with the same weights and data. Both commits take turns,
each in processes of its own with one thread; the old one is checked out to a temporary
worktree. Times are the processor's, the least of all rounds: other work on the machine
is felt little. Exit status 1 if outputs or losses differ by more than rounding.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import process_time

import torch

from apnp.backbones import LocalTNP
from apnp.groups import LongitudeShifts
from apnp.likelihoods import GaussianMixture
from apnp.model import NeuralProcess
from apnp.process import make_fast
from apnp.types import Domain, PointSet

ROOT = Path(__file__).parents[1]
STATIONS, CONTEXT, TARGETS, COVARIATES = 2_000, 1_000, 300, 5
LENGTHS = tuple(km / 6371 for km in (2000.0, 800.0, 350.0, 150.0, 60.0))


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--old", required=True, help="commit to compare with")
    parser.add_argument("--rounds", type=int, default=3, help="turns (default 3)")
    parser.add_argument("--cells", type=int, default=20_000, help="cells of the field")
    parser.add_argument("--steps", type=int, default=10, help="training steps")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def places(*shape: int) -> torch.Tensor:
    """Unit vectors anywhere."""
    x = torch.randn(*shape, 3)
    return x / x.norm(dim=-1, keepdim=True)


def context(b: int, n: int) -> tuple[PointSet, Domain]:
    """Points of `b` tasks and their box."""
    y, w = torch.randn(b, n, 1), torch.randn(b, n, COVARIATES)
    centre = torch.zeros(b, 3)
    box = Domain(centre, centre + 4, torch.ones(b, dtype=torch.bool))
    return PointSet.observed(places(b, n), y, w), box


def covariates(b: int, n: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Covariates of targets, all of them known."""
    w = torch.randn(b, n, COVARIATES)
    return w, torch.ones_like(w, dtype=torch.bool)


def predicted(model: NeuralProcess, cells: int) -> dict[str, object]:
    """Seconds a cell of a field on rows 0.25 degrees apart, and some of its values."""
    lon = torch.arange(cells) * 0.25 / 57.3
    lat = 0.8 + torch.arange(cells) // 1440 * 0.25 / 57.3
    x = torch.stack((lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()), -1)
    told = covariates(1, cells)
    with torch.inference_mode():
        encoding = model.encode(*context(1, STATIONS))
        model.decode(encoding, x[None, :64], *(each[:, :64] for each in told))
        start = process_time()
        found = model.decode(encoding, x[None], *told)
        seconds = process_time() - start
    return {
        "predict": seconds / cells, "mean": found.mean[0, ::97, 0].tolist(),
        "std": found.variance.sqrt()[0, ::97, 0].tolist(),
    }  # fmt: skip


def trained(model: NeuralProcess, steps: int) -> dict[str, object]:
    """Seconds of a training step, and the losses."""
    optimiser = torch.optim.AdamW(model.parameters(), lr=2e-3)
    times, losses = [], []
    for _ in range(steps):
        points, box = context(2, CONTEXT)
        xt, told = places(2, TARGETS), covariates(2, TARGETS)
        y = torch.randn(2, TARGETS, 1)
        start = process_time()
        predictive = model.decode(model.encode(points, box), xt, *told)
        loss = -predictive.log_prob(y, torch.ones_like(y, dtype=torch.bool)).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        times.append(process_time() - start)
        losses.append(loss.item())
    return {"step": min(times), "losses": losses}


def measured(cells: int, steps: int) -> dict[str, object]:
    """What the apnp that is imported does: times in seconds, outputs and losses."""
    make_fast()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    backbone = LocalTNP(LongitudeShifts(), 1, COVARIATES, LENGTHS)
    # By position: the last argument's name has changed.
    likelihood = GaussianMixture(backbone.d_out, 1, 3, 0.01, True)
    model = NeuralProcess(backbone, likelihood)
    return predicted(model, cells) | trained(model, steps)


def worker(tree: Path, args: argparse.Namespace) -> dict:
    """The measurements of the package in a tree, made by a process of its own."""
    command = [sys.executable, __file__, "--worker", "--old", args.old]
    command += ["--cells", str(args.cells), "--steps", str(args.steps)]
    environment = {**os.environ, "PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def farthest(old: dict, new: dict, key: str) -> float:
    """The largest difference of two lists, against the largest number of the old."""
    pairs = list(zip(old[key], new[key], strict=True))
    return max(abs(a - b) for a, b in pairs) / max(abs(a) for a, _ in pairs)


def compare(old: list[dict], new: list[dict]) -> bool:
    """Print the table; whether outputs and losses are the same but for rounding."""
    scale: dict[str, tuple[str, Callable[[float], str]]] = {
        "predict": ("a cell, us", lambda s: f"{1e6 * s:.1f}"),
        "step": ("a training step, ms", lambda s: f"{1e3 * s:.0f}"),
    }
    print(f"{'processor time of':<22}{'old':>8}{'new':>8}{'ratio':>8}")
    for key, (name, shown) in scale.items():
        before, after = (min(r[key] for r in rounds) for rounds in (old, new))
        ratio = before / after
        print(f"{name:<22}{shown(before):>8}{shown(after):>8}{ratio:>8.1f}")
    same = True
    for key, most in {"mean": 1e-4, "std": 1e-4, "losses": 1e-3}.items():
        apart = farthest(old[0], new[0], key)
        same &= apart < most
        print(f"{key}: largest difference {apart:.1e} of the largest (at most {most})")
    return same


def main() -> None:
    """Measure in turns and compare."""
    args = arguments()
    if args.worker:
        print(json.dumps(measured(args.cells, args.steps)))
        return
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "old"
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run(
            [*git, "add", "--quiet", "--detach", str(tree), args.old], check=True
        )
        try:
            rounds = [
                (worker(tree, args), worker(ROOT, args)) for _ in range(args.rounds)
            ]
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=True)
    if not compare(*map(list, zip(*rounds, strict=True))):
        sys.exit("Outputs or losses differ by more than rounding.")


if __name__ == "__main__":
    main()
