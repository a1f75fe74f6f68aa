"""SST-2: is a sentence of a film review kind (Socher et al. 2013, in GLUE)?

Trained on 67,349 phrases, most of them parts of a sentence; asked of the 872 sentences
of GLUE's dev set. Encoders of MiniLM's size are published with 91 to 92 % there.

The rate was chosen on sentences of the training set: presets `rate-…` keep a tenth of
them out and are asked those.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from recipes.fine_tuning import CPU, TINY, Figures, compare
from recipes.training import Run, described
from utils.data import glue
from utils.data.examples import LabelledText

WHAT = "accuracy of MiniLM on SST-2's dev set: tuned, frozen, and a bag of words"
TARGET = 0.90
RATES = (5e-5, 1e-4, 1.5e-4, 3e-4)
FULL = CPU | {"epochs": 3, "rate": 1.5e-4}
PRESETS = {
    "cpu": FULL,
    "gpu": FULL,
    **{f"rate-{rate:g}": FULL | {"rate": rate, "held_out": 10} for rate in RATES},
    "tiny": CPU | TINY,
}


def score(expected: Sequence[int], found: Sequence[int]) -> Figures:
    """The share that is right."""
    from sklearn.metrics import accuracy_score

    return {"accuracy": accuracy_score(expected, found)}


def without_sentences(
    rows: Sequence[LabelledText], every: int
) -> tuple[list[LabelledText], list[LabelledText]]:
    """Keep one sentence in `every` out: what is left, and those.

    Their phrases go with them, and what has one of them in it.
    """
    sentences = {r.text: r for r in rows if r.text.endswith((" .", " !", " ?"))}
    held_out = list(sentences.values())[::every]
    together = "\n".join(row.text for row in held_out)
    left = [row for row in rows if row.text not in together]
    return [r for r in left if not any(h.text in r.text for h in held_out)], held_out


def run(run: Run) -> dict[str, Any]:
    """Train the three and ask them all."""
    data = glue.load("sst2")
    train, asked = data["train"], data["validation"]
    every = run.preset.get("held_out")
    if every:
        train, asked = without_sentences(train, every)
    compare(run, train, asked, len(data.labels), score, beside=not every)
    return {
        "parts": run.parts,
        "value": run.parts["tuned"]["accuracy"],
        "target": TARGET,
        "data": described(data),
    }
