import pytest
import torch

from apnp.groups import LongitudeShifts, Product, RigidMotions, Rotations, Translations
from apnp.nn.attention import (
    HeadMixingAttention,
    Pairs,
    PlainAttention,
    WindowAttention,
)

F = torch.float64
GROUPS = {
    "T(2)": Translations(2),
    "E(2)": RigidMotions(2),
    "SO(2)": Rotations(),
    "longitude": LongitudeShifts(),
    "longitude and time": Product(LongitudeShifts(), Translations(1)),
}


def normal(*shape, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=F)


def alive(layer):
    generator = torch.Generator().manual_seed(0)
    layer = layer.double()
    with torch.no_grad():
        for p in layer.parameters():
            p += 0.3 * torch.randn(p.shape, generator=generator, dtype=F)
    return layer


def windows(group, width=12, heads=3):
    return WindowAttention(width, heads, group.dx, group.pair_invariants, (1.5, 0.4))


LAYERS = {
    "plain": (PlainAttention(12, 3), 2),
    "published": (HeadMixingAttention(12, 3, 2, lambda x, y: y - x), 2),
    **{name: (windows(group), group.dx) for name, group in GROUPS.items()},
    "wide heads": (windows(GROUPS["longitude"], width=32, heads=2), 3),
}


@pytest.fixture(params=LAYERS, ids=str)
def case(request):
    layer, dx = LAYERS[request.param]
    seen = torch.ones(2, 5, dtype=torch.bool)
    seen[0, 3] = False
    pairs = Pairs(normal(2, 4, dx, seed=2), normal(2, 5, dx, seed=3), seen)
    width = layer.out.in_features
    return alive(layer), normal(2, 4, width), normal(2, 5, width, seed=4), pairs


def test_equals_the_written_out_softmax_gradients_too(case):
    layer, h, tokens, pairs = case
    h, tokens = h.requires_grad_(), tokens.requires_grad_()
    pairs = Pairs(pairs.x.requires_grad_(), pairs.sites.requires_grad_(), pairs.mask)
    fast, slow = layer(h, tokens, pairs), layer.reference(h, tokens, pairs)
    torch.testing.assert_close(fast, slow, rtol=0, atol=1e-12)
    over = (h, tokens, pairs.x, pairs.sites, *layer.parameters())
    weight = torch.linspace(-1, 2, fast.numel(), dtype=F).reshape(fast.shape)
    one, other = (
        torch.autograd.grad((weight * y).sum(), over, allow_unused=True)
        for y in (fast, slow)
    )
    for a, b in zip(one, other, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-11)


def test_a_hidden_token_is_no_token(case):
    layer, h, tokens, pairs = case
    kept = [0, 1, 2, 4]
    fewer = Pairs(pairs.x, pairs.sites[:, kept], pairs.mask[:, kept])
    without, within = layer(h, tokens[:, kept], fewer), layer(h, tokens, pairs)
    torch.testing.assert_close(within[0], without[0], rtol=0, atol=1e-12)
    assert (within[1] - without[1]).abs().max() > 1e-3


def test_without_tokens_the_learned_one_is_read(case):
    layer, h, tokens, pairs = case
    none = torch.zeros_like(pairs.mask)
    empty = Pairs(pairs.x, pairs.sites[:, :0], none[:, :0])
    nothing = layer(h, tokens[:, :0], empty)
    hidden = layer(h, tokens, Pairs(pairs.x, pairs.sites, none))
    torch.testing.assert_close(nothing, hidden, rtol=0, atol=1e-12)
    with torch.no_grad():
        layer.nothing[-layer.out.in_features :] += 1.0
    assert (layer(h, tokens[:, :0], empty) - nothing).abs().min() > 1e-6


def test_heads_must_divide_the_width():
    with pytest.raises(ValueError, match=r"`width` .* `heads` 5\. Got 12"):
        PlainAttention(12, 5)


@pytest.mark.parametrize("name", GROUPS)
def test_a_window_is_a_gaussian_of_distance_shifted_along_offsets(name):
    """What the logits hold beside q.k, by hand."""
    group = GROUPS[name]
    layer = alive(windows(group))
    x, sites = normal(1, 4, group.dx, seed=2), normal(1, 5, group.dx, seed=3)
    asked = normal(1, 3, 4, len(layer.bilinear))
    pairs = Pairs(x, sites, torch.ones(1, 5, dtype=torch.bool))
    zero = torch.zeros(1, 3, 6, 4, dtype=F)
    logits = layer._logits(torch.cat((zero[:, :, :4], asked), dim=-1), zero, pairs)
    assert (logits[..., 0] == 0).all()
    own = 2.0 * torch.tanh(asked / 2.0)
    for head in range(3):
        length = torch.exp(layer.log_lengths[head] + own[0, head, 2, 0])
        expected = -0.5 * (sites[0, 4] - x[0, 2]).square().sum() / length**2
        offsets = group.pair_invariants(x[:, 2], sites[:, 4])[0]
        expected = expected + (own[0, head, 2, 1:] * offsets).sum() / length
        torch.testing.assert_close(logits[0, head, 2, 5], expected)


@pytest.mark.parametrize(
    ("width", "compared", "channels"), [(12, 4, 16), (16, 8, 16), (32, 11, 16)]
)
def test_a_wide_head_has_no_more_channels_than_a_plain_one(width, compared, channels):
    """They are full lanes of the kernel, those of the window among them."""
    heads = {12: 3, 16: 2, 32: 2}[width]
    layer = windows(GROUPS["longitude"], width, heads)
    assert layer.compared == compared
    assert layer.compared + 5 + layer.spare == channels


def test_heads_start_with_lengths_of_their_own():
    lengths = windows(Translations(2)).log_lengths.exp()
    torch.testing.assert_close(lengths, torch.tensor([1.5, 0.4, 1.5]))


def test_offsets_that_are_not_bilinear_are_refused():
    with pytest.raises(ValueError, match=r"`offsets` that are bilinear .* another"):
        WindowAttention(12, 3, 2, lambda x, y: (y - x) ** 3, (1.0,))
