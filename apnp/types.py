"""Core types of the models: frozen, self-validating dataclasses of tensors.

Letters: `b` tasks, `n` points, `dx` input dims, `dy` variables, `dw` covariates,
`dz` channels, `m` latent points. Masks are True where a value is observed.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor


@dataclass(frozen=True)
class _Movable:
    """Moves every tensor field at once, as Lightning asks of a batch."""

    def each(self, function: Callable[[Tensor], Tensor]):
        """A copy with `function` of every tensor, those of its parts among them."""

        def apply(value):
            if value is None:
                return None
            if isinstance(value, tuple):
                return tuple(map(apply, value))
            return (
                value.each(function) if isinstance(value, _Movable) else function(value)
            )

        return replace(
            self, **{f.name: apply(getattr(self, f.name)) for f in fields(self)}
        )

    def to(self, *args, **kwargs):
        """A copy with every tensor moved or cast like `Tensor.to`.

        Masks keep their dtype.
        """

        def move(value: Tensor) -> Tensor:
            if value.dtype == torch.bool:
                return value.to(
                    device=value.new_empty(0).float().to(*args, **kwargs).device
                )
            return value.to(*args, **kwargs)

        return self.each(move)

    def pin_memory(self):
        """A copy in page-locked memory."""
        return self.each(Tensor.pin_memory)


def _check_shape(name: str, value: Tensor, expected: tuple[int, ...]) -> None:
    if tuple(value.shape) != expected:
        raise ValueError(
            f"`{name}` must have shape {expected}. Got {tuple(value.shape)}."
        )


@dataclass(frozen=True)
class PointSet(_Movable):
    """Points with values and covariates, some of them unobserved.

    Attributes:
        x: Locations. On the plane scaled map coordinates, on the sphere unit vectors.
        y: Values of the variables, scaled. Anything where unobserved.
        w: Covariates, scaled. Anything where unobserved.
        y_mask: True where `y` is observed.
        w_mask: True where `w` is observed.
    """

    x: Float[Tensor, "b n dx"]
    y: Float[Tensor, "b n dy"]
    w: Float[Tensor, "b n dw"]
    y_mask: Bool[Tensor, "b n dy"]
    w_mask: Bool[Tensor, "b n dw"]

    def __post_init__(self) -> None:
        if self.x.ndim != 3:
            raise ValueError(
                f"`x` must have shape (b, n, dx). Got {tuple(self.x.shape)}."
            )
        b, n, _ = self.x.shape
        for name in ("y", "w"):
            value = getattr(self, name)
            if value.ndim != 3:
                raise ValueError(
                    f"`{name}` must have shape (b, n, d{name}). "
                    f"Got {tuple(value.shape)}."
                )
            _check_shape(name, value, (b, n, value.shape[-1]))
            mask = getattr(self, f"{name}_mask")
            _check_shape(f"{name}_mask", mask, tuple(value.shape))
            if mask.dtype != torch.bool:
                raise ValueError(f"`{name}_mask` must be boolean. Got {mask.dtype}.")

    @property
    def batch_size(self) -> int:
        """Number of tasks `b`."""
        return self.x.shape[0]

    @property
    def n_points(self) -> int:
        """Number of points `n`, padding included."""
        return self.x.shape[1]

    @classmethod
    def observed(cls, x: Tensor, y: Tensor, w: Tensor | None = None) -> "PointSet":
        """Points whose every value and covariate is observed."""
        if w is None:
            w = x.new_zeros(*x.shape[:2], 0)
        return cls(
            x, y, w,
            torch.ones_like(y, dtype=torch.bool), torch.ones_like(w, dtype=torch.bool),
        )  # fmt: skip


@dataclass(frozen=True)
class GriddedField(_Movable):
    """Values at all nodes of a product grid, some of them unobserved.

    A node lies where one coordinate of each axis meets, in any order, evenly or not; it
    is the same as a point there. On a circle of latitude the grid may go all the way
    round, each node once.

    Attributes:
        axes: Coordinates along each axis, (b, n_i). On the plane those of `x`, scaled;
            on the sphere latitudes and longitudes in radians, any convention. Anything
            where a whole row of nodes is unobserved.
        y: Values of the variables, scaled. Anything where unobserved.
        y_mask: True where `y` is observed.
    """

    axes: tuple[Float[Tensor, "b _"], ...]
    y: Float[Tensor, "b *grid dy"]
    y_mask: Bool[Tensor, "b *grid dy"]

    def __post_init__(self) -> None:
        expected = (len(self.y), *(axis.shape[-1] for axis in self.axes))
        if self.y.ndim < 2 or tuple(self.y.shape[:-1]) != expected:
            raise ValueError(
                "`y` must have shape (b, nodes along each of `axes`, dy), here "
                f"{expected} and dy. Got {tuple(self.y.shape)}."
            )
        for i, axis in enumerate(self.axes):
            _check_shape(f"axes[{i}]", axis, (len(self.y), axis.shape[-1]))
        _check_shape("y_mask", self.y_mask, tuple(self.y.shape))
        if self.y_mask.dtype != torch.bool:
            raise ValueError(f"`y_mask` must be boolean. Got {self.y_mask.dtype}.")

    @property
    def batch_size(self) -> int:
        """Number of tasks `b`."""
        return self.y.shape[0]

    @classmethod
    def observed(cls, axes: tuple[Tensor, ...], y: Tensor) -> "GriddedField":
        """A grid whose every value is observed."""
        return cls(axes, y, torch.ones_like(y, dtype=torch.bool))


AuxiliarySet = PointSet | GriddedField
"""Values read beside the context, with variables and locations of their own.

Points of an auxiliary set have no covariates: what is known there are its variables.
"""


def at_points(auxiliary_set: AuxiliarySet, dx: int) -> PointSet:
    """The same values at the locations (b, n, dx) of the nodes of a grid, or points.

    A grid of two axes where `dx` is 3 is one of latitude and longitude.
    """
    if isinstance(auxiliary_set, PointSet):
        return auxiliary_set
    mesh = [
        torch.meshgrid(*axes, indexing="ij")
        for axes in zip(*auxiliary_set.axes, strict=True)
    ]
    x = torch.stack([torch.stack(nodes, dim=-1) for nodes in mesh]).flatten(1, -2)
    if len(auxiliary_set.axes) < dx:
        lat, lon = x.unbind(-1)
        level = lat.cos()
        x = torch.stack((level * lon.cos(), level * lon.sin(), lat.sin()), dim=-1)
    y, y_mask = auxiliary_set.y.flatten(1, -2), auxiliary_set.y_mask.flatten(1, -2)
    return PointSet(x, y, y[..., :0], y_mask, y_mask[..., :0])


@dataclass(frozen=True)
class Domain(_Movable):
    """A box that comes with the task and moves with it.

    It says where a lattice lies, and whether absolute location may be used; it is
    never derived from the points asked for.

    Attributes:
        centre: Centre of the box; on the sphere a unit vector whose longitude is the
            one the lattice starts from.
        extent: Side lengths of the box, same units as `x`.
        absolute: True where the task's absolute location is known and may be used:
            fixed inputs act on those tasks alone, the others are predicted by the
            strictly equivariant component.
        context_sites: False for training sites whose fixed inputs the context does
            without, (b, sites); None where it may use all.
        target_sites: The same for the targets.
    """

    centre: Float[Tensor, "b dx"]
    extent: Float[Tensor, "b dx"]
    absolute: Bool[Tensor, "b"]  # noqa: F821
    context_sites: Bool[Tensor, "b sites"] | None = None
    target_sites: Bool[Tensor, "b sites"] | None = None

    def __post_init__(self) -> None:
        if self.centre.ndim != 2 or self.centre.shape != self.extent.shape:
            raise ValueError(
                "`centre` and `extent` must both have shape (b, dx). Got "
                f"{tuple(self.centre.shape)} and {tuple(self.extent.shape)}."
            )
        _check_shape("absolute", self.absolute, (self.centre.shape[0],))
        for name in ("context_sites", "target_sites"):
            used = getattr(self, name)
            if used is not None:
                _check_shape(name, used, (self.centre.shape[0], *used.shape[1:]))


@dataclass(frozen=True)
class Task(_Movable):
    """A context set to learn from and a target set to predict.

    `auxiliary` holds sets of other values, in the model's order.
    """

    context: PointSet
    target: PointSet
    domain: Domain
    auxiliary: tuple[AuxiliarySet, ...] = ()

    def __post_init__(self) -> None:
        b = self.context.batch_size
        if self.target.batch_size != b or self.domain.centre.shape[0] != b:
            raise ValueError(
                "Context, target and domain must hold the same number of tasks. Got "
                f"{b}, {self.target.batch_size} and {self.domain.centre.shape[0]}."
            )
        for i, auxiliary_set in enumerate(self.auxiliary):
            if auxiliary_set.batch_size != b:
                raise ValueError(
                    f"Context and auxiliary set {i} must hold the same number of "
                    f"tasks. Got {b} and {auxiliary_set.batch_size}."
                )
        for name in ("x", "y", "w"):
            c = getattr(self.context, name).shape[-1]
            t = getattr(self.target, name).shape[-1]
            if c != t:
                raise ValueError(
                    f"Context and target must agree in d{name}. Got {c} and {t}."
                )
        dx, d = self.context.x.shape[-1], self.domain.centre.shape[-1]
        if dx != d:
            raise ValueError(f"Points and domain must agree in dx. Got {dx} and {d}.")

    def __repr__(self) -> str:
        c, t = self.context, self.target
        shapes = [tuple(auxiliary_set.y.shape[1:]) for auxiliary_set in self.auxiliary]
        return (
            f"Task(b={c.batch_size}, nc={c.n_points}, nt={t.n_points}, "
            f"dx={c.x.shape[-1]}, dy={c.y.shape[-1]}, dw={c.w.shape[-1]}"
            f"{f', auxiliary={shapes}' if shapes else ''})"
        )


@dataclass(frozen=True)
class LatticeLatent(_Movable):
    """A latent on a lattice: channels at nodes, and where those nodes are.

    Attributes:
        z: Channels at the nodes.
        sites: Locations of the nodes, where fixed inputs enter.
        domain: The domain the lattice was placed by.
    """

    z: Float[Tensor, "b dz *grid"]
    sites: Float[Tensor, "b *grid dx"]
    domain: Domain

    def shifted(self, e: Tensor) -> "LatticeLatent":
        """The field with `e` (b, *grid, dz) added to its channels."""
        _check_shape("e", e, tuple(self.z.movedim(1, -1).shape))
        return replace(self, z=self.z + e.movedim(-1, 1))


@dataclass(frozen=True)
class Tokens(_Movable):
    """A latent at points: channels of each, and the context beside.

    Attributes:
        z: Channels of the tokens, after `process` with an axis of layers before that
            of tokens.
        sites: Locations of the tokens, where fixed inputs enter.
        mask: False for tokens that are none.
        points: The context; its values are what is left to explain.
        domain: The domain of the task.
    """

    z: Float[Tensor, "b *l m dz"]
    sites: Float[Tensor, "b m dx"]
    mask: Bool[Tensor, "b m"]
    points: PointSet
    domain: Domain

    def shifted(self, e: Tensor) -> "Tokens":
        """The tokens with `e` (b, m, dz) added to their channels."""
        _check_shape("e", e, tuple(self.z.shape))
        return replace(self, z=self.z + e)


Latent = TypeVar("Latent", bound=Any)
"""Where an architecture keeps what it has read: on a lattice, or at points."""
