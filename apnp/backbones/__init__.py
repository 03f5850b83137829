"""Strictly equivariant architectures, one a file."""

from apnp.backbones.backbone import Backbone
from apnp.backbones.convcnp import ConvCNP
from apnp.backbones.local_tnp import LocalTNP
from apnp.backbones.pt_tnp import PTTNP
from apnp.backbones.tnp import TNP

__all__ = ["PTTNP", "TNP", "Backbone", "ConvCNP", "LocalTNP"]
