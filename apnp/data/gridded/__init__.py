"""Gridded variables of NetCDF files."""
