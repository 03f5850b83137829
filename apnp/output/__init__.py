"""The files of a predicted field: NetCDF, and Zarr that resumes."""
