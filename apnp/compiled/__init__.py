"""Loops over tensors, compiled for the local processor: the extra `fast`.

They serve the convolutional models; without llvmlite torch's operators do the same.
"""

from functools import cache
from importlib.util import find_spec

import torch
from torch import Tensor


@cache
def is_available() -> bool:
    """Whether llvmlite is installed, which compiles them."""
    return find_spec("llvmlite") is not None


def compilable(*tensors: Tensor) -> bool:
    """Whether compiled code can do what is asked of these tensors.

    It needs llvmlite, and is for numbers of single or double precision in a
    processor's memory. Mixed precision, and what `torch.compile` traces, are torch's
    own.
    """
    return (
        is_available()
        and all(t.device.type == "cpu" and t.dtype == tensors[0].dtype for t in tensors)
        and tensors[0].dtype in (torch.float32, torch.float64)
        and all(t.numel() for t in tensors)
        and not torch.is_autocast_enabled("cpu")
        and not torch.compiler.is_compiling()
    )
