"""A stationary covariance, and the linear systems of kriging that it makes."""

import sys
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from apnp.nn.gaussian import LOG2_E

_AT_ONCE = 2**19
"""Numbers that a processor takes at once."""
_FAR = 1e30
"""Squared distance of a point that is masked, to any other: too far to covary."""


class Covariance(nn.Module):
    """A sum of Gaussians of distance, and noise; widths and weights are learned.

    c(x, x') = sum_k s_k exp(-|x - x'|^2 / 2 w_k^2), with noise added on the diagonal.
    Distances are Euclidean: on the plane between map locations, on the sphere chords.

    Args:
        widths: Initial widths w_k, units of `x`, widest first; each Gaussian starts
            with twice the weight of the next, which is near an exponential covariance.
        noise: Initial variance of the noise, the sum of the weights being one.
    """

    def __init__(self, widths: Sequence[float], noise: float = 0.03) -> None:
        super().__init__()
        weights = 0.5 ** torch.arange(len(widths))
        self.log_widths = nn.Parameter(torch.log(torch.tensor(tuple(widths))))
        self.log_weights = nn.Parameter(torch.log(weights / weights.sum()))
        self.log_noise = nn.Parameter(torch.tensor(noise).log())

    def forward(self, squared: Tensor) -> Tensor:
        """Covariance without noise at squared distances of any shape.

        It has no second derivatives, and says so.
        """
        rates = -0.5 * torch.exp(-2 * self.log_widths)
        return _SumOfExponentials.apply(squared, self.log_weights.exp(), rates)

    def reference(self, squared: Tensor) -> Tensor:
        """The same as `forward`, as it is written above."""
        widths, weights = self.log_widths.exp(), self.log_weights.exp()
        parts = [
            s * torch.exp(-0.5 * squared / w**2)
            for s, w in zip(weights, widths, strict=True)
        ]
        return torch.stack(parts).sum(0)

    def matrix(self, x: Tensor, mask: Tensor) -> Tensor:
        """Covariances of noisy observations, (b, n, dx), (b, n) -> (b, n, n).

        A masked point is independent of all others, with unit variance.
        """
        far = torch.where(mask, 0.0, _FAR).to(x.dtype)
        squared = far[..., None] + far[..., None, :]
        for along in x.unbind(-1):
            apart = along[..., None] - along[..., None, :]
            squared.addcmul_(apart, apart)
        matrix = self(squared)
        own = torch.where(mask, self.log_noise.exp(), 1.0)
        matrix.diagonal(dim1=-2, dim2=-1).add_(own)
        return matrix

    def solve(self, x: Tensor, mask: Tensor, values: Tensor) -> Tensor:
        """The inverse of `matrix` times `values` (b, n, k), in double precision.

        Time grows with the cube of the number of points, memory with its square.
        """
        # Few matrices at once: memory that is used again is faster than more of it.
        step = max(1, _at_once(x) // max(1, x.shape[1]) ** 2)
        tasks = zip(x.split(step), mask.split(step), values.split(step), strict=True)
        return torch.cat([self._solve(*task) for task in tasks])

    def _solve(self, x: Tensor, mask: Tensor, values: Tensor) -> Tensor:
        matrix, wanted = self.matrix(x.double(), mask), values.double()
        with torch.no_grad():
            factor = torch.linalg.cholesky(matrix)
            solved = torch.cholesky_solve(wanted, factor)
        # This step of refinement has the derivatives of the inverse, at the cost of its
        # square: those of the factor cost its cube.
        rest = torch.cholesky_solve(wanted - matrix @ solved, factor)
        return (solved + rest).to(values.dtype)


class _SumOfExponentials(torch.autograd.Function):
    """sum_k s_k exp(r_k t), some megabytes at a time; only `t` is kept."""

    @staticmethod
    def forward(ctx: Any, t: Tensor, s: Tensor, r: Tensor) -> Tensor:
        ctx.save_for_backward(t, s, r)
        shares, rates = s.to(t.dtype), r.to(t.dtype)
        total = torch.zeros_like(t, memory_format=torch.contiguous_format)
        flat, sums = t.reshape(-1), total.view(-1)
        for piece in _pieces(flat):
            distances, total_of_piece = flat[piece], sums[piece]
            scratch = torch.empty_like(distances)
            for share, rate in zip(shares, rates, strict=True):
                torch.mul(distances, LOG2_E * rate, out=scratch)
                total_of_piece.addcmul_(scratch.exp2_(), share)
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, Tensor, Tensor]:
        t, s, r = ctx.saved_tensors
        shares, rates = s.to(t.dtype), r.to(t.dtype)
        flat, g = t.reshape(-1), grads[0].reshape(-1)
        own = torch.zeros_like(flat) if ctx.needs_input_grad[0] else None
        by_share, by_rate = torch.zeros_like(shares), torch.zeros_like(rates)
        for piece in _pieces(flat):
            distances = flat[piece]
            scratch = torch.empty_like(distances)
            for k, (share, rate) in enumerate(zip(shares, rates, strict=True)):
                torch.mul(distances, LOG2_E * rate, out=scratch)
                part = scratch.exp2_().mul_(g[piece])
                by_share[k] += part.sum()
                by_rate[k] += share * torch.dot(part, distances)
                if own is not None:
                    own[piece].addcmul_(part, share * rate)
        by_t = None if own is None else own.view(t.shape)
        return by_t, by_share.to(s.dtype), by_rate.to(r.dtype)


def _pieces(flat: Tensor) -> Iterator[slice]:
    """Parts to be taken one by one."""
    step = _at_once(flat)
    return (slice(i, i + step) for i in range(0, len(flat), step))


def _at_once(of: Tensor) -> int:
    """Numbers to be taken at once; on a GPU, all that there are."""
    return _AT_ONCE if of.device.type == "cpu" else sys.maxsize
