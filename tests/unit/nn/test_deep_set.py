import torch

from apnp.nn.deep_set import mean_of_seen


def test_the_mean_is_of_the_seen_and_zero_where_there_is_none():
    values = torch.tensor([[[[1.0], [7.0], [3.5]]], [[[2.0], [5.0], [9.0]]]]).double()
    seen = torch.tensor([[True, False, True], [False, False, False]])
    assert mean_of_seen(values, seen).flatten().tolist() == [2.25, 0.0]
    assert mean_of_seen(values[:, :, :0], seen[:, :0]).flatten().tolist() == [0, 0]
