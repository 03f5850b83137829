"""What a model sees of stations, coordinates and gridded covariates."""
