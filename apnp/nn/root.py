"""Square roots that can be differentiated at zero."""

import torch
from torch import Tensor


def root(value: Tensor) -> Tensor:
    """Square roots of values >= 0; that of zero has the derivative zero, not infinity.

    So a length of nothing, such as the distance of a point to itself, passes no
    gradient on.
    """
    positive = value > 0
    return torch.where(positive, torch.where(positive, value, 1.0).sqrt(), 0.0)
