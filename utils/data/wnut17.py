"""WNUT-17: new and rare names in tweets and comments (Derczynski et al. 2017)."""

from __future__ import annotations

from utils.data import hub
from utils.data.dataset import Dataset, check_source, text_bytes
from utils.data.examples import TaggedSentence
from utils.data.local import read_lines

NAME = "wnut17"
SOURCES = ("local", "hub")
HUB = "leondz/wnut_17"
LABELS = (
    "O",
    "B-corporation",
    "I-corporation",
    "B-creative-work",
    "I-creative-work",
    "B-group",
    "I-group",
    "B-location",
    "I-location",
    "B-person",
    "I-person",
    "B-product",
    "I-product",
)
FILES = {
    "train": "wnut17train.conll",
    "validation": "emerging.dev.conll",
    "test": "emerging.test.annotated",
}


def load(source: str = "local") -> Dataset[TaggedSentence]:
    """Sentences with BIO tags of six kinds of names, few of which are in two splits.

    Raises:
        ValueError: a source it doesn't have.
        DataUnavailable: a file is missing or damaged, or there is no network.
    """
    check_source(NAME, source, SOURCES)
    if source == "local":
        splits = {split: _read(file) for split, file in FILES.items()}
        where = f"COURSE_DATA/{NAME}"
    else:
        files = {split: f"wnut_17/{split}/0000.parquet" for split in FILES}
        data = hub.load(HUB, data_files=files, revision=hub.CONVERTED, sources=SOURCES)
        splits = {
            split: [
                TaggedSentence(tuple(tokens), tuple(LABELS[tag] for tag in tags))
                for tokens, tags in zip(
                    data[split]["tokens"], data[split]["ner_tags"], strict=True
                )
            ]
            for split in FILES
        }
        where = HUB
    return Dataset(
        name=NAME,
        splits=splits,
        source=f"{source} ({where})",
        licence="CC BY 4.0",
        bytes=text_bytes([[row.tokens for row in rows] for rows in splits.values()]),
        labels=LABELS,
        unit="sentences",
    )


def _read(file: str) -> list[TaggedSentence]:
    sentences, words = [], []
    for line in [*read_lines(NAME, file, SOURCES), ""]:
        if line.strip():
            words.append(line.strip().split("\t"))
        elif words:  # a tab alone is an empty line too
            sentences.append(TaggedSentence(*zip(*words, strict=True)))
            words = []
    return sentences
