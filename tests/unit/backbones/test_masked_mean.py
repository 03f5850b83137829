import torch

from apnp.backbones.tokens import masked_mean


def test_the_mean_is_of_the_unmasked_and_zero_where_there_is_none():
    values = torch.tensor([[[[1.0], [7.0], [3.5]]], [[[2.0], [5.0], [9.0]]]]).double()
    mask = torch.tensor([[True, False, True], [False, False, False]])
    assert masked_mean(values, mask).flatten().tolist() == [2.25, 0.0]
    assert masked_mean(values[:, :, :0], mask[:, :0]).flatten().tolist() == [0, 0]
