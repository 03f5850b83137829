"""Draws of the errors of local kriging, cell after cell, each from its neighbours.

Sequential Gaussian simulation (Deutsch and Journel 1998, chapter V.2) with the order
and the few neighbours of Vecchia's approximation (Katzfuss and Guinness 2021).
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from apnp.native import search
from apnp.nn.local_kriging import LocalKriging
from apnp.nn.near import Drawn, Near, Points, draw, possible
from apnp.nn.neighbours import gather, nearest, taper
from apnp.nn.root import root
from apnp.types import PointSet

NUGGETS = {torch.float32: 1e-2, torch.float64: 1e-8}
"""Variance of each cell alone, a share of the noise: it bounds the conditioning."""
_CHUNK = 512
"""Cells that torch draws at once: it bounds the memory."""


@dataclass(frozen=True, eq=False)
class ErrorField:
    """The field of errors that local kriging from stations leaves, of one variable.

    Errors of cells have the covariance of the kriging, given the stations. That of a
    cell i is drawn given its nearest stations and the nearest cells drawn before: with
    the parameters of i, C the covariance of these cells and i given these stations, D
    its diagonal and R = D^-1/2 C D^-1/2,

        z_i = r R_N^-1 z_N + sqrt(1 - r R_N^-1 r) e,     r = R_iN,

    standard normal as far as the z_N have the correlation R_N. All draws share the
    weights.

    Attributes:
        kriging: The covariance.
        stations: The context of one task.
        neighbours: Nearest stations of each cell.
    """

    kriging: LocalKriging
    stations: PointSet
    neighbours: int

    def among(
        self, x: Tensor, w: Tensor, draws: int, cells: int, nugget: float | None = None
    ) -> "Sequence":
        """Start to draw at cells.

        Args:
            x: Locations of all cells, (n, dx).
            w: Their covariates, zero where unknown, (n, dw).
            draws: Number of draws.
            cells: Cells that each cell is drawn from, at most.
            nugget: Variance of each cell alone, a share of the observation noise; by
                default what rounding needs.
        """
        own = self.stations
        mask = own.y_mask[0].any(-1)
        known = torch.cat((mask, mask.new_ones(len(x))))
        both = Points(
            torch.cat((own.x[0], x)).contiguous(),
            torch.cat((own.w[0], w)).contiguous(),
            x.new_zeros(len(known), 1), known.to(x)[:, None], known,
        )  # fmt: skip
        z = x.new_zeros(len(x), draws)
        if nugget is None:
            nugget = NUGGETS[x.dtype]
        return Sequence(self, both, z, cells, nugget)


@dataclass(frozen=True, eq=False)
class Sequence:
    """Cells that are drawn one after the other.

    Attributes:
        field: What is drawn.
        points: The stations, then the cells.
        z: Standardised errors (cells, draws); zero where not drawn yet.
        cells: Cells that each cell is drawn from, at most.
        nugget: Variance of each cell alone, a share of the observation noise.
    """

    field: ErrorField
    points: Points
    z: Tensor
    cells: int
    nugget: float

    def before(self, done: NDArray[np.intp], cell: NDArray[np.intp]) -> Tensor:
        """Numbers of the nearest cells done before, nearest first, (n, q).

        Args:
            done: Numbers of the cells that are done.
            cell: Numbers of those asked for, (n,).
        """
        x = self.points.x[len(self.points.x) - len(self.z) :].numpy()
        number = min(self.cells, len(done))
        if number == 0:
            return torch.zeros(len(cell), 0, dtype=torch.long)
        index = search(x[done], x[cell], number, torch.get_num_threads())
        return torch.from_numpy(done[index])

    def draw(
        self, cell: Tensor, before: Tensor, embedding: Tensor, fresh: Tensor
    ) -> Tensor:
        """Draw at some cells, which are independent given those drawn before.

        Args:
            cell: Their numbers, (n,).
            before: Numbers of their nearest cells drawn before, (n, q), nearest first.
            embedding: What scales the covariance at each, (n, width).
            fresh: Independent standard normal numbers, (n, draws).

        Returns:
            Share of the field in each predictive variance of kriging; the rest is
            observation noise, (n,).
        """
        kriging, stations = self.field.kriging, self.field.stations
        m = len(self.points.x) - len(self.z)
        x, w = self.points.x[m + cell], self.points.w[m + cell]
        if possible(self.z, 0, self.field.neighbours + self.cells):
            all_points = self.points
            own = Points(
                all_points.x[:m], all_points.w[:m], all_points.y[:m],
                all_points.mask[:m], all_points.observed[None, :m],
            )  # fmt: skip
            near = Near.of(own, x[None], w[None], self.field.neighbours)
            extra = torch.cat((before + m, before[:, :1] + m), dim=1)
            if not before.shape[1]:
                extra = extra.new_zeros(len(cell), 1)
            index = torch.cat((near.index[:, :-1], extra.int()), dim=1).contiguous()
            weight = torch.cat((near.weight, torch.ones_like(before).to(x)), dim=1)
            joint = Near(
                self.points, x, w, index, near.radius, weight.contiguous(), near.mean,
                near.spread,
            )  # fmt: skip
            parameters = kriging.parameters_at(embedding).contiguous()
            drawn = Drawn(self.z, cell.int(), m, before.shape[1], self.nugget)
            variance = draw(joint, parameters, kriging.m, drawn, fresh.contiguous())
            return variance / (variance + parameters[:, -1])
        chunks = torch.arange(len(cell)).split(_CHUNK)
        parts = [
            self._reference(cell[i], before[i], embedding[i], fresh[i], stations.x, m)
            for i in chunks
        ]
        return torch.cat(parts)

    def _reference(
        self, cell: Tensor, before: Tensor, embedding: Tensor, fresh: Tensor,
        stations: Tensor, m: int,
    ) -> Tensor:  # fmt: skip
        """The same by torch alone."""
        x, points = self.points.x[m + cell], self.points
        mask = points.observed[None, :m]
        index, found = nearest(x[None], stations, mask, self.field.neighbours + 1)
        apart = gather(stations, index) - x[None, :, None]
        weight = taper(root(apart.square().sum(-1)), found)[0][0]
        k = weight.shape[1]
        number = torch.cat((index[0, :, :-1], before + m, cell[:, None] + m), dim=1)
        covariance, noise = self.field.kriging.prior(
            embedding, points.x[number], points.w[number]
        )
        half = torch.cat((root(weight), torch.ones_like(number[:, k:]).to(x)), dim=1)
        covariance = covariance * half[:, :, None] * half[:, None]
        own = torch.ones_like(half)
        own[:, k:] = self.nugget
        own = own * noise[:, None]
        factor = torch.linalg.cholesky(covariance + torch.diag_embed(own))
        last = factor[:, k:, k:]
        last = last / root(last.square().sum(-1, keepdim=True))
        ahead = torch.linalg.solve_triangular(
            last[:, :-1, :-1], self.z[before], upper=False
        )
        known = (last[:, -1:, :-1] @ ahead)[:, 0]
        self.z[cell] = known + last[:, -1, -1:] * fresh
        variance = (factor[:, -1, k:].square().sum(-1) - own[:, -1]).clamp(min=0)
        return variance / (variance + noise)
