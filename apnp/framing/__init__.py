"""Averages over frames: any backbone becomes equivariant under a group."""

from apnp.framing.framed import Framed, FramedLatent
from apnp.framing.frames import Layout, directions, frames_of
from apnp.framing.learned import LearnedFrames, PoseSampling
from apnp.framing.poses import Poses

__all__ = [
    "Framed", "FramedLatent", "Layout", "LearnedFrames", "PoseSampling", "Poses",
    "directions", "frames_of",
]  # fmt: skip
