"""Where a training step of a ConvCNP goes: its parts one by one, and the peak.

    OMP_NUM_THREADS=1 python benchmarks/parts.py [--subject apnp] [--only WORD ...]

Parts are the way onto the lattice, the network on it, and the way off it with the
loss; within the network the depthwise convolutions, the pointwise layers with their
normalisation, rectifier and sum, and the two linear maps of these alone; beside the
compiled ones stand the same of torch's own operators. Each runs
forward and backward by itself, from what the part before it made. Medians of the
processor's time, and the share of a matrix product's rate in the same round that the
arithmetic of matrix products and convolutions reaches.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import process_time

import numpy as np
import torch
from cases import CASES, Case, drawn
from measure import SIDE, counter
from subjects.ours import SUBJECTS, Ours
from torch import Tensor

from apnp.nn.depthwise import depthwise_reference, kernels_like
from apnp.nn.residual import residual, residual_reference
from apnp.process import make_fast

Part = Callable[[], Tensor]


def arguments() -> argparse.Namespace:
    """The command line."""
    names = [s.name for s in SUBJECTS if isinstance(s, Ours)]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--subject", choices=names, default="apnp")
    parser.add_argument("--only", nargs="+", default=["step: ConvCNP"], metavar="WORD")
    parser.add_argument("--repeat", type=int, default=20)
    return parser.parse_args()


def parts(case: Case, subject: Ours) -> tuple[dict[str, Part], list[Tensor]]:
    """What each part makes, and all that gets a derivative."""
    model, task = subject.model(case, drawn(case))
    backbone, target = model.backbone, task.target
    latent = backbone.encode(task.context, task.domain)

    def leaf(z: Tensor) -> Tensor:
        return z.detach().requires_grad_()

    entered = replace(latent, z=leaf(latent.z))
    left = replace(latent, z=leaf(backbone.process(entered).z))
    block = backbone.net.blocks[0]
    z = latent.z if latent.z.ndim == 4 else latent.z[:, :, None]
    z = leaf(z.contiguous(memory_format=torch.channels_last))
    mixed = leaf(block.depthwise(block.edge(z))[0])
    rows = leaf(mixed.movedim(1, -1).flatten(0, -2))
    inputs = target.w.new_zeros(*target.x.shape[:2], 0)

    def off() -> Tensor:
        law = model.likelihood(backbone.decode(left, target.x, inputs))
        return -law.log_prob(target.y, target.y_mask).mean()

    n = len(backbone.net.blocks)
    made = {
        "onto the lattice": lambda: backbone.encode(task.context, task.domain).z,
        "network": lambda: backbone.process(entered).z,
        f"- convolutions ({n} x)": lambda: block.depthwise(block.edge(z))[0],
        f"  - by torch ({n} x)": lambda: depthwise_reference(
            block.edge(z),
            kernels_like(block.depthwise.weight, z),
            block.depthwise.bias,
            block.edge.beyond,
        ),
        f"- pointwise layers ({n} x)": lambda: residual(
            z, mixed, block.norm, block.expand, block.contract
        ),
        f"  - layer by layer ({n} x)": lambda: residual_reference(
            z, mixed, block.norm, block.expand, block.contract
        ),
        f"  - linear maps alone ({n} x)": lambda: block.contract(block.expand(rows)),
        "off the lattice, loss": off,
    }
    return made, [*model.parameters(), entered.z, left.z, z, mixed, rows]


@dataclass(frozen=True)
class Cost:
    """What a part costs: medians over rounds.

    Attributes:
        forth: ms of the processor.
        back: Likewise.
        gigaflop: 10^9 operations of both.
        share: Of the rate of a matrix product in the same round.
    """

    forth: float
    back: float
    gigaflop: float
    share: float


def cost(part: Part, leaves: list[Tensor], repeat: int) -> Cost:
    """Measure a part."""
    with counter() as counted:
        out = part()
        g = torch.ones_like(out)
        out.backward(g)
    for leaf in leaves:
        leaf.grad = None
    rounds = []
    for _ in range(repeat):
        rate, start = peak(1), process_time()
        out = part()
        turn = process_time()
        torch.autograd.grad(out, leaves, g, allow_unused=True)
        end = process_time()
        share = counted.total / (end - start) / rate
        rounds.append((1e3 * (turn - start), 1e3 * (end - turn), share))
    forth, back, share = np.median(rounds, axis=0)
    return Cost(float(forth), float(back), counted.total, float(share))


def peak(repeat: int = 20) -> float:
    """10^9 operations a second of a product of two matrices."""
    a, times = torch.randn(SIDE, SIDE), []
    for _ in range(repeat):
        start = process_time()
        a @ a
        times.append(process_time() - start)
    return 2 * SIDE**3 / 1e9 / float(np.median(times))


def main() -> None:
    """Print a table a case."""
    args = arguments()
    make_fast()  # as `apnp train` does
    subject = next(s for s in SUBJECTS if s.name == args.subject)
    for case in CASES:
        asked = any(word in case.name for word in args.only)
        if not asked or case.model != "convcnp" or not case.trained:
            continue
        print(f"{case.name}, {subject.name}")
        made, leaves = parts(case, subject)
        for name, part in made.items():
            times = case.layers if " x)" in name else 1
            of = cost(part, leaves, args.repeat)
            print(
                f"  {name:<28}{times * of.forth:9.2f} + {times * of.back:9.2f} ms, "
                f"{times * of.gigaflop:7.2f} Gflop, {of.share:5.0%} of a product's",
                flush=True,
            )


if __name__ == "__main__":
    main()
