import torch

from apnp.nn.gaussian import gaussian


def test_it_is_the_exponential_of_half_the_square_near_and_far():
    squared = torch.tensor([0.0, 1e-12, 0.3, 4.0, 90.0, 1e3, 1e6], dtype=torch.double)
    for width in (0.3, 1.7):
        made, wanted = gaussian(squared, width), torch.exp(-0.5 * squared / width**2)
        torch.testing.assert_close(made, wanted, rtol=1e-12, atol=1e-300)


def test_its_derivatives_are_those_of_distance_and_width():
    squared = torch.tensor([0.1, 2.0], dtype=torch.double, requires_grad=True)
    width = torch.tensor(0.8, dtype=torch.double, requires_grad=True)
    assert torch.autograd.gradcheck(gaussian, (squared, width))
