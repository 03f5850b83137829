"""One reader a format: each offers NAME, recognises(head) and read(paths, request)."""

from apnp.data.readers import (
    cf_dsg,
    ecad,
    ghcn_by_year,
    ghcn_daily,
    gsod,
    isd_lite,
    table,
)

# The first that recognises a file reads it; tables come last, being least particular.
READERS = (cf_dsg, ghcn_daily, ghcn_by_year, gsod, isd_lite, ecad, table)
