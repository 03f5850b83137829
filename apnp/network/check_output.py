"""What a check has found, as files: flags, a report and a map."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from apnp import __version__
from apnp.data.schema import FAILED_CHECK
from apnp.errors import ConfigError
from apnp.files import atomic_write
from apnp.network.check import FAULTS, Checked
from apnp.network.station_file import Layer, station_file, write_dataset
from apnp.plotting.figures import check_path, save
from apnp.plotting.points import stations_map
from apnp.variables import get_variable

_MEANINGS = {
    "gross": "far from what the other stations predict",
    "offset": "off for weeks or more",
    "stuck": "too many equal values in a row",
    "swapped": "fits another station, and that one's values fit here",
    "shifted_day": "fits the day before or after",
    "wrong_units": "fits after a conversion of units or sign",
}
_WORST = 20


def check_names(flags: str, report: str | None, figure: str | None) -> None:
    """Refuse names of files that no output can be written to, before the work.

    Raises:
        ConfigError: Naming the file and the endings that are known.
    """
    if Path(flags).suffix not in (".nc", ".csv"):
        raise ConfigError(
            f"{flags}: flags are written as CF NetCDF or CSV, so the name ends in .nc "
            "or .csv."
        )
    if report is not None and Path(report).suffix not in (".md", ".txt"):
        raise ConfigError(f"{report}: a report is text, so its name ends in .md, .txt.")
    check_path(figure)


def write_flags(checked: Checked, path: str | Path) -> None:
    """Write the flags: of all values as CF NetCDF, or the flagged ones as CSV.

    In NetCDF every value stays as it was. Its quality flag says that it failed, so
    that readers that obey flags leave it out.
    """
    path = Path(path)
    if path.suffix == ".csv":
        with atomic_write(path) as temporary:
            checked.table().to_csv(temporary, index=False, float_format="%.6g")
        return
    write_dataset(as_dataset(checked), path)


def as_dataset(checked: Checked) -> xr.Dataset:
    """The stations with flags and predictions, CF discrete sampling geometry."""
    name, ds = checked.variable, checked.stations
    about = get_variable(name)
    flag = ds[f"{name}_flag"].transpose("time", "station").values
    flag = np.where(checked.flag > 0, FAILED_CHECK, flag)
    layers: dict[str, Layer] = {
        f"{name}_check": (
            checked.flag,
            {
                "long_name": f"faults found in {about.long_name}",
                "flag_masks": np.array([1 << b for b in range(len(FAULTS))], np.int8),
                "flag_meanings": " ".join(FAULTS),
            },
        ),
        f"{name}_expected": (
            checked.mean.astype(np.float32),
            {
                "long_name": f"{about.long_name} predicted from the other stations",
                "units": about.units,
                "units_metadata": "temperature: on_scale",
            },
        ),
        f"{name}_expected_stderr": (
            checked.std.astype(np.float32),
            {
                "long_name": "standard deviation of the value about the prediction",
                "units": "K",
                "units_metadata": "temperature: difference",
            },
        ),
        f"{name}_z": (
            checked.z.astype(np.float32),
            {
                "long_name": "value less prediction and usual offset of the station, "
                "in standard deviations",
                "units": "1",
            },
        ),
    }
    return station_file(ds, name, ds[name].values, flag.T, layers).assign_attrs(
        title=f"Quality control of {about.long_name}",
        history=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} apnp {__version__}: checked",
    )


def as_text(checked: Checked, limit: float) -> str:
    """A report in Markdown: counts, worst stations, worst values."""
    value, ds = checked.value, checked.stations
    known = int(np.isfinite(value).sum())
    judged = int(np.isfinite(checked.z).sum())
    flagged = int((checked.flag > 0).sum())
    lines = [
        f"# Check of {checked.variable} at {ds.sizes['station']} stations",
        "",
        f"{known:,} values on {ds.sizes['time']} days from "
        f"{str(ds['time'].values[0])[:10]} to {str(ds['time'].values[-1])[:10]}; "
        f"{judged:,} could be predicted from other stations. {flagged:,} are flagged "
        f"({flagged / max(known, 1):.2%}). Nothing was deleted. Gross errors lie "
        f"{limit:g} standard deviations or more from the prediction.",
        "",
        "| fault | values | stations | what it means |",
        "|---|---|---|---|",
    ]
    for fault in FAULTS:
        where = checked.has(fault)
        lines.append(
            f"| {fault} | {int(where.sum()):,} | {int(where.any(0).sum()):,} | "
            f"{_MEANINGS[fault]} |"
        )
    stations = checked.per_station().head(_WORST)
    columns = ["station", "lat", "lon", "values", "share", "usual_offset"]
    columns += [*FAULTS, "note"]
    lines += ["", "## Worst stations", "", *_markdown(stations[columns])]
    lines += ["", "## Worst values", "", *_markdown(_worst_values(checked))]
    return "\n".join(lines) + "\n"


def _worst_values(checked: Checked) -> pd.DataFrame:
    table = checked.table().head(_WORST)
    table["time"] = table["time"].dt.strftime("%Y-%m-%d")
    columns = ["station", "time", "value", "expected", "stderr", "z", "faults", "note"]
    return table[columns]


def _markdown(table: pd.DataFrame) -> list[str]:
    """A table in Markdown, or a line that there is none."""
    if table.empty:
        return ["None."]

    def cell(value: object) -> str:
        return f"{value:.2f}" if isinstance(value, float) else str(value)

    rows = [[cell(v) for v in row] for row in table.itertuples(index=False)]
    lines = [list(map(str, table.columns)), ["---"] * len(table.columns), *rows]
    return [f"| {' | '.join(line)} |" for line in lines]


def draw_map(checked: Checked, path: str | Path | None = None) -> Figure:
    """A map of the stations by their share of flagged values."""
    share = (checked.flag > 0).sum(0) / np.maximum(np.isfinite(checked.value).sum(0), 1)
    ds = checked.stations
    worst = np.argsort(-share, kind="stable")[:8]
    names = {int(i): str(ds["station"].values[i]) for i in worst if share[i] > 0}
    figure = stations_map(
        ds["lat"].values, ds["lon"].values, 100 * share,
        title=f"Flagged values of {checked.variable} at {len(share)} stations",
        label="flagged values (%)", names=names,
    )  # fmt: skip
    return save(figure, path)
