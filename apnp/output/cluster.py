"""Work spread over the processes of a dask cluster."""

import logging
import pickle
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from apnp.errors import ConfigError
from apnp.extras import import_optional
from apnp.process import make_fast

log = logging.getLogger(__name__)

T = TypeVar("T")

_AHEAD = 3
"""Pieces of work given out for each thread of the cluster: none waits for the next."""
_PATIENCE = "20s"


@dataclass(frozen=True)
class Cluster:
    """Who works: processes started here, or any dask cluster that runs already.

    Attributes:
        workers: Number of processes to start on this machine, a thread each.
        scheduler: Address of a running dask scheduler, such as "tcp://node7:8786", in
            place of these. Its workers need this package, and the same files under the
            same names.
    """

    workers: int | None = None
    scheduler: str | None = None

    def __post_init__(self) -> None:
        if (self.workers is None) == (self.scheduler is None):
            raise ConfigError("Give --workers or --scheduler, one of them.")
        if self.workers is not None and self.workers < 1:
            raise ConfigError(
                f"`workers` is a number of at least 1. Got {self.workers}."
            )

    def each(self, work: Callable[[T], object], items: Sequence[T]) -> Iterator[T]:
        """Do the work for each item; yield the items as they are done.

        The work of a worker that dies is done by another. `work` is pickled once, and
        kept by the workers.

        Raises:
            ConfigError: If there is no such cluster, or workers die again and again.
        """
        distributed = import_optional("distributed", "A cluster", "scale")
        with ExitStack() as stack:
            client = stack.enter_context(self._client(distributed, stack))
            kept = client.submit(pickle.loads, pickle.dumps(work), pure=False)
            flying, waiting = distributed.as_completed(), iter(items)

            def give_out() -> None:
                threads = sum(client.nthreads().values())
                room = max(_AHEAD * max(threads, 1) - flying.count(), 0)
                for item in islice(waiting, room):
                    flying.add(client.submit(_done, kept, item, pure=False))

            if not client.nthreads():
                log.warning("The cluster has no worker yet: waiting for one.")
            give_out()
            try:
                for future in flying:
                    yield future.result()
                    give_out()
            except distributed.KilledWorker as error:
                raise ConfigError(
                    f"Workers died again and again ({error.last_worker}), as a rule "
                    "for want of memory. Take fewer on a machine, and give the same "
                    "command again: what is done is kept."
                ) from None

    def _client(self, distributed: Any, stack: ExitStack) -> Any:
        """A client of the cluster, which is started where none is named.

        Raises:
            ConfigError: If no scheduler answers.
        """
        if self.scheduler is None:
            local = distributed.LocalCluster(
                n_workers=self.workers, threads_per_worker=1, dashboard_address=None,
                silence_logs=logging.CRITICAL,
            )  # fmt: skip
            return distributed.Client(stack.enter_context(local))
        try:
            return distributed.Client(self.scheduler, timeout=_PATIENCE)
        except (OSError, ValueError) as error:
            raise ConfigError(
                f"--scheduler {self.scheduler}: no dask scheduler answers there "
                f"({' '.join(str(error).split())})."
            ) from None


def _done(work: Callable[[T], object], item: T) -> T:
    make_fast()  # it holds for this thread of the worker
    work(item)
    return item
