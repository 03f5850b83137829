"""Lattices: where they lie, how points reach them, how convolutions see their edge."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from apnp.nn.covariance import Covariance
from apnp.nn.gaussian import gaussian
from apnp.nn.grid_detection import map_axes, sphere_axes
from apnp.nn.padding import zero_pad
from apnp.nn.setconv import (
    cubic_matrix,
    cubic_weights,
    interpolate,
    interpolate_product,
    scatter_gaussian,
    scatter_product,
)


class Lattice(ABC):
    """A regular grid of nodes of fixed shape that moves with a task's domain.

    Attributes:
        shape: Number of nodes along each axis.
        dx: Dimensions of a location.
        cell: Size of a cell in units of `x`, the natural width of a set convolution.
        n_features: Number of channels that `features` returns.
        exact: Which motions of the points move the lattice onto itself or with them.
    """

    shape: tuple[int, ...]
    dx: int
    cell: float
    n_features: int
    exact: str

    @abstractmethod
    def sites(self, centre: Tensor) -> Tensor:
        """Locations of the nodes, (b, dx) -> (b, *shape, dx)."""

    @abstractmethod
    def squared(self, x: Tensor, centre: Tensor) -> list[Tensor]:
        """Squared distances of points and nodes, a part (b, n, g) an axis.

        Their sum is the squared distance, or near it where that does not separate.
        """

    def kernel(self, x: Tensor, centre: Tensor, width: Tensor) -> list[Tensor]:
        """Gaussian weights from points to nodes, one (b, n, g) matrix an axis."""
        return [gaussian(part, width) for part in self.squared(x, centre)]

    @abstractmethod
    def scatter_grid(
        self,
        values: Tensor,
        axes: tuple[Tensor, ...],
        centre: Tensor,
        width: Tensor,
    ) -> Tensor:
        """Sums of the values of a `GriddedField`, weighted as by `kernel`.

        (b, *grid, c) -> (b, c, *shape), never grid nodes x lattice nodes.
        """

    def krige(
        self, weights: Tensor, x: Tensor, centre: Tensor, covariance: Covariance
    ) -> Tensor:
        """Sums of covariances with the points, (b, n, c), (b, n, dx) -> (b, c, *shape).

        Here from all distances, points x nodes; a lattice whose axes separate the
        distance does better.
        """
        nodes = self.sites(centre).flatten(1, -2)
        squared = (x**2).sum(-1, keepdim=True) - 2 * x @ nodes.mT
        squared = squared + (nodes**2).sum(-1)[:, None]
        return (weights.mT @ covariance(squared)).unflatten(-1, self.shape)

    @abstractmethod
    def interpolate(self, z: Tensor, x: Tensor, centre: Tensor) -> Tensor:
        """Channels (b, c, *shape) read smoothly at points (b, n, dx) -> (b, n, c).

        Where no derivative is needed, points that form the rows and columns of a
        grid are read with one matrix an axis, the same to rounding.
        """

    @abstractmethod
    def pad(self, z: Tensor, k: int) -> Tensor:
        """The channels with `k` more nodes at every edge, for a convolution."""

    def covering(self, extent: Tensor, step: int) -> "Lattice":
        """This lattice, or one with more nodes where the domain (b, dx) is larger.

        The number of nodes along each axis stays a multiple of `step`. Domains that
        fit, as in training, all have the same lattice.
        """
        return self

    def check_paddable(self, shape: Sequence[int], k: int) -> None:  # noqa: B027
        """Refuse a coarsened `shape` that `pad` cannot give `k` more nodes."""

    @abstractmethod
    def features(self, centre: Tensor) -> Tensor:
        """What every group element leaves of a node's location, (b, k, *shape)."""


class PlaneLattice(Lattice):
    """Square cells on the plane (or a line, or a box), centred on the domain.

    Nodes are cell centres, symmetric about the domain's centre; `shape` is the least
    number of them, and a larger domain gets more. Beyond its edge the
    lattice knows nothing: convolutions see zeros, readings use the nearest nodes.

    Args:
        shape: Number of nodes along each axis.
        spacing: Distance between neighbouring nodes, units of `x`.
    """

    n_features = 0
    exact = "every element: the lattice moves with the context"

    def __init__(self, shape: Sequence[int], spacing: float) -> None:
        if spacing <= 0:
            raise ValueError(f"`spacing` is a length above zero. Got {spacing}.")
        self.shape = tuple(shape)
        self.dx = len(self.shape)
        self.cell = spacing

    def krige(
        self, weights: Tensor, x: Tensor, centre: Tensor, covariance: Covariance
    ) -> Tensor:
        """The same, as one separable sum a Gaussian."""
        scales = (covariance.log_weights.exp(), covariance.log_widths.exp())
        squared = self.squared(x, centre)
        return torch.stack(
            [
                share * scatter_gaussian(weights, squared, width)
                for share, width in zip(*scales, strict=True)
            ]
        ).sum(0)

    def covering(self, extent: Tensor, step: int) -> "PlaneLattice":
        """Enough cells to hold the largest of the domains."""
        # A hair less: a domain as wide as the lattice is held, whatever the rounding.
        cells = extent.detach().amax(0) / self.cell - 1e-3
        needed = [step * math.ceil(n / step) for n in cells.tolist()]
        shape = tuple(map(max, self.shape, needed))
        return self if shape == self.shape else PlaneLattice(shape, self.cell)

    def _nodes(self, axis: int, like: Tensor) -> Tensor:
        g = self.shape[axis]
        steps = torch.arange(g, dtype=like.dtype, device=like.device)
        return self.cell * (steps - (g - 1) / 2)

    def sites(self, centre: Tensor) -> Tensor:
        """Locations of the nodes, (b, *shape, dx)."""
        axes = [self._nodes(i, centre) for i in range(self.dx)]
        grid = torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1)
        return grid + centre.reshape(-1, *(1,) * self.dx, self.dx)

    def squared(self, x: Tensor, centre: Tensor) -> list[Tensor]:
        """|x_i - u_i|^2 for each axis i."""
        relative = x - centre[:, None]
        return [self._along(i, relative[..., i]) for i in range(self.dx)]

    def scatter_grid(
        self,
        values: Tensor,
        axes: tuple[Tensor, ...],
        centre: Tensor,
        width: Tensor,
    ) -> Tensor:
        """One matrix an axis: its nodes by those of the grid."""
        relative = [axis - centre[:, i, None] for i, axis in enumerate(axes)]
        factors = [gaussian(self._along(i, r), width) for i, r in enumerate(relative)]
        return scatter_product(values, factors)

    def _along(self, i: int, relative: Tensor) -> Tensor:
        """Of coordinates relative to the centre, squared along axis i, (b, n, g)."""
        return (relative[..., None] - self._nodes(i, relative)).square_()

    def interpolate(self, z: Tensor, x: Tensor, centre: Tensor) -> Tensor:
        """Cubic convolution of the 4^dx nearest nodes, edges held constant."""
        axes = map_axes(x)
        if axes is not None:
            return interpolate_product(
                z,
                [
                    cubic_matrix(self._position(i, axis - centre[:, i, None]), g)
                    for i, (axis, g) in enumerate(zip(axes, self.shape, strict=True))
                ],
            )
        relative = x - centre[:, None]
        index = x.new_zeros(*x.shape[:2], 1, dtype=torch.long)
        weight = x.new_ones(*x.shape[:2], 1)
        for i, g in enumerate(self.shape):
            position = self._position(i, relative[..., i])
            start = position.detach().floor()
            near = start.long()[..., None] + torch.arange(-1, 3, device=x.device)
            w = cubic_weights(position - start)
            index = (g * index[..., None] + near.clamp(0, g - 1)[..., None, :]).flatten(
                2
            )
            weight = (weight[..., None] * w[..., None, :]).flatten(2)
        return interpolate(z, index, weight)

    def _position(self, i: int, relative: Tensor) -> Tensor:
        """Coordinates relative to the centre in cells from the first node of axis i."""
        last = self.shape[i] - 1
        return (relative / self.cell + last / 2).clamp(0, last)

    pad = staticmethod(zero_pad)

    def features(self, centre: Tensor) -> Tensor:
        """Nothing: a translation leaves nothing of a location."""
        return centre.new_zeros(centre.shape[0], 0, *self.shape)


class SphereLattice(Lattice):
    """Cells of equal angle over the whole sphere, rows south to north.

    Rows are cell centres (none lies at a pole); columns start at the longitude of the
    domain's centre and close on themselves. Beyond a pole lies the row of the same
    latitude, turned by half a circle. A domain centred exactly on a pole has no
    longitude to start from: its lattice starts at zero, whatever the shift.

    Args:
        rows: Number of latitudes.
        columns: Number of longitudes, even.
    """

    dx = 3
    n_features = 1
    exact = "every shift: the lattice starts at the mean longitude of the context"

    def __init__(self, rows: int, columns: int) -> None:
        self.shape = (rows, columns)
        self.check_paddable(self.shape, 2)
        self.cell = math.pi / rows

    def _latitudes(self, like: Tensor) -> Tensor:
        steps = torch.arange(self.shape[0], dtype=like.dtype, device=like.device)
        return self.cell * (steps + 0.5) - math.pi / 2

    def _longitudes(self, like: Tensor) -> Tensor:
        steps = torch.arange(self.shape[1], dtype=like.dtype, device=like.device)
        return 2 * math.pi / self.shape[1] * steps

    def sites(self, centre: Tensor) -> Tensor:
        """Unit vectors of the nodes, (b, rows, columns, 3)."""
        lat = self._latitudes(centre)[None, :, None]
        start = torch.atan2(centre[:, 1], centre[:, 0])[:, None, None]
        lon = self._longitudes(centre)[None, None] + start
        lat, lon = torch.broadcast_tensors(lat, lon)
        horizontal = torch.cos(lat)
        return torch.stack(
            (horizontal * torch.cos(lon), horizontal * torch.sin(lon), torch.sin(lat)),
            dim=-1,
        )

    def squared(self, x: Tensor, centre: Tensor) -> list[Tensor]:
        """The squared chord, made separable.

        The squared chord is 2 - 2 cos(lat - lat') + 2 cos(lat) cos(lat') (1 - cos(lon
        - lon')). With the point's own latitude in place of the node's in the last term
        it is a sum of a row's and a column's part; it is exact on the point's own row
        and, at a pole, the same for all longitudes.
        """
        cos_lat = torch.linalg.vector_norm(x[..., :2], dim=-1, keepdim=True)
        lat = self._latitudes(x)
        cos_difference = cos_lat * torch.cos(lat) + x[..., 2:] * torch.sin(lat)
        lon = self._longitudes(x) + torch.atan2(centre[:, 1], centre[:, 0])[:, None]
        horizontal = (
            x[..., :1] * torch.cos(lon)[:, None] + x[..., 1:2] * torch.sin(lon)[:, None]
        )
        return [2 - 2 * cos_difference, 2 * cos_lat * (cos_lat - horizontal)]

    def scatter_grid(
        self,
        values: Tensor,
        axes: tuple[Tensor, ...],
        centre: Tensor,
        width: Tensor,
    ) -> Tensor:
        """Along each latitude of the grid, then across: grid nodes x columns.

        The weight along a circle of latitude depends on its length.
        """
        lat, lon = axes
        start = torch.atan2(centre[:, 1], centre[:, 0])[:, None, None]
        north = 2 * torch.sin((lat[..., None] - self._latitudes(lat)) / 2)
        east = 2 * torch.sin((lon[..., None] - self._longitudes(lon) - start) / 2)
        east = torch.cos(lat)[..., None, None] * east[:, None]
        along = values.mT @ gaussian(east**2, width)
        across = gaussian(north**2, width).mT @ along.flatten(2)
        return across.unflatten(-1, along.shape[2:]).movedim(2, 1)

    def interpolate(self, z: Tensor, x: Tensor, centre: Tensor) -> Tensor:
        """Cubic convolution of the 16 nearest nodes, across date line and poles."""
        rows, columns = self.shape
        axes = sphere_axes(x)
        if axes is not None:
            edge = 2
            positions = [p + edge for p in self._positions(*axes, centre)]
            sizes = rows + 2 * edge, columns + 2 * edge
            matrices = list(map(cubic_matrix, positions, sizes))
            return interpolate_product(self.pad(self._tapered(z), edge), matrices)
        lat = torch.atan2(x[..., 2], torch.linalg.vector_norm(x[..., :2], dim=-1))
        lon = torch.atan2(x[..., 1], x[..., 0])
        across, along = self._positions(lat, lon, centre)
        offsets = torch.arange(-1, 3, device=x.device)
        row_start, column_start = across.detach().floor(), along.detach().floor()
        row = row_start.long()[..., None] + offsets
        column = column_start.long()[..., None] + offsets
        beyond = (row < 0) | (row >= rows)
        row = torch.where(row < 0, -1 - row, row)
        row = torch.where(row >= rows, 2 * rows - 1 - row, row)
        column = column[..., None, :] + columns // 2 * beyond[..., None].long()
        index = columns * row[..., None] + torch.remainder(column, columns)
        weight = (
            cubic_weights(across - row_start)[..., None]
            * cubic_weights(along - column_start)[..., None, :]
        )
        return interpolate(self._tapered(z), index.flatten(2), weight.flatten(2))

    def _positions(
        self, lat: Tensor, lon: Tensor, centre: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Of latitudes and longitudes (b, m) in rows and columns from the first."""
        start = torch.atan2(centre[:, 1], centre[:, 0])[:, None]
        along = torch.remainder(lon - start, 2 * math.pi)
        return (
            (lat + math.pi / 2) / self.cell - 0.5,
            along / (2 * math.pi / self.shape[1]),
        )

    def _tapered(self, z: Tensor) -> Tensor:
        """Damp the waves around a circle of latitude that a smooth field cannot have.

        Near a pole the m-th zonal wave of a smooth field falls like cos(lat)^m. Beyond
        60 degrees a wave shorter than three cells of the equator is damped by
        (its length / 3 cells)^m, so that a field has nearly one value at the pole,
        whatever longitude it is approached from, and longer waves are left as they are.
        """
        cos_lat = torch.cos(self._latitudes(z))[:, None]
        waves = torch.fft.rfft(z, dim=-1)
        m = torch.arange(waves.shape[-1], dtype=z.dtype, device=z.device)
        length = cos_lat * z.shape[-1] / m.clamp(min=1.0)
        damping = torch.maximum(length / 3, cos_lat / 0.5).clamp(max=1.0) ** m
        return torch.fft.irfft(waves * damping, n=z.shape[-1], dim=-1)

    def pad(self, z: Tensor, k: int) -> Tensor:
        """Around the circle in longitude, by the half-turn beyond the poles."""
        if k == 0:
            return z
        turned = z.roll(z.shape[-1] // 2, dims=-1)
        z = torch.cat(
            (turned[..., :k, :].flip(-2), z, turned[..., -k:, :].flip(-2)), dim=-2
        )
        return functional.pad(z, (k, k, 0, 0), mode="circular")

    def check_paddable(self, shape: Sequence[int], k: int) -> None:
        """Refuse an odd number of columns, and fewer rows or columns than `k`.

        Raises:
            ValueError: Naming the shape and what would do.
        """
        rows, columns = shape
        if columns % 2 or min(rows, columns) < k:
            raise ValueError(
                "On the sphere the columns of the coarsest lattice must be even, for "
                f"the half-turn at the poles, and rows and columns at least {k}, the "
                f"reach of a kernel. Got {rows} rows and {columns} columns of "
                f"{self.shape}: take fewer levels, a smaller kernel or more nodes."
            )

    def features(self, centre: Tensor) -> Tensor:
        """The sine of latitude, which a shift of longitude leaves."""
        sine = torch.sin(self._latitudes(centre))[None, None, :, None]
        return sine.expand(centre.shape[0], 1, *self.shape)
