"""The Gaussian of distance that set convolutions and covariances are made of."""

import math

import torch
from torch import Tensor

LOG2_E = math.log2(math.e)
"""exp(x) = 2**(LOG2_E x). On a processor torch takes powers of two at one speed for all
exponents; its exponential takes 15 times as long where the result vanishes, as it does
for most pairs of points."""


def gaussian(squared: Tensor, width: Tensor | float) -> Tensor:
    """exp(-squared / 2 width^2), at squared distances of any shape."""
    # The factor is one number: fewer passes over all pairs, in both directions.
    return torch.exp2(squared * exponent(width))


def exponent(width: Tensor | float) -> Tensor | float:
    """What the squared distance is multiplied by, in a power of two."""
    return -0.5 * LOG2_E / width**2
