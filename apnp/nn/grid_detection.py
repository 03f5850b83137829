"""Points that are the rows and columns of a grid, recognised as such."""

import torch
from torch import Tensor


def map_axes(x: Tensor) -> tuple[Tensor, Tensor] | None:
    """Coordinates of the rows and of the columns of points on a map.

    Args:
        x: (b, n, dx).

    Returns:
        (b, rows) and (b, columns) such that the points are their product, row by row;
        None if they are none, or if a derivative may be asked for.
    """
    grid = _folded(x, 0) if x.shape[-1] == 2 else None
    if grid is None:
        return None
    first, second = grid[:, :, 0, 0], grid[:, 0, :, 1]
    even = torch.equal(grid[..., 0], first[:, :, None].expand(grid.shape[:3]))
    even = even and torch.equal(grid[..., 1], second[:, None].expand(grid.shape[:3]))
    return (first, second) if even else None


def sphere_axes(x: Tensor) -> tuple[Tensor, Tensor] | None:
    """Latitudes and longitudes of the rows and columns of points on the sphere.

    Args:
        x: Unit vectors, (b, n, 3).

    Returns:
        (b, rows) and (b, columns) in radians whose product the points are to
        rounding, row by row; None if they are none, or if a derivative may be asked
        for.
    """
    grid = _folded(x, 2)
    if grid is None:
        return None
    across = torch.linalg.vector_norm(grid[:, :, 0, :2], dim=-1)
    # Longitudes are known best from the row that is farthest from the poles.
    widest = across.argmax(1)
    best = grid[torch.arange(len(x), device=x.device), widest, :, :2]
    east = best / torch.linalg.vector_norm(best, dim=-1, keepdim=True)
    horizontal = across[:, :, None, None] * east[:, None]
    error = (grid[..., :2] - horizontal).abs().amax()
    uneven = (grid[..., 2] != grid[:, :, :1, 2]).any()
    if uneven or not error <= 8 * torch.finfo(x.dtype).eps:
        return None
    lat = torch.atan2(grid[:, :, 0, 2], across)
    return lat, torch.atan2(east[..., 1], east[..., 0])


def _folded(x: Tensor, i: int) -> Tensor | None:
    """The points as (b, rows, columns, dx), rows being of one coordinate i."""
    n = x.shape[1]
    if torch.is_grad_enabled() or x.numel() == 0:
        return None
    values = x[0, :, i]
    columns = int((values != values[0]).byte().argmax())  # zero where there is none
    if columns in (0, 1) or n % columns:
        return None
    return x.unflatten(1, (-1, columns))
