"""CrowS-Pairs: which of two sentences does a model find more likely?

Nangia et al. 2020, arXiv 2010.00133: the two differ in the group that they speak of,
and one is a stereotype (or its opposite). The text is offensive, and its authors warn
that a good score is no proof of a fair model; Blodgett et al. 2021 found many of the
pairs flawed.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import Any

from utils.data import hub
from utils.data.dataset import Dataset, check_source, text_bytes
from utils.data.local import read_text

NAME = "crows_pairs"
SOURCES = ("local", "hub")
HUB = "nyu-mll/crows_pairs"
FILES = {"test": "crows_pairs/test/0000.parquet"}
BIASES = (
    "race-color",
    "socioeconomic",
    "gender",
    "disability",
    "nationality",
    "sexual-orientation",
    "physical-appearance",
    "religion",
    "age",
)
DIRECTIONS = ("stereo", "antistereo")


@dataclass(frozen=True, slots=True)
class SentencePair:
    """Two sentences that differ in the group they speak of."""

    more: str
    """the more stereotypical one"""
    less: str
    antistereotype: bool
    """whether `less` was written to contradict a stereotype (218 pairs), not `more` to
    show one"""
    bias: str
    """one of `BIASES`"""


def load(source: str = "local") -> Dataset[SentencePair]:
    """1,508 pairs to test on; there is nothing to train on.

    Raises:
        ValueError: a source it doesn't have.
        DataUnavailable: the file is missing or damaged, or there is no network.
    """
    check_source(NAME, source, SOURCES)
    if source == "local":
        text = read_text(NAME, "crows_pairs_anonymized.csv", SOURCES)
        rows: Any = csv.DictReader(io.StringIO(text, newline=""))
        where = f"COURSE_DATA/{NAME}"
    else:
        data = hub.load(HUB, data_files=FILES, revision=hub.CONVERTED, sources=SOURCES)
        rows, where = data["test"], HUB
    pairs = [
        SentencePair(
            more=row["sent_more"],
            less=row["sent_less"],
            antistereotype=_name(row["stereo_antistereo"], DIRECTIONS) == "antistereo",
            bias=_name(row["bias_type"], BIASES),
        )
        for row in rows
    ]
    return Dataset(
        name=NAME,
        splits={"test": pairs},
        source=f"{source} ({where})",
        licence="CC BY-SA 4.0",
        bytes=text_bytes([(pair.more, pair.less) for pair in pairs]),
        unit="pairs",
    )


def _name(value: str | int, names: tuple[str, ...]) -> str:
    """The hub counts where the file names."""
    return names[value] if isinstance(value, int) else value
