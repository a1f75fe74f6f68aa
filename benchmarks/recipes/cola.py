"""CoLA: is a sentence English (Warstadt et al. 2019, arXiv 1805.12471, in GLUE)?

8,551 sentences of linguists to learn from; of the 1,043 of the dev set 516 are from
books that none of those are from. The words alone hardly tell: only their order does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from recipes.fine_tuning import CPU, TINY, Figures, compare
from recipes.training import Run, described
from utils.data import glue

WHAT = "Matthews correlation of MiniLM on CoLA's dev set: tuned, frozen, bag of words"
SETTINGS = CPU | {"tokens": 512, "epochs": 2}
PRESETS = {
    "cpu": SETTINGS,
    "gpu": SETTINGS | {"epochs": 5},
    "tiny": SETTINGS | TINY,
}


def score(expected: Sequence[int], found: Sequence[int]) -> Figures:
    """Matthews correlation, -1 to 1 and 0 for an answer that is always the same."""
    from sklearn.metrics import accuracy_score, matthews_corrcoef

    return {
        "matthews": float(matthews_corrcoef(expected, found)),
        "accuracy": accuracy_score(expected, found),
    }


def run(run: Run) -> dict[str, Any]:
    """Train the three and ask them all."""
    data = glue.load("cola")
    compare(run, data["train"], data["validation"], len(data.labels), score)
    return {
        "parts": run.parts,
        "value": run.parts["tuned"]["matthews"],
        "data": described(data),
    }
