"""Jobs shared out among as many threads as torch has."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

import torch
from torch import Tensor

_WORK = 2**23
"""Multiplications worth a thread: some tenths of a millisecond."""

T = TypeVar("T")


def shared(work: Callable[[int, int], T], jobs: int, size: int) -> list[T]:
    """Do the jobs, the first ones and so on in a thread each.

    Args:
        work: Does the jobs from one number up to another; gives up Python's lock.
        jobs: How many there are.
        size: Multiplications of all of them.

    Returns:
        What every thread's work returned, in order.
    """
    n = max(1, min(torch.get_num_threads(), jobs, size // _WORK))
    if n == 1:
        return [work(0, jobs)]
    edges = [jobs * i // n for i in range(n + 1)]
    return list(_pool(n).map(work, edges, edges[1:]))


def summed(work: Callable[[int, int], Tensor], jobs: int, size: int) -> Tensor:
    """The sum of what every thread's work returned."""
    first, *others = shared(work, jobs, size)
    for other in others:
        first += other
    return first


@cache
def _pool(n: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(n, thread_name_prefix="apnp")


if hasattr(os, "register_at_fork"):  # a child has none of its parent's threads
    os.register_at_fork(after_in_child=_pool.cache_clear)
