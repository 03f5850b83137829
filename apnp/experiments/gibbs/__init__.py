"""The study of Gaussian processes with Gibbs kernels, whose truth is known."""
