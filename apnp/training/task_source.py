"""What training asks of any supply of tasks."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from apnp.types import Task


class TaskSource(Protocol):
    """Tasks by number, each a function of a seed and its number alone.

    So any process may make any task, an interrupted run resumes, and no task comes
    twice.
    """

    def task(self, index: int) -> Task:
        """Task `index` (b = 1), without padding."""
        ...


@runtime_checkable
class BatchSource(TaskSource, Protocol):
    """A supply that makes a whole batch faster than task by task."""

    def batch(self, indices: Sequence[int]) -> Task:
        """Those tasks padded to one size, as `batching.collate` does."""
        ...
