import pytest
import torch

from apnp.nn.depthwise import Depthwise, depthwise, depthwise_reference

SHAPES = [(2, 3, 11), (2, 3, 9, 12), (2, 3, 8, 7, 9), (1, 4, 11, 9)]


def normal(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed + len(shape))
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def inputs(shape, kernel):
    c, n = shape[1], len(shape) - 2
    z, weight = normal(*shape), normal(c, 1, *(kernel,) * n, seed=1)
    return [t.requires_grad_() for t in (z, weight, normal(c, seed=2))]


@pytest.mark.parametrize("kernel", [1, 3, 5, 7])
@pytest.mark.parametrize("beyond", [0, 1, 2])
@pytest.mark.parametrize("shape", SHAPES)
def test_it_is_its_reference_in_value_and_gradient(shape, beyond, kernel, agree):
    given = inputs(shape, kernel)
    a, b = depthwise(*given, beyond), depthwise_reference(*given, beyond)
    agree(a, b, given)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("ways", [(1, 0), (0, 1), (1, 1)])
def test_what_comes_back_around_it_is_added(shape, ways):
    module = Depthwise(shape[1], 3, len(shape) - 2, 1).double()
    z = normal(*shape).requires_grad_()
    made = module(z)
    reference = depthwise_reference(z, module.weight, module.bias, 1)
    want = [reference, z]
    for a, b in zip(made, want, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-12)
    given = [z, *module.parameters()]

    def derived(results):
        g = [normal(*shape, seed=3 + i) for i in range(2)]
        loss = sum(
            w * (r * by).sum() for w, r, by in zip(ways, results, g, strict=True)
        )
        return torch.autograd.grad(loss, given)

    for a, b in zip(derived(made), derived(want), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-12)


def test_without_a_derivative_of_the_convolution_the_way_around_has_one():
    z = normal(2, 3, 9, 12).requires_grad_()
    _, around = Depthwise(3, 3, 2, 1).double()(z)
    (by_z,) = torch.autograd.grad(around.sum(), z)
    assert by_z.eq(1).all()


@pytest.mark.parametrize("shape", SHAPES)
def test_beyond_the_edge_lie_zeros(shape):
    z, weight, bias = inputs(shape, 3)
    edge = (2, 2) * (z.ndim - 2)
    padded = torch.nn.functional.pad(z, edge)
    torch.testing.assert_close(
        depthwise(z, weight, bias, 2), depthwise(padded, weight, bias), rtol=0, atol=0
    )


def test_a_kernel_of_one_row_sees_no_zeros_above_and_below(agree):
    z, weight, bias = inputs((2, 3, 4, 9), 5)
    given = [z, weight[:, :, :1].detach().requires_grad_(), bias]
    out = depthwise(*given, 2)
    assert out.shape == z.shape
    agree(out, depthwise_reference(*given, 2), given)


def test_a_kernel_larger_than_the_field_is_refused():
    with pytest.raises(RuntimeError, match=r"[Kk]ernel size"):
        depthwise(*inputs((2, 3, 9, 4), 5))


def test_derivatives_are_those_of_finite_differences():
    given = inputs((2, 2, 6, 6), 5)
    torch.autograd.gradcheck(depthwise, given)
    torch.autograd.gradcheck(depthwise, inputs((2, 2, 6, 6), 5)[:2])


def test_channels_in_a_row_stay_so_forth_and_back():
    z, weight, bias = inputs((2, 3, 9, 12), 5)
    layout = torch.channels_last
    rows = z.detach().contiguous(memory_format=layout).requires_grad_()
    out, same = depthwise(rows, weight, bias), depthwise_reference(z, weight, bias)
    assert out.is_contiguous(memory_format=layout)
    torch.testing.assert_close(out, same)
    g = normal(*out.shape, seed=3).contiguous(memory_format=layout)
    back, by_weight = torch.autograd.grad(out, (rows, weight), g)
    assert back.is_contiguous(memory_format=layout)
    torch.testing.assert_close(back, torch.autograd.grad(same, z, g, True)[0])
    torch.testing.assert_close(by_weight, torch.autograd.grad(same, weight, g)[0])


def test_no_tasks_have_no_gradient():
    z, weight, bias = inputs((0, 3, 9, 8), 5)
    depthwise(z, weight, bias).sum().backward()
    assert weight.grad.eq(0).all()
    assert bias.grad.eq(0).all()


def test_compiled_code_does_lines_and_planes_and_torch_the_rest(way_back):
    for shape in ((2, 3, 12), (2, 3, 9, 12)):
        assert "_DepthwiseBackward" in way_back(depthwise(*inputs(shape, 5)).sum())
    solid = depthwise(*inputs((2, 3, 6, 7, 8), 5)).sum()
    z, weight, bias = inputs((2, 3, 9, 12), 5)
    fixed = depthwise(z, weight.detach(), bias.detach()).sum()
    with torch.autocast("cpu"):
        half = depthwise(z.float(), weight.float(), bias.float())
    assert half.dtype == torch.bfloat16
    for loss in (solid, fixed, half.sum()):
        assert "_DepthwiseBackward" not in way_back(loss)
        assert "ConvolutionBackward0" in way_back(loss)


def test_fixed_weights_have_second_derivatives():
    z, weight, bias = inputs((2, 3, 9, 8), 5)
    out = depthwise(z, weight.detach(), bias.detach()).square().sum()
    (first,) = torch.autograd.grad(out, z, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), z)
    assert second.abs().max() > 0


def test_second_derivatives_are_refused():
    z, weight, bias = inputs((2, 3, 9, 8), 5)
    loss = depthwise(z, weight, bias).square().sum()
    (first,) = torch.autograd.grad(loss, weight, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        first.sum().backward()


@pytest.mark.parametrize("n_axes", [1, 2, 3])
def test_weights_are_drawn_and_named_as_those_of_a_convolution(n_axes):
    conv = {1: torch.nn.Conv1d, 2: torch.nn.Conv2d, 3: torch.nn.Conv3d}[n_axes]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        same = conv(3, 3, 5, groups=3)
        torch.manual_seed(0)
        made = Depthwise(3, 5, n_axes)
    made.load_state_dict(same.state_dict())
    z = normal(2, 3, *(7,) * n_axes).float()
    torch.testing.assert_close(made(z)[0], same(z))
    assert [n for n, _ in made.named_parameters()] == ["weight", "bias"]


@pytest.mark.parametrize("beyond", [0, 2])
@pytest.mark.parametrize("kernel", [3, 5])
def test_a_line_may_be_one_row(kernel, beyond):
    module = Depthwise(3, kernel, 1, beyond).double()
    line = normal(2, 3, 11).requires_grad_()
    a, b = module(line)[0], module(line[:, :, None])[0][:, :, 0]
    torch.testing.assert_close(a, b, rtol=0, atol=1e-12)
    given = [line, *module.parameters()]
    for x, y in zip(
        torch.autograd.grad(a.square().sum(), given),
        torch.autograd.grad(b.square().sum(), given),
        strict=True,
    ):
        torch.testing.assert_close(x, y, rtol=0, atol=1e-12)
