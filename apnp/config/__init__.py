"""Typed configuration: what an experiment is, read from YAML and overrides."""

from apnp.config.backbones import (
    BackboneConfig,
    CNPConfig,
    ConvCNPConfig,
    EquivCNPConfig,
    LatticeConfig,
    LocalTNPConfig,
    PointModelConfig,
    PTTNPConfig,
    RCNPConfig,
    RelaxedConvCNPConfig,
    TNPConfig,
)
from apnp.config.covariates import GriddedCovariateConfig, HistoryConfig
from apnp.config.experiment import (
    AugmentConfig,
    Config,
    DataConfig,
    FixedInputsConfig,
    LearnedFramesConfig,
    ModelConfig,
    TrainerConfig,
)
from apnp.config.read import (
    from_dict,
    from_words,
    parse,
    parser,
    read_yaml,
    to_dict,
    to_yaml,
)

__all__ = [
    "AugmentConfig",
    "BackboneConfig",
    "CNPConfig",
    "Config",
    "ConvCNPConfig",
    "DataConfig",
    "EquivCNPConfig",
    "FixedInputsConfig",
    "GriddedCovariateConfig",
    "HistoryConfig",
    "LatticeConfig",
    "LearnedFramesConfig",
    "LocalTNPConfig",
    "ModelConfig",
    "PTTNPConfig",
    "PointModelConfig",
    "RCNPConfig",
    "RelaxedConvCNPConfig",
    "TNPConfig",
    "TrainerConfig",
    "from_dict",
    "from_words",
    "parse",
    "parser",
    "read_yaml",
    "to_dict",
    "to_yaml",
]
