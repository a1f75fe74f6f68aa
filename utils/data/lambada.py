"""LAMBADA: the last word of a passage, which its last sentence alone doesn't tell.

Paperno et al. 2016, arXiv 1606.06031.
"""

from __future__ import annotations

import json

from utils.data import hub
from utils.data.dataset import Dataset, check_choice, check_source, text_bytes
from utils.data.examples import LastWord
from utils.data.local import read_lines

NAME = "lambada"
SOURCES = ("local", "hub")
VERSIONS = ("openai", "original")
HUB = {"openai": "EleutherAI/lambada_openai", "original": "cimec/lambada"}
FILES = {  # on the hub
    "openai": {"test": "default/test/0000.parquet"},
    "original": {
        "validation": "plain_text/validation-*.parquet",
        "test": "plain_text/test-*.parquet",
    },
}


def load(source: str = "local", version: str = "openai") -> Dataset[LastWord]:
    """Passages without their last word, and that word.

    Both versions hold the same 5,153 test passages. OpenAI's, which GPT-2's figures are
    for, keeps capitals and line breaks; the original is in lower case with words and
    signs apart, and has a validation split too. The 2,662 novels of its train split
    aren't questions, and aren't offered.

    The last word is what follows the last space, as lm-evaluation-harness has it; in
    seven passages of OpenAI's there is a line break within.

    Raises:
        ValueError: a source or version there isn't.
        DataUnavailable: a file is missing or damaged, or there is no network.
    """
    check_source(NAME, source, SOURCES)
    check_choice("version", version, VERSIONS)
    if source == "local":
        texts, where = _read(version), f"COURSE_DATA/{NAME}"
    else:
        options = {"revision": hub.CONVERTED} if version == "openai" else {}
        data = hub.load(
            HUB[version],
            data_files=FILES[version],
            # Its card counts the train split, which isn't fetched.
            verification_mode="no_checks",
            sources=SOURCES,
            **options,
        )
        texts = {split: data[split]["text"] for split in FILES[version]}
        where = HUB[version]
    splits = {
        split: [LastWord(*text.strip().rsplit(" ", 1)) for text in passages]
        for split, passages in texts.items()
    }
    return Dataset(
        name=f"{NAME} {version}",
        splits=splits,
        source=f"{source} ({where})",
        licence="CC BY 4.0",
        bytes=text_bytes(splits),
    )


def _read(version: str) -> dict[str, list[str]]:
    if version == "openai":
        lines = read_lines(NAME, "lambada_test.jsonl.gz", SOURCES)
        return {"test": [json.loads(line)["text"] for line in lines]}
    return {
        split: read_lines(NAME, f"lambada_{file}_plain_text.txt.gz", SOURCES)
        for split, file in (("validation", "development"), ("test", "test"))
    }
