"""What sets are read by: a mean over the members that are there."""

from jaxtyping import Bool, Float
from torch import Tensor


def mean_of_seen(
    values: Float[Tensor, "b n m c"], seen: Bool[Tensor, "b m"]
) -> Float[Tensor, "b n c"]:
    """The mean over the members `m` that are seen; zero where none is.

    A value that is not seen is finite, or the mean is not.
    """
    share = seen.to(values) / seen.sum(-1, keepdim=True).clamp(min=1)
    # An einsum would copy the values.
    return (share[:, None, None] @ values).squeeze(2)
