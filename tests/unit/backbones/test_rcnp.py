import pytest
import torch

from apnp.backbones import RCNP, rcnp
from apnp.groups import RigidMotions, Translations
from apnp.types import Domain, PointSet

F = torch.float64
LENGTHS = (2.0, 0.7)


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=F)


def backbone(group=None, **keys):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        group = group or Translations(2)
        return RCNP(group, 1, 1, LENGTHS, **{"width": 8, **keys}).double()


def context(n=5):
    return PointSet.observed(
        normal(2, n, 2), normal(2, n, 1, seed=1), normal(2, n, 1, seed=2)
    )


def domain():
    centre = torch.zeros(2, 2, dtype=F)
    return Domain(centre, centre + 4, torch.ones(2, dtype=torch.bool))


def targets(n=3):
    w = normal(2, n, 1, seed=3)
    return normal(2, n, 2, seed=4), torch.cat((w, torch.ones_like(w)), dim=-1)


def read(made, points, xt=None, wt=None, et=None):
    if xt is None:
        xt, wt = targets()
    return made.decode(made.process(made.encode(points, domain())), xt, wt, et)


def close(one, other):
    torch.testing.assert_close(one, other, rtol=0, atol=1e-10)


def relation(one, other):
    squared = (other - one).square().sum()
    near = [torch.exp(-squared / (2 * length**2)) for length in LENGTHS]
    return torch.cat(((other - one) / 2.0, torch.stack(near)))


@pytest.mark.parametrize("full", [False, True])
def test_it_is_the_mean_over_points_or_ordered_pairs_written_out(full):
    made, points = backbone(full=full, layers=3), context()
    xt, wt = targets()
    tokens = made.encode(points, domain()).z[0]
    x, h = points.x[0], made.embed.target(wt[0])
    expected = []
    for t in range(3):
        members = []
        for n in range(5):
            one = made.relate(relation(xt[0, t], x[n])) + h[t] + tokens[n]
            if not full:
                members.append(made.perceptron(one))
                continue
            for m in range(5):
                pair = made.among(relation(x[n], x[m])) + made.partner(tokens[m])
                members.append(made.perceptron(one + pair))
        mean = torch.stack(members).mean(0)
        expected.append(made.readout(torch.cat((mean, h[t]))))
    close(read(made, points)[0], torch.stack(expected))


def test_pairs_tell_apart_what_distances_to_the_target_do_not():
    """Two points at one distance of the target: side by side, or across it."""
    wt = torch.ones(2, 1, 2, dtype=F)
    angle = torch.tensor([[0.0, 0.3], [0.0, 2.9]], dtype=F)
    x = torch.stack((torch.cos(angle), torch.sin(angle)), dim=-1)
    y = torch.tensor([1.0, -0.4], dtype=F)[None, :, None].expand(2, -1, -1)
    points = PointSet.observed(x, y, torch.zeros(2, 2, 1, dtype=F))
    for full in (False, True):
        made = backbone(RigidMotions(2), full=full)
        near, across = read(made, points, torch.zeros(2, 1, 2, dtype=F), wt)
        difference = (near - across).abs().max()
        assert difference > 1e-4 if full else difference < 1e-10


@pytest.mark.parametrize("full", [False, True])
def test_chunks_do_not_change_the_result(full, monkeypatch):
    made, points = backbone(full=full), context()
    et = normal(2, 7, made.dz, seed=5)
    whole = read(made, points, *targets(7), et)
    seen = []
    made.perceptron.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    # Room for the relations of three targets: 7 are three chunks.
    monkeypatch.setattr(rcnp, "_NUMBERS", 3 * 2 * (25 if full else 5) * 8)
    close(read(made, points, *targets(7), et), whole)
    assert [part.shape[1] for part in seen] == [3, 3, 1]


def test_fixed_inputs_at_targets_reach_the_output():
    made, points = backbone(), context()
    without = read(made, points)
    close(read(made, points, *targets(), torch.zeros(2, 3, made.dz, dtype=F)), without)
    with_them = read(made, points, *targets(), normal(2, 3, made.dz, seed=5))
    assert (with_them - without).abs().amax(-1).min() > 1e-4


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"width": 0}, r"`width` .* above zero. Got 0"),
        ({"layers": 0}, r"`layers` .* above zero. Got 0"),
        ({"lengths": ()}, r"`lengths` are one or more .* Got \[\]"),
        ({"lengths": (1.0, 0.0)}, r"`lengths` .* Got \[1.0, 0.0\]"),
    ],
)
def test_impossible_settings_are_refused(keys, message):
    with pytest.raises(ValueError, match=message):
        RCNP(Translations(2), 1, 1, **{"lengths": LENGTHS, **keys})
