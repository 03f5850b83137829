import pytest
import torch

from apnp.nn.setconv import (
    cubic_weights,
    interpolate,
    interpolate_reference,
    scatter,
    scatter_gaussian,
    scatter_product,
    scatter_reference,
)

SHAPES = [(5,), (3, 4), (2, 3, 4)]


def normal(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed + len(shape))
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


@pytest.fixture
def same(agree):
    def check(fast, reference, *inputs):
        """Values and gradients of every input agree."""
        inputs = [i.requires_grad_() for i in inputs]
        a, b = fast(), reference()
        if all(i.numel() for i in inputs):
            agree(a, b, inputs)
        torch.testing.assert_close(a, b, rtol=0, atol=1e-12)

    return check


@pytest.mark.parametrize("grid", SHAPES)
@pytest.mark.parametrize("n", [0, 1, 6])
def test_scatter_is_its_reference_in_value_and_gradient(grid, n, same):
    values = normal(2, n, 3)
    axes = [normal(2, n, g, seed=i + 1) for i, g in enumerate(grid)]
    same(
        lambda: scatter(values, axes),
        lambda: scatter_reference(values, axes),
        values,
        *axes,
    )
    assert scatter(values, axes).shape == (2, 3, *grid)


@pytest.fixture
def pieces(monkeypatch):
    """Points of a plane are summed a few numbers at a time, however few they are."""

    def make(cached):
        monkeypatch.setattr("torch.get_num_threads", lambda: 1)
        monkeypatch.setattr("apnp.nn.cache.CACHED", cached)
        monkeypatch.setattr("apnp.nn.setconv._FEW", -1)

    return make


@pytest.mark.parametrize("cached", [2**17, 20, 1])
@pytest.mark.parametrize("grid", SHAPES)
@pytest.mark.parametrize("n", [0, 1, 6])
def test_gaussians_are_scattered_as_the_reference_does_in_value_and_gradient(
    grid, n, cached, pieces, same
):
    pieces(cached)
    values, width = normal(2, n, 3), torch.tensor(0.8, dtype=torch.float64)
    squared = [normal(2, n, g, seed=i + 1) ** 2 for i, g in enumerate(grid)]

    def reference():
        weights = [torch.exp(-part / (2 * width**2)) for part in squared]
        return scatter_reference(values, weights)

    def fast():
        return scatter_gaussian(values, squared, width)

    if n:
        same(fast, reference, width)
    same(lambda: scatter_gaussian(values, squared, 0.8), reference, values)
    if n:
        same(fast, reference, values, width)
        same(fast, reference, values, width, *squared)


def test_many_points_are_summed_in_pieces_and_few_at_once(pieces, way_back):
    def made(n, **options):
        squared = [normal(1, n, 4).requires_grad_(**options) ** 2] * 2
        return scatter_gaussian(normal(1, n, 3).requires_grad_(), squared, 0.8)

    threshold = 2**16 // 12
    few, many = (made(n, requires_grad=False) for n in (threshold, threshold + 1))
    assert "_ScatterGaussianBackward" not in way_back(few)
    assert "_ScatterGaussianBackward" in way_back(many)
    assert "_ScatterGaussianBackward" not in way_back(made(threshold + 1))
    with torch.autocast("cpu"):
        mixed = made(threshold + 1, requires_grad=False)
    assert "_ScatterGaussianBackward" not in way_back(mixed)
    pieces(1)
    values = normal(1, 2, 3).requires_grad_()
    total = scatter_gaussian(values, [normal(1, 2, 4) ** 2] * 2, 0.8).square().sum()
    (first,) = torch.autograd.grad(total, values, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        first.sum().backward()


@pytest.mark.parametrize("grid", SHAPES)
@pytest.mark.parametrize("sizes", [(4, 2, 3), (1, 5, 2), (0, 2, 1), (2, 0, 3)])
def test_scatter_of_a_product_grid_is_scatter_of_all_its_nodes(grid, sizes, same):
    sizes = sizes[: len(grid)]
    values = normal(2, *sizes, 3)
    factors = zip(sizes, grid, strict=True)
    axes = [normal(2, n, g, seed=i + 1) for i, (n, g) in enumerate(factors)]
    nodes = torch.meshgrid(*(torch.arange(n) for n in sizes), indexing="ij")

    def of_all_nodes():
        at = [axis[:, k.flatten()] for axis, k in zip(axes, nodes, strict=True)]
        return scatter(values.flatten(1, -2), at)

    same(lambda: scatter_product(values, axes), of_all_nodes, values, *axes)
    assert scatter_product(values, axes).shape == (2, 3, *grid)


@pytest.mark.parametrize("grid", SHAPES)
@pytest.mark.parametrize("n", [0, 1, 6])
def test_read_is_its_reference_in_value_and_gradient(grid, n, same):
    z, weight = normal(2, 3, *grid), normal(2, n, 4, seed=3)
    generator = torch.Generator().manual_seed(1)
    nodes = z[0, 0].numel()
    index = torch.randint(0, nodes, (2, n, 4), generator=generator)
    same(
        lambda: interpolate(z, index, weight),
        lambda: interpolate_reference(z, index, weight),
        z,
        weight,
    )
    assert interpolate(z, index, weight).shape == (2, n, 3)


def test_cubic_weights_reproduce_quadratics_and_join_smoothly():
    s = torch.tensor([0.0, 0.13, 0.5, 0.77, 1.0], dtype=torch.float64)
    nodes = torch.arange(-1.0, 3.0, dtype=torch.float64)
    for power in range(3):
        torch.testing.assert_close(cubic_weights(s) @ nodes**power, s**power)
    # a cubic is not reproduced: s^3 + (s - 3 s^2 + 2 s^3)/2 of Keys' kernel
    assert ((cubic_weights(s) @ nodes**3 - s**3).abs() > 1e-3).sum() == 2
    ends = torch.tensor([0.0, 1.0], dtype=torch.float64, requires_grad=True)
    slope = torch.autograd.functional.jacobian(cubic_weights, ends)
    left, right = slope[0, :, 0], slope[1, :, 1]
    torch.testing.assert_close(left[:3], right[1:])
    assert left[3] == right[0] == 0
