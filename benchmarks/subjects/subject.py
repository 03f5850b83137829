"""What every subject of the benchmark keeps, and what it makes of a case."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version

from cases import Case, Points
from torch import Tensor


@dataclass(frozen=True)
class Work:
    """A case made ready by a subject: what is called, over and over, on the clock.

    Attributes:
        parameters: Number of learned weights.
        loss: Forward to a scalar loss, for a case that is trained.
        predict: Mean and standard deviation at all targets, for one that is not.
    """

    parameters: int
    loss: Callable[[], Tensor] | None = None
    predict: Callable[[], object] | None = None


class Subject(ABC):
    """A library, or one of its models, that does the work of some cases.

    Attributes:
        name: Unique, in words without commas.
        package: The distribution it comes from.
    """

    name: str
    package: str

    @property
    def version(self) -> str:
        """Version of the package."""
        return version(self.package)

    @abstractmethod
    def does(self, case: Case) -> bool:
        """Whether it has a model for a case, and memory for its sizes."""

    @abstractmethod
    def setup(self, case: Case, points: Points) -> Work:
        """Make the model, and read what is read once: on the clock."""
