import pytest
import torch

from apnp.nn.global_attention import GlobalAttention, PairBias

F = torch.float64


@pytest.fixture
def layer():
    torch.manual_seed(0)
    made = GlobalAttention(12, 3).double()
    with torch.no_grad():
        for p in made.parameters():
            p += 0.3 * torch.randn_like(p)
    return made


def inputs(n=4, m=5):
    g = torch.Generator().manual_seed(1)

    def normal(*shape):
        return torch.randn(*shape, generator=g, dtype=F)

    bias = normal(2, 3, n, m)
    bias[0, :, :, 3] = -torch.inf
    return normal(2, n, 12), normal(2, m, 12), bias


def test_equals_the_written_out_softmax_gradients_too(layer):
    h, tokens, bias = (v.requires_grad_() for v in inputs())
    fast, slow = layer(h, tokens, bias), layer.reference(h, tokens, bias)
    torch.testing.assert_close(fast, slow, rtol=0, atol=1e-12)
    over = (h, tokens, bias, *layer.parameters())
    weight = torch.linspace(-1, 2, fast.numel(), dtype=F).reshape(fast.shape)
    one, other = (torch.autograd.grad((weight * y).sum(), over) for y in (fast, slow))
    for a, b in zip(one, other, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-11)


def test_a_hidden_token_is_no_token(layer):
    h, tokens, bias = inputs()
    kept = [0, 1, 2, 4]
    without = layer(h, tokens[:, kept], bias[..., kept])
    torch.testing.assert_close(
        layer(h, tokens, bias)[0], without[0], rtol=0, atol=1e-12
    )
    assert (layer(h, tokens, bias)[1] - without[1]).abs().max() > 1e-3


def test_without_tokens_the_learned_one_is_read(layer):
    h, tokens, bias = inputs()
    nothing = layer(h, tokens[:, :0], bias[..., :0])
    hidden = layer(h, tokens, torch.full_like(bias, -torch.inf))
    torch.testing.assert_close(nothing, hidden, rtol=0, atol=1e-12)
    with torch.no_grad():
        layer.nothing[1] += 1.0
    assert (layer(h, tokens[:, :0], bias[..., :0]) - nothing).abs().min() > 1e-6


def test_heads_must_divide_the_width():
    with pytest.raises(ValueError, match=r"`width` .* `heads` 5\. Got 12"):
        GlobalAttention(12, 5)


def test_every_layer_and_head_has_a_bias_of_its_own():
    torch.manual_seed(0)
    pairs = torch.randn(2, 4, 5, 3)
    seen = torch.ones(2, 5, dtype=torch.bool)
    seen[1, 2] = False
    biases = PairBias(3, layers=2, heads=3)(pairs, seen)
    assert [b.shape for b in biases] == [(2, 3, 4, 5)] * 2
    assert torch.isinf(biases[0][1, :, :, 2]).all()
    every = torch.cat(biases, dim=1)[0].flatten(1)
    assert torch.pdist(every).min() > 1e-3
