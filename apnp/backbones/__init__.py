"""Architectures: strictly equivariant maps from a context to channels at targets."""

from apnp.backbones.backbone import Backbone
from apnp.backbones.convcnp import ConvCNP

__all__ = ["Backbone", "ConvCNP"]
