"""`apnp check`: check station values against predictions from the other stations.

The command predicts each station from other stations on every day. It flags values
that are far from the prediction (gross), are biased for weeks (offset), repeat too
often (stuck), agree with another station (swapped), agree with the day before or after
(shifted_day), or agree after a conversion of units or sign (wrong_units). It deletes
nothing: `--output OUT.nc` contains every value with its flag. apnp and other programs
that obey CF flags ignore flagged values.
"""

from collections.abc import Sequence
from pathlib import Path

from apnp.cli.arguments import check_outputs
from apnp.cli.network import add_network_arguments, model_and_stations
from apnp.cli.options import CheckOptions
from apnp.cli.parser import ApnpParser, number
from apnp.files import atomic_write
from apnp.ranges import Range


def parser() -> ApnpParser:
    """The arguments of the verb."""
    made = ApnpParser(prog="apnp check", description=__doc__)
    add_network_arguments(made)
    add = made.add_argument
    add(
        "--limit", type=number(float, Range(least=1, most=100)), default=5.0,
        metavar="Z",
        help="a value this many standard deviations from its prediction is a gross "
        "error (default 5)",
    )  # fmt: skip
    add(
        "--output", metavar="FILE",
        help="file of flags: .nc with all values, or .csv with the flagged values "
        "(default: <name of the first file>_check.csv in the current folder)",
    )  # fmt: skip
    add("--report", metavar="FILE", help="report to write (.md, .txt)")
    add(
        "--map",
        metavar="FILE",
        help="figure of the flagged stations to write (png, pdf, svg)",
    )
    return made


def main(argv: Sequence[str]) -> None:
    """Check the stations, print the report, write the flags.

    Raises:
        ApnpError: If an argument or a file cannot be used.
    """
    options = parser().options(CheckOptions, argv)
    output = options.output or f"{Path(options.stations[0]).stem}_check.csv"
    made = {"output": output, "report": options.report, "map": options.map}
    check_outputs(made, options.stations)
    from apnp.network import check_output  # loads torch

    check_output.check_names(output, options.report, options.map)
    from apnp.network.check import check_stations

    model, stations = model_and_stations(options)
    checked = check_stations(model, stations, limit=options.limit, progress=True)
    text = check_output.as_text(checked, options.limit)
    check_output.write_flags(checked, output)
    if options.report:
        with atomic_write(options.report) as temporary:
            temporary.write_text(text)
    if options.map:
        check_output.draw_map(checked, options.map)
    print(text)
    print(f"flags: {output}")
