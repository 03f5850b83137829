"""Loops over tensors, compiled for the processor at hand."""
