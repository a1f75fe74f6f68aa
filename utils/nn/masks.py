"""Who may attend to whom. True = may attend, everywhere in this package."""

from __future__ import annotations

import torch
from torch import Tensor


def causal_mask(
    query_length: int,
    key_length: int | None = None,
    device: torch.device | str | None = None,
) -> Tensor:
    """Let each query attend to itself and to what came before: (query, key).

    With more keys than queries the queries are the last ones, as when the earlier keys
    come out of a cache.

    Raises:
        ValueError: there are fewer keys than queries.
    """
    key_length = query_length if key_length is None else key_length
    if key_length < query_length:
        raise ValueError(
            f"{query_length} queries need as many keys, there are {key_length}"
        )
    query = torch.arange(key_length - query_length, key_length, device=device)
    return query[:, None] >= torch.arange(key_length, device=device)


def padding_mask(attention_mask: Tensor) -> Tensor:
    """Hide padding from every query: (batch, key) of 1 and 0 -> (batch, 1, 1, key).

    The two middle axes stand for heads and queries.

    Raises:
        ValueError: the argument isn't (batch, key).
    """
    if attention_mask.ndim != 2:
        raise ValueError(
            f"attention_mask must be (batch, key), was {tuple(attention_mask.shape)}"
        )
    return attention_mask.bool()[:, None, None, :]
