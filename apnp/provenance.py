"""With what code, on what machine and when something was computed."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import torch

_PACKAGE = Path(__file__).parent


def provenance() -> dict[str, str]:
    """`commit` (empty outside a clone of the project), `machine`, `finished` (UTC)."""
    now = datetime.now(UTC)
    return {
        "commit": _commit(), "machine": _machine(), "finished": f"{now:%Y-%m-%d %H:%M}",
    }  # fmt: skip


@cache
def _commit() -> str:
    if not (_PACKAGE.parent / ".git").exists():
        return ""
    command = ["git", "describe", "--always", "--dirty"]
    try:
        said = subprocess.run(
            command, cwd=_PACKAGE, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return said.stdout.strip()


@cache
def _machine() -> str:
    """A GPU by its name, where there is one; else the processor and its cores."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    return f"{processor()}, {os.cpu_count()} cores"


def processor() -> str:
    """The name of the processor, where the system tells it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    names = [line.split(": ")[1] for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
