"""The approximately equivariant form of any backbone."""

from torch import Tensor, nn

from apnp.backbones import Backbone
from apnp.types import Domain, Field, PointSet


class ApproximatelyEquivariant(Backbone):
    """A backbone whose latent is given learned functions of absolute location.

    The map is jointly equivariant in the data and the fixed inputs (theorem 2 of
    Ashman 2024): moving context, domain, targets and `fixed_inputs` together leaves
    the prediction. Where a task's `domain.absolute` is False the fixed inputs are zero
    and the wrapped backbone is left, strictly equivariant.

    Args:
        backbone: Any backbone.
        fixed_inputs: A map of locations (..., dx) to channels (..., dz).
    """

    def __init__(self, backbone: Backbone, fixed_inputs: nn.Module) -> None:
        super().__init__()
        self.backbone = backbone
        self.fixed_inputs = fixed_inputs
        self.group = backbone.group
        self.dy, self.dw = backbone.dy, backbone.dw
        self.dz, self.d_out = backbone.dz, backbone.d_out

    def strict(self) -> Backbone:
        """The wrapped backbone, with the same weights."""
        return self.backbone

    def encode(self, context: PointSet, domain: Domain) -> Field:
        """Encode, and add the fixed inputs at the sites of the latent."""
        latent = self.backbone.encode(context, domain)
        t = self.fixed_inputs(latent.sites)
        known = domain.absolute.reshape(-1, *(1,) * (t.ndim - 1))
        return latent.shifted(t * known)

    def process(self, latent: Field) -> Field:
        """The backbone's own map."""
        return self.backbone.process(latent)

    def decode(self, latent: Field, xt: Tensor, wt: Tensor) -> Tensor:
        """The backbone's own reading."""
        return self.backbone.decode(latent, xt, wt)
