"""Training steps of the TNP and the PT-TNP by their attention, side by side.

    python benchmarks/attention.py --points 500 --tasks 4 --kinds plain gaussian_bias

All have the same width, layers and heads, and the same tasks; they take turns. Told are
the median processor time of a step (forward and backward), on one thread, and the
median of its ratios to the plain attention of the same turn.
"""

import argparse
from statistics import median
from time import process_time

import pandas as pd
import torch

from apnp.backbones import PTTNP, TNP
from apnp.groups import LongitudeShifts
from apnp.types import Domain, PointSet

LENGTHS = (0.3, 0.13, 0.055, 0.025, 0.01)
KINDS = ("plain", "gaussian_bias", "te_tnp")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--points", type=int, default=500)
    parser.add_argument("--tasks", type=int, default=4)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    args = parser.parse_args()
    kinds = ["plain", *(kind for kind in args.kinds if kind != "plain")]
    torch.set_num_threads(1)
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
        for kind in kinds
    }
    times: dict[tuple[str, str], list[float]] = {key: [] for key in models}
    for _ in range(args.repeat + 1):
        for key, model in models.items():
            start = process_time()
            latent = model.process(model.encode(context, domain))
            model.decode(latent, xt, wt).square().mean().backward()
            times[key].append(1e3 * (process_time() - start))
    rows = []
    for (name, kind), model in models.items():
        own, plain = (times[name, k][1:] for k in (kind, "plain"))  # 0 warms up
        step = median(own)
        ratio = median(a / b for a, b in zip(own, plain, strict=True))
        weights = sum(p.numel() for p in model.parameters())
        rows.append((name, kind, weights, round(step), round(ratio, 2)))
    table = pd.DataFrame(rows, columns=["model", "attention", "weights", "ms", "ratio"])
    print(table.to_string(index=False))
    print(
        f"{args.tasks} tasks, {args.points} context points and as many targets, "
        "one thread."
    )


if __name__ == "__main__":
    main()
