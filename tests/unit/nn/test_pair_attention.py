import pytest
import torch
from torch.nn import functional

from apnp.nn.pair_attention import PairAttention

F = torch.float64
WIDTH, N_PAIR, HEADS = 6, 5, 2


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=F)


def attention():
    """Every parameter away from its initial value."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        made = PairAttention(WIDTH, N_PAIR, HEADS).double()
    with torch.no_grad():
        for i, p in enumerate(made.parameters()):
            p += 0.5 * normal(*p.shape, seed=i)
    return made


def data():
    """Queries, tokens, numbers of neighbours, pairs, and weights above zero."""
    generator = torch.Generator().manual_seed(5)
    index = torch.stack(
        [torch.randperm(7, generator=generator)[:4] for _ in range(6)]
    ).reshape(2, 3, 4)
    weight = 0.1 + 0.9 * torch.rand(2, 3, 4, generator=generator, dtype=F)
    return (
        normal(2, 3, WIDTH), normal(2, 7, WIDTH, seed=1), index,
        normal(2, 3, 4, N_PAIR, seed=2), weight,
    )  # fmt: skip


def reference(made, h, tokens, index, pairs, weight):
    """One query at a time: softmax of logits plus the logarithm of weights."""
    out = torch.empty_like(h)
    for b in range(h.shape[0]):
        for i in range(h.shape[1]):
            query = made.query(made.norm_query(h[b, i]))
            logits, values = [], []
            for j in range(index.shape[2]):
                token = made.token(made.norm_token(tokens[b, index[b, i, j]]))
                key, value = token[:WIDTH], token[WIDTH:]
                hidden = functional.gelu(query + key + made.pair(pairs[b, i, j]))
                logits.append(made.logit(hidden) + weight[b, i, j].log())
                values.append((hidden + value).reshape(HEADS, -1))
            share = torch.stack(logits).softmax(0)
            read = (share[..., None] * torch.stack(values)).sum(0).flatten()
            mixed = h[b, i] + made.out(read)
            out[b, i] = mixed + made.mlp(made.norm(mixed))
    return out


def close(one, other):
    torch.testing.assert_close(one, other, rtol=0, atol=1e-12)


def test_it_is_a_softmax_with_logarithms_of_weights():
    made, given = attention(), data()
    results = []
    for evaluate in (made, lambda *a: reference(made, *a)):
        out = evaluate(*given)
        loss = (normal(*out.shape, seed=8) * out).sum()
        results.append((out, *torch.autograd.grad(loss, made.parameters())))
    for fast, slow in zip(*results, strict=True):
        torch.testing.assert_close(fast, slow, rtol=1e-10, atol=1e-12)


def test_a_neighbour_twice_is_one_of_twice_the_weight():
    made, (h, tokens, index, pairs, weight) = attention(), data()
    twice = [0, 1, 2, 3, 3]
    halved = weight[:, :, twice] * torch.tensor([1, 1, 1, 0.5, 0.5], dtype=F)
    doubled = made(h, tokens, index[:, :, twice], pairs[:, :, twice], halved)
    close(doubled, made(h, tokens, index, pairs, weight))


@pytest.mark.parametrize("size", [1.0, 1e4])
def test_a_neighbour_of_no_weight_is_as_deleted(size):
    """Whatever its logit: an overwhelming one must not silence the others."""
    made, (h, tokens, index, pairs, weight) = attention(), data()
    weight[:, :, 1] = 0
    pairs[:, :, 1] *= size
    keep = [0, 2, 3]
    short = made(h, tokens, index[:, :, keep], pairs[:, :, keep], weight[:, :, keep])
    close(made(h, tokens, index, pairs, weight), short)


def test_a_neighbour_fades_out_without_a_jump():
    made, (h, tokens, index, pairs, weight) = attention(), data()
    results = []
    for t in (0.0, 1e-9):
        weight[:, :, 1] = t
        results.append(made(h, tokens, index, pairs, weight))
    torch.testing.assert_close(*results, rtol=0, atol=1e-6)


def test_order_of_neighbours_is_irrelevant():
    made, (h, tokens, index, pairs, weight) = attention(), data()
    order = [2, 0, 3, 1]
    moved = made(h, tokens, index[:, :, order], pairs[:, :, order], weight[:, :, order])
    close(moved, made(h, tokens, index, pairs, weight))


def test_a_query_without_neighbours_reads_nothing():
    made, (h, tokens, index, pairs, weight) = attention(), data()
    weight[0] = 0
    alone = h + made.out.bias
    alone = alone + made.mlp(made.norm(alone))
    out = made(h, tokens, index, pairs, weight)
    close(out[0], alone[0])
    assert (out[1] - alone[1]).abs().max() > 1e-2
    out.sum().backward()
    assert all(p.grad.isfinite().all() for p in made.parameters())


def test_it_starts_near_the_identity():
    made = PairAttention(WIDTH, N_PAIR, HEADS).double()
    given = data()
    assert (made(*given) - given[0]).abs().max() < 0.3


def test_a_width_that_heads_do_not_divide_is_refused():
    with pytest.raises(ValueError, match=r"`width`.*multiple of `heads` 4\. Got 6"):
        PairAttention(6, N_PAIR, 4)
