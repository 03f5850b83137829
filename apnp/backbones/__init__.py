"""Strictly equivariant architectures, one a file."""

from apnp.backbones.backbone import Backbone
from apnp.backbones.cnp import CNP
from apnp.backbones.convcnp import ConvCNP
from apnp.backbones.equivcnp import EquivCNP
from apnp.backbones.gridded import GriddedOptions
from apnp.backbones.local_tnp import LocalTNP
from apnp.backbones.pt_tnp import PTTNP
from apnp.backbones.rcnp import RCNP
from apnp.backbones.relaxed_convcnp import RelaxedConvCNP
from apnp.backbones.tnp import TNP
from apnp.backbones.tokens import TokenLayers

__all__ = [
    "CNP",
    "PTTNP",
    "RCNP",
    "TNP",
    "Backbone",
    "ConvCNP",
    "EquivCNP",
    "GriddedOptions",
    "LocalTNP",
    "RelaxedConvCNP",
    "TokenLayers",
]
