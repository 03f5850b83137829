"""Groups of symmetries: random elements, their action, and what they leave alone."""

from apnp.groups.group import Group, Trivial
from apnp.groups.longitude import LongitudeShifts
from apnp.groups.translation import Translations

__all__ = ["Group", "LongitudeShifts", "Translations", "Trivial"]
