"""Paragraphs of five sentences in an order that carries meaning.

Each sentence brings in a thing or a person that the next one refers to: a key, then the
key; Emma, then she. As every sentence does both, its words don't tell whether it came
first; those of two together do. So sentence order asks for what next sentence
prediction doesn't, which topic words solve. No topic is in two splits. The topics are
in paragraphs.toml.
"""

from __future__ import annotations

from typing import Any

from utils.data.corpora.grammar import Draw, read, sentences, with_article
from utils.data.dataset import Dataset, check_source, text_bytes

NAME = "paragraphs"
SIZES = {"train": 1000, "validation": 150, "test": 250}
PRONOUNS = {
    "he": ("he", "him", "his", "himself"),
    "she": ("she", "her", "her", "herself"),
}


def load(source: str = "embedded", seed: int = 0) -> Dataset[tuple[str, ...]]:
    """1,000 paragraphs to train on, 150 for validation, 250 for test.

    A paragraph is a tuple of its sentences, as `utils.objectives.next_sentence` takes
    them.

    Raises:
        ValueError: a source other than "embedded".
    """
    check_source(NAME, source, ("embedded",))
    lists = read(NAME)
    splits: dict[str, list[tuple[str, ...]]] = {}
    for split, size in SIZES.items():
        draw = Draw(f"{NAME} {split} {seed}", training=split == "train")
        topics = [t for t in lists["topic"] if t.get("unseen", "train") == split]
        seen: set[tuple[str, ...]] = set()
        splits[split] = []
        while len(splits[split]) < size:
            topic = topics[len(splits[split]) % len(topics)]
            paragraph = _paragraph(topic, lists, draw)
            if paragraph not in seen:
                seen.add(paragraph)
                splits[split].append(paragraph)
        draw.shuffle(splits[split])
    return Dataset(
        name=NAME,
        splits=splits,
        source="embedded (written by utils.data.corpora.paragraphs)",
        licence="CC BY 4.0",
        bytes=text_bytes(splits),
    )


def _paragraph(
    topic: dict[str, Any], lists: dict[str, Any], draw: Draw
) -> tuple[str, ...]:
    words = {}
    for noun, choices in topic["nouns"].items():
        words[noun] = draw.choice(choices)
        words[f"a_{noun}"] = words[f"an_{noun}"] = with_article(words[noun])
    genders = ["he", "she", "he"] if draw.random() < 0.5 else ["she", "he", "she"]
    for person, gender in zip("ABC", genders, strict=True):
        words[person] = draw.choice(lists["names"][gender])
        while list(words.values()).count(words[person]) > 1:
            words[person] = draw.choice(lists["names"][gender])
        for case, pronoun in zip(PRONOUNS["he"], PRONOUNS[gender], strict=True):
            words[f"{person}_{case}"] = pronoun
    steps = [draw.choice(wordings) for wordings in topic["steps"]]
    return tuple(sentences(step.format(**words)) + "." for step in steps)
