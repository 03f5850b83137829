"""Strictly equivariant architectures, one a file."""

from apnp.backbones.backbone import Backbone
from apnp.backbones.convcnp import ConvCNP
from apnp.backbones.equivcnp import EquivCNP
from apnp.backbones.local_tnp import LocalTNP
from apnp.backbones.relaxed_convcnp import RelaxedConvCNP
from apnp.backbones.tnp import TNP

__all__ = ["TNP", "Backbone", "ConvCNP", "EquivCNP", "LocalTNP", "RelaxedConvCNP"]
