"""The physical variables that stations report, with their CF names and limits."""

from dataclasses import dataclass

from apnp.errors import ConfigError


@dataclass(frozen=True)
class Variable:
    """One physical variable, in the units that files and results carry.

    Attributes:
        name: Short name, the name of the variable in files (CMIP style).
        standard_name: CF standard name.
        long_name: Name for labels of plots.
        units: CF units of values in station datasets and results.
        plausible: Closed interval of values that can occur near the ground.
        cell_method: CF cell method of a daily value.
    """

    name: str
    standard_name: str
    long_name: str
    units: str
    plausible: tuple[float, float]
    cell_method: str


_VARIABLES = (
    Variable(
        "tas", "air_temperature", "near-surface air temperature",
        "degC", (-90.0, 60.0), "time: mean",
    ),
    Variable(
        "tasmax", "air_temperature", "daily maximum near-surface air temperature",
        "degC", (-90.0, 60.0), "time: maximum",
    ),
    Variable(
        "tasmin", "air_temperature", "daily minimum near-surface air temperature",
        "degC", (-90.0, 60.0), "time: minimum",
    ),
)  # fmt: skip


def get_variable(name: str) -> Variable:
    """Return the variable called `name`.

    Raises:
        ConfigError: If no variable has that name.
    """
    known = {v.name: v for v in _VARIABLES}
    if name not in known:
        raise ConfigError(
            f"Unknown variable {name!r}; known are {', '.join(sorted(known))}."
        )
    return known[name]
