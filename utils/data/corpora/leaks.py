"""Do the splits of a corpus share text?

A grammar may write one sentence twice, and a test text that stood in training measures
memory. Texts are compared by their words, without case and punctuation.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
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


class Index:
    """Texts by their n-grams, to find those that a text shares most of them with."""

    def __init__(self, texts: Iterable[str] = (), *, size: int = 5) -> None:
        if size < 1:
            raise ValueError(f"size must be at least 1, was {size}")
        self.size = size
        self._counts: list[int] = []
        self._places: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for text in texts:
            self.add(text)

    def add(self, text: str) -> None:
        grams = self._grams(text)
        for gram in grams:
            self._places[gram].append(len(self._counts))
        self._counts.append(len(grams))

    def worst(self, text: str) -> tuple[float, int]:
        """The largest share (see `find`) and the place of its text; 0, -1 for none."""
        own = self._grams(text)
        common = Counter(i for gram in own for i in self._places.get(gram, ()))
        shares = ((n / min(len(own), self._counts[i]), -i) for i, n in common.items())
        share, place = max(shares, default=(0.0, 1))
        return share, -place

    def _grams(self, text: str) -> set[tuple[str, ...]]:
        found = words(text)
        if len(found) <= self.size:
            return {tuple(found)} if found else set()
        starts = range(len(found) - self.size + 1)
        return {tuple(found[i : i + self.size]) for i in starts}


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
    if not 0 < share <= 1:
        raise ValueError(f"share must be above 0 and at most 1, was {share}")
    found = []
    earlier: dict[str, Index] = {}
    for split, texts in splits.items():
        for index, text in enumerate(texts):
            for other, indexed in earlier.items():
                worst, place = indexed.worst(text)
                if worst >= share:
                    found.append(Leak(split, index, other, place, worst))
        earlier[split] = Index(texts, size=size)
    return found


def repeats(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Places (first, again) at which the same words stand twice."""
    seen: dict[tuple[str, ...], int] = {}
    for index, text in enumerate(texts):
        first = seen.setdefault(tuple(words(text)), index)
        if first != index:
            yield first, index
