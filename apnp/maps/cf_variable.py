"""One variable of a CF file, whatever writes it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apnp.maps.flags import MASKED


@dataclass(frozen=True, eq=False)
class CFVariable:
    """One variable of a file.

    Attributes:
        name: Its name.
        kind: Its type, as numpy abbreviates it.
        dims: Its dimensions.
        attrs: Its attributes.
        values: Its values; None = on the grid, to be written block by block.
    """

    name: str
    kind: str
    dims: tuple[str, ...]
    attrs: dict[str, Any]
    values: NDArray | None = None

    @property
    def fill_value(self) -> Any:
        """What stands where nothing is written; None where everything has a value."""
        if self.values is not None or self.kind == "f8":
            return None
        return np.float32("nan") if self.kind == "f4" else MASKED


def coordinate(
    name: str, values: NDArray, bounds: NDArray | None, **attrs: str
) -> tuple[CFVariable, ...]:
    """A coordinate variable, and its bounds where it has any."""
    if bounds is None:
        return (CFVariable(name, "f8", (name,), attrs, values),)
    edges = f"{name}_bnds"
    return (
        CFVariable(name, "f8", (name,), attrs | {"bounds": edges}, values),
        CFVariable(edges, "f8", (name, "nv"), {}, bounds),
    )
