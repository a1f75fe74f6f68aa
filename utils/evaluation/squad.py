"""Exact match and F1 of answers to questions, by SQuAD's official rules.

Rajpurkar et al. 2016 (arXiv 1606.05250) and, where a passage may not answer, 2018
(arXiv 1806.03822). On all eight official files of predictions, of both versions, the
scores are those of the official scripts.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from utils.data.examples import Question

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)


@dataclass(frozen=True)
class Scores:
    """Means over questions, in %."""

    exact_match: float
    f1: float
    questions: int


def normalise(text: str) -> str:
    """Lower case, without ASCII punctuation, articles and surplus white space."""
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def exact_match(prediction: str, answers: Sequence[str]) -> float:
    """1 if the prediction is one of the answers, normalised, else 0.

    Args:
        answers: by several people; none if the passage doesn't answer, and then "" is
            right.
    """
    return float(normalise(prediction) in _wanted(answers))


def f1(prediction: str, answers: Sequence[str]) -> float:
    """Of the words shared with the answer that it shares most with, 0 … 1.

    Where the prediction or the answer has no words (there is no answer, in 2.0), it is
    1 if neither has and 0 otherwise.
    """
    found = normalise(prediction).split()
    return max(_word_f1(found, answer.split()) for answer in _wanted(answers))


def score(questions: Iterable[Question], predictions: Mapping[str, str]) -> Scores:
    """The scores of predictions, by the questions' ids.

    A question without a prediction counts as wrong, as in the script of 1.1; that of
    2.0 would leave it out. An answer that normalises to nothing ("the") doesn't count,
    as in the script of 2.0. Predictions for other questions are ignored.

    Raises:
        ValueError: there are no questions.
    """
    matches, shares = [], []
    for question in questions:
        found = predictions.get(question.id)
        answers = [answer.text for answer in question.answers]
        matches.append(0.0 if found is None else exact_match(found, answers))
        shares.append(0.0 if found is None else f1(found, answers))
    if not matches:
        raise ValueError("there are no questions to score")
    return Scores(
        100 * sum(matches) / len(matches), 100 * sum(shares) / len(shares), len(matches)
    )


def _wanted(answers: Sequence[str]) -> list[str]:
    """Normalised; those that are nothing then don't count, and none is [""]."""
    return [n for n in map(normalise, answers) if n] or [""]


def _word_f1(found: list[str], wanted: list[str]) -> float:
    if not found or not wanted:
        return float(found == wanted)
    shared = sum((Counter(found) & Counter(wanted)).values())
    return 2 * shared / (len(found) + len(wanted))
