import math

import pytest
import torch

from apnp.nn.local_kriging import LocalKriging

F = torch.float64
DY, DW, WIDTH = 2, 2, 3


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=F)


def uniform(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=F)


def kriging():
    """Every parameter away from its initial value."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        made = LocalKriging(DY, DW, (2.0, 1.2, 0.7, 0.4), WIDTH).double()
    with torch.no_grad():
        for i, p in enumerate(made.parameters()):
            p += 0.4 * normal(*p.shape, seed=i)
        made.log_slopes += 3
        made.log_noises += 2
    return made


def test_before_training_variances_halve_with_the_length_and_slopes_are_slight():
    made = LocalKriging(DY, DW, (2.0, 1.0, 0.5), WIDTH)
    shares = torch.tensor([4 / 7, 2 / 7, 1 / 7])
    torch.testing.assert_close(made.log_variances.exp(), (0.3 * shares).expand(DY, 3))
    m = made.log_slopes.shape[1]
    small = (0.3 * math.exp(-4) * shares[:m, None]).expand(DY, m, DW)
    torch.testing.assert_close(made.log_slopes.exp(), small)


def data(k=4):
    """Embedding, locations, covariates, values and weights, some of them zero."""
    weight = uniform(2, 3, k, DY, seed=4)
    weight[:, 0, 1:2, 0] = 0
    weight[1, 2, :, 1] = 0
    return (
        normal(2, 3, WIDTH), normal(2, 3, k + 1, 2, seed=1),
        normal(2, 3, k + 1, DW, seed=2), normal(2, 3, k, DY, seed=3), weight,
    )  # fmt: skip


def one_target(made, adjustment, x, w, y, weight, v):
    """The formula of the docstring, entry by entry, noise divided by weights."""
    n, m = len(made.log_lengths), made.log_slopes.shape[1]
    own = adjustment[2:].reshape(DY, n + m + 1)[v]
    lengths = torch.exp(made.log_lengths + adjustment[0])
    scales = torch.exp(made.log_heights + adjustment[1])
    variances = torch.exp(made.log_variances[v] + own[:n])
    slopes = torch.exp(made.log_slopes[v] + own[n : n + m, None])
    noise = torch.exp(made.log_noises[v] + own[-1])

    def c(i, j):
        total = torch.exp(made.log_constants[v])
        unlike = ((w[i] - w[j]) ** 2 / scales**2).sum()
        for s in range(n):
            near = torch.exp(-((x[i] - x[j]) ** 2).sum() / (2 * lengths[s] ** 2))
            total = total + variances[s] * torch.exp(-unlike / 2) * near
            if s < m:
                total = total + (w[i] * slopes[s] * w[j]).sum() * near
        return total

    keep = [j + 1 for j in range(len(y)) if weight[j] > 0]
    if not keep:
        return 0 * noise, c(0, 0) + noise
    among = torch.stack([torch.stack([c(i, j) for j in keep]) for i in keep])
    chosen = [j - 1 for j in keep]
    among = among + torch.diag(noise / weight[chosen])
    to = torch.stack([c(0, j) for j in keep])
    solved = torch.linalg.solve(among, torch.stack((y[chosen], to), -1))
    mean, explained = to @ solved
    return mean, c(0, 0) - explained + noise


def reference(made, embedding, x, w, y, weight):
    adjustment = 3 * torch.tanh(made.scales(embedding) / 3)
    rows = [
        one_target(
            made, adjustment[b, i], x[b, i], w[b, i],
            y[b, i, :, v], weight[b, i, :, v], v,
        )
        for b in range(x.shape[0])
        for i in range(x.shape[1])
        for v in range(DY)
    ]  # fmt: skip
    means, variances = zip(*rows, strict=True)
    shape = (*x.shape[:2], DY)
    return torch.stack(means).reshape(shape), torch.stack(variances).reshape(shape)


def close(one, other):
    torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)


def test_it_is_the_dense_reference_in_value_and_gradient():
    made, given = kriging(), data()
    embedding = given[0].requires_grad_()
    results = []
    for evaluate in (made, lambda *a: reference(made, *a)):
        mean, variance = evaluate(*given)
        loss = (normal(*mean.shape, seed=7) * mean).sum()
        loss = loss + (normal(*mean.shape, seed=8) * variance).sum()
        grads = torch.autograd.grad(loss, [embedding, *made.parameters()])
        results.append((mean, variance, *grads))
    for fast, slow in zip(*results, strict=True):
        assert slow.abs().max() > 1e-4
        close(fast, slow)


def test_a_neighbour_of_no_weight_is_as_deleted():
    made, (embedding, x, w, y, weight) = kriging(), data()
    weight[:, :, 2] = 0
    keep = [0, 1, 3]
    points = [0, 1, 2, 4]
    before = made(embedding, x, w, y, weight)
    x[:, :, 3], y[:, :, 2] = 50.0, -30.0
    after = made(embedding, x, w, y, weight)
    short = made(
        embedding, x[:, :, points], w[:, :, points], y[:, :, keep], weight[:, :, keep]
    )
    for one, two, three in zip(before, after, short, strict=True):
        close(one, three)
        close(two, three)


def test_no_neighbour_leaves_the_prior():
    made, (embedding, x, w, y, weight) = kriging(), data()
    expected = reference(made, embedding, x, w, y, 0 * weight)
    assert not expected[0].any()
    for k in (0, 4):
        given = x[:, :, : k + 1], w[:, :, : k + 1], y[:, :, :k], 0 * weight[:, :, :k]
        for one, other in zip(made(embedding, *given), expected, strict=True):
            close(one, other)


def test_every_neighbour_shrinks_the_variance():
    made, (embedding, x, w, y, weight) = kriging(), data()
    weight = weight.clamp(min=0.1)
    previous = torch.full((2, 3, DY), torch.inf, dtype=F)
    for k in range(5):
        _, variance = made(
            embedding, x[:, :, : k + 1], w[:, :, : k + 1], y[:, :, :k], weight[:, :, :k]
        )
        assert (variance < previous).all()
        assert (variance > 0).all()
        previous = variance


def test_more_weight_is_nearer_to_the_value():
    made, (embedding, x, w, _, weight) = kriging(), data(1)
    y = torch.full((2, 3, 1, DY), 2.0, dtype=F)
    x[:, :, 1], w[:, :, 1] = x[:, :, 0], w[:, :, 0]
    means = [
        made(embedding, x, w, y, torch.full_like(weight, t))[0] for t in (0.01, 0.1, 1)
    ]
    assert ((means[0] < means[1]) & (means[1] < means[2]) & (means[2] < 2)).all()


def test_without_a_last_layer_of_scales_the_embedding_says_nothing():
    made, (embedding, *given) = kriging(), data()
    other = normal(*embedding.shape, seed=9)
    assert (made(embedding, *given)[1] - made(other, *given)[1]).abs().max() > 1e-2
    with torch.no_grad():
        made.scales[-1].weight.zero_()
        made.scales[-1].bias.zero_()
    for one, two in zip(made(embedding, *given), made(other, *given), strict=True):
        torch.testing.assert_close(one, two, rtol=0, atol=0)


def test_an_embedding_scales_a_parameter_by_twenty_at_most():
    made, (embedding, *given) = kriging(), data(0)
    with torch.no_grad():
        made.scales[-1].weight.zero_()
        made.scales[-1].bias.copy_(torch.full_like(made.scales[-1].bias, 1e6))
        made.log_constants.fill_(-torch.inf)
    _, variance = made(embedding, *given)
    w = given[1][:, :, 0]
    for v in range(DY):
        height = made.log_variances[v].exp().sum() + made.log_noises[v].exp()
        height = height + (w**2 @ made.log_slopes[v].exp().sum(0))
        close(variance[..., v], math.exp(3) * height)


def test_it_starts_with_unit_constant_and_halving_variances():
    made = LocalKriging(1, 1, (8.0, 4.0, 2.0, 1.0), WIDTH).double()
    assert made.log_lengths.exp().tolist() == pytest.approx([8, 4, 2, 1], rel=1e-6)
    assert made.log_slopes.shape == (1, 3, 1)
    shares = made.log_variances.exp()[0].tolist()
    assert shares == pytest.approx([0.16, 0.08, 0.04, 0.02], rel=1e-6)
    with torch.no_grad():
        made.scales[-1].weight.zero_()
    x, none = torch.zeros(1, 1, 1, 2, dtype=F), torch.zeros(1, 1, 0, 1, dtype=F)
    _, variance = made(normal(1, 1, WIDTH), x, x[..., :1], none, none)
    assert variance.item() == pytest.approx(1 + 0.3 + math.exp(-4.6), rel=1e-6)
