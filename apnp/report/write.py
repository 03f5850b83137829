"""Assemble and write the page of a report."""

import json
from collections.abc import Mapping
from html import escape
from importlib.resources import files
from os import PathLike
from pathlib import Path
from typing import Any

import xarray as xr

from apnp import __version__
from apnp.errors import ConfigError, DataError
from apnp.files import atomic_write
from apnp.report.evaluation_folder import EvaluationFolder
from apnp.report.map_data import map_data

LARGEST_MB = 10.0
_PAGE = files("apnp.report") / "page"


def write_report(
    path: str | PathLike[str],
    *,
    field: xr.Dataset | None = None,
    stations: xr.Dataset | None = None,
    evaluation: EvaluationFolder | None = None,
    title: str | None = None,
    provenance: Mapping[str, str] | None = None,
) -> None:
    """Write one HTML page that needs no network.

    The page has an interactive map (Leaflet is inside the page) of the mean and the
    standard deviation, with stations and the value under the pointer; scores,
    calibration and the worst stations of an evaluation; and the provenance.

    Args:
        path: The page to write.
        field: A predicted field, as `apnp.predict` returns it; several times are
            chosen with a slider.
        stations: Stations to show on the map.
        evaluation: The scores to show.
        title: Title of the page; by default that of the field.
        provenance: Lines of the provenance, besides the attributes of the field.

    Raises:
        ConfigError: If there is neither a field nor an evaluation.
        DataError: If the field is none, or makes a page of more than 10 MB.
    """
    if field is None and evaluation is None:
        raise ConfigError("A report needs a field or an evaluation. Got neither.")
    attributes = (
        {} if field is None else {str(k): str(v) for k, v in field.attrs.items()}
    )
    data: dict[str, Any] = {
        "map": None if field is None else map_data(field, stations),
        "worst": [] if evaluation is None else evaluation.worst(),
    }
    heading = title or attributes.get("title") or "Evaluation"
    page = _fill(
        title=escape(heading),
        scores=_scores(evaluation),
        provenance=_provenance({**attributes, **(provenance or {})}),
        version=escape(__version__),
        data=json.dumps(data, allow_nan=False).replace("<", "\\u003c"),
    )
    size = len(page.encode()) / 1e6
    if size > LARGEST_MB:
        raise DataError(
            f"{path}: the report would have {size:.1f} MB; at most {LARGEST_MB:.0f} MB "
            "are allowed. Choose fewer times with --time, or a coarser grid."
        )
    with atomic_write(path) as temporary:
        Path(temporary).write_text(page, encoding="utf-8")


def _fill(**parts: str) -> str:
    """The template with its parts; what is inserted is not searched again."""
    parts |= {
        name.replace(".", "_"): (_PAGE / name).read_text(encoding="utf-8")
        for name in ("leaflet.css", "leaflet.js", "report.css", "report.js")
    }
    pieces = (_PAGE / "report.html").read_text(encoding="utf-8").split("{{")
    out = [pieces[0]]
    for piece in pieces[1:]:
        name, rest = piece.split("}}", 1)
        out += [parts[name.strip()], rest]
    return "".join(out)


def _scores(evaluation: EvaluationFolder | None) -> str:
    if evaluation is None:
        return ""
    return (
        "<section><h2>Scores at held-out stations</h2>"
        f'<div class="wide">{evaluation.summary_html()}</div>'
        "<p>CRPS, RMSE and bias are in the units of the variable. The ratio is to the "
        "reference method on the same tasks; below 1 the model is better.</p>"
        f"<h2>Calibration</h2>{evaluation.calibration_html()}"
        f"<h2>Stations with the largest errors of {escape(evaluation.model)}</h2>"
        '<div class="wide"><table id="worst"></table></div></section>'
    )


def _provenance(attributes: Mapping[str, str]) -> str:
    rows = "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>"
        for name, value in attributes.items()
    )
    return f"<table>{rows}</table>" if rows else "<p>None recorded.</p>"
