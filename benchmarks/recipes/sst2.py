"""SST-2: is a sentence of a film review kind (Socher et al. 2013, in GLUE)?

Trained on 67,349 phrases, most of them parts of a sentence; asked of the 872 sentences
of GLUE's dev set. Encoders of MiniLM's size are published with 91 to 92 % there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from recipes.fine_tuning import CPU, TINY, Figures, compare
from recipes.training import Run, described
from utils.data import glue

WHAT = "accuracy of MiniLM on SST-2's dev set: tuned, frozen, and a bag of words"
TARGET = 0.90
PRESETS = {
    "cpu": CPU | {"epochs": 3},
    "gpu": CPU | {"epochs": 3},
    "tiny": CPU | TINY,
}


def score(expected: Sequence[int], found: Sequence[int]) -> Figures:
    """The share that is right."""
    from sklearn.metrics import accuracy_score

    return {"accuracy": accuracy_score(expected, found)}


def run(run: Run) -> dict[str, Any]:
    """Train the three and ask them all."""
    data = glue.load("sst2")
    compare(run, data["train"], data["validation"], len(data.labels), score)
    return {
        "parts": run.parts,
        "value": run.parts["tuned"]["accuracy"],
        "target": TARGET,
        "data": described(data),
    }
