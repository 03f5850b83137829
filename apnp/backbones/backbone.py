"""The contract that every architecture keeps."""

from abc import ABC, abstractmethod
from typing import Generic

from torch import Tensor, nn

from apnp.groups import Group
from apnp.nn.error_field import ErrorField
from apnp.types import AuxiliarySet, Domain, Latent, PointSet


class Backbone(nn.Module, ABC, Generic[Latent]):
    """A map from a context set to channels at targets, equivariant under `group`.

    Moving context, domain and targets together by any element of the group leaves the
    channels as they are.

    Attributes:
        group: The group of symmetries that the backbone keeps.
        dy: Number of variables.
        dw: Number of covariates.
        dz: Channels of the latent at its sites, where fixed inputs enter.
        d_out: Channels that `decode` returns; the first `dy` start as the mean.
        predicts_moments: Whether they are the mean, and the next `dy` the standard
            deviation before softplus: a Gaussian likelihood then has nothing to learn.
        embeds_targets: Whether `decode` takes fixed inputs at targets.
        has_sites: Whether the latent has sites where fixed inputs can enter; without
            them there is no approximate form.
        auxiliary_dy: Number of variables of each auxiliary set that it reads, in their
            order; empty for a backbone that reads none.
        exact: For which elements of the group predictions of stations are equivariant
            to rounding, in words.
    """

    group: Group
    dy: int
    dw: int
    dz: int
    d_out: int
    predicts_moments: bool = False
    embeds_targets: bool = False
    has_sites: bool = True
    auxiliary_dy: tuple[int, ...] = ()
    exact: str = "every element"

    def strict(self) -> "Backbone[Latent]":
        """The strictly equivariant component: itself, unless it says otherwise."""
        return self

    def location_weights(self) -> list[Tensor] | None:
        """Weights by which absolute location alone enters, each (n, dx).

        With these columns zero the backbone reads differences of locations only. None
        where location enters in another way, or not at all.
        """
        return None

    @abstractmethod
    def encode(
        self,
        context: PointSet,
        domain: Domain,
        auxiliary: tuple[AuxiliarySet, ...] = (),
    ) -> Latent:
        """Read the context and its auxiliary sets; never sees target locations."""

    @abstractmethod
    def process(self, latent: Latent) -> Latent:
        """The equivariant map of the latent."""

    @abstractmethod
    def decode(
        self, latent: Latent, xt: Tensor, wt: Tensor, et: Tensor | None = None
    ) -> Tensor:
        """Read the latent at targets.

        Args:
            latent: What `process` returned.
            xt: Locations, (b, nt, dx).
            wt: Covariates, zero where unobserved, then their masks: (b, nt, 2 dw).
            et: Fixed inputs at the targets, (b, nt, dz), for a backbone that embeds
                its targets.

        Returns:
            (b, nt, d_out).
        """

    def error_field(self, latent: Latent) -> ErrorField | None:
        """How errors of neighbouring targets go together, where the backbone says so.

        It reads the channels that `decode` returns after the first 2 dy.
        """
        return None

    def check_context(
        self,
        context: PointSet,
        domain: Domain,
        auxiliary: tuple[AuxiliarySet, ...] = (),
    ) -> None:
        """Refuse what has shapes that the backbone is not made for.

        Raises:
            ValueError: Naming the size, what it must be and what it is.
        """
        for name, size in (("x", self.group.dx), ("y", self.dy), ("w", self.dw)):
            _check_size(f"The context has d{name}", getattr(context, name), size)
        _check_size("The domain has dx", domain.centre, self.group.dx)
        _check_tasks("Context and domain", context.x, domain.centre)
        if len(auxiliary) != len(self.auxiliary_dy):
            raise ValueError(
                f"This model reads {len(self.auxiliary_dy)} auxiliary sets. Got "
                f"{len(auxiliary)}: `auxiliary` holds one for each of `auxiliary_dy`, "
                f"{self.auxiliary_dy}, an empty one where there is nothing."
            )
        for i, (auxiliary_set, size) in enumerate(
            zip(auxiliary, self.auxiliary_dy, strict=True)
        ):
            _check_size(f"Auxiliary set {i} has dy", auxiliary_set.y, size)
            _check_tasks(
                f"Auxiliary set {i} and domain", auxiliary_set.y, domain.centre
            )

    def check_targets(self, latent: Latent, xt: Tensor, wt: Tensor) -> None:
        """Refuse targets of shapes that the backbone is not made for.

        Raises:
            ValueError: Naming the size, what it must be and what it is.
        """
        _check_size("Targets have dx", xt, self.group.dx)
        _check_size("Covariates of targets and their masks have 2 dw", wt, 2 * self.dw)
        _check_tasks("Latent and targets", latent.z, xt)


def _check_size(what: str, value: Tensor, size: int) -> None:
    if value.shape[-1] != size:
        raise ValueError(f"{what} = {size} for this model. Got {value.shape[-1]}.")


def _check_tasks(what: str, one: Tensor, other: Tensor) -> None:
    if one.shape[0] != other.shape[0]:
        raise ValueError(
            f"{what} must hold the same number of tasks. Got {one.shape[0]} and "
            f"{other.shape[0]}."
        )
