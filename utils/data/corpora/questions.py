"""Short passages and questions on them, answered by a span or (SQuAD 2.0) by none.

A passage names several people, places, years and numbers, so that the kind of answer
doesn't give it away, and a question seldom uses the words of the sentence that answers
it. Four kinds of passage out of fifteen occur only in the test. Sentences, questions
and names are in questions.toml.
"""

from __future__ import annotations

import re
from typing import Any

from utils.data.corpora.grammar import Draw, read, sentences
from utils.data.corpora.leaks import Index
from utils.data.dataset import Dataset, check_source, text_bytes
from utils.data.examples import Answer, Question

NAME = "questions"
PASSAGES = {"train": 120, "validation": 24, "test": 48}
ANSWERED = 4
"""Questions on each passage that it answers; there is one more that it doesn't."""
LARGEST_SHARE = 0.5
"""of the 5-grams of a passage that another split may have in one of its own"""
LATER = (3, 24)
"""Years from one event of a passage to the next, unless its kind says so."""
SLOT = re.compile(r"\{(\w+)\}")


def load(
    source: str = "embedded", seed: int = 0, *, impossible: bool = True
) -> Dataset[Question]:
    """120 passages with questions to train on, 24 for validation, 48 for test.

    Args:
        impossible: whether there are questions without an answer, one on each passage.

    Raises:
        ValueError: a source other than "embedded".
    """
    check_source(NAME, source, ("embedded",))
    lists = read(NAME)
    splits: dict[str, list[Question]] = {}
    earlier = Index()
    for split, size in PASSAGES.items():
        draw = Draw(f"{NAME} {split} {seed}", training=split == "train")
        kinds = {
            unseen: [k for k in lists["kind"] if ("unseen" in k) == unseen]
            for unseen in (False, True)
        }
        splits[split] = []
        passages: list[str] = []
        while len(passages) < size:
            unseen = split == "test" and len(passages) % 2 == 1
            questions = _questions(draw.choice(kinds[unseen]), lists["names"], draw)
            passage = questions[0].context
            if earlier.worst(passage)[0] < LARGEST_SHARE:
                splits[split] += _numbered(questions, f"{split}-{len(passages):03}")
                passages.append(passage)
        for passage in passages:
            earlier.add(passage)
        if not impossible:
            splits[split] = [q for q in splits[split] if not q.impossible]
    return Dataset(
        name=NAME,
        splits=splits,
        source="embedded (written by utils.data.corpora.questions)",
        licence="CC BY 4.0",
        bytes=text_bytes(splits),
    )


def _questions(
    kind: dict[str, Any], names: dict[str, list[str]], draw: Draw
) -> list[Question]:
    """A passage of this kind and the questions on it."""
    slots = _slots(kind, names, draw)
    context, spans = _passage([draw.choice(s) for s in kind["sentences"]], slots)
    questions = []
    for asked in draw.sample(kind["questions"], ANSWERED):
        start, end = spans[asked["answer"]]
        answer = Answer(context[start:end], start)
        ask = draw.choice(asked["ask"])
        questions.append(Question("", ask, context, (answer,), kind["name"]))
    ask = draw.choice(kind["impossible"]).format(**slots)
    questions.append(Question("", ask, context, (), kind["name"]))
    draw.shuffle(questions)
    return questions


def _slots(
    kind: dict[str, Any], names: dict[str, list[str]], draw: Draw
) -> dict[str, str]:
    """What fills each slot of a passage; nothing twice."""
    slots: dict[str, str] = {}
    for person, first in kind["people"].items():
        used = {word for name in slots.values() for word in name.split()}
        full = [_name(names[f], used, draw) for f in (first, "last")]
        slots[person] = " ".join(full)
    for town in kind["towns"]:
        slots[town] = _name(names["town"], set(slots.values()), draw)
    year = draw.randint(1868, 1930)
    for place in range(1, kind["years"] + 1):
        slots[f"year{place}"] = str(year)
        year += draw.randint(*kind.get("later", LATER))
    for place, most in enumerate(kind["numbers"], 1):
        slots[f"number{place}"] = str(draw.randint((most + 1) // 2, most))
    for slot, phrases in kind["pick"].items():
        slots[slot] = draw.phrase(phrases)
    return slots


def _name(names: list[str], used: set[str], draw: Draw) -> str:
    name = draw.phrase(names, kept=0.5)
    while name in used:
        name = draw.phrase(names, kept=0.5)
    return name


def _passage(
    frames: list[str], slots: dict[str, str]
) -> tuple[str, dict[str, tuple[int, int]]]:
    """The sentences in one text, and where in it each slot first stands."""
    text = ""
    spans: dict[str, tuple[int, int]] = {}
    for part in re.split(r"(\{\w+\})", " ".join(frames)):
        slot = SLOT.fullmatch(part)
        if slot:
            spans.setdefault(slot[1], (len(text), len(text) + len(slots[slot[1]])))
        text += slots[slot[1]] if slot else part
    return sentences(text), spans


def _numbered(questions: list[Question], passage: str) -> list[Question]:
    return [
        Question(f"{passage}-{place}", q.question, q.context, q.answers, q.title)
        for place, q in enumerate(questions)
    ]
