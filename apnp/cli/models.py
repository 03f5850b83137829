"""`apnp models`: the architectures, the symmetries they keep, and their sizes."""

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from apnp.cli.parser import ApnpParser
from apnp.config import BackboneConfig, ModelConfig
from apnp.errors import ConfigError

if TYPE_CHECKING:
    from apnp.model import NeuralProcess


def parser() -> ApnpParser:
    """The arguments of the verb: only `--help`."""
    return ApnpParser(prog="apnp models", description=main.__doc__)


def main(argv: Sequence[str]) -> None:
    """Print one line for every architecture with every group that it keeps."""
    parser().parse_args(list(argv))
    print(table().to_string(index=False))
    print(
        "\nWeights of default settings, strict and approximate. A group is named by "
        "`model.group`, a backbone by `model.backbone.name`."
    )


def table() -> pd.DataFrame:
    """Backbone, geometry, group, where it is exact, and numbers of weights."""
    from apnp.build import build_model  # not before: --help needs no torch
    from apnp.groups import GROUPS
    from apnp.inputs.projection import GEOMETRIES
    from apnp.inputs.stations import StationInputs

    names: list[Any] = [f.name for f in fields(BackboneConfig) if f.name != "name"]
    rows = []
    for name in names:
        for geometry in GEOMETRIES:
            europe = StationInputs.fit(
                geometry, [40, 60], [0, 20], np.arange(3.0), coast=True
            )
            for group in GROUPS[geometry]:
                choice: dict[str, Any] = {"geometry": geometry, "group": group}
                backbone = BackboneConfig(name)
                strict = ModelConfig(form="strict", backbone=backbone, **choice)
                try:
                    model = build_model(strict, europe)
                except ConfigError:  # a group that this architecture cannot keep
                    continue
                loose = replace(strict, form="approximate")
                rows.append(
                    {
                        "backbone": name,
                        "geometry": geometry,
                        "group": group,
                        "exact for": model.backbone.exact,
                        "strict": _size(model),
                        "approximate": _size(build_model(loose, europe))
                        if model.backbone.has_sites
                        else "none",
                    }
                )
    return pd.DataFrame(rows)


def _size(model: "NeuralProcess") -> str:
    return f"{sum(p.numel() for p in model.parameters()):,}"
