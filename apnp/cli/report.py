"""`apnp report`: write a web page of a field, of the scores of a run, or of both.

The page has an interactive map, scores and provenance. It contains everything that it
needs and opens without an internet connection.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import xarray as xr

from apnp.cli.arguments import add_station_arguments, read_station_arguments
from apnp.cli.fields import open_field
from apnp.cli.options import ReportOptions
from apnp.cli.parser import ApnpParser
from apnp.data import select_times
from apnp.errors import ConfigError
from apnp.report import find_evaluation, write_report


def parser() -> ApnpParser:
    """The arguments of the verb."""
    made = ApnpParser(prog="apnp report", description=__doc__)
    made.add_argument(
        "sources", nargs="+", metavar="RUN|FIELD",
        help="field written by `apnp predict`, run folder, or folder of scores "
        "written by `apnp evaluate`; or a field and a folder",
    )  # fmt: skip
    made.add_argument("--output", required=True, help="page to write: .html")
    made.add_argument("--time", help="time or range A/B to show (default: all times)")
    made.add_argument("--title", help="title (default: the title of the field)")
    add_station_arguments(made, required=False)
    return made


def main(argv: Sequence[str]) -> None:
    """Write one HTML page with an interactive map, scores and provenance.

    The page contains everything it needs and opens without a network.
    """
    options = parser().options(ReportOptions, argv)
    if not options.output.endswith((".html", ".htm")):
        raise ConfigError(f"--output must end in .html. Got {options.output}.")
    folders, fields = _sorted(options.sources)
    evaluation = find_evaluation(folders[0]) if folders else None
    if folders and evaluation is None:
        raise ConfigError(
            f"{folders[0]} holds no scores (summary.csv). Run `apnp evaluate "
            f"--checkpoint {folders[0]} --stations FILE` first."
        )
    stations = read_station_arguments(options) if options.stations else None
    provenance = {} if not folders else {"scores": str(evaluation and evaluation.path)}
    write = partial(
        write_report, options.output, stations=stations, evaluation=evaluation,
        title=options.title, provenance=provenance,
    )  # fmt: skip
    if fields:
        with open_field(fields[0]) as ds:
            write(field=ds if options.time is None else _at(ds, options.time))
    else:
        write()
    print(f"wrote {options.output}")


def _sorted(sources: Sequence[str]) -> tuple[list[Path], list[str]]:
    """Folders of scores, and fields: at most one of each.

    Raises:
        ConfigError: If there are several of a kind, or one does not exist.
    """
    folders = [Path(s) for s in sources if Path(s).is_dir() and not s.endswith(".zarr")]
    fields = [s for s in sources if Path(s) not in folders]
    for each in fields:
        if not Path(each).exists():
            raise ConfigError(f"{each}: there is no such file or folder.")
    if len(folders) > 1 or len(fields) > 1:
        raise ConfigError(
            "A report shows at most one field and one run folder. Got "
            f"{', '.join(sources)}."
        )
    return folders, fields


def _at(ds: xr.Dataset, time: str) -> xr.Dataset:
    """The times of a field in a range.

    Raises:
        ConfigError: If the field has no time.
        DataError: If no time lies in the range.
    """
    if "time" not in ds.dims:
        raise ConfigError(f"--time {time}: this field has no time. Leave --time out.")
    return ds.sel(time=select_times(ds, time))
