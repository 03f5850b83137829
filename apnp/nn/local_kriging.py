"""Kriging of every target from its own neighbours, with its own covariance."""

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from apnp.nn.gaussian import LOG2_E, gaussian
from apnp.nn.mlp import mlp
from apnp.nn.near import Near, krige
from apnp.nn.root import root

_LARGEST = 3.0
"""Bound of what an embedding adds to the logarithm of a parameter."""
_N_SLOPES = 3
"""Number of lengths over which slopes vary, at most."""


class LocalKriging(nn.Module):
    """Gaussian-process regression from neighbours; its covariance is learned.

        c(i, j) = constant + sum_s (a_s exp(-u_ij / 2) + w_i . B_s w_j) g_s(i, j),
        g_s(i, j) = exp(-|x_i - x_j|^2 / 2 l_s^2),
        u_ij = sum_k (w_ik - w_jk)^2 / v_k^2

    with noise on the diagonal. The constant is an unknown local mean, and B_s, diagonal
    and zero but for the longest lengths, lets the slope on each covariate (the lapse
    rate) vary from place to place: the trick of regression kriging, made local. All
    parameters are shared by all places; an embedding of the target scales them up or
    down for its neighbourhood, which replaces a fit of the covariance to each task.
    Nothing but distances and covariates enters: every isometry of locations is kept.

    A weight t of a neighbour in [0, 1] divides its noise: at zero it has no influence.

    Args:
        dy: Number of variables.
        dw: Number of covariates.
        lengths: Initial lengths l_s, units of `x`, longest first.
        width: Channels of the embedding.
    """

    def __init__(self, dy: int, dw: int, lengths: Sequence[float], width: int) -> None:
        super().__init__()
        n, m = len(lengths), len(lengths[:_N_SLOPES])
        shares = 0.5 ** torch.arange(n)
        log_variances = torch.log(0.3 * shares / shares.sum())
        log_lengths = torch.log(torch.tensor(tuple(lengths)))
        self.log_lengths = nn.Parameter(log_lengths)
        self.log_heights = nn.Parameter(torch.zeros(dw))
        self.log_variances = nn.Parameter(log_variances.repeat(dy, 1))
        self.log_slopes = nn.Parameter(
            (log_variances[:m] - 4)[:, None].repeat(dy, 1, dw)
        )
        self.log_constants = nn.Parameter(torch.zeros(dy))
        self.log_noises = nn.Parameter(torch.full((dy,), -4.6))
        self.dy, self.n, self.m = dy, n, m
        self.scales = mlp(width, width, dy * (n + m + 1) + 2, hidden=1, factor=0.1)

    def forward(
        self,
        embedding: Float[Tensor, "b n width"],
        x: Float[Tensor, "b n k1 dx"],
        w: Float[Tensor, "b n k1 dw"],
        y: Float[Tensor, "b n k dy"],
        weight: Float[Tensor, "b n k dy"],
    ) -> tuple[Float[Tensor, "b n dy"], Float[Tensor, "b n dy"]]:
        """Mean and variance, noise included, at each target.

        Args:
            embedding: What scales the covariance.
            x: Locations: the target, then its k neighbours.
            w: Their covariates, zero where unknown.
            y: Values of the neighbours, less any prior mean; zero where unobserved.
            weight: Weights of the neighbours, zero where unobserved.
        """
        adjustment = _LARGEST * torch.tanh(self.scales(embedding) / _LARGEST)
        common, own = adjustment.tensor_split((2,), dim=-1)
        blocks = [
            self._shapes(x[..., a, :], x[..., b, :], w[..., a, :], w[..., b, :], common)
            for a, b in _BLOCKS
        ]
        means, variances = [], []
        for v, scales in enumerate(own.chunk(self.dy, dim=-1)):
            at_target, across, among = (
                self._covariance(shapes, w[..., a, :], w[..., b, :], scales, v)
                for shapes, (a, b) in zip(blocks, _BLOCKS, strict=True)
            )
            noise = torch.exp(self.log_noises[v] + scales[..., -1])
            mean, explained = solve_neighbours(
                among, across, y[..., v], weight[..., v], noise
            )
            means.append(mean)
            prior = at_target[..., 0, 0]
            variances.append((prior - explained).clamp(min=0.0) + noise)
        return torch.stack(means, -1), torch.stack(variances, -1)

    def compiled(
        self, embedding: Float[Tensor, "n width"], near: Near
    ) -> tuple[Float[Tensor, "n dy"], Float[Tensor, "n dy"]]:
        """The same as `forward` from the neighbours of targets, by compiled code."""
        adjustment = _LARGEST * torch.tanh(self.scales(embedding) / _LARGEST)
        common, own = adjustment.tensor_split((2,), dim=-1)
        found = [
            krige(near, self._local_parameters(common, scales, v), v, self.m)
            for v, scales in enumerate(own.chunk(self.dy, dim=-1))
        ]
        means, variances = zip(*found, strict=True)
        return torch.stack(means, -1), torch.stack(variances, -1)

    def parameters_at(
        self, embedding: Float[Tensor, "n width"]
    ) -> Float[Tensor, "n p"]:
        """The parameters of the first variable at each target: see `near.krige`."""
        adjustment = _LARGEST * torch.tanh(self.scales(embedding) / _LARGEST)
        common, own = adjustment.tensor_split((2,), dim=-1)
        return self._local_parameters(common, own.chunk(self.dy, dim=-1)[0], 0)

    def prior(
        self,
        embedding: Float[Tensor, "n width"],
        x: Float[Tensor, "n k dx"],
        w: Float[Tensor, "n k dw"],
    ) -> tuple[Float[Tensor, "n k k"], Float[Tensor, "n"]]:  # noqa: F821
        """Covariances of the first variable among k points near each target; noise.

        Args:
            embedding: What scales the covariance.
            x: Locations.
            w: Their covariates, zero where unknown.
        """
        adjustment = _LARGEST * torch.tanh(self.scales(embedding[None]) / _LARGEST)
        common, own = adjustment.tensor_split((2,), dim=-1)
        scales = own.chunk(self.dy, dim=-1)[0]
        x, w = x[None], w[None]
        covariance = self._covariance(self._shapes(x, x, w, w, common), w, w, scales, 0)
        return covariance[0], torch.exp(self.log_noises[0] + scales[0, :, -1])

    def _local_parameters(self, common: Tensor, scales: Tensor, v: int) -> Tensor:
        """The covariance's parameters of variable `v` at each target: see `krige`."""
        variances, slopes, noise = scales.tensor_split(
            (self.n, self.n + self.m), dim=-1
        )
        rates = math.log(0.5 * LOG2_E) - 2 * self.log_lengths
        n = len(common)
        logs = (
            self.log_variances[v] + variances,
            rates - 2 * common[:, :1],
            -self.log_heights - common[:, 1:],
            (self.log_slopes[v] + slopes[..., None]).flatten(1),
            self.log_constants[v].expand(n, 1),
            self.log_noises[v] + noise,
        )
        return torch.exp(torch.cat(logs, dim=-1))

    def _shapes(
        self, x: Tensor, other: Tensor, w: Tensor, other_w: Tensor, common: Tensor
    ) -> tuple[Tensor, list[Tensor]]:
        """What some points have in common with others: each (b, n, i, j).

        First exp(-u / 2), then the g_s. `common` shortens or stretches all lengths, and
        all scales of covariates.
        """
        squared = torch.stack(
            [
                (x[..., i, None] - other[..., None, :, i]) ** 2
                for i in range(x.shape[-1])
            ]
        ).sum(0)
        squared = torch.exp(-2 * common[..., 0])[..., None, None] * squared
        stretch = torch.exp(-common[..., 1:2] - self.log_heights)[..., None, :]
        w, other_w = stretch * w, stretch * other_w
        unlike = torch.zeros_like(squared)
        for k in range(w.shape[-1]):
            unlike = unlike + (w[..., k, None] - other_w[..., None, :, k]) ** 2
        near = [gaussian(squared, length) for length in self.log_lengths.exp()]
        return gaussian(unlike, 1.0), near

    def _covariance(
        self,
        shapes: tuple[Tensor, list[Tensor]],
        w: Tensor,
        other_w: Tensor,
        scales: Tensor,
        v: int,
    ) -> Tensor:
        """Covariances of variable `v`, (b, n, i, j)."""
        variances, slopes, _ = scales.tensor_split((self.n, self.n + self.m), dim=-1)
        variances = torch.exp(self.log_variances[v] + variances)
        slopes = torch.exp(self.log_slopes[v] + slopes[..., None])
        alike, near = shapes
        total = sum(variances[..., s, None, None] * g for s, g in enumerate(near))
        total = self.log_constants[v].exp() + alike * total
        for s in range(self.m):
            products = (w * slopes[..., None, s, :]) @ other_w.mT
            total = total + products * near[s]
        return total


_TARGET, _NEIGHBOURS = slice(0, 1), slice(1, None)
_BLOCKS = ((_TARGET, _TARGET), (_NEIGHBOURS, _TARGET), (_NEIGHBOURS, _NEIGHBOURS))


def solve_neighbours(
    among: Tensor, across: Tensor, y: Tensor, weight: Tensor, noise: Tensor
) -> tuple[Tensor, Tensor]:
    """Simple kriging from neighbours: the mean, and the variance they explain."""
    half = root(weight)
    among = among * half[..., :, None] * half[..., None, :]
    among = among + torch.diag_embed(noise[..., None].expand_as(half))
    factor = torch.linalg.cholesky(among)
    sides = torch.stack((across[..., 0] * half, y * half), dim=-1)
    white = torch.linalg.solve_triangular(factor, sides, upper=False)
    mean = (white[..., 0] * white[..., 1]).sum(-1)
    return mean, white[..., 0].square().sum(-1)
