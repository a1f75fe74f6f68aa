"""How a model is told where a token stands."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from utils.nn.values import cheap_to_see


class LearnedPositions(nn.Embedding):
    """A learned vector for each position (BERT, GPT-2; BART with an offset of 2).

    Args:
        length: positions that can be told apart.
        width: of each vector.
        offset: rows of the table before position 0. BART's table starts with two that
            its first implementation kept for padding.
    """

    def __init__(self, length: int, width: int, offset: int = 0):
        super().__init__(length + offset, width)
        self.length, self.offset = length, offset

    def forward(self, positions: Tensor) -> Tensor:
        """positions (..., time) -> (..., time, width).

        Raises:
            ValueError: a position beyond the last.
        """
        _within(positions, self.length)
        rows = positions + self.offset if self.offset else positions
        return F.embedding(rows, self.weight)


class SinusoidalPositions(nn.Module):
    """sin and cos of the position at wavelengths from 2π to 10,000 · 2π, not learned.

    Args:
        length: positions that can be told apart.
        width: of each vector; even.
        layout: "interleaved" has sin and cos in turn (Vaswani et al. 2017, §3.5),
            "halves" all sines before all cosines (Marian, Pegasus).

    Raises:
        ValueError: an odd width or an unknown layout.
    """

    def __init__(self, length: int, width: int, layout: str = "interleaved"):
        super().__init__()
        if width % 2:
            raise ValueError(f"sinusoids come in pairs, the width was {width}")
        if layout not in ("interleaved", "halves"):
            raise ValueError(f"layout is 'interleaved' or 'halves', was {layout!r}")
        self.length = length
        table = sinusoids(torch.arange(length, dtype=torch.float64), width, layout)
        self.weight: Tensor
        self.register_buffer("weight", table.to(torch.get_default_dtype()))

    def forward(self, positions: Tensor) -> Tensor:
        """positions (..., time) -> (..., time, width).

        Raises:
            ValueError: a position beyond the last.
        """
        _within(positions, self.length)
        return F.embedding(positions, self.weight)


def sinusoids(
    positions: Tensor, width: int, layout: str = "halves", base: float = 10_000.0
) -> Tensor:
    """sin and cos of `positions` (...,) at `width / 2` frequencies -> (..., width)."""
    dtype = positions.dtype if positions.is_floating_point() else None
    even = torch.arange(0, width, 2, dtype=dtype, device=positions.device)
    angles = positions[..., None] * torch.exp(-math.log(base) * even / width)
    pair = torch.sin(angles), torch.cos(angles)
    if layout == "halves":
        return torch.cat(pair, dim=-1)
    return torch.stack(pair, dim=-1).flatten(-2)


class RelativePositionBias(nn.Module):
    """T5's bias: a learned number for each head and each range of distances.

    Raffel et al. 2020, §2.1. Near distances have a range each, far ones share
    logarithmically growing ranges up to `max_distance`.

    Args:
        heads: number of heads.
        buckets: ranges that are told apart.
        max_distance: from here on all distances share the last range.
        bidirectional: tell before from after; else everything after is distance 0.
    """

    def __init__(
        self,
        heads: int,
        buckets: int = 32,
        max_distance: int = 128,
        *,
        bidirectional: bool,
    ):
        super().__init__()
        self.buckets, self.max_distance = buckets, max_distance
        self.bidirectional = bidirectional
        self.weight = nn.Parameter(torch.zeros(buckets, heads))

    def forward(self, query_length: int, key_length: int) -> Tensor:
        """-> (1, heads, query, key); the queries are the last of the positions."""
        device = self.weight.device
        key = torch.arange(key_length, device=device)
        query = torch.arange(key_length - query_length, key_length, device=device)
        bucket = relative_bucket(
            key[None, :] - query[:, None],
            self.buckets,
            self.max_distance,
            bidirectional=self.bidirectional,
        )
        return F.embedding(bucket, self.weight).permute(2, 0, 1)[None]


def relative_bucket(
    distance: Tensor, buckets: int, max_distance: int, *, bidirectional: bool
) -> Tensor:
    """Number the range that a distance, key minus query, falls into, as T5 does."""
    offset = torch.zeros_like(distance)
    if bidirectional:
        buckets //= 2
        offset = (distance > 0).long() * buckets
        distance = distance.abs()
    else:
        distance = (-distance).clamp(min=0)
    near = buckets // 2
    # The clamp keeps log away from 0; `where` takes the near ones from `distance`.
    ratio = torch.log(distance.clamp(min=1).float() / near) / math.log(
        max_distance / near
    )
    far = (near + (ratio * (buckets - near)).long()).clamp(max=buckets - 1)
    return offset + torch.where(distance < near, distance, far)


def _within(positions: Tensor, length: int) -> None:
    if positions.shape[-1] > length or (
        cheap_to_see(positions) and positions.numel() and int(positions.max()) >= length
    ):
        raise ValueError(
            f"a sequence of {positions.shape[-1]} goes beyond the {length} positions "
            "that this model has"
        )
