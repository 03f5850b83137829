"""Attention of every query to every token, and what groups leave of their pairs."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional

from apnp.nn.mlp import mlp, shrink

Offsets = Callable[[Tensor, Tensor], Tensor]
"""What a group leaves of pairs of locations: (..., dx) and (..., dx) -> (..., k)."""

_LANES = 16
"""Fused kernels are fastest where queries and keys have a multiple of these channels:
21 of them cost 1.7 times as much as 16."""


@dataclass(frozen=True)
class Pairs:
    """Queries and tokens at their locations, which all layers share.

    Attributes:
        x: Locations of the queries.
        sites: Locations of the tokens.
        mask: False for tokens that are none.
    """

    x: Float[Tensor, "b n dx"]
    sites: Float[Tensor, "b m dx"]
    mask: Bool[Tensor, "b m"]

    @cached_property
    def hidden(self) -> Tensor:
        """Zero for a token and minus infinity for none, (b, 1, 1, m + 1).

        The first is the learned token, which is always there.
        """
        zero = torch.zeros_like(self.mask, dtype=self.x.dtype)
        hidden = zero.masked_fill(~self.mask, -torch.inf)
        return functional.pad(hidden, (1, 0))[:, None, None]

    @cached_property
    def queried(self) -> Float[Tensor, "b n columns"]:
        """`extended` locations of the queries."""
        return extended(self.x)

    @cached_property
    def keyed(self) -> Float[Tensor, "b tokens columns"]:
        """`extended` locations of the learned token, zero, and of the tokens."""
        return functional.pad(extended(self.sites), (0, 0, 1, 0))


class Attention(nn.Module, ABC):
    """A transformer layer in which every query reads all tokens.

    One learned token without a location is always among the keys, the first: it is
    what is read where there is no other.

    Args:
        width: Channels of tokens.
        heads: Number of heads.
        compared: Channels of a head's queries and keys; those of its values, unless
            given.
        asked: Channels of a head's queries beside those.
    """

    def __init__(
        self, width: int, heads: int, compared: int | None = None, asked: int = 0
    ) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"`width` is a multiple of `heads` {heads}. Got {width}.")
        self.heads = heads
        n_keys = width if compared is None else heads * compared
        self.sizes = (n_keys, width)
        self.norm_query, self.norm_token = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query = nn.Linear(width, n_keys + heads * asked)
        self.token = nn.Linear(width, n_keys + width, bias=False)
        self.nothing = nn.Parameter(0.1 * torch.randn(n_keys + width))
        self.out = shrink(nn.Linear(width, width))
        self.norm = nn.LayerNorm(width)
        self.mlp = mlp(width, 2 * width, width, hidden=1, factor=0.1)

    def forward(
        self,
        h: Float[Tensor, "b n width"],
        tokens: Float[Tensor, "b m width"],
        pairs: Pairs,
    ) -> Float[Tensor, "b n width"]:
        """The queries `h`, having read the tokens."""
        return self._layer(h, tokens, pairs, self._read)

    def reference(self, h: Tensor, tokens: Tensor, pairs: Pairs) -> Tensor:
        """The same as `forward`, with the softmax written out."""

        def read(queries, keys, values, pairs):
            logits = self._logits(queries, keys, pairs) + pairs.hidden
            return torch.softmax(logits, dim=-1) @ values

        return self._layer(h, tokens, pairs, read)

    @abstractmethod
    def _logits(self, queries: Tensor, keys: Tensor, pairs: Pairs) -> Tensor:
        """Logits (b, heads, n, m + 1) of all pairs, of hidden tokens too.

        Args:
            queries: Of every head, (b, heads, n, compared + asked).
            keys: Of every head, (b, heads, m + 1, compared), the learned token's first.
            pairs: Their locations.
        """

    @abstractmethod
    def _read(
        self, queries: Tensor, keys: Tensor, values: Tensor, pairs: Pairs
    ) -> Tensor:
        """Mean values by the softmax of the logits, (b, heads, n, d)."""

    def _layer(
        self, h: Tensor, tokens: Tensor, pairs: Pairs, read: Callable[..., Tensor]
    ) -> Tensor:
        queries = self._split(self.query(self.norm_query(h)))
        both = self.token(self.norm_token(tokens))
        both = torch.cat((self.nothing.expand(len(both), 1, -1), both), dim=1)
        keys, values = (self._split(part) for part in both.split(self.sizes, dim=-1))
        values = read(queries, keys, values, pairs)
        h = h + self.out(values.transpose(1, 2).flatten(2))
        return h + self.mlp(self.norm(h))

    def _split(self, z: Tensor) -> Tensor:
        return z.unflatten(-1, (self.heads, -1)).transpose(1, 2)


class PlainAttention(Attention):
    """Logits q.k / sqrt(d): nothing is known of pairs but their channels."""

    def _logits(self, queries: Tensor, keys: Tensor, pairs: Pairs) -> Tensor:
        return queries @ keys.mT / queries.shape[-1] ** 0.5

    def _read(
        self, queries: Tensor, keys: Tensor, values: Tensor, pairs: Pairs
    ) -> Tensor:
        mask = pairs.hidden.expand(-1, -1, queries.shape[2], -1)
        return functional.scaled_dot_product_attention(queries, keys, values, mask)


class WindowAttention(Attention):
    """Logits q.k / sqrt(d) + u.o / l - (r / l)^2 / 2 of distance r and offsets o.

    A head looks through a Gaussian window of the length l, shifted along what the
    group leaves of directions; the query scales l and sets u. Squared distance and
    offsets are bilinear in (1, x, |x|^2) of both locations, so that the window is
    dx + 2 of the channels of queries and keys, and no tensor of pairs is made beside
    that of plain attention. Where a head is wide its channels with those of the window
    are as many as those of a plain head, so that it costs as much.

    Args:
        width: Channels of tokens.
        heads: Number of heads.
        dx: Dimensions of a location.
        offsets: What the group leaves of pairs.
        lengths: Initial lengths; heads take them in turn.
    """

    bilinear: Tensor
    _widest = 2.0

    def __init__(
        self,
        width: int,
        heads: int,
        dx: int,
        offsets: Offsets,
        lengths: Sequence[float],
    ) -> None:
        bilinear = _bilinear(lambda x, y: _step(x, y, offsets), dx).float()
        asked, own, columns = len(bilinear), width // heads, dx + 2
        channels = -(-max(own, columns + 1) // _LANES) * _LANES
        self.compared = min(own, channels - columns)
        super().__init__(width, heads, self.compared, asked)
        self.offsets, self.spare = offsets, channels - self.compared - columns
        self.register_buffer("bilinear", bilinear, persistent=False)
        taken = [lengths[head % len(lengths)] for head in range(heads)]
        self.log_lengths = nn.Parameter(torch.tensor(taken).log())
        with torch.no_grad():
            for p in (self.query.weight, self.query.bias):
                p.unflatten(0, (heads, -1))[:, self.compared :] *= 0.1

    def _weights(self, asked: Tensor) -> Tensor:
        """Factors of squared distance and offsets in the logits, (b, heads, n, k)."""
        bounded = self._widest * torch.tanh(asked / self._widest)
        scaled, shift = bounded.tensor_split((1,), dim=-1)
        inverse = torch.exp(-self.log_lengths[:, None, None] - scaled)
        return inverse * torch.cat((-0.5 * inverse, shift), dim=-1)

    def _logits(self, queries: Tensor, keys: Tensor, pairs: Pairs) -> Tensor:
        queries, asked = queries.tensor_split((self.compared,), dim=-1)
        step = _step(pairs.x[:, :, None], pairs.sites[:, None], self.offsets)
        window = torch.einsum("bhnk,bnmk->bhnm", self._weights(asked), step)
        plain = queries @ keys.mT / self.compared**0.5
        return plain + functional.pad(window, (1, 0))

    def _read(
        self, queries: Tensor, keys: Tensor, values: Tensor, pairs: Pairs
    ) -> Tensor:
        # Squared distances are small differences of large numbers: no half precision.
        with torch.autocast(queries.device.type, enabled=False):
            queries, keys, values = (t.to(pairs.x) for t in (queries, keys, values))
            return self._through_windows(queries, keys, values, pairs)

    def _through_windows(
        self, queries: Tensor, keys: Tensor, values: Tensor, pairs: Pairs
    ) -> Tensor:
        queries, asked = queries.split((self.compared, len(self.bilinear)), dim=-1)
        weights = self._weights(asked) * self.compared**0.5
        columns = functional.pad(self.bilinear.to(weights), (0, self.spare))
        projected = torch.einsum("bni,kij->bnkj", pairs.queried, columns)
        # One small product a query: (heads, k) by (k, columns).
        left = (weights.transpose(1, 2) @ projected).transpose(1, 2)
        right = functional.pad(pairs.keyed, (0, self.spare))
        right = right[:, None].expand(-1, self.heads, -1, -1)
        mask = pairs.hidden.expand(-1, -1, queries.shape[2], -1)
        queries = torch.cat((queries, left), dim=-1)
        keys = torch.cat((keys, right), dim=-1)
        # Kernels want queries, keys and values of the same size.
        more, d = queries.shape[-1] - values.shape[-1], values.shape[-1]
        if more:
            values = functional.pad(values, (0, more))
        read = functional.scaled_dot_product_attention(
            queries, keys, values, mask, scale=self.compared**-0.5
        )
        return read[..., :d]


class HeadMixingAttention(Attention):
    """Logits by a network of all heads' q.k / sqrt(d) and what is left of the pair.

    The attention of the published translation equivariant TNP (Ashman 2024a), for any
    group: a perceptron in every layer and for every pair. It is the slow one.

    Args:
        width: Channels of tokens.
        heads: Number of heads.
        n_pair: Number of pair features.
        features: Locations (..., dx) and (..., dx) to pair features (..., n_pair).
    """

    def __init__(self, width: int, heads: int, n_pair: int, features: Offsets) -> None:
        super().__init__(width, heads)
        self.features = features
        self.mix = mlp(heads + n_pair, width, heads, hidden=2)

    def _logits(self, queries: Tensor, keys: Tensor, pairs: Pairs) -> Tensor:
        plain = queries @ keys.mT / queries.shape[-1] ** 0.5
        features = self.features(pairs.x[:, :, None], pairs.sites[:, None])
        nothing, plain = plain.tensor_split((1,), dim=-1)
        mixed = self.mix(torch.cat((plain.movedim(1, -1), features), dim=-1))
        return torch.cat((nothing, mixed.movedim(-1, 1)), dim=-1)

    def _read(
        self, queries: Tensor, keys: Tensor, values: Tensor, pairs: Pairs
    ) -> Tensor:
        logits = self._logits(queries, keys, pairs) + pairs.hidden
        return torch.softmax(logits, dim=-1) @ values


def _step(x: Tensor, other: Tensor, offsets: Offsets) -> Tensor:
    """Squared distance and offsets of pairs, (..., 1 + k)."""
    squared = (other - x).square().sum(-1, keepdim=True)
    return torch.cat((squared, offsets(x, other)), dim=-1)


def extended(x: Tensor) -> Tensor:
    """(1, x, |x|^2), in which distances and offsets are bilinear, (..., dx + 2)."""
    return torch.cat(
        (torch.ones_like(x[..., :1]), x, x.square().sum(-1, keepdim=True)), dim=-1
    )


def _bilinear(step: Offsets, dx: int) -> Float[Tensor, "k i j"]:
    """The matrices T of `step(x, y)_k` = `extended(x) T_k extended(y)`.

    They are read off the values of `step` at zero and at plus and minus one along
    every axis.

    Raises:
        ValueError: If `step` is not of this form.
    """
    eye = torch.eye(dx, dtype=torch.float64)
    probes = torch.cat((torch.zeros(1, dx, dtype=torch.float64), eye, -eye))
    dual = torch.linalg.pinv(extended(probes))
    values = step(probes[:, None], probes[None])
    matrices = torch.einsum("ip,pqk,jq->kij", dual, values, dual)
    elsewhere = torch.linspace(-1, 1.3, 4 * dx, dtype=torch.float64).sin()
    x, y = elsewhere.reshape(2, 2, dx)
    found = torch.einsum("pi,kij,pj->pk", extended(x), matrices, extended(y))
    if not torch.allclose(found, step(x, y)):
        raise ValueError(
            "Windows take `offsets` that are bilinear in (1, x, |x|^2) of both "
            "locations, and this group's are not: take another attention."
        )
    return matrices
