"""Rows of `gpu.py` for the local TNP: a field's cells, and a training step."""

from collections.abc import Callable, Iterator
from functools import partial

import torch
from local_tnp import CONTEXT, COVARIATES, LENGTHS, TARGETS, context, covariates, places
from torch import Tensor

from apnp.backbones import LocalTNP
from apnp.groups import LongitudeShifts
from apnp.likelihoods import GaussianMixture
from apnp.model import NeuralProcess
from apnp.types import Domain, PointSet

BATCH = 2
"""Tasks of a training step, as in `configs/europe_daily.yaml`."""


def made(device: str) -> NeuralProcess:
    """The default model, on the device."""
    torch.manual_seed(0)
    backbone = LocalTNP(LongitudeShifts(), 1, COVARIATES, LENGTHS)
    likelihood = GaussianMixture(backbone.d_out, 1, 3, 0.01, True)
    return NeuralProcess(backbone, likelihood).to(device)


def stations(b: int, n: int, device: str) -> tuple[PointSet, Domain]:
    """Points of `b` tasks and their box, on the device."""
    points, box = context(b, n)
    return points.to(device), box.to(device)


def prediction(
    model: NeuralProcess, n: int, cells: int, device: str, mixed: Callable
) -> Callable[[], Tensor]:
    """Means of cells from `n` stations, the context read before."""
    x = places(1, cells).to(device)
    told = [each.to(device) for each in covariates(1, cells)]
    with torch.no_grad():
        encoding = model.encode(*stations(1, n, device))

    def predict() -> Tensor:
        with torch.no_grad(), mixed():
            return model.decode(encoding, x, *told).mean

    return predict


def step(model: NeuralProcess, device: str, mixed: Callable) -> Callable[[], Tensor]:
    """Forward, backward and the optimiser's part, at the default settings."""
    optimiser = torch.optim.AdamW(model.parameters(), lr=2e-3)
    points, box = stations(BATCH, CONTEXT, device)
    xt, y = places(BATCH, TARGETS).to(device), torch.randn(BATCH, TARGETS, 1)
    told = [each.to(device) for each in covariates(BATCH, TARGETS)]
    y = y.to(device)

    def once() -> Tensor:
        optimiser.zero_grad()
        with mixed():
            law = model.decode(model.encode(points, box), xt, *told)
        loss = -law.log_prob(y, torch.ones_like(y, dtype=torch.bool)).mean()
        loss.backward()
        optimiser.step()
        return loss.detach()

    return once


def rows(
    device: str, n: int, cells: int, repeat: int, kinds: dict[str, torch.dtype],
    seconds: Callable[[Callable[[], object], str, int], float],
) -> Iterator[dict[str, object]]:  # fmt: skip
    """One row for each task and precision.

    Args:
        device: Where.
        n: Stations of the field.
        cells: Cells of the field.
        repeat: Calls that are timed.
        kinds: Precisions by name; all but float32 are mixed.
        seconds: Median seconds of so many calls.
    """
    for name, kind in kinds.items():
        mixed = partial(
            torch.autocast, torch.device(device).type, kind,
            enabled=kind != torch.float32,
        )  # fmt: skip
        row: dict[str, object] = {"study": "local TNP", "precision": name}
        for task in ("predict", "step"):
            try:
                model = made(device)
                call = (
                    prediction(model, n, cells, device, mixed)
                    if task == "predict"
                    else step(model, device, mixed)
                )
                if device.startswith("cuda"):
                    torch.cuda.reset_peak_memory_stats()
                first = seconds(call, device, 1)
                taken = seconds(call, device, repeat)
                if not torch.isfinite(call()).all():
                    raise ArithmeticError("the result is not finite")
            except Exception as error:  # whatever a memory or a library says of it
                told = f"{type(error).__name__}: {error}".splitlines()[0]
                yield {**row, "model": f"local TNP, {task}", "error": told}
                continue
            found = {"model": f"local TNP, {task}", "first_s": first, "ms": 1e3 * taken}
            if task == "predict":
                found["us_a_cell"] = 1e6 * taken / cells
            if device.startswith("cuda"):
                found["memory_gb"] = torch.cuda.max_memory_allocated() / 2**30
            yield {**row, **found}
