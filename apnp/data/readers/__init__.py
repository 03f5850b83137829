"""One reader a format: each offers NAME, recognises(head) and read(paths, request)."""

from apnp.data.readers import cf_dsg, table

READERS = (cf_dsg, table)
