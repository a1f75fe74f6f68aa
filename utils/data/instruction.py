"""1,100 small tasks in words with their answers.

By Sebastian Raschka for "Build a Large Language Model (From Scratch)", chapter 7.
"""

from __future__ import annotations

import json

from utils.data.dataset import Dataset, check_source, text_bytes
from utils.data.examples import Instruction
from utils.data.local import read_text

NAME = "instruction"
SOURCES = ("local",)


def load(source: str = "local") -> Dataset[Instruction]:
    """Split as in the book: 85 % to train on, the next 10 % to test on, the rest.

    Raises:
        ValueError: a source it doesn't have.
        DataUnavailable: the file is missing or damaged.
    """
    check_source(NAME, source, SOURCES)
    rows = json.loads(read_text(NAME, "instruction-data.json", SOURCES))
    examples = [Instruction(**row) for row in rows]
    train, test = int(0.85 * len(rows)), int(0.1 * len(rows))
    splits = {
        "train": examples[:train],
        "validation": examples[train + test :],
        "test": examples[train : train + test],
    }
    return Dataset(
        name=NAME,
        splits=splits,
        source=f"{source} (COURSE_DATA/{NAME})",
        licence="Apache-2.0",
        bytes=text_bytes(splits),
    )
