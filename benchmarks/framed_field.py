"""Times a field predicted by averaging over frames, beside the same without frames.

    python benchmarks/framed_field.py

Weights are random: times do not depend on them. Times are those of the processor, so
that other work on the machine disturbs them less; the fastest of a few counts.
"""

import argparse
import math
import time
from typing import Any

import torch

from apnp.build import build_model
from apnp.config import BackboneConfig, ModelConfig
from apnp.inputs.coordinates import CoordinateInputs
from apnp.model import NeuralProcess
from apnp.types import Domain, PointSet

CASES: list[tuple[str, str, dict[str, Any]]] = [
    ("tnp", "rigid_motions", {"symmetrise": "frames"}),
    ("tnp", "rigid_motions", {"symmetrise": "learned"}),
    ("cnp", "rigid_motions", {"symmetrise": "frames"}),
    ("local_tnp", "rigid_motions", {"symmetrise": "frames"}),
    ("local_tnp", "translations", {"symmetrise": "learned"}),
]
BOX = CoordinateInputs((-2.0, -2.0), (2.0, 2.0))


def made(backbone: str, group: str, settings: dict[str, Any]) -> NeuralProcess:
    """A model of default size with random weights."""
    torch.manual_seed(0)
    config = ModelConfig(
        "box", group, backbone=BackboneConfig(backbone), coast=False, **settings
    )
    return build_model(config, BOX).eval()


def seconds(model: NeuralProcess, context: int, targets: int, repeats: int) -> float:
    """Processor time of a field from one context; the fastest of a few."""
    generator = torch.Generator().manual_seed(1)
    x = 4 * torch.rand(1, context, 2, generator=generator) - 2
    points = PointSet.observed(x, x[..., :1].sin())
    xt = 4 * torch.rand(1, targets, 2, generator=generator) - 2
    centre = torch.zeros(1, 2)
    domain = Domain(centre, centre + 4.0, torch.tensor([True]))
    best = math.inf
    with torch.inference_mode():
        for _ in range(repeats):
            start = time.process_time()
            encoding = model.encode(points, domain)
            for part in xt.split(4096, dim=1):
                none = part[..., :0]
                model.decode(encoding, part, none, none.bool())
            best = min(best, time.process_time() - start)
    return best


def main() -> None:
    """Print one row for each model: seconds without frames, with them, and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--context", type=int, default=400)
    parser.add_argument("--targets", type=int, default=64_800, help="1 degree: 64,800")
    parser.add_argument("--repeats", type=int, default=2)
    given = parser.parse_args()
    torch.set_num_threads(1)
    print("model, frames, poses, s without, s with, ratio, ratio a pose")
    for backbone, group, settings in CASES:
        plain = made(backbone, "none", {})
        framed = made(backbone, group, settings)
        sizes = given.context, given.targets, given.repeats
        without, with_frames = seconds(plain, *sizes), seconds(framed, *sizes)
        poses = _poses(framed)
        ratio = with_frames / without
        print(
            f"{backbone}, {settings['symmetrise']} {group}, {poses}, {without:.2f}, "
            f"{with_frames:.2f}, {ratio:.2f}, {ratio / poses:.2f}",
            flush=True,
        )


def _poses(model: NeuralProcess) -> int:
    x = torch.rand(1, 9, 2, generator=torch.Generator().manual_seed(0))
    centre = torch.zeros(1, 2)
    domain = Domain(centre, centre + 4.0, torch.tensor([True]))
    return model.encode(PointSet.observed(x, x[..., :1]), domain).latent.poses.n


if __name__ == "__main__":
    main()
