"""What translates without grammar: a dictionary, and the most alike sentence.

Both are learnt from the training pairs. The dictionary is IBM's first model (Brown et
al. 1993): which French word an English word goes with, wherever they stand.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from utils.data.corpora.leaks import words
from utils.data.examples import Translation


@dataclass(frozen=True)
class Score:
    """BLEU from 0 to 100 (sacreBLEU), and the share of sentences that are right."""

    bleu: float
    exact: float


def score(found: Sequence[str], wanted: Sequence[str]) -> Score:
    """Of translations; case and marks don't count, as neither baseline writes them.

    Raises:
        ValueError: not as many found as wanted.
    """
    from sacrebleu.metrics import BLEU

    if len(found) != len(wanted):
        raise ValueError(f"{len(found)} found but {len(wanted)} wanted")
    plain = [[" ".join(words(text)) for text in texts] for texts in (found, wanted)]
    exact = sum(a == b for a, b in zip(*plain, strict=True)) / len(found)
    return Score(BLEU().corpus_score(plain[0], [plain[1]]).score, exact)


def dictionary(
    pairs: Sequence[Translation], rounds: int = 5
) -> dict[str, dict[str, float]]:
    """P(French word | English word) by expectation maximisation."""
    rows = [(words(pair.source), words(pair.target)) for pair in pairs]
    table: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for source, target in rows:
        for english in source:
            for french in target:
                table[english][french] = 1.0
    for _ in range(rounds):
        counts: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        for source, target in rows:
            for french in target:
                total = sum(table[english][french] for english in source)
                for english in source:
                    counts[english][french] += table[english][french] / total
        for english, row in counts.items():
            mass = sum(row.values())
            table[english] = {french: count / mass for french, count in row.items()}
    return table


def word_for_word(pairs: Sequence[Translation], sentences: Sequence[str]) -> list[str]:
    """Each English word by its likeliest French one, in the English order."""
    table = dictionary(pairs)
    likeliest = {word: max(row, key=row.__getitem__) for word, row in table.items()}
    return [" ".join(likeliest.get(w, w) for w in words(s)) for s in sentences]


def nearest(pairs: Sequence[Translation], sentences: Sequence[str]) -> list[str]:
    """The French of the training sentence with the most alike English (tf-idf)."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectors = TfidfVectorizer(
        tokenizer=words, token_pattern=None, lowercase=False, ngram_range=(1, 2)
    )
    known = vectors.fit_transform([pair.source for pair in pairs])
    alike = vectors.transform(sentences) @ known.T
    return [pairs[row.argmax()].target for row in alike]


def scores(
    train: Sequence[Translation], test: Sequence[Translation]
) -> dict[str, Score]:
    """Each baseline on `test`."""
    sentences = [pair.source for pair in test]
    wanted = [pair.target for pair in test]
    return {
        "word for word": score(word_for_word(train, sentences), wanted),
        "nearest sentence": score(nearest(train, sentences), wanted),
    }
