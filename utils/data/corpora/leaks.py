"""Do the splits of a corpus share text?

A grammar may write one sentence twice, and a test text that stood in training measures
memory. Texts are compared by their words, without case and punctuation.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

WORD = re.compile(r"\w+(?:['’]\w+)*")


@dataclass(frozen=True)
class Leak:
    """A text that an earlier split has too, or nearly."""

    split: str
    index: int
    other: str
    other_index: int
    share: float
    """of the n-grams of the shorter text that the longer one has, 1 if it has all"""


def words(text: str) -> list[str]:
    """The words of a text in lower case, without punctuation."""
    return WORD.findall(text.lower())


def find(
    splits: Mapping[str, Sequence[str]], *, size: int = 5, share: float = 0.6
) -> list[Leak]:
    """For each text the worst leak into each earlier split, if there is one.

    Args:
        splits: texts by the name of their split, training first.
        size: of the n-grams, in words; a shorter text is one n-gram.
        share: of the n-grams of the shorter text from which on it is a leak. Equal
            texts have 1, and so has a text that was only added to.

    Raises:
        ValueError: `size` below 1, or `share` outside 0 (excluded) to 1.
    """
    if size < 1:
        raise ValueError(f"size must be at least 1, was {size}")
    if not 0 < share <= 1:
        raise ValueError(f"share must be above 0 and at most 1, was {share}")
    found = []
    earlier: list[tuple[str, list[int], dict[tuple[str, ...], list[int]]]] = []
    for split, texts in splits.items():
        grams = [_grams(text, size) for text in texts]
        for index, own in enumerate(grams):
            for other, sizes, places in earlier:
                worst = _worst(own, sizes, places)
                if worst and worst[0] >= share:
                    found.append(Leak(split, index, other, worst[1], worst[0]))
        index_of = defaultdict(list)
        for index, own in enumerate(grams):
            for gram in own:
                index_of[gram].append(index)
        earlier.append((split, [len(own) for own in grams], index_of))
    return found


def repeats(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Places (first, again) at which the same words stand twice."""
    seen: dict[tuple[str, ...], int] = {}
    for index, text in enumerate(texts):
        first = seen.setdefault(tuple(words(text)), index)
        if first != index:
            yield first, index


def _grams(text: str, size: int) -> set[tuple[str, ...]]:
    found = words(text)
    if len(found) <= size:
        return {tuple(found)} if found else set()
    return {tuple(found[i : i + size]) for i in range(len(found) - size + 1)}


def _worst(
    own: set[tuple[str, ...]],
    sizes: Sequence[int],
    places: Mapping[tuple[str, ...], Sequence[int]],
) -> tuple[float, int] | None:
    common = Counter(index for gram in own for index in places.get(gram, ()))
    shares = ((n / min(len(own), sizes[i]), -i) for i, n in common.items())
    worst = max(shares, default=None)
    return worst and (worst[0], -worst[1])
