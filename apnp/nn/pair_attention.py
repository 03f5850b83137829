"""Attention of points to their neighbours, by what a group leaves of each pair."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from apnp.nn.mlp import mlp, shrink
from apnp.nn.near import Near, Points, attend
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
        return self._after(h, (share[..., None] * values).sum(2).flatten(2))

    def tokens(
        self, tokens: Float[Tensor, "m width"], points: Points
    ) -> Float[Tensor, "m 2*width"]:
        """What compiled code reads of the context: keys, then values.

        Keys hold all that pair features say linearly of the neighbour alone: its
        covariates, its mask and its values.
        """
        dw, dy = points.w.shape[-1], points.y.shape[-1]
        *_, difference, _, mask, relative = self._columns(dw, dy)
        own = torch.cat((points.w, points.mask, points.y), dim=-1)
        more = own @ torch.cat((difference, mask, relative), dim=-1).T
        key, value = self.token(self.norm_token(tokens)).chunk(2, dim=-1)
        return torch.cat((key + more, value), dim=-1)

    def compiled(
        self,
        h: Float[Tensor, "n width"],
        tokens: Float[Tensor, "m 2*width"],
        near: Near,
        y: Float[Tensor, "n dy"],
        frame: Float[Tensor, "n n_offsets dx"],
        lengths: tuple[float, float],
    ) -> Float[Tensor, "n width"]:
        """The same as `forward`, by compiled code.

        Args:
            h: The queries.
            tokens: What the method `tokens` makes of the context.
            near: The queries' locations and their neighbours.
            y: What neighbours' values are relative to.
            frame: The group's `frame` of the locations.
            lengths: The unit of distance in its logarithm, and what is added to it.
        """
        offsets, distances, difference, apart, _, relative = self._columns(
            near.w.shape[-1], y.shape[-1]
        )
        query = self.query(self.norm_query(h))
        own = torch.cat((near.w, y), dim=-1)
        query = query - own @ torch.cat((difference, relative), dim=-1).T
        pair = torch.cat((offsets, distances, apart), dim=-1).T.contiguous()
        read = attend(query, tokens, near, frame, pair, self.logit.weight, *lengths)
        return self._after(h, read)

    def _after(self, h: Tensor, read: Tensor) -> Tensor:
        """The queries `h` with what they have read, (..., width)."""
        h = h + self.out(read)
        return h + self.mlp(self.norm(h))

    def _columns(self, dw: int, dy: int) -> tuple[Tensor, ...]:
        """Weights of a pair's offsets, two distances, covariates, masks and values."""
        weight = self.pair.weight
        n_offsets = weight.shape[1] - 2 - 2 * dw - 2 * dy
        return weight.split((n_offsets, 2, dw, dw, dy, dy), dim=1)
