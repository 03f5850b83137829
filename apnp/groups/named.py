"""The groups that a configuration names."""

from collections.abc import Callable

from apnp.errors import ConfigError
from apnp.groups.group import Group, Trivial
from apnp.groups.linear import LinearMotions
from apnp.groups.longitude import LongitudeShifts
from apnp.groups.rigid import RigidMotions
from apnp.groups.rotation import SphereRotations
from apnp.groups.translation import Translations

GROUPS: dict[str, dict[str, Callable[[int], Group]]] = {
    "plane": {
        "translations": Translations,
        "rigid_motions": RigidMotions,
        "similarity": lambda _: LinearMotions("similarity"),
        "special_linear": lambda _: LinearMotions("special"),
        "affine": lambda _: LinearMotions("affine"),
        "none": Trivial,
    },
    "box": {
        "translations": Translations,
        "rigid_motions": RigidMotions,
        "similarity": lambda _: LinearMotions("similarity"),
        "special_linear": lambda _: LinearMotions("special"),
        "affine": lambda _: LinearMotions("affine"),
        "none": Trivial,
    },
    "sphere": {
        "longitude_shifts": lambda _: LongitudeShifts(),
        "rotations": lambda _: SphereRotations(),
        "none": Trivial,
    },
}
"""The groups of each geometry, the default one first."""


def named_group(geometry: str, name: str, dx: int) -> Group:
    """The group of a name in a geometry.

    Args:
        geometry: `plane`, `box` or `sphere`.
        name: A name in `GROUPS`, or `default`.
        dx: Dimensions of a location.

    Raises:
        ConfigError: If the geometry has no such group.

    >>> type(named_group("sphere", "default", 3)).__name__
    'LongitudeShifts'
    """
    groups = GROUPS[geometry]
    if name != "default" and name not in groups:
        raise ConfigError(
            f"`model.group` is one of {', '.join(groups)} on a {geometry}. Got {name}."
        )
    return groups[next(iter(groups)) if name == "default" else name](dx)
