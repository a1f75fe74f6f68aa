"""Does B follow A, and which came first?

Next sentence prediction is BERT's (Devlin et al. 2019, §3.1, task 2), sentence order
prediction ALBERT's (Lan et al. 2020, §3.1). A sentence may be a text or a list of ids,
and as long as one likes: both papers take segments of several sentences.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import torch
from torch import Tensor
from torch.nn import functional as F

from utils.objectives.language_modeling import token_loss
from utils.objectives.masked_lm import check_shares

Sentence = TypeVar("Sentence", str, Sequence[int])

ATTEMPTS = 32
"""Draws for a negative before looking through all sentences for one."""


@dataclass(frozen=True)
class Pair(Generic[Sentence]):
    """Two sentences and what is asked about them."""

    first: Sentence
    second: Sentence
    label: int
    """0: the second follows the first, as in transformers; 1: it doesn't"""


def next_sentence_pairs(
    documents: Sequence[Sequence[Sentence]],
    rng: torch.Generator | None = None,
    *,
    negative_share: float = 0.5,
) -> list[Pair[Sentence]]:
    """Each sentence with its next, or with one out of another document (label 1).

    A negative never follows its first sentence anywhere in the documents, and is drawn
    from the sentences that follow one, as the positives are: if documents' openings
    were among them, the second sentence alone would give the answer away.

    Raises:
        ValueError: a sentence has no negative, as when there is one document only.
    """
    check_shares(negative_share=negative_share)
    follows = _followers(documents)
    pool = [(d, s) for d, document in enumerate(documents) for s in document[1:]]
    pairs = []

    def allowed(place: int, here: int, first: Sentence) -> bool:
        there, second = pool[place]
        return there != here and _key(second) not in follows[_key(first)]

    for here, document in enumerate(documents):
        for first, second in zip(document, document[1:], strict=False):
            if not _chance(negative_share, rng):
                pairs.append(Pair(first, second, 0))
                continue
            drawn = _below(len(pool), rng)
            for _ in range(ATTEMPTS):
                if allowed(drawn, here, first):
                    break
                drawn = _below(len(pool), rng)
            else:
                left = [i for i in range(len(pool)) if allowed(i, here, first)]
                if not left:
                    raise ValueError(
                        f"no negative for {first!r}: of {len(documents)} documents, "
                        "no other has a sentence that doesn't follow it somewhere"
                    )
                drawn = left[_below(len(left), rng)]
            pairs.append(Pair(first, pool[drawn][1], 1))
    return pairs


def sentence_order_pairs(
    documents: Sequence[Sequence[Sentence]],
    rng: torch.Generator | None = None,
    *,
    negative_share: float = 0.5,
) -> list[Pair[Sentence]]:
    """Each sentence with its next, in order or swapped (label 1).

    Pairs that occur in both orders are left out: no one could tell them.
    """
    check_shares(negative_share=negative_share)
    follows = _followers(documents)
    pairs = []
    for document in documents:
        for first, second in zip(document, document[1:], strict=False):
            if _key(first) in follows.get(_key(second), ()):
                continue
            swapped = _chance(negative_share, rng)
            pairs.append(Pair(second, first, 1) if swapped else Pair(first, second, 0))
    return pairs


def pair_pre_training_loss(
    prediction_logits: Tensor,
    labels: Tensor,
    pair_logits: Tensor,
    pair_labels: Tensor,
) -> Tensor:
    """Masked tokens and the pair, the sum of two means (Devlin et al. 2019, A.2).

    Args:
        prediction_logits: (batch, time, vocabulary), or of the chosen positions only.
        labels: (batch, time), as of `masked_lm.mask_tokens`.
        pair_logits: (batch, 2)
        pair_labels: (batch,)
    """
    masked = token_loss(prediction_logits, labels)
    return masked + F.cross_entropy(pair_logits, pair_labels)


def _key(sentence: Sentence) -> str | tuple[int, ...]:
    return sentence if isinstance(sentence, str) else tuple(sentence)


def _followers(documents: Sequence[Sequence[Sentence]]) -> dict:
    found: dict = {}
    for document in documents:
        for first, second in zip(document, document[1:], strict=False):
            found.setdefault(_key(first), set()).add(_key(second))
    return found


def _chance(share: float, rng: torch.Generator | None) -> bool:
    return torch.rand((), generator=rng).item() < share


def _below(count: int, rng: torch.Generator | None) -> int:
    return int(torch.randint(count, (), generator=rng))
