"""Attention of every query to every token, biased by what a group leaves of pairs."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from apnp.nn.mlp import mlp, shrink


class GlobalAttention(nn.Module):
    """A transformer layer with logits q.k / sqrt(d) + bias.

    One learned token without a location is always among the keys, with bias zero: it
    is what is read where there is no other.

    Args:
        width: Channels of tokens.
        heads: Number of heads.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"`width` is a multiple of `heads` {heads}. Got {width}.")
        self.heads = heads
        self.norm_query, self.norm_token = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query = nn.Linear(width, width)
        self.token = nn.Linear(width, 2 * width, bias=False)
        self.nothing = nn.Parameter(0.1 * torch.randn(2, width))
        self.out = shrink(nn.Linear(width, width))
        self.norm = nn.LayerNorm(width)
        self.mlp = mlp(width, 2 * width, width, hidden=1, factor=0.1)

    def forward(
        self,
        h: Float[Tensor, "b n width"],
        tokens: Float[Tensor, "b m width"],
        bias: Float[Tensor, "b heads n m"],
    ) -> Float[Tensor, "b n width"]:
        """The queries `h`, having read the tokens; minus infinity hides a token."""
        queries = self._split(self.query(self.norm_query(h)))
        keys, values = self._keys_and_values(tokens)
        mask = functional.pad(bias, (1, 0))
        read = functional.scaled_dot_product_attention(queries, keys, values, mask)
        h = h + self.out(read.transpose(1, 2).flatten(2))
        return h + self.mlp(self.norm(h))

    def reference(self, h: Tensor, tokens: Tensor, bias: Tensor) -> Tensor:
        """The same as `forward`, with the softmax written out."""
        queries = self._split(self.query(self.norm_query(h)))
        keys, values = self._keys_and_values(tokens)
        logits = torch.einsum("bhnd,bhmd->bhnm", queries, keys)
        logits = logits / queries.shape[-1] ** 0.5 + functional.pad(bias, (1, 0))
        share = torch.softmax(logits, dim=-1)
        read = torch.einsum("bhnm,bhmd->bnhd", share, values)
        h = h + self.out(read.flatten(2))
        return h + self.mlp(self.norm(h))

    def _keys_and_values(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        both = self.token(self.norm_token(tokens)).chunk(2, dim=-1)
        nothing = self.nothing[:, None, None].expand(-1, len(tokens), -1, -1)
        keys, values = (
            self._split(torch.cat((none, part), dim=1))
            for none, part in zip(nothing, both, strict=True)
        )
        return keys, values

    def _split(self, z: Tensor) -> Tensor:
        return z.unflatten(-1, (self.heads, -1)).transpose(1, 2)


class PairBias(nn.Module):
    """Biases of all heads of all layers from features of pairs, by one small network.

    Args:
        n_pair: Number of pair features.
        layers: Number of layers.
        heads: Number of heads.
    """

    n_hidden = 16

    def __init__(self, n_pair: int, layers: int, heads: int) -> None:
        super().__init__()
        self.layers = layers
        self.net = mlp(n_pair, self.n_hidden, layers * heads, hidden=2)

    def forward(
        self, pairs: Float[Tensor, "b n m k"], seen: Tensor
    ) -> tuple[Float[Tensor, "b heads n m"], ...]:
        """One bias a layer; a token that is not `seen` (b, m) is hidden."""
        bias = self.net(pairs).movedim(-1, 1)
        hidden = ~seen[:, None, None, :]
        return bias.masked_fill(hidden, -torch.inf).chunk(self.layers, dim=1)
