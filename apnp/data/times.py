"""Times in the range that nanoseconds hold."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from apnp.errors import DataError

FIRST, END = np.datetime64("1678-01-01", "s"), np.datetime64("2262-01-01", "s")


def nanoseconds(times: ArrayLike, where: str) -> NDArray[np.datetime64]:
    """Times as datetime64[ns]; missing ones stay missing.

    Args:
        times: Times of any unit.
        where: What they are of, for messages.

    Raises:
        DataError: If one lies outside the years 1678 to 2261, beyond which a count of
            nanoseconds in 64 bits wraps around.
    """
    time = np.asarray(times)
    if time.dtype.kind != "M":
        time = time.astype("datetime64[s]")
    if time.dtype == np.dtype("datetime64[ns]"):
        return time
    whole = time.astype("datetime64[s]")
    outside = ~np.isnat(whole) & ((whole < FIRST) | (whole >= END))
    if outside.any():
        raise DataError(
            f"{where}: the time {whole[outside].ravel()[0]} lies outside the years "
            f"1678 to 2261, which times in nanoseconds can hold ({int(outside.sum())} "
            "such times). Correct it, or leave those readings out."
        )
    return time.astype("datetime64[ns]")
