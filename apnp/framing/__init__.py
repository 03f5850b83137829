"""Averages over frames: any backbone becomes equivariant under a group."""

from apnp.framing.framed import Framed, FramedLatent
from apnp.framing.frames import Layout, directions, frames_of
from apnp.framing.poses import Poses

__all__ = ["Framed", "FramedLatent", "Layout", "Poses", "directions", "frames_of"]
