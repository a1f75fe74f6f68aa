"""Attention that scores how far apart two tokens are beside what they say.

Both kinds here are content-dependent: query or key decide what a distance is worth. So
each computes a bias and leaves the rest to `scaled_dot_product_attention`.

A bias is read off a product of (query, distance), where row i holds what query i gives
to each distance. What query i gives to key j stands in it at distance i - j: one column
further to the right in each row. `by_distance` takes those by a view that starts every
row one number earlier than the product does, so nothing is gathered by index.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from utils.nn.attention import (
    merge_heads,
    scaled_dot_product_attention,
    split_heads,
)
from utils.nn.positions import sinusoids


def distances(
    query_length: int, key_length: int, device: torch.device | str | None = None
) -> Tensor:
    """All distances query - key, falling: key_length - 1, …, -query_length.

    The queries are the last of the positions. The last distance never occurs; it makes
    the columns of `by_distance` come out even.
    """
    return torch.arange(key_length - 1, -query_length - 1, -1, device=device)


def distance_sinusoids(
    query_length: int, key_length: int, width: int, like: Tensor
) -> Tensor:
    """Sinusoids of `distances`: (query + key, width), of the type and device of `like`.

    Computed in float64, whatever `like` is.
    """
    found = distances(query_length, key_length, like.device).double()
    return sinusoids(found, width).to(like.dtype)


def other_segment(segment_ids: Tensor, earlier: int = 0) -> Tensor:
    """Where query and key are of two segments.

    (batch, time) -> (batch, 1, time, earlier + time). The keys that come before the
    sequence are of segment 0.
    """
    keys = F.pad(segment_ids, (earlier, 0))  # (batch, earlier + time)
    return (segment_ids[:, :, None] != keys[:, None])[:, None]


def by_distance(scores: Tensor, key_length: int) -> Tensor:
    """What each query gives to the distance at which each key stands.

    Args:
        scores: (..., query, query + key), a column for each of `distances`.
        key_length: number of keys.

    Returns:
        (..., query, key), a view where `scores` is contiguous.
    """
    queries, columns = scores.shape[-2:]
    flat = scores.flatten(-2)[..., queries - 1 : queries - 1 + queries * (columns - 1)]
    return flat.unflatten(-1, (queries, columns - 1))[..., :key_length]


def distance_blocks(
    x: Tensor, vectors: Tensor, key_length: int, block: int = 128
) -> Iterator[tuple[slice, Tensor]]:
    """x_i · vectors_{i - j} for every query i and key j, without the other products.

    A block of queries needs little more distances than there are keys, all queries
    together nearly twice as many. So blocks save up to half of the arithmetic, and
    their products fit into the processor's cache.

    Args:
        x: (..., query, width)
        vectors: (..., query + key, width) of `distances(query, key)`.
        key_length: number of keys.
        block: queries at a time.

    Yields:
        which queries, and their (..., block, key), a view.
    """
    queries = x.shape[-2]
    for start in range(0, queries, block):
        stop = min(start + block, queries)
        near = vectors[..., queries - stop : queries - start + key_length, :]
        scores = x[..., start:stop, :] @ near.mT  # (..., block, block + key)
        yield slice(start, stop), by_distance(scores, key_length)


def distance_scores(
    x: Tensor, vectors: Tensor, key_length: int, block: int = 128
) -> Tensor:
    """All of `distance_blocks`: (..., query, key)."""
    blocks = distance_blocks(x, vectors, key_length, block)
    return torch.cat([scores for _, scores in blocks], dim=-2)


def log_bucket(distance: Tensor, buckets: int, reach: int) -> Tensor:
    """Distances as they are up to buckets / 2, beyond it in logarithmic steps.

    DeBERTa v2 and v3 (microsoft/DeBERTa, `make_log_bucket_position`): between
    -buckets and buckets, the distance reach - 1 at buckets - 1.
    """
    near = buckets // 2
    size = distance.abs().clamp(min=near)
    steps = torch.log(size / near) / math.log((reach - 1) / near) * (near - 1)
    far = near + torch.ceil(steps).long()
    return torch.where(distance.abs() <= near, distance, far * distance.sign())


class DistanceTable(nn.Module):
    """A learned vector for each distance, one table for all layers (DeBERTa).

    Args:
        width: of the vectors.
        reach: distances from -reach to reach - 1 are told apart, further ones clamped.
        buckets: tell apart ranges of distances instead, this many on either side; see
            `log_bucket`.
        norm: of the vectors.
    """

    def __init__(
        self,
        width: int,
        reach: int,
        *,
        buckets: int = 0,
        norm: nn.Module | None = None,
    ):
        super().__init__()
        self.reach, self.buckets = reach, buckets
        self.table = nn.Embedding(2 * (buckets or reach), width)
        self.norm = norm or nn.Identity()

    def forward(self, time: int) -> tuple[Tensor, Tensor]:
        """Vectors (rows, width), and the row of each of `distances(time, time)`."""
        distance = distances(time, time, self.table.weight.device)
        if self.buckets:
            distance = log_bucket(distance, self.buckets, self.reach)
        count = len(self.table.weight)
        rows = (distance + count // 2).clamp(0, count - 1)
        vectors = self.norm(self.table.weight)
        if len(rows) < count:
            # Each layer projects the vectors: the fewer the better.
            return vectors[rows], torch.arange(len(rows), device=rows.device)
        return vectors, rows


class DisentangledSelfAttention(nn.Module):
    """Content and position apart (He et al. 2021, arXiv 2006.03654, §3.1).

    The score of query i and key j, at distance δ = i - j, has three terms,
    (Qc_i·Kc_j + Qc_i·Kr_δ + Kc_j·Qr_δ) / √(3 · head width): content to content,
    content to position, position to content. Keys have no bias.

    Args:
        width: of the input and the output.
        heads: number of heads.
        dropout: share of attention weights dropped in training.
        position_dropout: share of the distances' vectors dropped in training.

    Raises:
        ValueError: `heads` doesn't divide `width`.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        *,
        dropout: float = 0.0,
        position_dropout: float = 0.0,
    ):
        super().__init__()
        if width % heads:
            raise ValueError(f"{heads} heads don't divide a width of {width}")
        self.heads, self.scale = heads, 1 / math.sqrt(3 * (width // heads))
        self.dropout, self.position_dropout = dropout, nn.Dropout(position_dropout)
        self.out_proj = nn.Linear(width, width)
        self.make_projections(width)

    def make_projections(self, width: int) -> None:
        """Own projections for positions."""
        self.qkv_proj = nn.Linear(width, 3 * width, bias=False)
        self.q_bias = nn.Parameter(torch.zeros(width))
        self.v_bias = nn.Parameter(torch.zeros(width))
        self.position_q_proj = nn.Linear(width, width)
        self.position_k_proj = nn.Linear(width, width, bias=False)

    def project(self, x: Tensor) -> tuple[Tensor, ...]:
        """(batch, time, width) -> query, key and value of the same shape."""
        no_bias = torch.zeros_like(self.q_bias)
        bias = torch.cat([self.q_bias, no_bias, self.v_bias])
        return F.linear(x, self.qkv_proj.weight, bias).chunk(3, dim=-1)

    def project_positions(self, vectors: Tensor) -> tuple[Tensor, ...]:
        """(rows, width) -> query and key of the same shape."""
        return self.position_q_proj(vectors), self.position_k_proj(vectors)

    def forward(
        self,
        x: Tensor,
        *,
        positions: tuple[Tensor, Tensor],
        mask: Tensor | None = None,
        need_weights: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """(batch, time, width) -> the same shape, weights (batch, heads, query, key).

        Args:
            positions: what `DistanceTable` gives for this time.
            mask: boolean, broadcast to the weights; True = may attend.
        """
        query, key, value = (split_heads(p, self.heads) for p in self.project(x))
        output, weights = scaled_dot_product_attention(
            query,
            key,
            value,
            mask=mask,
            bias=self.bias(query, key, *positions),
            scale=self.scale,
            dropout_p=self.dropout if self.training else 0.0,
            need_weights=need_weights,
        )
        return self.out_proj(merge_heads(output)), weights

    def bias(self, query: Tensor, key: Tensor, vectors: Tensor, rows: Tensor) -> Tensor:
        """The two terms with positions: (batch, heads, query, key)."""
        time = query.shape[-2]
        of_query, of_key = self.project_positions(self.position_dropout(vectors))
        of_key = split_heads(of_key[rows], self.heads)  # (heads, 2 · time, head width)
        # Seen from the key, a query stands at minus its distance.
        of_query = split_heads(of_query[rows.flip(0).roll(-1)], self.heads)
        bias = distance_scores(query * self.scale, of_key, time)
        for keys, scores in distance_blocks(key * self.scale, of_query, time):
            bias[..., keys] += scores.mT
        return bias


class SharedDisentangledSelfAttention(DisentangledSelfAttention):
    """The same with one set of projections for content and positions (DeBERTa v2, v3).

    He et al. 2023, arXiv 2111.09543. All projections have a bias.
    """

    def make_projections(self, width: int) -> None:
        """The content's only."""
        self.qkv_proj = nn.Linear(width, 3 * width)

    def project(self, x: Tensor) -> tuple[Tensor, ...]:
        """(batch, time, width) -> query, key and value of the same shape."""
        return self.qkv_proj(x).chunk(3, dim=-1)

    def project_positions(self, vectors: Tensor) -> tuple[Tensor, ...]:
        """(rows, width) -> query and key of the same shape."""
        weight, bias = self.qkv_proj.weight, self.qkv_proj.bias
        width = weight.shape[-1]
        found = F.linear(vectors, weight[: 2 * width], bias[: 2 * width])
        return found.chunk(2, dim=-1)


class TransformerXLKeys(NamedTuple):
    """What queries of `TransformerXLAttention` read, made once for all streams."""

    key: Tensor
    """(batch, heads, key, head width)"""
    value: Tensor
    """(batch, heads, key, head width)"""
    distance: Tensor
    """(heads, query + key, head width), in the order of `distances`"""


class TransformerXLAttention(nn.Module):
    """Attention by content and distance (Dai et al. 2019, arXiv 1901.02860, §3.3).

    The score of query i and key j is ((q_i + u)·k_j + (q_i + v)·r_{i-j}) / √(head
    width), where r are projected sinusoids. XLNet adds (q_i + w)·s, one s for tokens of
    the same segment and another for tokens of two (Yang et al. 2019, §2.5). No
    projection has a bias.

    Args:
        width: of the input and the output.
        heads: number of heads.
        head_width: of each head; `width / heads` unless given.
        dropout: share of attention weights dropped in training.

    Raises:
        ValueError: `heads` doesn't divide `width` and no `head_width` is given.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        *,
        head_width: int | None = None,
        dropout: float = 0.0,
    ):
        super().__init__()
        if head_width is None and width % heads:
            raise ValueError(f"{heads} heads don't divide a width of {width}")
        head_width = head_width or width // heads
        self.heads, self.scale, self.dropout = heads, 1 / math.sqrt(head_width), dropout
        inner = heads * head_width
        self.q_proj = nn.Linear(width, inner, bias=False)
        self.k_proj = nn.Linear(width, inner, bias=False)
        self.v_proj = nn.Linear(width, inner, bias=False)
        self.distance_proj = nn.Linear(width, inner, bias=False)
        self.out_proj = nn.Linear(inner, width, bias=False)
        self.content_bias = nn.Parameter(torch.zeros(heads, head_width))  # u
        self.distance_bias = nn.Parameter(torch.zeros(heads, head_width))  # v
        self.segment_bias = nn.Parameter(torch.zeros(heads, head_width))  # w
        self.segment = nn.Parameter(torch.zeros(2, heads, head_width))  # s

    def project_distances(self, sinusoids: Tensor) -> Tensor:
        """(query + key, width) of `distances` -> (heads, query + key, head width)."""
        return split_heads(self.distance_proj(sinusoids), self.heads)

    def keys(self, content: Tensor, distance: Tensor) -> TransformerXLKeys:
        """Project what is attended to.

        Args:
            content: (batch, key, width); the queries' own vectors are the last.
            distance: what `project_distances` gives.
        """
        key = split_heads(self.k_proj(content), self.heads)
        value = split_heads(self.v_proj(content), self.heads)
        return TransformerXLKeys(key, value, distance)

    def forward(
        self,
        x: Tensor,
        *,
        keys: TransformerXLKeys,
        mask: Tensor | None = None,
        other_segment: Tensor | None = None,
        place: Tensor | None = None,
        need_weights: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """(batch, query, width) -> the same shape, weights (batch, heads, query, key).

        Args:
            keys: of `keys`.
            mask: boolean, broadcast to the weights; True = may attend.
            other_segment: boolean, broadcast to the weights; True where query and key
                are of two segments. Without it the segments' term is left out.
            place: (batch, number, query), ones where each of `number` vectors stands
                among the queries; x and the output are then (batch, number, width).
        """
        if place is not None:
            x = place.mT @ x  # (batch, query, width)
        query = split_heads(self.q_proj(x), self.heads)
        output, weights = scaled_dot_product_attention(
            query + self.content_bias[:, None],
            keys.key,
            keys.value,
            mask=mask,
            bias=self.bias(query, keys, other_segment),
            scale=self.scale,
            dropout_p=self.dropout if self.training else 0.0,
            need_weights=need_weights,
        )
        output = self.out_proj(merge_heads(output))
        if place is not None:
            output = place @ output  # (batch, number, width)
        return output, weights

    def bias(
        self, query: Tensor, keys: TransformerXLKeys, other_segment: Tensor | None
    ) -> Tensor:
        """The terms of distance and segment: (batch, heads, query, key)."""
        by = (query + self.distance_bias[:, None]) * self.scale
        bias = distance_scores(by, keys.distance, keys.key.shape[-2])
        if other_segment is None:
            return bias
        by = (query + self.segment_bias[:, None]) * self.scale
        same, other = torch.einsum("bhqd,shd->sbhq", by, self.segment)[..., None]
        return bias + torch.where(other_segment, other, same)
