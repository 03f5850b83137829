import pytest
import torch

from apnp.backbones import ConvCNP, GriddedOptions
from apnp.groups import LongitudeShifts, Translations
from apnp.nn.lattice import PlaneLattice, SphereLattice
from apnp.nn.setconv import scatter_reference
from apnp.nn.unet import UNet
from apnp.types import Domain, GriddedField, PointSet

F = torch.float64


def convcnp(lattice, group, **keys):
    settings = {"channels": (3, 4), "blocks": (1, 1), "kernel": 3}
    auxiliary_dy, kriging = keys.pop("auxiliary_dy", ()), keys.pop("kriging", True)
    read = keys.pop("read", 0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = UNet(**{**settings, **keys}, n_axes=len(lattice.shape), pad=lattice.pad)
        options = GriddedOptions(auxiliary_dy, kriging, read)
        model = ConvCNP(lattice, group, 1, 1, net, (1.0, 2.0), options)
        return model.double()


def test_initial_widths_are_in_cells():
    model = convcnp(PlaneLattice((8, 8), 0.4), Translations(2))
    torch.testing.assert_close(
        model.covariance.log_widths.exp(),
        torch.tensor([0.4, 0.8], dtype=F),
        rtol=1e-6,
        atol=0,
    )
    sphere = convcnp(SphereLattice(6, 12), LongitudeShifts())
    assert sphere.covariance.log_widths.exp()[0].item() == pytest.approx(
        torch.pi / 6, rel=1e-6
    )


def test_the_latent_lies_at_the_sites_of_the_lattice():
    lattice = PlaneLattice((4, 6), 0.4)
    model = convcnp(lattice, Translations(2))
    centre = torch.tensor([[3.0, -1.0]], dtype=F)
    x = centre[:, None]
    context = PointSet.observed(x, x[..., :1], x[..., :1])
    domain = Domain(centre, torch.ones_like(centre), torch.tensor([True]))
    latent = model.encode(context, domain)
    assert latent.z.shape == (1, model.dz, 4, 6)
    torch.testing.assert_close(latent.sites, lattice.sites(centre))
    assert latent.domain is domain
    processed = model.process(latent)
    assert processed.sites is latent.sites


def test_an_observation_far_outside_the_lattice_is_as_none():
    model = convcnp(PlaneLattice((8,), 0.4), Translations(1))
    centre = torch.zeros(1, 1, dtype=F)
    domain = Domain(centre, centre + 1, torch.tensor([True]))
    far = torch.full((1, 1, 1), 1e3, dtype=F)
    none = far[:, :0]
    a = model.encode(PointSet.observed(far, far, far), domain)
    b = model.encode(PointSet.observed(none, none, none), domain)
    torch.testing.assert_close(a.z, b.z, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("lattice", "group", "keys", "match"),
    [
        (
            PlaneLattice((8, 6), 1.0),
            Translations(2),
            {"channels": (2, 2, 2), "blocks": (1, 1, 1)},
            "Axis 1",
        ),
        (PlaneLattice((8, 8), 1.0), Translations(1), {}, r"agree in dx. Got 2 and 1"),
        (SphereLattice(4, 8), Translations(2), {}, r"agree in dx. Got 3 and 2"),
        (
            SphereLattice(6, 10),
            LongitudeShifts(),
            {},
            r"must be even.*Got 3 rows and 5 columns of \(6, 10\)",
        ),
        (
            SphereLattice(6, 12),
            LongitudeShifts(),
            {"kernel": 9},
            r"at least 4, the reach of a kernel. Got 3 rows and 6 columns",
        ),
    ],
)
def test_lattices_that_the_network_does_not_fit_are_refused(
    lattice, group, keys, match
):
    with pytest.raises(ValueError, match=match):
        convcnp(lattice, group, **keys)


def test_a_domain_wider_than_the_lattice_gets_more_nodes_of_the_same_cell():
    model = convcnp(PlaneLattice((4, 6), 0.4), Translations(2))
    x = torch.tensor([[[-2.0, 0.3], [2.2, -0.1]]], dtype=F)
    context = PointSet.observed(x, x[..., :1] + 1, x[..., 1:])
    centre, known = torch.zeros(1, 2, dtype=F), torch.tensor([True])
    fits = Domain(centre, torch.tensor([[1.6, 2.4]], dtype=F), known)
    assert model.encode(context, fits).z.shape == (1, model.dz, 4, 6)
    wide = Domain(centre, torch.tensor([[4.2, 2.4]], dtype=F), known)
    latent = model.process(model.encode(context, wide))
    assert latent.z.shape == (1, model.dz, 12, 6)
    spacing = latent.sites[0, 1:, 0, 0] - latent.sites[0, :-1, 0, 0]
    torch.testing.assert_close(spacing, torch.full_like(spacing, 0.4))
    far = torch.tensor([[[2.2, -0.1]]], dtype=F)
    near = far.clone()
    near[..., 0] = 0.6
    wt = torch.zeros(1, 1, 2, dtype=F)
    there, here = (model.decode(latent, xt, wt) for xt in (far, near))
    assert (there - here).abs().max() > 1e-4


def test_auxiliary_sets_are_channels_of_their_own_beside_those_of_the_context():
    """Without their weights what is left is the model without auxiliary sets."""
    lattice = PlaneLattice((8,), 0.4)
    alone, made = (
        convcnp(lattice, Translations(1), auxiliary_dy=dy) for dy in ((), (2, 1))
    )
    assert not any("auxiliary set" in name for name in alone.state_dict())
    n = alone.lift[0].in_features
    assert made.lift[0].in_features == n + 2 * 2 * (2 + 1)
    weights = made.state_dict() | alone.state_dict()
    known = alone.lift[0].weight.detach()
    weights["lift.0.weight"] = torch.cat((known, known.new_zeros(len(known), 12)), 1)
    made.load_state_dict(weights)
    x = torch.tensor([[[-0.7], [0.4], [1.1]]], dtype=F)
    context = PointSet.observed(x, x.sin(), x.cos())
    centre = torch.zeros(1, 1, dtype=F)
    domain = Domain(centre, centre + 2, torch.tensor([True]))
    grid = GriddedField.observed((x[..., 0],), torch.cat((x, x**2), -1))
    auxiliary = grid, PointSet.observed(x, x)
    one, other = alone.encode(context, domain), made.encode(context, domain, auxiliary)
    torch.testing.assert_close(one.z, other.z, rtol=0, atol=1e-14)


def test_without_kriging_the_values_are_those_of_successive_corrections():
    """Before the network weighs in: sums over all points at every node."""
    lattice = PlaneLattice((9,), 0.4)
    model = convcnp(lattice, Translations(1), kriging=False, channels=(3,), blocks=(1,))
    torch.nn.init.zeros_(model.lift[-1].weight)
    torch.nn.init.zeros_(model.lift[-1].bias)
    x = torch.tensor([[[-0.7], [0.4], [0.41], [1.1]]], dtype=F)
    values = torch.cat((x.sin(), x.cos()), -1)
    seen = torch.tensor([[[1, 1], [1, 0], [0, 1], [1, 1]]], dtype=torch.bool)
    context = PointSet(
        x, values[..., :1], values[..., 1:], seen[..., :1], seen[..., 1:]
    )
    centre = torch.full((1, 1), 0.1, dtype=F)
    domain = Domain(centre, centre + 2, torch.tensor([True]))
    nodes = lattice.sites(centre)
    known = seen.to(F)
    residual, total = known * values, torch.zeros(1, 9, 2, dtype=F)
    for width, prior in zip((0.4, 0.8), model.log_density_prior.exp(), strict=True):
        weight = torch.exp(-0.5 * (nodes - x.mT) ** 2 / width**2)
        field = weight @ residual / (weight @ known + prior)
        total = total + field
        read = lattice.interpolate(field.mT, x, centre)
        residual = known * (residual - read)
    latent = model.encode(context, domain)
    torch.testing.assert_close(latent.z[:, :2].mT, total, rtol=0, atol=1e-6)
    kriged = convcnp(lattice, Translations(1), channels=(3,), blocks=(1,))
    kriged.lift = model.lift
    z = kriged.encode(context, domain).z
    torch.testing.assert_close(z[:, 1], latent.z[:, 1])
    assert (z[:, 0] - latent.z[:, 0]).abs().max() > 1e-2


def test_without_kriging_nothing_grows_faster_than_the_number_of_points():
    """No tensor of a step holds pairs of points."""
    lattice = PlaneLattice((8,), 0.4)
    model = convcnp(lattice, Translations(1), kriging=False)
    n, largest = 3000, []
    x = torch.linspace(-1.5, 1.5, n, dtype=F)[None, :, None]
    context = PointSet.observed(x, x.sin(), x.cos())
    centre = torch.zeros(1, 1, dtype=F)
    domain = Domain(centre, centre + 3, torch.tensor([True]))

    def kept(tensor):
        largest.append(tensor.numel())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(kept, lambda tensor: tensor):
        model.encode(context, domain).z.sum().backward()
    assert max(largest) < 100 * n


@pytest.mark.parametrize("sphere", [False, True])
def test_a_grid_decodes_as_the_same_targets_in_any_order(sphere):
    lattice, group = PlaneLattice((8, 6), 0.4), Translations(2)
    if sphere:
        lattice, group = SphereLattice(6, 12), LongitudeShifts()
    model = convcnp(lattice, group)
    first, second = torch.tensor([-0.7, 0.2, 0.9]), torch.tensor([0.4, -0.3])
    x = torch.cartesian_prod(first, second).to(F)[None]
    if sphere:
        lat, lon = x.unbind(-1)
        x = torch.stack((lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()), -1)
    wt = torch.cat((x, x.cos()), -1)[..., :2]
    context = PointSet.observed(x, x[..., :1].sin(), x[..., 1:2])
    domain = Domain(x[:, 0], torch.ones_like(x[:, 0]), torch.tensor([True]))
    order = torch.tensor([4, 1, 0, 5, 3, 2])
    with torch.no_grad():
        latent = model.process(model.encode(context, domain))
        whole = model.decode(latent, x, wt)
        torch.testing.assert_close(
            whole[:, order], model.decode(latent, x[:, order], wt[:, order]),
            rtol=0, atol=1e-12,
        )  # fmt: skip
    assert whole.std(1).max() > 1e-3


def test_channels_read_linearly_are_those_of_a_mixture_at_the_targets():
    model = convcnp(PlaneLattice((8, 10), 0.4), Translations(2), read=3)
    assert (model.d_out, model.readout) == (3, None)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        noise = torch.randn(3, model.dz + 2, generator=generator, dtype=F)
        model.shortcut.weight.copy_(noise)
    x, xt = (torch.rand(1, n, 2, generator=generator, dtype=F) for n in (5, 7))
    wt = torch.rand(1, 7, 2, generator=generator, dtype=F)
    centre = torch.full((1, 2), 0.5, dtype=F)
    domain = Domain(centre, torch.ones_like(centre), torch.tensor([True]))
    latent = model.encode(PointSet.observed(x, x[..., :1], x[..., 1:]), domain)
    found = model.decode(model.process(latent), xt, wt)
    z = model.lattice.interpolate(model.net(latent.z), xt, centre)
    expected = model.shortcut(torch.cat((z, wt), dim=-1))
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)


def test_a_number_of_channels_below_zero_is_refused():
    with pytest.raises(ValueError, match=r"`read` is a number of at least 0\. Got -1"):
        convcnp(PlaneLattice((8,), 0.4), Translations(1), read=-1)
    with pytest.raises(ValueError, match="`expansion` is a number of at least 1"):
        GriddedOptions(expansion=0)


@pytest.mark.parametrize("embedded", [0, 4])
def test_of_a_single_value_presence_is_counted_once_and_told_twice(embedded):
    lattice = PlaneLattice((6, 8), 0.4)
    net = UNet((4,), (1,), 3, 2, lattice.pad)
    options = GriddedOptions(kriging=False, embedded=embedded)
    model = ConvCNP(lattice, Translations(2), 1, 0, net, (1.0,), options).double()
    seen = []
    model.lift.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    generator = torch.Generator().manual_seed(1)
    x, y = (torch.rand(1, 5, n, generator=generator, dtype=F) for n in (2, 1))
    mask = torch.tensor([True, True, False, True, False])[None, :, None]
    context = PointSet(x, y, y[..., :0], mask, mask[..., :0])
    centre = torch.full((1, 2), 0.5, dtype=F)
    domain = Domain(centre, torch.ones_like(centre), torch.tensor([True]))
    model.encode(context, domain)
    axes = lattice.kernel(x, centre, model.widths()[0])
    density = scatter_reference(mask.double(), axes)
    sums = scatter_reference(mask * y, axes)
    found = seen[0].movedim(-1, 1)
    assert found.shape[1] == 4 + embedded
    field = sums / (density + model.log_density_prior.exp())
    torch.testing.assert_close(found[:, :2], field.expand(-1, 2, -1, -1))
    both = torch.log1p(density).expand(-1, 2, -1, -1)
    torch.testing.assert_close(found[:, -2:], both)
