"""Does a classifier keep its mind when words are replaced by near ones?

In the manner of TextFooler (Jin et al. 2020, arXiv 1907.11932): the words that matter
most are replaced first, each by the neighbour that misleads most, until the class
changes. What is milder than theirs, or ruder: neighbours are those of a table of static
vectors in which opposites can be near ("good" and "bad": theirs was trained to part
them), the part of speech isn't kept, no second model judges whether the sentence still
means the same, and only a share of the words may change. So an attack that succeeds
shows what a classifier hangs on, not always that it is wrong.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    import numpy as np

Predict = Callable[[Sequence[str]], "np.ndarray"]
"""From texts to the probabilities of the classes: (texts, classes)."""

WORD = re.compile(r"(\w+(?:['’]\w+)*)")


class Neighbours:
    """The words near a word, by the cosine of their vectors.

    Args:
        words: in lower case, each once.
        vectors: (words, width), not zero.
        threshold: the least cosine.
        most: neighbours of a word.

    Raises:
        ValueError: words and vectors aren't as many, or `most` is below 1.
    """

    def __init__(
        self,
        words: Sequence[str],
        vectors: Tensor,
        *,
        threshold: float = 0.5,
        most: int = 8,
    ):
        if len(words) != len(vectors):
            raise ValueError(f"{len(words)} words, but {len(vectors)} vectors")
        if most < 1:
            raise ValueError(f"most must be at least 1, was {most}")
        self.words = list(words)
        self.places = {word: place for place, word in enumerate(self.words)}
        self.vectors = torch.nn.functional.normalize(vectors.float(), dim=-1)
        self.threshold, self.most = threshold, most
        self._found: dict[str, list[str]] = {}

    def of(self, word: str) -> list[str]:
        """The nearest first; none for a word that isn't known or is a stop word.

        A capital at the beginning is kept.
        """
        lower = word.lower()
        if lower not in self._found:
            self._found[lower] = self._look_up(lower)
        found = self._found[lower]
        return [near.capitalize() for near in found] if word[:1].isupper() else found

    def _look_up(self, word: str) -> list[str]:
        if word not in self.places or word in _stop_words():
            return []
        place = self.places[word]
        cosines = self.vectors @ self.vectors[place]
        cosines[place] = -1.0
        top = cosines.topk(min(self.most, len(self.words)))
        return [
            self.words[i]
            for i, cosine in zip(top.indices.tolist(), top.values.tolist(), strict=True)
            if cosine >= self.threshold and i != place
        ]


def minilm_neighbours(threshold: float = 0.5, most: int = 8) -> Neighbours:
    """Among the whole words of MiniLM's token table, stop words left out."""
    from utils.pretrained import minilm

    tokenizer = minilm.tokenizer()
    tokens = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
    kept = [
        i
        for i, token in enumerate(tokens)
        if len(token) > 1
        and token.isascii()
        and token.isalpha()
        and token not in _stop_words()
    ]
    table = minilm.weights()["embeddings.word_embeddings.weight"]
    words = [tokens[i] for i in kept]
    return Neighbours(words, table[kept], threshold=threshold, most=most)


@dataclass(frozen=True)
class Attacked:
    """What became of one text."""

    text: str
    words: int
    changed: int
    """words that were replaced; 0 where the class was wrong from the start"""
    queries: int
    """texts that the classifier was asked"""
    correct_before: bool
    correct: bool


def attack(
    predict: Predict,
    texts: Sequence[str],
    labels: Sequence[int],
    neighbours: Neighbours,
    *,
    share: float = 0.2,
) -> list[Attacked]:
    """Replace words until the class is wrong or the share of words is used up.

    Words are ranked by how much the probability of the right class falls without
    them. A word's replacement is the nearest of those that change the class, or else
    the one that lowers the probability most, if any does. Nothing is random.

    Args:
        labels: the right classes.
        share: of a text's words that may be replaced; one always may.

    Raises:
        ValueError: texts and labels aren't as many, or a share isn't in (0, 1].
    """
    if len(texts) != len(labels):
        raise ValueError(f"{len(texts)} texts, but {len(labels)} labels")
    _check(share)
    return [
        _attack(predict, text, label, neighbours, share)
        for text, label in zip(texts, labels, strict=True)
    ]


def substitute(
    text: str, neighbours: Neighbours, share: float, rng: random.Random
) -> str:
    """Replace words by neighbours, both chosen at random.

    Args:
        share: of the text's words, as far as so many have neighbours.

    Raises:
        ValueError: a share that isn't in (0, 1].
    """
    _check(share)
    parts = WORD.split(text)
    places = _replaceable(parts, neighbours)
    number = min(len(places), _allowed(parts, share))
    for place in rng.sample(places, number):
        parts[place] = rng.choice(neighbours.of(parts[place]))
    return "".join(parts)


def summary(attacked: Sequence[Attacked]) -> dict[str, float]:
    """Accuracies (0 … 1) before and after; of the texts attacked, means.

    Raises:
        ValueError: there are no texts.
    """
    if not attacked:
        raise ValueError("no texts were attacked")
    tried = [one for one in attacked if one.correct_before]
    number = max(1, len(tried))
    return {
        "accuracy": sum(one.correct_before for one in attacked) / len(attacked),
        "attacked_accuracy": sum(one.correct for one in attacked) / len(attacked),
        "share_changed": sum(one.changed / one.words for one in tried) / number,
        "queries": sum(one.queries for one in tried) / number,
        "texts": len(attacked),
    }


def _attack(
    predict: Predict, text: str, label: int, neighbours: Neighbours, share: float
) -> Attacked:
    parts = WORD.split(text)
    probabilities = predict([text])
    likely, right = probabilities[0, label], probabilities[0].argmax() == label
    changed, queries = 0, 1
    places = _replaceable(parts, neighbours) if right else []
    correct = bool(right)
    if places:
        without = [parts[:place] + parts[place + 1 :] for place in places]
        left = predict(["".join(rest) for rest in without])[:, label]
        queries += len(places)
        order = sorted(zip(left.tolist(), places, strict=True))
        for _, place in order:
            if changed == _allowed(parts, share):
                break
            near = neighbours.of(parts[place])
            tried = [[*parts[:place], word, *parts[place + 1 :]] for word in near]
            found = predict(["".join(attempt) for attempt in tried])
            queries += len(tried)
            wrong = (found.argmax(1) != label).nonzero()[0]
            best = int(wrong[0]) if len(wrong) else int(found[:, label].argmin())
            if len(wrong) or found[best, label] < likely:
                parts, likely = tried[best], found[best, label]
                changed += 1
            if len(wrong):
                correct = False
                break
    return Attacked(
        text="".join(parts),
        words=len(parts) // 2,
        changed=changed,
        queries=queries,
        correct_before=bool(right),
        correct=correct,
    )


def _replaceable(parts: Sequence[str], neighbours: Neighbours) -> list[int]:
    """The places of words that have neighbours; words are at odd places."""
    return [i for i in range(1, len(parts), 2) if neighbours.of(parts[i])]


def _allowed(parts: Sequence[str], share: float) -> int:
    return max(1, int(share * (len(parts) // 2)))


def _check(share: float) -> None:
    if not 0 < share <= 1:
        raise ValueError(f"share must be in (0, 1], was {share}")


@cache
def _stop_words() -> frozenset[str]:
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return ENGLISH_STOP_WORDS


def robustness(
    predicts: Mapping[str, Predict],
    texts: Sequence[str],
    labels: Sequence[int],
    neighbours: Neighbours,
    *,
    attacked: int,
    share: float = 0.2,
    random_shares: Sequence[float] = (0.1, 0.2),
    seed: int = 0,
) -> dict[str, dict[str, float]]:
    """Accuracy of each classifier on the same texts: as they are, and replaced.

    Args:
        attacked: the first so many texts are attacked, each classifier by itself; what
            is replaced at random is the same for all.
    """
    rng = random.Random(seed)
    versions = {"clean": list(texts)} | {
        f"random {one:.0%}": [substitute(t, neighbours, one, rng) for t in texts]
        for one in random_shares
    }
    found = {}
    for name, predict in predicts.items():
        figures: dict[str, float] = {
            version: float((predict(asked).argmax(1) == labels).mean())
            for version, asked in versions.items()
        }
        attacks = attack(
            predict, texts[:attacked], labels[:attacked], neighbours, share=share
        )
        found[name] = figures | {
            f"attack: {key}": value for key, value in summary(attacks).items()
        }
    return found
