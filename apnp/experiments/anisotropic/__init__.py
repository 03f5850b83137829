"""The 2-D study: a Gaussian process in coordinates that are stretched at random."""
