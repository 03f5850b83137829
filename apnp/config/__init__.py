"""Typed configuration: what an experiment is, read from YAML and overrides."""

from apnp.config.backbones import (
    BackboneConfig,
    CNPConfig,
    ConvCNPConfig,
    EquivCNPConfig,
    LatticeConfig,
    LocalTNPConfig,
    PTTNPConfig,
    RCNPConfig,
    RelaxedConvCNPConfig,
    TNPConfig,
)
from apnp.config.experiment import (
    Config,
    DataConfig,
    FixedInputsConfig,
    ModelConfig,
    TrainerConfig,
)
from apnp.config.fields import GriddedFieldConfig
from apnp.config.read import (
    from_dict,
    parse,
    parser,
    read_yaml,
    to_dict,
    to_yaml,
)

__all__ = [
    "BackboneConfig",
    "CNPConfig",
    "Config",
    "ConvCNPConfig",
    "DataConfig",
    "EquivCNPConfig",
    "FixedInputsConfig",
    "GriddedFieldConfig",
    "LatticeConfig",
    "LocalTNPConfig",
    "ModelConfig",
    "PTTNPConfig",
    "RCNPConfig",
    "RelaxedConvCNPConfig",
    "TNPConfig",
    "TrainerConfig",
    "from_dict",
    "parse",
    "parser",
    "read_yaml",
    "to_dict",
    "to_yaml",
]
