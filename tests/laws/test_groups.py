"""Every group acts, and leaves of pairs exactly what its invariants say."""

import pytest
import torch

from apnp.groups import (
    Group,
    LinearMotions,
    LongitudeShifts,
    Product,
    RigidMotions,
    Rotations,
    SphereRotations,
    Translations,
    Trivial,
)

F = torch.float64


def apart(dims):
    """A shift of the first of a pair along `dims`, which is no symmetry of the pair."""

    def move(x):
        x = x.clone()
        x[..., dims] += 0.2
        return x

    return move


def mirrored(x):
    return x * torch.tensor([1.0, -1.0, 1.0], dtype=F)[: x.shape[-1]]


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


def in_space(move):
    """The move of the first three dimensions; time is left alone."""
    return lambda x: torch.cat((move(x[..., :3]), x[..., 3:]), dim=-1)


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
    (RigidMotions(1), [scaled]),
    (RigidMotions(2), [scaled]),
    (RigidMotions(2, mirrors=False), [scaled]),
    (RigidMotions(3), [scaled]),
    (Rotations(), [scaled, mirrored]),
    (SphereRotations(), [scaled]),
    (
        Product(LongitudeShifts(), Translations(1)),
        [in_space(tipped), in_space(mirrored)],
    ),
    (Product(Translations(2, dims=(0,)), RigidMotions(1)), [scaled, apart([1])]),
]
ON_THE_SPHERE = (LongitudeShifts, SphereRotations)
TURNING = (RigidMotions, Rotations)


@pytest.fixture(params=GROUPS, ids=lambda row: f"{type(row[0]).__name__}({row[0].dx})")
def row(request):
    return request.param


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def points(group, n, seed=0):
    x = torch.randn(2, n, group.dx, generator=generator(seed), dtype=F)
    first = getattr(group, "first", group)
    if isinstance(first, ON_THE_SPHERE):
        x = torch.cat((unit(x[..., :3]), x[..., 3:]), dim=-1)
    return x


def unit(x):
    return x / x.norm(dim=-1, keepdim=True)


def same(a, b):
    torch.testing.assert_close(a, b, rtol=0, atol=1e-12)


def test_every_group_is_in_the_table(classes):
    exist = classes(Group, "apnp.groups")
    # Linear maps leave nothing of a pair: `test_linear_frames` holds their laws.
    assert exist == {type(group) for group, _ in GROUPS} | {LinearMotions}


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


def test_here_and_offsets_are_invariant(row):
    group, _ = row
    x, other = points(group, 5), points(group, 5, seed=1)
    here, offsets = group.point_invariants(x), group.pair_invariants(x, other)
    assert here.shape[:-1] == offsets.shape[:-1] == (2, 5)
    for seed in range(3):
        g = group.random(generator(seed), x)
        moved = group.act(g, x)
        same(group.point_invariants(moved), here)
        same(group.pair_invariants(moved, group.act(g, other)), offsets)


def test_here_offsets_and_distance_tell_apart_what_no_element_maps_to_each_other(row):
    group, foreign = row
    x, other = points(group, 5), points(group, 5, seed=1)

    def told(a, b):
        distance = (b - a).norm(dim=-1, keepdim=True)
        return torch.cat(
            (group.point_invariants(a), group.pair_invariants(a, b), distance), dim=-1
        )

    g = group.random(generator(1), x)
    pairs = [(f(x), f(other)) for f in foreign]
    if not isinstance(group, Trivial):
        pairs += [(group.act(g, x), other), (x, group.act(g, other))]
    for a, b in pairs:
        assert (told(a, b) - told(x, other)).abs().amax(-1).min() > 1e-4


def test_here_and_offsets_take_locations_of_any_leading_shape(row):
    group, _ = row
    x, other = points(group, 3), points(group, 4, seed=1)
    table = group.pair_invariants(x[:, :, None], other[:, None])
    assert table.shape[:-1] == (2, 3, 4)
    same(table[1, 2, 3], group.pair_invariants(x[1, 2], other[1, 3]))
    same(group.pair_invariants(x[0, 0], other), group.pair_invariants(x[:1, :1], other))
    same(
        group.pair_invariants(x[:, :1], other[0, 0]),
        group.pair_invariants(x[:, :1], other[:1, :1]),
    )
    same(group.point_invariants(x)[1, 2], group.point_invariants(x[1, 2]))


def test_offsets_vanish_where_both_are_the_same_and_grow_like_the_distance(row):
    group, _ = row
    x, step = points(group, 9), points(group, 9, seed=1) - points(group, 9)
    assert not group.pair_invariants(x, x).any()
    small, half = (group.pair_invariants(x, x + h * step) for h in (1e-4, 5e-5))
    torch.testing.assert_close(small, 2 * half, rtol=1e-3, atol=1e-9)
    size = small.norm(dim=-1) / (1e-4 * step.norm(dim=-1))
    assert (size < 10).all()
    assert (size > 1e-3).all() or not small.shape[-1]


def test_offsets_of_the_closest_points_are_exact_in_single_precision(row):
    group, _ = row
    x = points(group, 50).float()
    close = points(group, 50, seed=2).float()
    other = x + 1e-7 * close / close.norm(dim=-1, keepdim=True)
    apart = (other != x).any(-1)
    assert apart.sum() > 30
    exact = group.pair_invariants(x.double(), other.double())[apart]
    error = (group.pair_invariants(x, other)[apart].double() - exact).norm(dim=-1)
    assert (error <= 1e-2 * exact.norm(dim=-1)).all()


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
    turned = group.trend(group.act(g, x), group.act(g, centre))
    same(turned @ turned.mT, trend @ trend.mT)
    parts = (getattr(group, "first", group), getattr(group, "second", group))
    if not isinstance(parts[0], TURNING) and not isinstance(parts[1], TURNING):
        same(turned, trend)
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


def test_longitude_offsets_are_east_and_north():
    def at(lat, lon):
        lat, lon = (torch.tensor(v, dtype=F).deg2rad() for v in (lat, lon))
        return torch.stack((lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()))

    group = LongitudeShifts()
    for lon in (-179.9, 10.0, 179.9):
        x = at(50.0, lon)
        east, west = (group.pair_invariants(x, at(50.0, lon + d)) for d in (0.4, -0.4))
        north, south = (
            group.pair_invariants(x, at(50.0 + d, lon)) for d in (0.4, -0.4)
        )
        one = torch.tensor(0.4, dtype=F).deg2rad()
        same(east[0], at(50.0, 0.0)[0] ** 2 * one.sin())
        same(west, -east)
        same(north[1], at(50.4, 0.0)[2] - at(50.0, 0.0)[2])
        assert south[1] < 0 < north[1]
        same(torch.stack((east[1], north[0], south[0])), torch.zeros(3, dtype=F))
    same(group.point_invariants(x), at(50.0, 0.0)[2:])


def test_translation_offsets_are_differences_and_here_the_axes_that_stay():
    x, other = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([1.5, 2.0, -1.0])
    group = Translations(3, dims=(2, 0))
    assert group.pair_invariants(x, other).tolist() == [0.5, 0, -4]
    assert group.point_invariants(x).tolist() == [2]
    assert Translations(3).point_invariants(x).shape == (0,)


def test_translation_moves_its_axes_alone():
    x = torch.tensor([1.0, 2.0, 3.0], dtype=F)
    g = torch.tensor([0.5, -7.0], dtype=F)
    moved = Translations(3, dims=(2, 0)).act(g, x)
    same(moved, torch.tensor([-6.0, 2.0, 3.5], dtype=F))
    with pytest.raises(ValueError, match=r"`dims` lie in \[0, 2\]\. Got \(1, 3\)"):
        Translations(3, dims=(1, 3))
