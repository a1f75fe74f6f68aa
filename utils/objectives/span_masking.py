"""Whole spans masked, told from their neighbours (Joshi et al. 2020, arXiv 1907.10529).

SpanBERT, §3.1 and §3.2.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from utils.nn.heads import span_boundaries
from utils.objectives.language_modeling import token_loss
from utils.objectives.masked_lm import (
    MaskedTokens,
    check_shares,
    choosable,
    hide,
    word_starts,
)


def mask_spans(
    ids: Tensor,
    *,
    special_ids: Iterable[int],
    mask_id: int,
    vocabulary: int,
    rng: torch.Generator | None = None,
    share: float = 0.15,
    mask_share: float = 0.8,
    random_share: float = 0.1,
    stop: float = 0.2,
    longest: int = 10,
    word_ids: Tensor | None = None,
) -> MaskedTokens:
    """Choose spans and hide them; all tokens of a span share one of BERT's three fates.

    Args:
        ids: (batch, time)
        special_ids: never chosen, and no span goes across one.
        mask_id, vocabulary, mask_share, random_share: as in `masked_lm.mask_tokens`.
        share, stop, longest, word_ids: as in `choose_spans`.

    Raises:
        ValueError: as `masked_lm.mask_tokens`.
    """
    allowed = choosable(ids, special_ids)
    chosen = choose_spans(
        allowed,
        rng,
        share=share,
        stop=stop,
        longest=longest,
        word_ids=word_ids,
    )
    return hide(
        ids,
        chosen,
        mask_id=mask_id,
        vocabulary=vocabulary,
        rng=rng,
        mask_share=mask_share,
        random_share=random_share,
        starts=word_starts(torch.zeros_like(ids), chosen),
    )


def span_lengths(
    count: int,
    rng: torch.Generator | None = None,
    *,
    stop: float = 0.2,
    longest: int = 10,
    device: torch.device | str | None = None,
) -> Tensor:
    """Draw lengths 1 … `longest` from a geometric distribution cut off there: (count,).

    §3.1 says "clipped" and gives a mean of 3.8. That is the distribution without its
    tail, renormalised (Figure 2); longer draws moved to 10 would have a mean of 4.5.
    """
    lengths = torch.arange(longest, dtype=torch.float64, device=device)
    weights = (1 - stop) ** lengths
    return 1 + torch.multinomial(weights, count, replacement=True, generator=rng)


def choose_spans(
    allowed: Tensor,
    rng: torch.Generator | None = None,
    *,
    share: float = 0.15,
    stop: float = 0.2,
    longest: int = 10,
    word_ids: Tensor | None = None,
) -> Tensor:
    """Choose spans of whole words until `share` of the tokens is spent.

    A span starts at a word drawn evenly and is as many words long as `span_lengths`
    says, or as fit. A visible token stays on either side of it, so that it has two
    neighbours: the first and the last of a row are never chosen.

    Args:
        allowed: (batch, time), boolean; no span goes across a False.
        share: of a row's allowed tokens; a row that has any gets at least one token's
            budget, and spends less where words are longer than what is left of it.
        word_ids: (batch, time), as in `masked_lm.mask_tokens`; else tokens are words.

    Returns:
        (batch, time), boolean.
    """
    check_shares(share=share)
    allowed = allowed.clone()
    allowed[:, [0, -1]] = False
    time = torch.arange(allowed.shape[1], device=allowed.device)
    word = time.expand(allowed.shape)  # the number of each token's word
    if word_ids is not None:
        allowed &= word_ids >= 0
        # A word that reaches the first or last token can't be whole: leave it out.
        starts = word_starts(word_ids, torch.ones_like(allowed))
        allowed &= (
            torch.ones_like(allowed)
            .scatter_reduce(1, starts, allowed, "amin")
            .gather(1, starts)
        )
        word = (starts == time).cumsum(1) - 1
    size = torch.zeros_like(word).scatter_add(1, word, allowed.long())  # tokens a word
    left = (share * size.sum(1, keepdim=True)).round().long()
    left = left.clamp(min=int(share > 0))  # (batch, 1)
    chosen = torch.zeros_like(allowed)  # by word, as all in the loop
    while True:
        beside = chosen.clone()
        beside[:, 1:] |= chosen[:, :-1]
        beside[:, :-1] |= chosen[:, 1:]
        free = (size > 0) & ~beside
        fits = free & (size <= left)
        unfinished = fits.any(1, keepdim=True)
        if not unfinished.any():
            return chosen.gather(1, word) & allowed
        start = torch.multinomial((fits | ~unfinished).float(), 1, generator=rng)
        length = span_lengths(
            len(allowed), rng, stop=stop, longest=longest, device=allowed.device
        )
        after = time >= start
        span = unfinished & after & (time < start + length[:, None])
        span &= (after & ~free).cumsum(1) == 0
        span &= (size * after).cumsum(1) <= left
        chosen |= span
        left -= (size * span).sum(1, keepdim=True)


class BoundaryPairs(NamedTuple):
    """What tells each chosen token, in the order of `ids[chosen]`: (number,) each."""

    row: Tensor
    left: Tensor
    """the visible position before its span"""
    right: Tensor
    """the visible position after its span"""
    place: Tensor
    """in the span, from 0"""


def boundary_pairs(chosen: Tensor) -> BoundaryPairs:
    """The span boundary objective's inputs (§3.2): x at s - 1 and e + 1, and i - s.

    Raises:
        TypeError, ValueError: as `utils.nn.heads.span_boundaries`: `chosen` isn't
            boolean (batch, time), or a span reaches an end of its row.
    """
    left, right = span_boundaries(chosen)
    row, time = chosen.nonzero(as_tuple=True)
    left, right = left[chosen], right[chosen]
    return BoundaryPairs(row, left, right, time - left - 1)


def span_loss(
    prediction_logits: Tensor,
    boundary_logits: Tensor,
    labels: Tensor,
    *,
    reduction: Literal["mean", "sum"] = "mean",
) -> Tensor:
    """Each chosen token from its own vector and from its span's neighbours (§3.2).

    Args:
        prediction_logits, boundary_logits: (number chosen, vocabulary), or for every
            position.
        labels: (batch, time)
    """
    return token_loss(prediction_logits, labels, reduction=reduction) + token_loss(
        boundary_logits, labels, reduction=reduction
    )
