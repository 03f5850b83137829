"""Every group acts, and leaves of pairs exactly what its invariants say."""

import pytest
import torch

from apnp.groups import Group, LongitudeShifts, Translations, Trivial

F = torch.float64


def apart(dims):
    """A shift of the first of a pair along `dims`, which is no symmetry of the pair."""

    def move(x):
        x = x.clone()
        x[..., dims] += 0.2
        return x

    return move


def mirrored(x):
    return x * torch.tensor([1.0, -1.0, 1.0], dtype=F)


def tipped(x):
    """A rotation about the first axis, which is none of longitude."""
    a = torch.tensor(0.3, dtype=F)
    return torch.stack(
        (
            x[..., 0],
            a.cos() * x[..., 1] - a.sin() * x[..., 2],
            a.sin() * x[..., 1] + a.cos() * x[..., 2],
        ),
        dim=-1,
    )


def scaled(x):
    return 1.1 * x


def reflected(x):
    return -x


# Each group with maps of both points of a pair that are not among its elements.
GROUPS = [
    (Trivial(2), [apart([0]), apart([1])]),
    (Translations(1), [scaled, reflected]),
    (Translations(3), [scaled, reflected]),
    (Translations(3, dims=(1,)), [scaled, apart([0]), apart([2])]),
    (Translations(3, dims=(2, 0)), [scaled, reflected, apart([1])]),
    (LongitudeShifts(), [mirrored, tipped, reflected]),
]


@pytest.fixture(params=GROUPS, ids=lambda row: f"{type(row[0]).__name__}({row[0].dx})")
def row(request):
    return request.param


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def points(group, n, seed=0):
    x = torch.randn(2, n, group.dx, generator=generator(seed), dtype=F)
    if isinstance(group, LongitudeShifts):
        x = x / x.norm(dim=-1, keepdim=True)
    return x


def same(a, b):
    torch.testing.assert_close(a, b, rtol=0, atol=1e-12)


def test_every_group_is_in_the_table(classes):
    exist = classes(Group, "apnp.groups")
    assert exist == {type(group) for group, _ in GROUPS}


def test_action_of_a_group(row):
    group, _ = row
    x = points(group, 4)
    a, b, c = (group.random(g, x) for g in [generator(1)] * 3)
    assert isinstance(group, Trivial) or (a - b).abs().max() > 1e-2
    one = group.identity(x)
    same(group.act(one, x), x)
    same(group.act(group.compose(a, b), x), group.act(a, group.act(b, x)))
    same(group.act(group.compose(a, group.inverse(a)), x), x)
    same(group.act(group.inverse(a), group.act(a, x)), x)
    left = group.compose(group.compose(a, b), c)
    same(group.act(left, x), group.act(group.compose(a, group.compose(b, c)), x))
    same(group.act(group.compose(a, one), x), group.act(a, x))
    if not isinstance(group, Trivial):
        assert (group.act(a, x) - x).abs().max() > 1e-2


def test_action_takes_locations_of_any_leading_shape(row):
    group, _ = row
    x = points(group, 6)
    g = group.random(generator(2), x)
    moved = group.act(g, x)
    same(group.act(g, x.reshape(2, 3, 2, group.dx)), moved.reshape(2, 3, 2, group.dx))
    same(group.act(g, x[0, 0]), moved[0, 0])


def test_random_elements_repeat_with_the_generator_and_follow_the_dtype(row):
    group, _ = row
    like = torch.zeros(1, dtype=torch.float32)
    a, b = (group.random(generator(5), like) for _ in range(2))
    assert a.dtype == torch.float32
    assert torch.equal(a, b)
    assert group.identity(like).shape == a.shape


def test_invariants_are_invariant(row):
    group, _ = row
    x, other = points(group, 3), points(group, 4, seed=1)
    before = group.invariants(x, other)
    assert before.shape[:3] == (2, 3, 4)
    for seed in range(3):
        g = group.random(generator(seed), x)
        same(group.invariants(group.act(g, x), group.act(g, other)), before)


def test_invariants_tell_apart_pairs_that_no_element_maps_to_each_other(row):
    group, foreign = row
    x, other = points(group, 3), points(group, 4, seed=1)
    before = group.invariants(x, other)
    g = group.random(generator(1), x)
    pairs = [(f(x), f(other)) for f in foreign]
    if not isinstance(group, Trivial):
        pairs += [(group.act(g, x), other), (x, group.act(g, other))]
    for a, b in pairs:
        change = (group.invariants(a, b) - before).abs().amax(-1)
        assert change.min() > 1e-4


def test_invariants_belong_to_the_pair_they_are_at(row):
    group, _ = row
    x, other = points(group, 3), points(group, 4, seed=1)
    table = group.invariants(x, other)
    same(table[:, 2:, 1:2], group.invariants(x[:, 2:], other[:, 1:2]))


def fitted(design, values):
    """What least squares on a constant and the columns of `design` leaves."""
    design = torch.cat((torch.ones_like(design[:, :1]), design), dim=1)
    return values - design @ torch.linalg.lstsq(design, values, driver="gelsd").solution


def test_trend_moves_with_its_centre_and_its_span_does_not_move_at_all(row):
    group, _ = row
    x, centre = points(group, 40), points(group, 1, seed=1)[:, 0]
    trend = group.trend(x, centre)
    assert trend.shape == (2, 40, group.n_trend)
    g = group.random(generator(4), x)
    same(group.trend(group.act(g, x), group.act(g, centre)), trend)
    if not group.n_trend:
        return
    moved = group.trend(group.act(g, x), centre)
    assert (moved - trend).abs().max() > 1e-2
    for b in range(2):
        left = fitted(trend[b], moved[b])
        torch.testing.assert_close(left, torch.zeros_like(left), rtol=0, atol=1e-9)
        for k in range(group.n_trend):
            others = [j for j in range(group.n_trend) if j != k]
            assert fitted(trend[b][:, others], trend[b][:, k]).abs().max() > 1e-2


def test_longitude_shift_turns_east_by_its_angle():
    x = torch.tensor([0.6, 0.0, 0.8], dtype=F)
    g = torch.tensor([torch.pi / 2], dtype=F)
    same(LongitudeShifts().act(g, x), torch.tensor([0.0, 0.6, 0.8], dtype=F))


def test_translation_moves_its_axes_alone():
    x = torch.tensor([1.0, 2.0, 3.0], dtype=F)
    g = torch.tensor([0.5, -7.0], dtype=F)
    moved = Translations(3, dims=(2, 0)).act(g, x)
    same(moved, torch.tensor([-6.0, 2.0, 3.5], dtype=F))
    with pytest.raises(ValueError, match=r"`dims` lie in \[0, 2\]\. Got \(1, 3\)"):
        Translations(3, dims=(1, 3))
