"""What MiniLM says of the embedded reviews after it was tuned on them, run by run.

Minutes of one core a run: `benchmarks/tuned_reviews.py` wrote them down.
"""

from __future__ import annotations

import json
import lzma
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_suffix(".jsonl.xz")

Logits = list[list[float]]
"""Of each review, in the order of its split: of class 0 and of class 1."""


@dataclass(frozen=True)
class TunedRun:
    """Three epochs over the 2,000 training reviews with one rate and one seed.

    Attributes:
        losses: of each step's 16 reviews.
        validation_accuracy: after each epoch.
        validation: logits after the last.
        test: likewise; "pair" is title and content as in training, "content" and
            "title" are one of them alone, "joined" is both in one segment.
    """

    rate: float
    seed: int
    losses: list[float]
    validation_accuracy: list[float]
    validation: Logits
    test: dict[str, Logits]


def load(path: str | Path = FILE) -> list[TunedRun]:
    """All runs, by rate and seed."""
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        runs = [TunedRun(**json.loads(line)) for line in lines]
    return sorted(runs, key=lambda run: (run.rate, run.seed))
