"""Station observations: any known file format in, one checked CF dataset out."""

from apnp.data.daily import Daily
from apnp.data.read import from_table, read_stations
from apnp.data.schema import from_arrays, validate
from apnp.data.select import observations_at, select_times
from apnp.data.summary import summarise
from apnp.data.write import write_stations

__all__ = [
    "Daily",
    "from_arrays",
    "from_table",
    "observations_at",
    "read_stations",
    "select_times",
    "summarise",
    "validate",
    "write_stations",
]
