"""Who may attend to whom. True = may attend, everywhere in this package."""

from __future__ import annotations

from functools import reduce

import torch
from torch import Tensor
from torch.nn import functional as F

from utils.nn.values import cheap_to_see


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


def padding_mask(
    attention_mask: Tensor | None,
    shape: tuple[int, ...] | None = None,
    name: str = "attention_mask",
) -> Tensor | None:
    """Hide padding from every query: (batch, key) of 1 and 0 -> (batch, 1, 1, key).

    The two middle axes stand for heads and queries. None where nothing is padded, so
    that attention takes its shorter way (looked up on the CPU only; elsewhere, and in
    compiled code, looking would cost more than it saves).

    Args:
        attention_mask: as tokenizers give it; None where nothing is padded.
        shape: the (batch, key) that it must have.
        name: what an error calls it.

    Raises:
        ValueError: the argument isn't (batch, key), or not of the shape; or it has
            negative numbers, as masks do that are added to scores.
    """
    if attention_mask is None:
        return None
    found = tuple(attention_mask.shape)
    if len(found) != 2 or (shape is not None and found != shape):
        expected = "" if shape is None else f" = {shape}"
        raise ValueError(f"{name} must be (batch, key){expected}, was {found}")
    mask = attention_mask.bool()
    if cheap_to_see(mask):
        if mask.all():
            return None
        if attention_mask.is_floating_point() and (attention_mask < 0).any():
            raise ValueError(
                f"{name} must be 1 for tokens and 0 for padding, had "
                f"{attention_mask.min().item():g}: it isn't added to scores"
            )
    return mask[:, None, None, :]


def token_mask(
    attention_mask: Tensor | None, shape: tuple[int, ...] | None = None
) -> Tensor | None:
    """`padding_mask` as recurrent layers take it: (batch, time), True = read."""
    mask = padding_mask(attention_mask, shape)
    return None if mask is None else mask[:, 0, 0]


def two_stream_masks(
    shape: tuple[int, int],
    attention_mask: Tensor | None = None,
    perm_mask: Tensor | None = None,
    earlier: int = 0,
) -> tuple[Tensor | None, Tensor | None]:
    """Masks for predicting tokens in any order (Yang et al. 2019, §2.3).

    Args:
        shape: (batch, time)
        attention_mask: (batch, time), 1 for tokens and 0 for padding.
        perm_mask: (batch, time, time), 1 where row i may not see column j.
        earlier: keys that come before the sequence, which all may see.

    Returns:
        two of (batch, 1, time, earlier + time), True = may attend: as the arguments say
        for what is predicted, and where each sees itself, too, for what is read. None,
        which hides nothing, without a mask.

    Raises:
        ValueError: a mask of another shape.
    """
    batch, time = shape
    allowed = padding_mask(attention_mask, shape)
    if perm_mask is not None:
        if perm_mask.shape != (batch, time, time):
            raise ValueError(
                f"perm_mask must be {(batch, time, time)}, was {tuple(perm_mask.shape)}"
            )
        allowed = combine_masks(allowed, ~perm_mask.bool()[:, None])
    if allowed is None:
        return None, None
    allowed = allowed.expand(-1, -1, time, -1)  # (batch, 1, query, key)
    itself = torch.eye(time, dtype=torch.bool, device=allowed.device)
    others, itself_too = allowed, allowed | itself
    return (
        F.pad(others, (earlier, 0), value=True),
        F.pad(itself_too, (earlier, 0), value=True),
    )


def last_true(mask: Tensor) -> Tensor:
    """Where the last True of each row stands: (batch, time) -> (batch,); 0 in a row
    that has none."""
    return (torch.arange(mask.shape[1], device=mask.device) * mask).argmax(-1)


def combine_masks(*masks: Tensor | None) -> Tensor | None:
    """May attend by all of them; None, which hides nothing, where all are None."""
    given = [mask for mask in masks if mask is not None]
    return reduce(torch.logical_and, given) if given else None
