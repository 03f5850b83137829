import torch

from apnp.nn.farthest_point_sampling import farthest_points

LINE = torch.tensor([[[0.0], [1.0], [2.5], [6.0], [7.0]]])
SEEN = torch.ones(1, 5, dtype=torch.bool)
VALUES = torch.arange(5.0)[None, :, None]


def test_nearest_to_the_centroid_then_the_farthest():
    """The centroid is 3.3: then 7 (4.5 away), 0 (2.5 away), 1 or 6 (1 away)."""
    index, found = farthest_points(LINE, VALUES, SEEN, 4)
    assert index.tolist() == [[2, 4, 0, 3]]
    assert found.all()


def test_ties_go_to_the_larger_value():
    index, _ = farthest_points(LINE, -VALUES, SEEN, 4)
    assert index.tolist() == [[2, 4, 0, 1]]


def test_ties_of_a_value_go_to_the_next():
    values = torch.cat((torch.zeros(1, 5, 1), -VALUES), dim=-1)
    index, _ = farthest_points(LINE, values, SEEN, 4)
    assert index.tolist() == [[2, 4, 0, 1]]


def test_unseen_points_are_never_chosen_and_do_not_count():
    mask = SEEN.clone()
    mask[0, 4] = False
    index, found = farthest_points(LINE, VALUES, mask, 5)
    assert index[0, :4].tolist() == [2, 3, 0, 1]  # the centroid is 2.375
    assert found.tolist() == [[True, True, True, True, False]]


def test_no_place_is_chosen_twice():
    x = torch.tensor([[[0.0], [0.0], [1.0], [1.0]]])
    _, found = farthest_points(x, VALUES[:, :4], SEEN[:, :4], 4)
    assert found.tolist() == [[True, True, False, False]]


def test_one_point_alone_is_chosen():
    index, found = farthest_points(LINE[:, 3:4], VALUES[:, :1], SEEN[:, :1], 3)
    assert (index.tolist(), found.tolist()) == ([[0]], [[True]])


def test_nothing_of_nothing():
    index, found = farthest_points(LINE[:, :0], VALUES[:, :0], SEEN[:, :0], 3)
    assert index.shape == found.shape == (1, 0)
