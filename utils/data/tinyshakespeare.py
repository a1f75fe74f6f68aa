"""Tiny Shakespeare: 1,115,394 characters of plays, 65 of them distinct.

Put together by Andrej Karpathy for char-rnn (2015); the text is in the public domain.
"""

from __future__ import annotations

from utils.data import hub
from utils.data.dataset import Dataset, check_source, text_bytes
from utils.data.local import read_text

NAME = "tinyshakespeare"
SOURCES = ("local", "hub")
URL = (
    "https://raw.githubusercontent.com/karpathy/char-rnn/"
    "6f9487a6fe5b420b7ca9afb0d7c078e37c1d1b4e/data/tinyshakespeare/input.txt"
)


def load(source: str = "local") -> Dataset[str]:
    """The text, its last tenth for validation, as nanoGPT has it; there is no test set.

    A split is a string: its examples are characters.

    Raises:
        ValueError: a source it doesn't have.
        DataUnavailable: the file is missing or damaged, or there is no network.
    """
    check_source(NAME, source, SOURCES)
    if source == "local":
        text, where = read_text(NAME, "input.txt", SOURCES), f"COURSE_DATA/{NAME}"
    else:
        data = hub.load(
            "text", data_files={"train": URL}, sample_by="document", sources=SOURCES
        )
        text, where = data["train"][0]["text"], URL
    start = int(0.9 * len(text))
    splits = {"train": text[:start], "validation": text[start:]}
    return Dataset(
        name=NAME,
        splits=splits,
        source=f"{source} ({where})",
        licence="public domain",
        bytes=text_bytes(splits),
        unit="characters",
    )
