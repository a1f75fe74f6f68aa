"""What a model must beat: the commonest label, a bag of words, short n-grams.

Classifiers are scikit-learn's, fitted with `fit(texts, labels)` and read with `predict`
or `score`. They see which words occur and next to which, and nothing further apart.
Those for tags know names by heart, the one for answers counts common words.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from utils.data.corpora.leaks import words
from utils.data.examples import Question, TaggedSentence

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


def commonest_tags(
    train: Sequence[TaggedSentence], test: Sequence[TaggedSentence]
) -> list[list[str]]:
    """Each word's commonest tag in training, O for a word that isn't there."""
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for sentence in train:
        for token, tag in zip(sentence.tokens, sentence.tags, strict=True):
            seen[token][tag] += 1
    best = {token: tags.most_common(1)[0][0] for token, tags in seen.items()}
    return [[best.get(token, "O") for token in sentence.tokens] for sentence in test]


def dictionary_tags(
    train: Sequence[TaggedSentence], test: Sequence[TaggedSentence]
) -> list[list[str]]:
    """The longest names of training in a sentence, as what they mostly are."""
    seen: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for sentence in train:
        for start, end, kind in _entities(sentence.tags):
            seen[sentence.tokens[start:end]][kind] += 1
    best = {name: kinds.most_common(1)[0][0] for name, kinds in seen.items()}
    longest = max(map(len, best), default=0)
    answers = []
    for sentence in test:
        tags = ["O"] * len(sentence.tokens)
        start = 0
        while start < len(tags):
            for end in range(min(start + longest, len(tags)), start, -1):
                known = best.get(sentence.tokens[start:end])
                if known:
                    inside = [f"I-{known}"] * (end - start - 1)
                    tags[start:end] = [f"B-{known}", *inside]
                    start = end - 1
                    break
            start += 1
        answers.append(tags)
    return answers


ANSWER_KINDS = [
    (r"\b(when|year|since)\b", r"\b1\d{3}\b"),
    (r"\b(how|number|size)\b", r"\b\d{1,3}\b"),
    (r"\b(who|whose|whom)\b", r"\b[A-Z]\w+ [A-Z]\w+"),
    (r"\b(where|town)\b", r"\b(?:in|at|to|from|of) ([A-Z]\w+(?: [A-Z]\w+)?)"),
    (r"", r"\b(?:an?|the|his|her|it|he|she) [a-z]+(?: [a-z]+)*(?=[.,:;])"),
]
"""A question with the first is answered by the second: the first row that applies."""


def answer_by_overlap(question: Question) -> str:
    """An answer of the kind asked for, from where the question's words are.

    Sentences with more of its words come first; the answer is the first span of the
    kind without any of them, or the whole first sentence. Kinds are told by one word
    (who, when, how); that there may be no answer is beyond it.
    """
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    asked = {*words(question.question)} - ENGLISH_STOP_WORDS
    passage = re.split(r"(?<=[.?!]) ", question.context)
    passage.sort(key=lambda sentence: -len(asked & {*words(sentence)}))
    kind = next(
        span for cue, span in ANSWER_KINDS if re.search(cue, question.question.lower())
    )
    for sentence in passage:
        for found in re.findall(kind, sentence):
            if not asked & {*words(found)}:
                return found
    return passage[0]


def _entities(tags: Sequence[str]) -> list[tuple[int, int, str]]:
    """Start, end and kind of each entity in well-formed BIO tags."""
    starts = [i for i, tag in enumerate(tags) if tag.startswith("B-")]
    found = []
    for start in starts:
        end = start + 1
        while end < len(tags) and tags[end].startswith("I-"):
            end += 1
        found.append((start, end, tags[start][2:]))
    return found
