"""AG News: four kinds of news (Zhang et al. 2015, arXiv 1509.01626)."""

from __future__ import annotations

import csv
import io

from utils.data import hub
from utils.data.dataset import Dataset, check_source, text_bytes
from utils.data.examples import LabelledText
from utils.data.local import read_text

NAME = "agnews"
SOURCES = ("local", "hub")
HUB = "fancyzhx/ag_news"
LABELS = ("World", "Sports", "Business", "Sci/Tech")
FILES = {"train": "heldout_from_train_10k.tsv.gz", "test": "test.tsv.gz"}


def load(source: str = "local") -> Dataset[LabelledText]:
    """Train and test split.

    Locally 10,001 of the 120,000 articles to train on, and all 7,600 to test on, with
    descriptions only. The hub's have their title in front: results aren't comparable.

    Raises:
        ValueError: a source it doesn't have.
        DataUnavailable: a file is missing or damaged, or there is no network.
    """
    check_source(NAME, source, SOURCES)
    if source == "local":
        splits = {split: _read(file) for split, file in FILES.items()}
        where = f"COURSE_DATA/{NAME}: descriptions without titles"
    else:
        data = hub.load(HUB, sources=SOURCES)
        splits = {
            split: [
                LabelledText(text.strip(), label)
                for text, label in zip(
                    data[split]["text"], data[split]["label"], strict=True
                )
            ]
            for split in FILES
        }
        where = HUB
    return Dataset(
        name=NAME,
        splits=splits,
        source=f"{source} ({where})",
        licence="non-commercial research",
        bytes=text_bytes(splits),
        labels=LABELS,
    )


def _read(file: str) -> list[LabelledText]:
    text = io.StringIO(read_text(NAME, file, SOURCES), newline="")
    return [
        LabelledText(description.strip(), LABELS.index(label))
        for description, label in csv.reader(text, delimiter="\t")
    ]
