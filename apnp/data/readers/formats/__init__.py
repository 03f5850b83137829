"""The descriptions of text formats, in the order in which they are tried."""

from apnp.data.readers.formats import europe, networks, noaa

FORMATS = (*noaa.FORMATS, *europe.FORMATS, *networks.FORMATS)
