"""What training asks of any supply of tasks."""

from typing import Protocol

from apnp.types import Task


class TaskSource(Protocol):
    """Tasks by number, each a function of a seed and its number alone.

    So any process may make any task, a run goes on where it stopped, and no task comes
    twice.
    """

    def task(self, index: int) -> Task:
        """Task `index` (b = 1), without padding."""
        ...
