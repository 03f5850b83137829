"""Compiled code for the processor: one C source, and a library made of it.

The library is compiled once for a machine, where there is a C compiler, and kept in the
user's cache folder; without one the same work is done by torch's operators, about six
times slower. `backend` says which.
"""

from apnp.native.loading import backend, library
from apnp.native.search import arranged, search

__all__ = ["arranged", "backend", "library", "search"]
