"""What architectures on a lattice share: the way onto it and the way off it."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from apnp.backbones.backbone import Backbone
from apnp.groups import Group
from apnp.nn.auxiliary import AuxiliaryAnalysis
from apnp.nn.covariance import Covariance
from apnp.nn.lattice import Lattice
from apnp.nn.mlp import mlp
from apnp.nn.nearest_kriging import krige_nearest
from apnp.nn.setconv import scatter_gaussian
from apnp.types import AuxiliarySet, Domain, LatticeLatent, PointSet

_AUXILIARY_WIDTHS = (4.0, 1.0)
"""Initial widths at which an auxiliary set is analysed, in cells of the lattice."""


@dataclass(frozen=True)
class GriddedOptions:
    """What a model on a lattice does at its points and nodes, beside its network.

    Attributes:
        auxiliary_dy: Number of variables of each auxiliary set.
        kriging: Whether values are kriged onto the lattice.
        read: Number of channels read linearly; zero for all of them and a perceptron.
        embedded: Numbers that a point is embedded by; zero for its values alone.
        expansion: Times as many channels inside the perceptron at the nodes.
        neighbours: Number of nearest points that a node is kriged from; zero for all.
        whole: Number of points up to which a node is kriged from all of them, whatever
            `neighbours` is: this is then as fast.

    Raises:
        ValueError: If a number is too small.
    """

    auxiliary_dy: tuple[int, ...] = ()
    kriging: bool = True
    read: int = 0
    embedded: int = 4
    expansion: int = 2
    neighbours: int = 0
    whole: int = 512

    def __post_init__(self) -> None:
        sizes = {"read": 0, "embedded": 0, "expansion": 1, "neighbours": 0, "whole": 0}
        for name, least in sizes.items():
            size = getattr(self, name)
            if size < least:
                raise ValueError(
                    f"`{name}` is a number of at least {least}. Got {size}."
                )


class Gridded(Backbone[LatticeLatent]):
    """Set convolutions onto a lattice, a network on it, and readings at the targets.

    The values are kriged onto the lattice with a learned stationary covariance: from
    all points at a cost that grows with the cube of their number, or, where there are
    many, from the nearest of every node at a cost that grows with their number. Without
    kriging the values are analysed as covariates are. Values and
    covariates are analysed by successive corrections (Barnes 1964): spread with a
    wide Gaussian and divided by their density plus a learned prior; residuals at the
    context points are spread with a narrower one, and so on. Every field, its density,
    and a learned embedding of each point at every width are channels. The kriged values
    and the analysed covariates have a linear way through to the output, from which
    training starts. Covariates of a target enter at decoding, by a perceptron. Where a
    few channels are read, they are a linear mixture, made once for all targets, and
    covariates enter linearly. Auxiliary sets, scattered or gridded, are
    analysed each by itself and are more channels.

    On the plane all of it depends on distances alone, so that it keeps every motion of
    the points that maps the lattice onto itself; `process` says which of them are left.

    Args:
        lattice: Where the latent lives.
        group: The symmetry that lattice and `process` keep.
        dy: Number of variables.
        dw: Number of covariates.
        dz: Channels of the latent.
        widths: Initial widths of the set convolutions and of the covariance, in cells
            of the lattice, widest first.
        options: What it does at points and nodes.
    """

    def __init__(
        self,
        lattice: Lattice,
        group: Group,
        dy: int,
        dw: int,
        dz: int,
        widths: Sequence[float],
        options: GriddedOptions = GriddedOptions(),
    ) -> None:
        super().__init__()
        if lattice.dx != group.dx:
            raise ValueError(
                "`lattice` and `group` must agree in dx. Got "
                f"{lattice.dx} and {group.dx}."
            )
        self.lattice, self.exact = lattice, lattice.exact
        self.group = group
        self.dz, self.d_out = dz, options.read or dz
        self.dy, self.dw = dy, dw
        n_values = dy + dw
        self.n_embedded = options.embedded
        self.embed = None
        if options.embedded:
            self.embed = mlp(2 * n_values, 32, options.embedded, hidden=1)
        scales = [lattice.cell * width for width in widths]
        self.covariance = Covariance(scales) if options.kriging else None
        self.neighbours, self.whole = options.neighbours, options.whole
        if self.covariance is None:
            self.log_widths = nn.Parameter(torch.tensor(scales).log())
        self.log_density_prior = nn.Parameter(torch.full((len(widths),), -1.0))
        self.auxiliary_dy = options.auxiliary_dy
        auxiliary_widths = [lattice.cell * width for width in _AUXILIARY_WIDTHS]
        analyses = [AuxiliaryAnalysis(n, auxiliary_widths) for n in self.auxiliary_dy]
        self.auxiliary = nn.ModuleList(analyses)
        n_spread = n_values + len(widths) * (2 * n_values + self.n_embedded + 1)
        n_spread += sum(analysis.n_channels for analysis in analyses)
        n_spread += lattice.n_features
        self.lift = mlp(n_spread, options.expansion * dz, dz, hidden=1, factor=0.1)
        self.readout = None
        if not options.read:
            self.readout = mlp(self.dz + 2 * dw, 2 * self.dz, self.d_out, factor=0.1)
        self.shortcut = nn.Linear(self.dz + 2 * dw, self.d_out, bias=False)
        nn.init.eye_(self.shortcut.weight)

    @abstractmethod
    def placed(self, domain: Domain) -> Lattice:
        """The lattice that holds the domain."""

    def encode(
        self,
        context: PointSet,
        domain: Domain,
        auxiliary: tuple[AuxiliarySet, ...] = (),
    ) -> LatticeLatent:
        """Spread the context over the lattice and mix its channels at each node."""
        self.check_context(context, domain, auxiliary)
        mask = torch.cat((context.y_mask, context.w_mask), dim=-1)
        values = torch.cat((context.y, context.w), dim=-1)
        values = torch.where(mask, values, 0.0)
        presence = mask.to(values.dtype)
        known = context.y_mask.any(-1, keepdim=True).to(values.dtype)
        # A padded point may hold anything as its location.
        x = torch.where(mask.any(-1, keepdim=True), context.x, domain.centre[:, None])
        n_values = values.shape[-1]
        # Of a single value, to be there and to be known are one.
        counted = presence if n_values == 1 else torch.cat((presence, known), dim=-1)
        if self.embed is not None:
            embedded = known * self.embed(torch.cat((values, presence), dim=-1))
            counted = torch.cat((embedded, counted), dim=-1)
        lattice = self.placed(domain)
        squared = lattice.squared(x, domain.centre)
        residual, channels = values, [lattice.features(domain.centre)]
        field = analysis = values.new_zeros(1)
        scales = (self.widths(), self.log_density_prior.exp())
        for i, (width, prior) in enumerate(zip(*scales, strict=True)):
            if i:
                corrected = lattice.interpolate(field, x, domain.centre)
                residual = presence * (residual - corrected)
            sums, density = scatter_gaussian(
                torch.cat((residual, counted), dim=-1), squared, width
            ).tensor_split((n_values + self.n_embedded,), dim=1)
            if n_values == 1:
                density = torch.cat((density, density), dim=1)
            # Each channel is divided by its own density: covariates may be missing.
            field = sums[:, :n_values] / (density[:, :-1] + prior)
            means = sums[:, n_values:] / (density[:, -1:] + prior)
            channels += [field, means, torch.log1p(density)]
            analysis = analysis + field
        if self.covariance is not None:
            kriged = self._kriged(self.covariance, x, context, domain)
            analysis = torch.cat((kriged, analysis[:, self.dy :]), dim=1)
        for analyse, auxiliary_set in zip(self.auxiliary, auxiliary, strict=True):
            channels.append(analyse(auxiliary_set, lattice, domain.centre))
        lifted = self.lift(torch.cat((analysis, *channels), dim=1).movedim(1, -1))
        carried = analysis[:, : self.dz].movedim(1, -1)
        z = lifted + functional.pad(carried, (0, self.dz - carried.shape[-1]))
        return LatticeLatent(z.movedim(-1, 1), lattice.sites(domain.centre), domain)

    def widths(self) -> Tensor:
        """Of the set convolutions, (k,): those of the covariance, if there is one."""
        if self.covariance is None:
            return self.log_widths.exp()
        return self.covariance.log_widths.exp()

    def _kriged(
        self, covariance: Covariance, x: Tensor, context: PointSet, domain: Domain
    ) -> Tensor:
        """The values on the lattice of the domain, (b, dy, *shape)."""
        lattice = self.placed(domain)
        # Large weights of either sign cancel: half precision would not hold their sum.
        with torch.autocast(x.device.type, enabled=False):
            fields = [
                self._kriged_one(covariance, lattice, x, mask, y, domain.centre)
                for mask, y in zip(
                    context.y_mask.unbind(-1), context.y.unbind(-1), strict=True
                )
            ]
        return torch.stack(fields, dim=1)

    def _kriged_one(
        self, covariance: Covariance, lattice: Lattice, x: Tensor, mask: Tensor,
        y: Tensor, centre: Tensor,
    ) -> Tensor:  # fmt: skip
        """One variable (b, n) on the lattice, (b, *shape).

        Every task is kriged from all its points or from the nearest, by their number.
        """
        y = torch.where(mask, y, 0.0)
        count = mask.sum(-1)
        many = (count > self.whole) & (count > self.neighbours) & (self.neighbours > 0)
        field = y.new_zeros(len(y), *lattice.shape)
        rows = torch.nonzero(many)[:, 0]
        if len(rows):
            sites = lattice.sites(centre[rows]).flatten(1, -2)
            found = krige_nearest(
                covariance, x[rows], mask[rows], y[rows], sites, self.neighbours
            )
            field = field.index_copy(0, rows, found.view(-1, *lattice.shape))
        rows = torch.nonzero(~many)[:, 0]
        if len(rows):
            # Observed points first: the others need no row of the matrix.
            most = int(count[rows].amax())
            order = (~mask[rows]).to(torch.uint8).argsort(dim=-1, stable=True)
            order = order[:, :most]
            near = torch.gather(
                x[rows], 1, order[..., None].expand(-1, -1, x.shape[-1])
            )
            own, values = mask[rows].gather(1, order), y[rows].gather(1, order)
            weights = covariance.solve(near, own, values[..., None])
            found = lattice.krige(weights, near, centre[rows], covariance)
            field = field.index_copy(0, rows, found[:, 0])
        return field

    def mixed(self, z: Tensor) -> Tensor:
        """What targets read of the processed channels: interpolation is linear."""
        if self.readout is not None:
            return z
        weight = self.shortcut.weight[:, : self.dz].expand(len(z), -1, -1)
        return torch.bmm(weight, z.flatten(2)).unflatten(2, z.shape[2:])

    def decode(
        self, latent: LatticeLatent, xt: Tensor, wt: Tensor, et: Tensor | None = None
    ) -> Tensor:
        """Interpolate the lattice at the targets and mix in their covariates."""
        self.check_targets(latent, xt, wt)
        lattice, centre = self.placed(latent.domain), latent.domain.centre
        z = lattice.interpolate(latent.z, xt, centre)
        if self.readout is None:
            covariates = self.shortcut.weight[:, self.dz :]
            return z + functional.linear(wt, covariates) if self.dw else z
        inputs = torch.cat((z, wt), dim=-1)
        return self.readout(inputs) + self.shortcut(inputs)
