"""DialogSum: everyday conversations and their summaries (Chen et al. 2021)."""

from __future__ import annotations

import json
from itertools import groupby
from typing import Any

from utils.data import hub
from utils.data.dataset import Dataset, check_source, text_bytes
from utils.data.examples import Summary
from utils.data.local import read_lines

NAME = "dialogsum"
SOURCES = ("local", "hub")
HUB = "knkarthick/dialogsum"


def load(source: str = "local") -> Dataset[Summary]:
    """Dialogues, their speakers #Person1#, #Person2# …; three summaries each in test.

    Locally there is no train split. Not for commercial use: no weights that the course
    ships are trained on it.

    Raises:
        ValueError: a source it doesn't have.
        DataUnavailable: a file is missing or damaged, or there is no network.
    """
    check_source(NAME, source, SOURCES)
    if source == "local":
        splits = {
            split: [_summary(json.loads(line)) for line in _lines(file)]
            for split, file in (("validation", "dev"), ("test", "test"))
        }
        where = f"COURSE_DATA/{NAME}: no train split"
    else:
        data = hub.load(HUB, sources=SOURCES)
        splits = {
            split: _together(data[split]) for split in ("train", "validation", "test")
        }
        where = HUB
    return Dataset(
        name=NAME,
        splits=splits,
        source=f"{source} ({where})",
        licence="CC BY-NC-SA 4.0",
        bytes=text_bytes(splits),
        unit="dialogues",
    )


def baseline() -> list[str]:
    """What BART-large wrote for each test dialogue, in their order (local only).

    ROUGE against the first summaries, by the authors: 45.95 / 21.36 / 38.72 (F of
    ROUGE-1, -2 and -L).

    Raises:
        DataUnavailable: the file is missing or damaged.
    """
    return read_lines(NAME, "baseline_test_output.txt")


def _lines(file: str) -> list[str]:
    return read_lines(NAME, f"dialogsum.{file}.jsonl", SOURCES)


def _summary(row: dict[str, str]) -> Summary:
    """One file has `summary`, the other `summary1`, `summary2` …"""
    summaries = tuple(row[key] for key in sorted(row) if key.startswith("summary"))
    return Summary(
        row["dialogue"], summaries, row.get("topic") or row.get("topic1", "")
    )


def _together(rows: Any) -> list[Summary]:
    """On the hub each summary is a row: test_0_1, test_0_2, test_0_3."""

    def number(row: dict[str, str]) -> str:
        return "_".join(row["id"].split("_")[:2])

    found = []
    for _, group in groupby(rows, number):
        same = list(group)
        summaries = tuple(row["summary"] for row in same)
        found.append(Summary(same[0]["dialogue"], summaries, same[0]["topic"]))
    return found
