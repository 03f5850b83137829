"""Run folders: what a trained model is, on disk, complete or not there at all.

A run folder holds `config.yaml`, `metrics.csv` and two checkpoints, `best` and `last`.
A checkpoint is a folder of `weights.safetensors`, `model.json` (configuration,
inputs, versions, and the hash of every file and of itself) and, in `last`,
the state to go on from: `state.safetensors` and `state.json`. Nothing is pickled.
"""

import hashlib
import json
import logging
import os
import platform
import shutil
from collections.abc import Mapping
from functools import cache
from os import PathLike
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from apnp import __version__
from apnp.build import build_model
from apnp.checkpoint.old_names import renamed_record, renamed_weights
from apnp.checkpoint.pack import pack, unpack
from apnp.checkpoint.run_record import FORGERY, RunRecord, unreadable
from apnp.errors import ApnpError, CheckpointError
from apnp.inputs.coordinates import CoordinateInputs
from apnp.inputs.stations import StationInputs
from apnp.model import NeuralProcess
from apnp.pretrained import is_pretrained, run_path
from apnp.provenance import provenance

log = logging.getLogger(__name__)

FORMAT = 1
MODEL, WEIGHTS, STATE, STATE_TENSORS = (
    "model.json", "weights.safetensors", "state.json", "state.safetensors",
)  # fmt: skip


def load_run(
    run: str | PathLike[str], which: str = "best"
) -> tuple[NeuralProcess, StationInputs, RunRecord]:
    """A trained model on the CPU in evaluation mode, and all that belongs to it.

    Args:
        run: A run folder, or one of its checkpoints (`RUN/best`, `RUN/last`).
        which: The checkpoint of a run folder: "best" or "last".

    Returns:
        The model, what turns stations into its inputs, and the record in `model.json`.

    Raises:
        CheckpointError: If there is none, it is damaged or unreadable, or its model
            reads no stations.
    """
    model, inputs, record = load_model(run, which)
    if isinstance(inputs, CoordinateInputs):
        raise CheckpointError(
            f"{run} holds a model of functions of bare coordinates, not of stations: "
            "it is evaluated by the study that trained it (apnp experiment)."
        )
    return model, inputs, record


def load_model(
    run: str | PathLike[str], which: str = "best"
) -> tuple[NeuralProcess, StationInputs | CoordinateInputs, RunRecord]:
    """The same of any model, whether it reads stations or bare coordinates.

    Raises:
        CheckpointError: If there is none, or it is damaged or unreadable.
    """
    folder = find_checkpoint(run, which)
    stated, weights, _ = read_checkpoint(folder, with_state=False)
    record = RunRecord.parse(stated, folder)
    try:
        model = build_model(record.config.model, record.inputs)
        load_weights(model, weights)
    except (ApnpError, *FORGERY) as error:
        raise unreadable(stated, folder, error) from error
    model.std_inflation = record.progress.std_inflation
    return model.eval().requires_grad_(False), record.inputs, record


def read_record(run: str | PathLike[str], which: str = "best") -> RunRecord:
    """What a checkpoint says of its run, without its weights.

    Raises:
        CheckpointError: If there is none, or it is damaged or unreadable.
    """
    folder = find_checkpoint(run, which)
    return RunRecord.parse(read_checkpoint(folder, with_state=False)[0], folder)


def load_weights(model: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Give `model` these weights.

    Raises:
        CheckpointError: If they are another model's, or no finite numbers; the first
            difference is named.
    """
    for name, own in model.state_dict().items():
        given = weights.get(name, own)
        if given.dtype.is_floating_point != own.dtype.is_floating_point:
            raise CheckpointError(
                f"the weights are another model's: {name} holds {given.dtype}, not "
                f"{own.dtype}"
            )
        if not torch.isfinite(given).all():
            raise CheckpointError(
                f"the weights {name} hold numbers that are not finite"
            )
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        first = [line.strip() for line in str(error).splitlines()][1:2]
        raise CheckpointError(f"the weights are another model's: {first[0]}") from error


def find_checkpoint(run: str | PathLike[str], which: str = "best") -> Path:
    """The folder of a checkpoint.

    Raises:
        CheckpointError: If there is none.
    """
    named, run = run, run_path(run)
    for folder in (run, run / which):
        for candidate in (folder, _beside(folder, "new")):
            if (candidate / MODEL).is_file():
                return candidate
    if is_pretrained(named):
        raise CheckpointError(
            "This installation holds no pretrained weights: name a run folder with "
            "--checkpoint RUN, or install a release of apnp."
        )
    if not run.is_dir():
        raise CheckpointError(f"There is no run folder {run}: check --checkpoint.")
    others = [name for name in ("best", "last") if (run / name / MODEL).is_file()]
    hint = f"; {run / others[0]} can be loaded" if others else ""
    raise CheckpointError(
        f"{run} holds no {which} checkpoint: training has not come to its first "
        f"validation, or this is not a run folder{hint}."
    )


def has_checkpoint(run: str | PathLike[str], which: str) -> bool:
    """Whether `find_checkpoint` finds one."""
    try:
        find_checkpoint(run, which)
    except CheckpointError:
        return False
    return True


def write_checkpoint(
    folder: Path,
    record: Mapping[str, Any],
    weights: Mapping[str, Tensor],
    state: Mapping[str, Any] | None = None,
) -> None:
    """Write a checkpoint; a kill at any moment leaves the former one or this one.

    Args:
        folder: The checkpoint's folder; replaced if it exists.
        record: Plain data for `model.json`.
        weights: The model's weights by name.
        state: What training needs to go on, if it may.
    """
    files = {
        WEIGHTS: save({k: v.detach().cpu().contiguous() for k, v in weights.items()})
    }
    if state is not None:
        plain, tensors = pack(state)
        files |= {STATE: _json(plain), STATE_TENSORS: save(tensors)}
    record = dict(record) | {
        "format": FORMAT,
        "versions": {
            "apnp": __version__,
            "torch": str(torch.__version__),
            "python": platform.python_version(),
        },
        "provenance": provenance(),
        "files": {name: _hash(content) for name, content in files.items()},
    }
    record["hash"] = _hash(_json(record))
    new, old = _beside(folder, "new"), _beside(folder, "old")
    if not folder.exists() and (new / MODEL).is_file():
        new.rename(folder)  # the former save was killed between its two renames
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    for name, content in (*files.items(), (MODEL, _json(record, indent=1))):
        with (new / name).open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    new.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def read_checkpoint(
    folder: Path, with_state: bool = True
) -> tuple[dict[str, Any], dict[str, Tensor], dict[str, Any] | None]:
    """The record, the weights and the state of a checkpoint, every file verified.

    Names of earlier versions are replaced by today's.

    Raises:
        CheckpointError: If a file is missing, damaged, or of another format.
    """
    path = folder / MODEL
    try:
        record = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} is missing or damaged: {error}") from error
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise CheckpointError(
            f"{path} does not describe a checkpoint of format {FORMAT}; load it with "
            "the apnp that wrote it."
        )
    try:
        return _contents(folder, record, with_state)
    except (*FORGERY, SafetensorError) as error:
        raise CheckpointError(
            f"{path} and the files beside it are no checkpoint ({error}). Take the "
            "run's other checkpoint (best or last), or train again."
        ) from error


def _contents(
    folder: Path, record: dict[str, Any], with_state: bool
) -> tuple[dict[str, Any], dict[str, Tensor], dict[str, Any] | None]:
    """What the files hold, each with the hash that the record says."""
    bare = {key: value for key, value in record.items() if key != "hash"}
    if record.get("hash") != _hash(_json(bare)):
        raise _damaged(folder / MODEL)
    notes: list[str] = []
    weights = renamed_weights(load(_verified(folder, WEIGHTS, record)), notes)
    today, state = renamed_record(record, notes), None
    if with_state and STATE in record["files"]:
        plain = json.loads(_verified(folder, STATE, record))
        tensors = load(_verified(folder, STATE_TENSORS, record))
        state = renamed_record(unpack(plain, tensors), notes)
    if notes:
        _report(folder, ", ".join(dict.fromkeys(notes)))
    return today, weights, state


@cache
def _report(folder: Path, notes: str) -> None:
    """Say once what a checkpoint calls by an old name."""
    log.warning("%s is of an earlier version: %s; it loads as before.", folder, notes)


def _verified(folder: Path, name: str, record: Mapping[str, Any]) -> bytes:
    path = folder / name
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}.") from error
    if _hash(content) != record["files"].get(name):
        raise _damaged(path)
    return content


def _damaged(path: Path) -> CheckpointError:
    return CheckpointError(
        f"{path} is damaged: its content does not have the hash that it was saved "
        "with. Take the run's other checkpoint (best or last), or train again."
    )


def _beside(folder: Path, suffix: str) -> Path:
    return folder.with_name(f"{folder.name}.{suffix}")


def _json(value: Any, indent: int | None = None) -> bytes:
    return json.dumps(value, indent=indent, sort_keys=True, allow_nan=False).encode()


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
