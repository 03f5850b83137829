"""Groups of symmetries: random elements, their action, and what they leave alone."""

from apnp.groups.group import Group, Trivial
from apnp.groups.linear import LinearKind, LinearMotions
from apnp.groups.longitude import LongitudeShifts
from apnp.groups.named import GROUPS, named_group
from apnp.groups.product import Product
from apnp.groups.rigid import RigidMotions
from apnp.groups.rotation import Rotations, SphereRotations
from apnp.groups.translation import Translations

__all__ = [
    "GROUPS",
    "Group",
    "LinearKind",
    "LinearMotions",
    "LongitudeShifts",
    "Product",
    "RigidMotions",
    "Rotations",
    "SphereRotations",
    "Translations",
    "Trivial",
    "named_group",
]
