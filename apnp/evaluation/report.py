"""The outcome of an evaluation: a table for the terminal, files in a folder."""

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from apnp.errors import ConfigError
from apnp.evaluation import tables
from apnp.evaluation.evaluate import Evaluation
from apnp.files import atomic_write


def as_text(evaluation: Evaluation, units: str = "K") -> str:
    """The summary as a table of text, errors behind the numbers."""
    summary = evaluation.summary()
    rows = [_row(row, units) for row in summary.to_dict("records")]
    text = pd.DataFrame(rows).set_index("model").rename_axis(None)
    return text.to_string()


def _with_error(number: str, error: float) -> str:
    return number if np.isnan(error) else f"{number} ±{error:.3f}"


def _row(row: dict, units: str) -> dict[str, str]:
    cells = {
        "model": row["model"],
        f"CRPS ({units})": _with_error(f"{row['crps']:.3f}", row["crps_se"]),
        f"RMSE ({units})": f"{row['rmse']:.3f}",
        "NLL (nats)": _with_error(f"{row['nll']:.3f}", row["nll_se"]),
        **_joint(row),
        f"bias ({units})": f"{row['bias']:+.3f}",
        **{f"in {p}%": f"{100 * row[f'coverage_{p}']:.1f}" for p in tables.LEVELS},
        "s/task": f"{row['seconds']:.2f}",
    }
    for name, title, sign in (
        ("crps_ratio", "CRPS ratio", ""),
        ("crps_difference", "CRPS diff.", "+"),
        ("nll_difference", "NLL diff.", "+"),
    ):
        if name in row:
            cells[title] = _with_error(f"{row[name]:{sign}.3f}", row[f"{name}_se"])
    return cells


def _joint(row: dict) -> dict[str, str]:
    """The joint NLL per value, in a table where a model has one."""
    if "joint_nll" not in row:
        return {}
    known = not np.isnan(row["joint_nll"])
    number = f"{row['joint_nll']:.3f}" if known else "-"
    return {"joint NLL": _with_error(number, row["joint_nll_se"])}


def make_folder(folder: str | Path) -> Path:
    """The folder, made if need be.

    Raises:
        ConfigError: If it cannot be.
    """
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"{folder} cannot be made a folder of results ({error.strerror}): give "
            "another --output."
        ) from error
    return Path(folder)


def write(evaluation: Evaluation, folder: str | Path, stations: xr.Dataset) -> None:
    """Write all tables and the calibration plot to a folder.

    `summary.csv`, `per_task.csv`, `per_station.csv` (with the ids of `stations`),
    `pit.csv` and `calibration.png`. Every file is replaced only by a complete one.
    """
    from apnp.plotting import calibration

    folder = make_folder(folder)
    places = ["lat", "lon", "elevation"]
    ids = stations[places].to_dataframe().reset_index()[["station", *places]]
    per_station = evaluation.per_station().merge(
        ids.drop_duplicates(places), "left", on=places
    )
    for name, table in {
        "summary": evaluation.summary(),
        "per_task": evaluation.per_task(),
        "per_station": per_station,
        "pit": tables.pit_histogram(evaluation.points),
    }.items():
        with atomic_write(folder / f"{name}.csv") as temporary:
            table.to_csv(temporary, index=False, float_format="%.6g")
    calibration(evaluation.pit(), folder / "calibration.png")
