"""Averages over frames: any backbone becomes equivariant under a group."""

from apnp.framing.framed import Framed, FramedLatent
from apnp.framing.frames import Layout, directions, frames_of
from apnp.framing.learned import LearnedFrames, PoseSampling
from apnp.framing.poses import Poses
from apnp.framing.whitening import whitening_frames

__all__ = [
    "Framed", "FramedLatent", "Layout", "LearnedFrames", "PoseSampling", "Poses",
    "directions", "frames_of", "whitening_frames",
]  # fmt: skip
