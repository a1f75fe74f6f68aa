"""What a model must beat: the commonest label, a bag of words, short n-grams.

All are scikit-learn's, fitted with `fit(texts, labels)` and read with `predict` or
`score`. They see which words occur and next to which, and nothing further apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from utils.data.corpora.leaks import words

if TYPE_CHECKING:
    import numpy as np
    from sklearn.base import ClassifierMixin


def majority() -> ClassifierMixin:
    """Answers every text with the commonest label of training."""
    from sklearn.dummy import DummyClassifier

    return DummyClassifier(strategy="most_frequent")


def bag_of_words(longest: int = 1) -> ClassifierMixin:
    """Logistic regression on the n-grams of 1 to `longest` words that a text has.

    Raises:
        ValueError: `longest` is below 1.
    """
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    if longest < 1:
        raise ValueError(f"longest must be at least 1, was {longest}")
    present = CountVectorizer(
        tokenizer=words,
        token_pattern=None,
        lowercase=False,
        ngram_range=(1, longest),
        binary=True,
    )
    return make_pipeline(present, LogisticRegression(max_iter=2000))


def accuracies(
    train: tuple[Sequence[str], Sequence[int]],
    test: tuple[Sequence[str], Sequence[int]],
) -> dict[str, float]:
    """Accuracy on `test` of each baseline, fitted on `train`; both (texts, labels)."""
    models = {
        "majority": majority(),
        "bag of words": bag_of_words(),
        "words and bigrams": bag_of_words(2),
        "up to 4-grams": bag_of_words(4),
    }
    return {name: model.fit(*train).score(*test) for name, model in models.items()}


def topic_features(
    documents: Sequence[str],
    pairs: Sequence[tuple[str, str]],
    *,
    topics: int = 50,
    seed: int = 0,
) -> np.ndarray:
    """How alike the two texts of a pair are, by their words: (pairs, 3).

    The number of words they share (its root), the cosine of their tf-idf vectors, and
    that of their topics: latent semantic analysis of `documents` (Deerwester et al.
    1990). All three are the same if the texts are swapped.
    """
    import numpy as np
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, TfidfVectorizer
    from sklearn.preprocessing import normalize

    def content(text: str) -> list[str]:
        return [word for word in words(text) if word not in ENGLISH_STOP_WORDS]

    vectors = TfidfVectorizer(tokenizer=content, token_pattern=None, lowercase=False)
    analysis = TruncatedSVD(topics, random_state=seed)
    analysis.fit(vectors.fit_transform(documents))
    first, second = (vectors.transform(texts) for texts in zip(*pairs, strict=True))
    shared = [len({*content(a)} & {*content(b)}) ** 0.5 for a, b in pairs]
    cosine = np.asarray(first.multiply(second).sum(axis=1)).ravel()
    in_topics = (normalize(analysis.transform(x)) for x in (first, second))
    return np.stack([shared, cosine, np.multiply(*in_topics).sum(axis=1)], axis=1)
