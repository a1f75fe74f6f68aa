"""Masked tokens: 15 % are chosen, most of them hidden (Devlin et al. 2019, §3.1).

Called anew for each batch, the choice is dynamic (Liu et al. 2019, RoBERTa, §4.1); the
static one of BERT is this, called once. Draws are made in the order of transformers'
`DataCollatorForLanguageModeling`: the same seed chooses the same tokens.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from utils.objectives.language_modeling import IGNORED


@dataclass(frozen=True)
class MaskedTokens:
    """What a masked-language model reads and what it is asked."""

    input_ids: Tensor
    """(batch, time), some of them hidden"""
    labels: Tensor
    """(batch, time), the original id where chosen, `IGNORED` elsewhere"""

    @property
    def chosen(self) -> Tensor:
        """(batch, time), True where a token is predicted, whether hidden or not."""
        return self.labels != IGNORED


def mask_tokens(
    ids: Tensor,
    *,
    special_ids: Iterable[int],
    mask_id: int,
    vocabulary: int,
    rng: torch.Generator | None = None,
    share: float = 0.15,
    mask_share: float = 0.8,
    random_share: float = 0.1,
    word_ids: Tensor | None = None,
) -> MaskedTokens:
    """Choose tokens, or whole words, and hide them.

    Each is chosen with the same probability, by itself; so a short row may have none.

    Args:
        ids: (batch, time)
        special_ids: never chosen: [CLS], [SEP], padding …
        mask_id, vocabulary: what hides a token, and the number of tokens.
        share: of the tokens (or words) that is chosen.
        mask_share, random_share: of the chosen that becomes [MASK], or any token of the
            vocabulary, as BERT's code has it; the rest stays as it is.
        word_ids: (batch, time), the word each token is a piece of, -1 for none: words
            are then chosen as a whole (BERT's whole-word masking of 2019). Neighbours
            with the same number are one word.

    Raises:
        ValueError: ids not (batch, time), word ids of another shape, shares that aren't
            shares, or a `mask_id` outside the vocabulary.
    """
    allowed = choosable(ids, special_ids)
    starts = None if word_ids is None else word_starts(word_ids, allowed)
    chosen = choose(allowed, share, rng, starts)
    return hide(
        ids,
        chosen,
        mask_id=mask_id,
        vocabulary=vocabulary,
        rng=rng,
        mask_share=mask_share,
        random_share=random_share,
    )


def choosable(ids: Tensor, special_ids: Iterable[int]) -> Tensor:
    """Where no special token stands: (batch, time), boolean.

    Raises:
        ValueError: ids not (batch, time).
    """
    if ids.ndim != 2:
        raise ValueError(f"ids must be (batch, time), were {tuple(ids.shape)}")
    return ~torch.isin(ids, torch.tensor([*special_ids], dtype=torch.long).to(ids))


def word_starts(word_ids: Tensor, allowed: Tensor) -> Tensor:
    """The position at which each token's word starts: (batch, time).

    A token outside words (word id -1, or not `allowed`) has its own.

    Raises:
        ValueError: word ids of another shape than the ids.
    """
    if word_ids.shape != allowed.shape:
        raise ValueError(
            f"word_ids must be {tuple(allowed.shape)} as the ids, "
            f"were {tuple(word_ids.shape)}"
        )
    words = word_ids.masked_fill(~allowed, -1)
    first = torch.ones_like(allowed)
    first[:, 1:] = (words[:, 1:] != words[:, :-1]) | (words[:, 1:] < 0)
    time = torch.arange(words.shape[1], device=words.device)
    return torch.where(first, time, 0).cummax(1).values


def choose(
    allowed: Tensor,
    share: float,
    rng: torch.Generator | None = None,
    starts: Tensor | None = None,
) -> Tensor:
    """Choose each allowed token, or each word by its first, with probability `share`.

    Args:
        allowed: (batch, time), boolean.
        starts: (batch, time), as of `word_starts`.

    Returns:
        (batch, time), boolean.
    """
    check_shares(share=share)
    chances = share * allowed.float()
    chosen = torch.bernoulli(chances, generator=rng).bool()
    return chosen if starts is None else chosen.gather(1, starts) & allowed


def hide(
    ids: Tensor,
    chosen: Tensor,
    *,
    mask_id: int,
    vocabulary: int,
    rng: torch.Generator | None = None,
    mask_share: float = 0.8,
    random_share: float = 0.1,
    starts: Tensor | None = None,
) -> MaskedTokens:
    """Replace chosen tokens by [MASK] or by random ones, or leave them.

    Args:
        ids, chosen: (batch, time)
        starts: (batch, time), the first position of each token's group: one draw says
            for the whole group which of the three it is (SpanBERT's spans).
        mask_id, vocabulary, mask_share, random_share: as in `mask_tokens`.

    Raises:
        ValueError: as `mask_tokens`.
    """
    check_shares(mask_share=mask_share, random_share=random_share)
    if mask_share + random_share > 1 + 1e-9:
        raise ValueError(
            "mask_share and random_share must be at most 1 together, were "
            f"{mask_share} and {random_share}"
        )
    if not 0 <= mask_id < vocabulary:
        raise ValueError(f"mask_id {mask_id} is outside the vocabulary of {vocabulary}")

    def draw(share: float) -> Tensor:
        shares = torch.full(ids.shape, float(share), device=ids.device)
        drawn = torch.bernoulli(shares, generator=rng).bool()
        return chosen & (drawn if starts is None else drawn.gather(1, starts))

    labels = ids.masked_fill(~chosen, IGNORED)
    masked = draw(mask_share)
    hidden = ids.masked_fill(masked, mask_id)
    if random_share:
        # Of what the first draw has left: 0.1 of all is half of the last 0.2.
        replaced = draw(min(1.0, random_share / (1 - mask_share))) & ~masked
        words = torch.randint(vocabulary, ids.shape, generator=rng, device=ids.device)
        hidden = torch.where(replaced, words, hidden)
    return MaskedTokens(hidden, labels)


def check_shares(**shares: float) -> None:
    """Refuse what isn't between 0 and 1, by its name.

    Raises:
        ValueError: a share below 0 or above 1.
    """
    for name, value in shares.items():
        if not 0 <= value <= 1:
            raise ValueError(f"{name} must be between 0 and 1, was {value}")
