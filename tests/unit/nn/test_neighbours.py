from itertools import pairwise

import pytest
import torch

from apnp.nn.neighbours import gather, nearest, taper

F = torch.float64


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=F)


def unit(x):
    return x / x.norm(dim=-1, keepdim=True)


def around(x, other, mask, values, k):
    """What the `k` nearest say together, weighted, and which they are."""
    index, found = nearest(x, other, mask, k + 1)
    distance = (gather(other, index) - x[:, :, None]).norm(dim=-1)
    weight, _ = taper(distance, found)
    index = index[..., :-1]
    return (weight[..., None] * gather(values, index)).sum(2), index, weight


@pytest.mark.parametrize("place", [lambda x: x, unit], ids=["plane", "sphere"])
@pytest.mark.parametrize("k", [1, 4, 13])
def test_nearest_are_those_of_brute_force(k, place):
    x, other = place(normal(2, 7, 3)), place(normal(2, 20, 3, seed=1))
    mask = normal(2, 20, seed=2) > torch.tensor([[-1.2], [0.6]])
    assert mask[0].sum() > 13 > mask[1].sum() > 4
    index, found = nearest(x, other, mask, k)
    assert index.shape == found.shape == (2, 7, k)
    assert ((index >= 0) & (index < 20)).all()
    distance = torch.cdist(x, other).masked_fill(~mask[:, None], torch.inf)
    expected, order = distance.topk(k, largest=False)
    assert torch.equal(found, expected.isfinite())
    assert torch.equal(index[found], order[found])


def test_nearest_of_no_points_and_to_no_points():
    none = torch.zeros(2, 0, dtype=torch.bool)
    index, found = nearest(normal(2, 5, 2), normal(2, 0, 2), none, 3)
    assert index.shape == (2, 5, 3)
    assert not found.any()
    mask = torch.ones(2, 6, dtype=torch.bool)
    assert nearest(normal(2, 0, 2), normal(2, 6, 2), mask, 3)[0].shape == (2, 0, 3)


def test_gather_takes_the_row_of_the_batch():
    values = torch.arange(12.0).reshape(2, 3, 2)
    index = torch.tensor([[[2, 0]], [[1, 1]]])
    expected = torch.tensor([[[[4.0, 5], [0, 1]]], [[[8.0, 9], [8, 9]]]])
    assert torch.equal(gather(values, index), expected)


def test_weights_fade_over_the_last_fifth_of_the_radius():
    distance = 2 * torch.tensor([[[0.0, 0.8, 0.9, 0.95, 0.98, 1.0]]], dtype=F)
    weight, radius = taper(distance, torch.ones(1, 1, 6, dtype=torch.bool))
    assert radius.item() == 2
    assert weight.shape == (1, 1, 5)
    assert weight[0, 0].tolist() == pytest.approx([1, 1, 0.5, 0.15625, 0.028])


def test_too_few_neighbours_all_weigh_one():
    distance = torch.tensor([[[0.5, 3.0, 7.0, 7.0]], [[0.0, 7, 7, 7]]], dtype=F)
    found = torch.tensor([[[True, True, False, False]], [[True, False, False, False]]])
    weight, radius = taper(distance, found)
    assert weight[:, 0].tolist() == [[1, 1, 0], [1, 0, 0]]
    assert radius[:, 0].tolist() == [3, 1]
    weight, radius = taper(distance, torch.zeros_like(found))
    assert not weight.any()
    assert radius[:, 0].tolist() == [1, 1]


def test_a_neighbour_enters_and_leaves_without_a_jump():
    other, values, k = normal(1, 30, 2), normal(1, 30, 3, seed=1), 5
    mask = torch.ones(1, 30, dtype=torch.bool)

    def at(t):
        x = torch.tensor([[[t, 0.3]]], dtype=F)
        total, index, _ = around(x, other, mask, values, k)
        return total, set(index.flatten().tolist())

    steps = torch.linspace(-1, 1, 101).tolist()
    crossings = 0
    for low, high in pairwise(steps):
        if at(low)[1] == at(high)[1]:
            continue
        left, right = low, high
        while right - left > 1e-6:
            middle = (left + right) / 2
            same = at(middle)[1] == at(low)[1]
            left, right = (middle, right) if same else (left, middle)
        (before, one), (after, other_set) = at(left), at(right)
        assert one != other_set
        assert (before - after).abs().max() < 1e-4
        crossings += 1
    assert crossings > 5


@pytest.mark.parametrize("k", [3, 4, 5, 8, 12])
def test_points_at_equal_distances_are_treated_alike_in_any_order(k):
    side = torch.arange(7, dtype=F)
    other = torch.cartesian_prod(side, side)[None]
    values = normal(1, 49, 3)
    x = torch.tensor([[[3.0, 3.0], [2.5, 3.5], [3.0, 2.5], [0.0, 0.0]]], dtype=F)
    mask = torch.ones(1, 49, dtype=torch.bool)
    total, _, weight = around(x, other, mask, values, k)
    assert (weight.sum(-1) > 0.9).sum() >= 2
    for seed in range(3):
        order = torch.randperm(49, generator=torch.Generator().manual_seed(seed))
        again = around(x, other[:, order], mask, values[:, order], k)[0]
        torch.testing.assert_close(again, total, rtol=0, atol=1e-12)
