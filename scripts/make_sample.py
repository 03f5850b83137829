"""Make the sample of real stations in data/: two days of the United States.

    python scripts/make_sample.py OPEN_DAILY.parquet [--output data/us_two_days.nc]

The days are 2019-01-22 (winter) and 2011-07-07 (summer). Only rows that are works of
the United States government (`rights` US-PD) are taken: stations of the United States
in GSOD. No pretraining uses these days, nor stations of the `test` blocks of the
default split (`apnp.StationSplit()`).
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

DAYS = ("2011-07-07", "2019-01-22")
SOURCES = ("GSOD-2011-07", "GSOD-2019-01")
BOX = (-125.0, 24.0, -66.0, 50.0)
"""West, south, east and north of the contiguous United States, degrees."""
OUTPUT = Path("data/us_two_days.nc")


def sample_of(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of the sample, with the columns that a station table needs."""
    west, south, east, north = BOX
    kept = (
        table["time"].isin(pd.DatetimeIndex(DAYS))
        & table["source"].isin(SOURCES)
        & (table["rights"] == "US-PD")
        & (table["country"] == "US")
        & table["lon"].between(west, east)
        & table["lat"].between(south, north)
    )
    columns = ["station", "time", "lat", "lon", "elevation", "tas"]
    return table.loc[kept, columns].sort_values(["time", "station"])


def main() -> None:
    """Make the sample of the file named on the command line."""
    from apnp import from_table, write_stations

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    args = parser.parse_args()
    table = sample_of(pd.read_parquet(args.source))
    ds = from_table(table, units={"tas": "degC"}).assign_attrs(
        title="Daily mean temperature at stations of the United States on two days",
        source="Global Surface Summary of the Day, NOAA NCEI; US-PD rows",
        license="Public domain: a work of the United States government",
    )
    write_stations(ds, args.output)
    count = np.isfinite(ds["tas"].values).sum(axis=0)
    print(f"{args.output}: {args.output.stat().st_size:,} bytes, {count} stations")


if __name__ == "__main__":
    main()
