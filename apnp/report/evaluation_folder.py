"""What `apnp evaluate` left in a folder, as parts of a page."""

import base64
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from apnp.errors import DataError

_WORST = 20
_NUMBERS = {
    "crps": "CRPS", "crps_se": "± CRPS", "rmse": "RMSE", "bias": "bias",
    "nll": "NLL (nats)", "nll_se": "± NLL", "coverage_50": "in 50 %",
    "coverage_90": "in 90 %", "coverage_95": "in 95 %",
    "crps_ratio": "CRPS ratio", "crps_ratio_se": "± ratio",
}  # fmt: skip


@dataclass(frozen=True)
class EvaluationFolder:
    """The tables of an evaluation.

    Attributes:
        path: The folder.
        summary: One row per model.
        stations: One row per model and station.
    """

    path: Path
    summary: pd.DataFrame
    stations: pd.DataFrame

    @property
    def model(self) -> str:
        """The first model of the table: the one that was judged."""
        return str(self.summary["model"].iloc[0])

    def worst(self) -> list[dict[str, Any]]:
        """The stations with the largest CRPS of the model, worst first."""
        table = self.stations[self.stations["model"] == self.model]
        table = table.sort_values("crps", ascending=False).head(_WORST)
        return [
            {
                "id": str(row["station"]), "at": [float(row["lat"]), float(row["lon"])],
                "elevation": float(row["elevation"]), "crps": float(row["crps"]),
                "bias": float(row["bias"]),
            }
            for row in table.to_dict("records")
        ]  # fmt: skip

    def summary_html(self) -> str:
        """The scores as an HTML table, texts escaped."""
        shown = [name for name in _NUMBERS if name in self.summary]
        head = "".join(f"<th>{escape(_NUMBERS[name])}</th>" for name in shown)
        rows = []
        for row in self.summary.to_dict("records"):
            cells = "".join(f"<td>{_number(name, row[name])}</td>" for name in shown)
            rows.append(f"<tr><th>{escape(str(row['model']))}</th>{cells}</tr>")
        return (
            f'<table id="scores"><tr><th>model</th>{head}</tr>{"".join(rows)}</table>'
        )

    def calibration_html(self) -> str:
        """The calibration figure, or nothing if there is none."""
        figure = self.path / "calibration.png"
        if not figure.exists():
            return ""
        data = base64.b64encode(figure.read_bytes()).decode()
        return (
            '<img alt="Coverage of central intervals and histogram of the probability '
            f'integral transform, by model" src="data:image/png;base64,{data}">'
        )


def _number(name: str, value: float) -> str:
    if pd.isna(value):
        return ""
    if name.startswith("coverage"):
        return f"{100 * value:.1f} %"
    return f"{value:.3f}"


def find_evaluation(folder: Path) -> EvaluationFolder | None:
    """The evaluation in a run folder, or in the folder itself; None if there is none.

    Raises:
        DataError: If a table is damaged.
    """
    for path in (folder / "evaluation", folder):
        if (path / "summary.csv").exists():
            return EvaluationFolder(
                path,
                _table(path / "summary.csv", ("model", "crps")),
                _table(
                    path / "per_station.csv",
                    ("model", "station", "lat", "lon", "elevation", "crps", "bias"),
                ),
            )
    return None


def _table(path: Path, needed: tuple[str, ...]) -> pd.DataFrame:
    try:
        table = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read as a table ({error}).") from error
    absent = [name for name in needed if name not in table]
    if absent or table.empty:
        raise DataError(
            f"{path}: must have rows and the columns {', '.join(needed)}. Run "
            "`apnp evaluate` again."
        )
    return table
