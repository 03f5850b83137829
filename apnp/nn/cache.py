"""How much of a large layer is taken at once, so that it stays in a core's cache."""

import torch

CACHED = 2**17
"""Numbers that a thread takes at once: half a megabyte."""


def rows_at_once(width: int) -> int:
    """The number of rows of this width that fit, at least one."""
    return max(1, CACHED * torch.get_num_threads() // width)
