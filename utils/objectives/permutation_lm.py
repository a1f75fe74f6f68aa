"""Tokens in any order (Yang et al. 2019, XLNet, arXiv 1906.08237).

The order says only who sees whom; tokens keep their places. Of each order the last
tokens, about one in six, are predicted (§2.3, "Partial Prediction"): the others are
context, which sees all context, and each target sees the context and the targets before
it in the order.

transformers' `DataCollatorForPermutationLanguageModeling` makes the same masks for
ordinary tokens, with two differences. It puts <mask> in place of the targets, so that
no target sees another's token; here the input stays as it is, and does. And its special
tokens, which all see, may see targets in turn: with the targets' own tokens in the
input, these would come back to them that way. Here special tokens are context.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from utils.objectives.language_modeling import IGNORED
from utils.objectives.masked_lm import choosable


@dataclass(frozen=True)
class PermutedTokens:
    """What XLNet's two streams read and are asked."""

    input_ids: Tensor
    """(batch, time), unchanged"""
    perm_mask: Tensor
    """(batch, time, time), 1 where row i may not see column j"""
    target_mapping: Tensor
    """(batch, number, time), one-hot: the positions to predict"""
    labels: Tensor
    """(batch, number), `IGNORED` where a row has fewer targets than the batch's most"""


def permute_tokens(
    ids: Tensor,
    *,
    special_ids: Iterable[int],
    rng: torch.Generator | None = None,
    share: float = 1 / 6,
    longest: int = 5,
) -> PermutedTokens:
    """Choose targets and an order for each row.

    Args:
        ids: (batch, time)
        special_ids: never predicted. Hide padding with the attention mask as well.
        share, longest: as in `choose_targets`.

    Raises:
        ValueError: ids not (batch, time), a share outside (0, 1], or no span length.
    """
    targets = choose_targets(
        choosable(ids, special_ids), rng, share=share, longest=longest
    )
    rank = torch.rand(ids.shape, generator=rng, device=ids.device).argsort(1)
    mapping, labels = map_targets(ids, targets)
    return PermutedTokens(ids, permutation_mask(rank, targets), mapping, labels)


def choose_targets(
    allowed: Tensor,
    rng: torch.Generator | None = None,
    *,
    share: float = 1 / 6,
    longest: int = 5,
) -> Tensor:
    """Choose spans of 1 … `longest` tokens, each at random in a context (§3.1).

    A span of L tokens has a context of L / share, and contexts follow one another.

    Args:
        allowed: (batch, time), boolean; what isn't allowed falls out of its span.

    Returns:
        (batch, time), boolean.
    """
    if not 0 < share <= 1 or longest < 1:
        raise ValueError(
            f"share must be above 0 and at most 1, and longest at least 1, were "
            f"{share} and {longest}"
        )
    batch, time = allowed.shape
    device = allowed.device
    position = torch.arange(time, device=device)
    targets = torch.zeros_like(allowed)
    begin = torch.zeros(batch, 1, dtype=torch.long, device=device)
    while (begin < time).any():
        length = torch.randint(1, longest + 1, (batch, 1), generator=rng, device=device)
        context = (length / share).round().long()
        before = torch.rand(batch, 1, generator=rng, device=device)
        start = begin + (before * (context - length + 1)).long()
        targets |= (position >= start) & (position < start + length)
        begin += context
    return targets & allowed


def permutation_mask(rank: Tensor, targets: Tensor) -> Tensor:
    """Who may not see whom: (batch, time, time), 1 where row i may not see column j.

    Context is seen by all; a target by the targets after it in the order. Itself it is
    hidden from as well: the query stream needs that, and the content stream, which does
    see its own token, is given it by the model.

    Args:
        rank: (batch, time), the place of each token in the order; of the targets' ranks
            only which is larger counts. From an order of positions: `order.argsort(1)`.
        targets: (batch, time), boolean.
    """
    rank = rank.masked_fill(~targets, -1)
    hidden = (rank[:, :, None] <= rank[:, None, :]) & targets[:, None, :]
    return hidden.float()


def map_targets(ids: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Where the targets are and what they are.

    Returns:
        target_mapping (batch, number, time) and labels (batch, number), in the order of
        their positions. A row with fewer targets than the most points at some other
        token as well; its label is `IGNORED`.
    """
    number = max(1, int(targets.sum(1).max()))
    positions = targets.long().argsort(dim=1, descending=True, stable=True)[:, :number]
    mapping = F.one_hot(positions, ids.shape[1]).float()
    labels = ids.gather(1, positions)
    return mapping, labels.masked_fill(~targets.gather(1, positions), IGNORED)
