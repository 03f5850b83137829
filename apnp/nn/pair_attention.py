"""Attention of points to their neighbours, by what a group leaves of each pair."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from apnp.nn.mlp import mlp, shrink
from apnp.nn.neighbours import gather


class PairAttention(nn.Module):
    """A transformer layer in which every query reads its own neighbours.

    A pair is one hidden layer of what the query, the neighbour and the pair's features
    say; logits and values are read off it. A neighbour of weight t counts t times, and
    a query without any reads nothing.

    Args:
        width: Channels of tokens.
        n_pair: Number of pair features.
        heads: Number of heads.
    """

    def __init__(self, width: int, n_pair: int, heads: int) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"`width` is a multiple of `heads` {heads}. Got {width}.")
        self.heads = heads
        self.norm_query, self.norm_token = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query = nn.Linear(width, width)
        self.token = nn.Linear(width, 2 * width, bias=False)
        self.pair = nn.Linear(n_pair, width, bias=False)
        self.logit = nn.Linear(width, heads, bias=False)
        self.out = shrink(nn.Linear(width, width))
        self.norm = nn.LayerNorm(width)
        self.mlp = mlp(width, 2 * width, width, hidden=1, factor=0.1)

    def forward(
        self,
        h: Float[Tensor, "b n width"],
        tokens: Float[Tensor, "b m width"],
        index: Int[Tensor, "b n k"],
        pairs: Float[Tensor, "b n k n_pair"],
        weight: Float[Tensor, "b n k"],
    ) -> Float[Tensor, "b n width"]:
        """The queries `h`, having read the tokens with these numbers."""
        read = gather(self.token(self.norm_token(tokens)), index)
        key, value = read.chunk(2, dim=-1)
        query = self.query(self.norm_query(h))[:, :, None]
        hidden = functional.gelu(query + key + self.pair(pairs))
        logits = self.logit(hidden)
        # A largest logit that fades out must not leave all the others at zero.
        largest = logits.detach().masked_fill(weight[..., None] == 0, -torch.inf)
        largest = largest.amax(2, keepdim=True).clamp(min=-1e30)
        share = torch.exp((logits - largest).clamp(max=0.0)) * weight[..., None]
        share = share / share.sum(2, keepdim=True).clamp(min=1e-30)
        values = (hidden + value).unflatten(-1, (self.heads, -1))
        h = h + self.out((share[..., None] * values).sum(2).flatten(2))
        return h + self.mlp(self.norm(h))
