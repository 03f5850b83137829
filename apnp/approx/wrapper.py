"""The approximately equivariant form of any backbone."""

from torch import Tensor, nn

from apnp.backbones import Backbone
from apnp.nn.error_field import ErrorField
from apnp.types import AuxiliarySet, Domain, Latent, PointSet


class ApproximatelyEquivariant(Backbone[Latent]):
    """A backbone whose latent is given learned functions of absolute location.

    The map is jointly equivariant in the data and the fixed inputs (theorem 2 of
    Ashman 2024): moving context, domain, targets and `fixed_inputs` together leaves
    the prediction. Where a task's `domain.absolute` is False the fixed inputs are zero
    and the wrapped backbone is left, strictly equivariant.

    Args:
        backbone: Any backbone.
        fixed_inputs: A map of locations (..., dx) to channels (..., dz); of vectors at
            sites it also takes which of them a task uses (`SiteVectors`).

    Raises:
        ValueError: If the backbone has no sites.
    """

    def __init__(self, backbone: Backbone[Latent], fixed_inputs: nn.Module) -> None:
        super().__init__()
        if not backbone.has_sites:
            raise ValueError(
                f"{type(backbone).__name__} has no sites where fixed inputs could "
                "enter, so no approximate form: use it as it is, `form: strict`."
            )
        self.backbone: Backbone[Latent] = backbone
        self.fixed_inputs = fixed_inputs
        self.group = backbone.group
        self.dy, self.dw = backbone.dy, backbone.dw
        self.dz, self.d_out = backbone.dz, backbone.d_out
        self.predicts_moments = backbone.predicts_moments
        self.embeds_targets = backbone.embeds_targets
        self.auxiliary_dy = backbone.auxiliary_dy
        self.exact = f"{backbone.exact}, without fixed inputs"

    def strict(self) -> Backbone[Latent]:
        """The wrapped backbone, with the same weights."""
        return self.backbone

    def encode(
        self,
        context: PointSet,
        domain: Domain,
        auxiliary: tuple[AuxiliarySet, ...] = (),
    ) -> Latent:
        """Encode, and add the fixed inputs at the sites of the latent."""
        latent = self.backbone.encode(context, domain, auxiliary)
        return latent.shifted(self._fixed(latent.sites, domain, domain.context_sites))

    def process(self, latent: Latent) -> Latent:
        """The backbone's own map."""
        return self.backbone.process(latent)

    def decode(
        self, latent: Latent, xt: Tensor, wt: Tensor, et: Tensor | None = None
    ) -> Tensor:
        """The backbone's own reading, with fixed inputs where it embeds targets."""
        if self.embeds_targets:
            self.check_targets(latent, xt, wt)
            et = self._fixed(xt, latent.domain, latent.domain.target_sites)
        return self.backbone.decode(latent, xt, wt, et)

    def error_field(self, latent: Latent) -> ErrorField | None:
        """The backbone's own."""
        return self.backbone.error_field(latent)

    def _fixed(self, x: Tensor, domain: Domain, used: Tensor | None) -> Tensor:
        """The fixed inputs at `x`, zero for tasks that hide where they are."""
        t = self.fixed_inputs(x) if used is None else self.fixed_inputs(x, used)
        return t * domain.absolute.reshape(-1, *(1,) * (t.ndim - 1))
