"""Training steps of the TNP and the PT-TNP by their attention, side by side.

    python benchmarks/attention.py --points 500 --tasks 4

All have the same width, layers and heads, and the same tasks; they take turns, and the
median of a step (forward and backward) is told, and its ratio to plain attention.
"""

import argparse
from statistics import median
from time import perf_counter

import pandas as pd
import torch

from apnp.backbones import PTTNP, TNP
from apnp.groups import LongitudeShifts
from apnp.types import Domain, PointSet

LENGTHS = (0.3, 0.13, 0.055, 0.025, 0.01)
KINDS = ("plain", "windows", "published")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--points", type=int, default=500)
    parser.add_argument("--tasks", type=int, default=4)
    parser.add_argument("--repeat", type=int, default=5)
    args = parser.parse_args()
    torch.manual_seed(0)
    sites = [torch.randn(args.tasks, args.points, 3) for _ in range(2)]
    x, xt = (site / site.norm(dim=-1, keepdim=True) for site in sites)
    y, w = torch.randn(args.tasks, args.points, 1), torch.randn(*x.shape)
    context, wt = PointSet.observed(x, y, w), torch.randn(*xt.shape[:2], 6)
    known = torch.ones(args.tasks, dtype=torch.bool)
    domain = Domain(x[:, 0], torch.ones_like(x[:, 0]), known)
    models = {
        (made.__name__, kind): made(LongitudeShifts(), 1, 3, LENGTHS, attention=kind)
        for made in (TNP, PTTNP)
        for kind in KINDS
    }
    times: dict[tuple[str, str], list[float]] = {key: [] for key in models}
    for _ in range(args.repeat + 1):
        for key, model in models.items():
            start = perf_counter()
            latent = model.process(model.encode(context, domain))
            model.decode(latent, xt, wt).square().mean().backward()
            times[key].append(1e3 * (perf_counter() - start))
    rows = []
    for (name, kind), model in models.items():
        step = median(times[name, kind][1:])  # the first warms up
        ratio = step / median(times[name, "plain"][1:])
        weights = sum(p.numel() for p in model.parameters())
        rows.append((name, kind, weights, round(step), round(ratio, 2)))
    table = pd.DataFrame(rows, columns=["model", "attention", "weights", "ms", "ratio"])
    print(table.to_string(index=False))
    print(
        f"{args.tasks} tasks, {args.points} context points and as many targets, "
        f"{torch.get_num_threads()} threads."
    )


if __name__ == "__main__":
    main()
