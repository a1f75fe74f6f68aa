"""Pegasus's objective: write the missing sentences (Zhang et al. 2020, §3.1).

Gap sentences (arXiv 1912.08777): the sentences that say most of what the others say are
taken out, as a stand-in for a summary.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from utils.objectives.masked_lm import check_shares


class GapSentences(NamedTuple):
    """What the encoder reads and what the decoder writes."""

    input_ids: list[int]
    """the document, one mask for each sentence taken out"""
    labels: list[int]
    """those sentences, in the document's order"""


def gap_sentences(
    document: Sequence[Sequence[int]],
    *,
    mask_id: int,
    share: float = 0.3,
    sequential: bool = False,
    unique: bool = False,
) -> GapSentences:
    """Take out a document's principal sentences.

    Args:
        document: its sentences, each a list of ids.
        mask_id: Pegasus's <mask_1>.
        share: of the sentences that is taken out, one at least (§3.1: the gap
            sentences ratio; 30 % in the large model).
        sequential, unique: as in `principal_sentences`.

    Raises:
        ValueError: fewer than two sentences, or a share that leaves none.
    """
    check_shares(share=share)
    count = max(1, round(share * len(document)))
    taken = set(
        principal_sentences(document, count, sequential=sequential, unique=unique)
    )
    source, target = [], []
    for i, sentence in enumerate(document):
        source += [mask_id] if i in taken else list(sentence)
        target += list(sentence) if i in taken else []
    return GapSentences(source, target)


def principal_sentences(
    document: Sequence[Sequence[Hashable]],
    count: int,
    *,
    sequential: bool = False,
    unique: bool = False,
) -> list[int]:
    """The sentences with the highest ROUGE-1 F1 against the rest of their document.

    Sentence and rest are together as long as the document, so that (but for `unique`)
    the highest F1 is simply the most words shared; of recall the longest would profit.

    Args:
        document: its sentences, each a list of tokens or words.
        count: how many.
        sequential: add one sentence at a time, so that those taken, together, score
            highest against what is left ("Seq"); else each is scored by itself
            ("Ind", which the paper prefers, §6.1.2).
        unique: count a word once however often it occurs ("Uniq"; else "Orig").

    Returns:
        Their places in the document, in rising order. The earlier of equals is taken.

    Raises:
        ValueError: `count` sentences can't be taken out with one left.
    """
    if not 1 <= count < len(document):
        raise ValueError(
            f"{count} sentences can't be taken out of {len(document)}: "
            "at least one is taken and one stays"
        )
    words = word_counts(document)
    if not sequential:
        scores = rouge1_f1(words, words.sum(0) - words, unique=unique)
        best = scores.argsort(descending=True, stable=True)[:count]
        return sorted(best.tolist())
    taken: list[int] = []
    for _ in range(count):
        together = words + words[taken].sum(0)  # each sentence with those taken
        scores = rouge1_f1(together, words.sum(0) - together, unique=unique)
        scores[taken] = -1
        taken.append(int(scores.argsort(descending=True, stable=True)[0]))
    return sorted(taken)


def word_counts(document: Sequence[Sequence[Hashable]]) -> Tensor:
    """How often each word is in each sentence: (sentences, different words)."""
    numbers: dict[Hashable, int] = {}
    columns = [[numbers.setdefault(w, len(numbers)) for w in s] for s in document]
    counts = torch.zeros(len(document), len(numbers), dtype=torch.long)
    for row, column in zip(counts, columns, strict=True):
        row += torch.bincount(
            torch.tensor(column, dtype=torch.long), minlength=len(numbers)
        )
    return counts


def rouge1_f1(candidate: Tensor, reference: Tensor, *, unique: bool = False) -> Tensor:
    """F1 of the words two texts share (Lin 2004, §2): 0 … 1 in float64.

    A word counts as shared as often as it is in both. 0 where either text is empty.

    Args:
        candidate, reference: (..., words), how often each word occurs.
        unique: count each word once.
    """
    if unique:
        candidate, reference = candidate.clamp(max=1), reference.clamp(max=1)
    shared = torch.minimum(candidate, reference).sum(-1)
    both = candidate.sum(-1) + reference.sum(-1)
    # 2PR / (P + R), with P = shared / candidate and R = shared / reference
    return 2 * shared.double() / both.clamp(min=1)
