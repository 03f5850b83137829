import pytest
import torch
from torch.nn import functional

from apnp.compiled import convolution
from apnp.compiled.convolution import by_weights, convolve

CASES = {
    "one node": ((1, 1, 1, 1), (1, 1), (0, 0)),
    "few channels": ((2, 9, 12, 3), (5, 5), (2, 2)),
    "beyond one axis": ((2, 9, 12, 3), (3, 3), (0, 1)),
    "less than a tile": ((1, 6, 5, 2), (5, 5), (0, 0)),
    "edges wider than the plane": ((2, 2, 3, 5), (9, 9), (8, 8)),
    "edges wider than the kernel": ((1, 4, 3, 2), (3, 3), (90, 90)),
    "a line": ((3, 1, 130, 32), (1, 9), (0, 4)),
    "a wide kernel": ((1, 1, 90, 5), (1, 61), (0, 30)),
    "two groups of weights": ((1, 14, 15, 9), (11, 11), (5, 5)),
    "several vectors": ((2, 10, 9, 70), (3, 3), (1, 1)),
    "several patches": ((2, 70, 150, 3), (7, 7), (3, 3)),
}


def reference(z, weight, bias, beyond):
    planes, kernels = z.movedim(3, 1), weight.movedim(2, 0)[:, None]
    out = functional.conv2d(planes, kernels, bias, padding=beyond, groups=len(kernels))
    return out.movedim(1, 3)


def drawn(case, dtype):
    shape, kernel, beyond = CASES[case]
    generator = torch.Generator().manual_seed(0)
    sizes = shape, (*kernel, shape[3]), shape[3:]
    z, weight, bias = (torch.randn(s, generator=generator, dtype=dtype) for s in sizes)
    out = reference(z, weight, bias, beyond)
    return (
        z,
        weight,
        bias,
        beyond,
        torch.randn(out.shape, generator=generator, dtype=dtype),
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("case", CASES)
def test_it_is_torchs_in_value_and_derivatives(case, dtype, processor, close):
    z, weight, bias, beyond, g = drawn(case, dtype)
    close(convolve(z, weight, bias, beyond), reference(z, weight, bias, beyond))
    given = weight.requires_grad_(), bias.requires_grad_()
    want = torch.autograd.grad(reference(z, *given, beyond), given, g)
    for made, same in zip(
        by_weights(z, g, weight.shape[:2], beyond), want, strict=True
    ):
        close(made, same)


def test_more_is_added_to_the_sums(processor, close):
    z, weight, bias, beyond, g = drawn("several patches", torch.float64)
    want = reference(z, weight, bias, beyond) + g
    close(convolve(z, weight, bias, beyond, g), want)


@pytest.mark.parametrize("case", ["a line", "several patches"])
def test_two_threads_do_what_one_does(case, two_threads, close):
    z, weight, bias, beyond, g = drawn(case, torch.float64)
    close(convolve(z, weight, bias, beyond), reference(z, weight, bias, beyond))
    both = by_weights(z, g, weight.shape[:2], beyond)
    for made, same in zip(both, one_thread(z, g, weight, beyond), strict=True):
        close(made, same)


def one_thread(z, g, weight, beyond):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch, "get_num_threads", lambda: 1)
        return by_weights(z, g, weight.shape[:2], beyond)


def test_what_is_not_a_number_stays_where_it_is():
    z, weight, bias, beyond, _ = drawn("few channels", torch.float32)
    z[0, 4, 6, 1] = torch.nan
    near = torch.zeros(z.shape, dtype=torch.bool)
    near[0, 2:7, 4:9, 1] = True
    assert convolve(z, weight, bias, beyond).isnan().equal(near)


def test_rooms_are_small_however_large_the_plane():
    z = torch.empty(1, 2000, 3000, 64)
    plan = convolution._Plan(z, (9, 9), (4, 4))
    assert 4 * (plan.scratch + plan.scratch_gradient) < 2**20
