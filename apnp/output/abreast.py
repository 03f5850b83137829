"""Work on the parts of a field, a part in each thread, results in order."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

import torch

Part = TypeVar("Part")
Result = TypeVar("Result")
_AHEAD = 1
"""Finished results that wait for each thread, at most."""


@contextmanager
def abreast() -> Iterator[Callable[..., Iterator[Any]]]:
    """A `map` in as many threads as torch has, in each of which torch has one.

    What is not parallel inside a part, such as its covariates, is then done beside the
    rest of another part. With one thread parts are done one after the other, here.
    """
    threads = torch.get_num_threads()
    if threads == 1:
        yield map
        return
    torch.set_num_threads(1)
    pool = ThreadPoolExecutor(
        threads, "apnp", initializer=torch.set_num_threads, initargs=(1,)
    )

    def ordered(
        function: Callable[[Part], Result], parts: Iterable[Part]
    ) -> Iterator[Result]:
        waiting: deque = deque()
        for part in parts:
            waiting.append(pool.submit(function, part))
            if len(waiting) > (1 + _AHEAD) * threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    try:
        yield ordered
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(threads)
