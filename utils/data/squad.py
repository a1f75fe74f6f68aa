"""SQuAD: questions that a span of a passage answers, or in 2.0 perhaps none.

Rajpurkar et al. 2016 (arXiv 1606.05250) and 2018 (arXiv 1806.03822).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from utils.data import hub
from utils.data.dataset import Dataset, check_choice, check_source, text_bytes
from utils.data.examples import Answer, Question
from utils.data.local import read_text

NAME = "squad"
SOURCES = ("local", "hub")
HUB = {"1.1": "rajpurkar/squad", "2.0": "rajpurkar/squad_v2"}
FILES = {
    "1.1": "dev-v1.1.from-explorer.json.gz",
    "2.0": "dev-v2.0.from-explorer.json.gz",
}


@dataclass(frozen=True)
class Predictions:
    """What a published model answered, and how it scored."""

    model: str
    answers: Mapping[str, str]
    """by the question's id; "" says that the passage doesn't answer it. Some ids may be
    of no question, and some questions may have no answer here, which counts as wrong"""
    exact_match: float
    """%, by the official rules, over all questions"""
    f1: float
    """%"""


def load(source: str = "local", version: str = "1.1") -> Dataset[Question]:
    """Questions with their passage and the answers of several people.

    Locally there is the validation split (the official dev set) and no train split,
    rebuilt from SQuAD's explorer pages: an answer that occurs twice in its passage has
    no start.

    Raises:
        ValueError: a source or version there isn't.
        DataUnavailable: a file is missing or damaged, or there is no network.
    """
    check_source(NAME, source, SOURCES)
    check_choice("version", version, tuple(FILES))
    if source == "local":
        splits = {"validation": _read(FILES[version])}
        where = f"COURSE_DATA/{NAME}: no train split"
    else:
        data = hub.load(HUB[version], sources=SOURCES)
        splits = {
            split: [
                Question(
                    id=row["id"],
                    question=row["question"],
                    context=row["context"],
                    answers=tuple(
                        map(
                            Answer,
                            row["answers"]["text"],
                            row["answers"]["answer_start"],
                        )
                    ),
                    title=row["title"],
                )
                for row in data[split]
            ]
            for split in ("train", "validation")
        }
        where = HUB[version]
    return Dataset(
        name=f"{NAME} {version}",
        splits=splits,
        source=f"{source} ({where})",
        licence="CC BY-SA 4.0",
        bytes=sum(map(_bytes, splits.values())),
        unit="questions",
    )


def predictions(version: str = "1.1") -> list[Predictions]:
    """The official prediction files of published models on the dev set (local only).

    Their scores are what the official rules give on the rebuilt dev set, and are those
    that were published.

    Raises:
        ValueError: there is no such version.
        DataUnavailable: a file is missing or damaged.
    """
    check_choice("version", version, tuple(FILES))
    return [
        Predictions(
            model=score["model"],
            answers=json.loads(read_text(NAME, score["file"])),
            exact_match=score["exact_match"],
            f1=score["f1"],
        )
        for score in json.loads(read_text(NAME, "expected_scores.json"))
        if score["version"].removeprefix("v") == version
    ]


def _read(file: str) -> list[Question]:
    return [
        Question(
            id=question["id"],
            question=question["question"],
            context=paragraph["context"],
            answers=tuple(
                Answer(answer["text"], answer["answer_start"])
                for answer in question["answers"]
            ),
            title=article["title"],
        )
        for article in json.loads(read_text(NAME, file, SOURCES))["data"]
        for paragraph in article["paragraphs"]
        for question in paragraph["qas"]
    ]


def _bytes(questions: Sequence[Question]) -> int:
    """Each passage once, whatever the number of its questions."""
    passages = {question.context for question in questions}
    own = [(question.question, question.answers) for question in questions]
    return text_bytes(list(passages)) + text_bytes(own)
