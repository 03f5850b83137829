import pytest
import torch

from apnp.backbones import LocalTNP, local_tnp
from apnp.groups import LongitudeShifts, Translations
from apnp.nn import near
from apnp.nn.neighbours import gather
from apnp.types import Domain, PointSet

F = torch.float64


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=F)


def backbone(group=None, **keys):
    settings = {"neighbours": 4, "width": 8, "layers": 2, "heads": 2, **keys}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        group = group or Translations(2)
        made = LocalTNP(group, 1, 1, (2.0, 0.7), **settings).double()
    with torch.no_grad():
        for i, p in enumerate(made.parameters()):
            p += 0.1 * normal(*p.shape, seed=i)
    return made


def context(n=20, dx=2):
    return PointSet.observed(
        normal(2, n, dx), normal(2, n, 1, seed=1), normal(2, n, 1, seed=2)
    )


def domain(dx=2):
    centre = torch.zeros(2, dx, dtype=F)
    return Domain(centre, centre + 4, torch.ones(2, dtype=torch.bool))


def covariates(n, seed=3):
    w = normal(2, n, 1, seed=seed)
    return torch.cat((w, torch.ones_like(w)), dim=-1)


def close(one, other):
    torch.testing.assert_close(one, other, rtol=0, atol=1e-10)


def test_a_token_lies_at_every_context_point_in_every_layer():
    made, points = backbone(layers=3), context(7)
    latent = made.encode(points, domain())
    assert latent.z.shape == (2, 7, made.dz)
    assert torch.equal(latent.sites, points.x)
    processed = made.process(latent)
    assert processed.z.shape == (2, 3, 7, made.dz)
    assert processed.points is latent.points


def test_with_every_point_a_neighbour_and_no_correction_it_kriges():
    made, points = backbone(neighbours=9), context(6)
    with torch.no_grad():
        for module in (made.correct, made.kriging.scales):
            module[-1].weight.zero_()
            module[-1].bias.zero_()
    xt, wt = normal(2, 3, 2, seed=4), covariates(3)
    out = made.decode(made.process(made.encode(points, domain())), xt, wt)
    known = torch.cat((points.w, torch.ones_like(points.w)), dim=-1)
    rest = (points.y - made.prior(known))[:, None].expand(-1, 3, -1, -1)
    x, w = (
        torch.cat((one[:, :, None], other[:, None].expand(-1, 3, -1, -1)), dim=2)
        for one, other in ((xt, points.x), (wt[..., :1], points.w))
    )
    nothing = torch.zeros(2, 3, made.dz, dtype=F)
    mean, variance = made.kriging(nothing, x, w, rest, torch.ones_like(rest))
    close(out[..., :1], made.prior(wt) + mean)
    close(torch.nn.functional.softplus(out[..., 1:2]), variance.sqrt())
    assert out.shape[-1] == made.d_out


def test_values_of_pairs_are_relative_to_a_point_or_to_the_mean_at_a_target(
    monkeypatch,
):
    monkeypatch.setattr(near, "library", lambda: None)
    made, given = backbone(neighbours=5, layers=2), []
    for layer in (made.mixing[0], made.reading[0]):
        layer.register_forward_pre_hook(lambda _, args: given.append(args))
    latent = made.process(made.encode(context(12), domain()))
    made.decode(latent, normal(2, 3, 2, seed=4), covariates(3))
    rest = latent.points.y
    for (_, _, index, pairs, weight), own in zip(given, (rest, None), strict=True):
        values = gather(rest, index)
        if own is None:
            own = (weight[..., None] * values).sum(2) / weight.sum(2)[..., None]
        expected = values - own[:, :, None]
        torch.testing.assert_close(pairs[..., -1:], expected, rtol=0, atol=1e-4)


def test_fixed_inputs_at_targets_reach_the_output():
    made = backbone()
    latent = made.process(made.encode(context(), domain()))
    xt, wt = normal(2, 3, 2, seed=4), covariates(3)
    without = made.decode(latent, xt, wt)
    close(made.decode(latent, xt, wt, torch.zeros(2, 3, made.dz, dtype=F)), without)
    changed = made.decode(latent, xt, wt, normal(2, 3, made.dz, seed=5)) - without
    assert changed[..., :2].abs().amax(-1).min() > 1e-4


def test_a_far_point_says_nothing_of_a_field_that_has_nearer_ones():
    """Two layers: beyond the neighbours of the neighbours."""
    made, points = backbone(), context(30)
    x = points.x.clone()
    x[:, :12] = 50 + normal(2, 12, 2, seed=6)
    y = points.y.clone()
    y[:, :12] += 9
    xt, wt = 0.1 * normal(2, 3, 2, seed=4), covariates(3)

    def read(values):
        moved = PointSet.observed(x, values, points.w)
        return made.decode(made.process(made.encode(moved, domain())), xt, wt)

    close(read(y), read(points.y))


@pytest.mark.parametrize("group", [Translations(2), LongitudeShifts()])
def test_fields_are_continuous(group):
    """A jump would not shrink with the step."""
    made, points = backbone(group), context(20, group.dx)
    x = points.x
    if group.dx == 3:
        x = x / x.norm(dim=-1, keepdim=True)
    points = PointSet.observed(x, points.y, points.w)
    latent = made.process(made.encode(points, domain(group.dx)))
    jumps = []
    for n in (2000, 20000):
        t = torch.linspace(-1, 1, n, dtype=F)
        xt = torch.stack((t, 0.4 + 0 * t, 0.2 * t)[: group.dx], dim=-1)
        if group.dx == 3:
            xt = xt / xt.norm(dim=-1, keepdim=True)
        xt, wt = xt.expand(2, -1, -1), covariates(1).expand(-1, n, -1)
        with torch.no_grad():
            out = made.decode(latent, xt, wt)
        jumps.append(out.diff(dim=1).abs().max())
    assert jumps[1] < 0.2 * jumps[0]


@pytest.mark.parametrize("chunk", [1, 3, 7])
def test_points_in_chunks_are_points_together(monkeypatch, chunk):
    made = backbone()
    latent = made.process(made.encode(context(), domain()))
    given = normal(2, 7, 2, seed=4), covariates(7), normal(2, 7, made.dz, seed=5)
    whole = made.decode(latent, *given)
    monkeypatch.setattr(local_tnp, "_CHUNK", chunk)
    close(made.decode(latent, *given), whole)
    close(made.process(made.encode(context(), domain())).z, latent.z)


@pytest.mark.parametrize(
    ("keys", "match"),
    [
        ({"neighbours": 0}, r"`neighbours` .* above zero\. Got 0"),
        ({"layers": 0}, r"`layers` .* above zero\. Got 0"),
        ({"heads": 3}, r"`width` .* `heads` 3\. Got 8"),
    ],
)
def test_settings_that_cannot_be_are_refused(keys, match):
    with pytest.raises(ValueError, match=match):
        backbone(**keys)
