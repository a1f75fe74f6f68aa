"""English to French on Multi30k: a Transformer and a GRU with additive attention.

Both have the same data, tokens, batches, steps and time. Small Transformers do best on
29,000 captions (Wu et al. 2021, arXiv 2105.14462).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from recipes.training import Run, described
from recipes.translation import (
    Encoded,
    bleu,
    train_tokenizer,
    train_translator,
    translate,
)
from utils.data import multi30k
from utils.data.examples import Translation

WHAT = "sacreBLEU of English to French on Multi30k, Transformer and GRU"
TARGET = {"test2016": 57.0, "test2017": 50.0}
KINDS = ("transformer", "gru")
LENGTHS = (8, 11, 14, 18)
"""In words of the source: up to 8, 9 to 11, …, 19 and more."""

GPU = {
    "vocabulary": 8000,
    "layers": 4,
    "width": 256,
    "heads": 4,
    "inner_width": 1024,
    "embedding_width": 256,
    "gru_width": 512,
    "tokens": 4096,
    "steps": 12_000,
    "every": 1000,
    "rate": 1e-3,
    "gru_rate": 1e-3,
    "warmup": 1000,
    "dropout": 0.3,
    "smoothing": 0.1,
    "weight_decay": 0.01,
    "decay": 0.999,
    "beams": 5,
}
PRESETS = {
    "gpu": GPU,
    "gpu-transformer": GPU | {"kinds": ("transformer",)},
    "gpu-gru": GPU | {"kinds": ("gru",)},
    # A quarter of the parameters, and a higher rate.
    "gpu-small": GPU
    | {"kinds": ("transformer",), "width": 128, "inner_width": 256, "rate": 3e-3},
    "cpu": GPU
    | {
        "layers": 3,
        "width": 192,
        "heads": 4,
        "inner_width": 512,
        "embedding_width": 128,
        "gru_width": 256,
        "tokens": 2048,
        "every": 500,
        "warmup": 500,
        "dropout": 0.2,
    },
    "tiny": GPU
    | {
        "vocabulary": 300,
        "layers": 1,
        "width": 16,
        "heads": 2,
        "inner_width": 16,
        "embedding_width": 8,
        "gru_width": 12,
        "tokens": 200,
        "steps": 6,
        "every": 3,
        "warmup": 2,
        "beams": 2,
        "pairs": 40,
        "longest": 20,
    },
}


def run(run: Run) -> dict[str, Any]:
    """Train both, translate the test sets."""
    p, data = run.preset, multi30k.load()
    splits = {split: data[split][: p.get("pairs")] for split in data}
    tokenizer = train_tokenizer(splits["train"], p["vocabulary"])
    train, validation = (
        Encoded(splits[split], tokenizer, run.device, p.get("longest"))
        for split in ("train", "validation")
    )
    kinds = p.get("kinds", KINDS)
    for kind in kinds:
        part = run.part(kind, 1 / len(kinds))
        model, found = train_translator(part, kind, train, validation, tokenizer)
        written = {
            split: translate(
                model,
                [pair.source for pair in splits[split]],
                tokenizer,
                beams=p["beams"],
                max_new_tokens=p.get("longest", 80),
            )
            for split in ("validation", *TARGET)
        }
        scores = {
            split: bleu(texts, [pair.target for pair in splits[split]])
            for split, texts in written.items()
        }
        pairs = [pair for split in TARGET for pair in splits[split]]
        texts = [text for split in TARGET for text in written[split]]
        part.report(
            found
            | {
                "bleu": scores,
                "by_length": by_length(pairs, texts),
                "examples": [
                    [pair.source, text, pair.target]
                    for pair, text in zip(pairs[:10], texts[:10], strict=True)
                ],
            }
        )
    return {
        "parts": run.parts,
        "value": run.parts[kinds[0]]["bleu"]["test2016"],
        "target": TARGET,
        "data": described(data),
    }


def by_length(
    pairs: Sequence[Translation], texts: Sequence[str]
) -> list[dict[str, float]]:
    """BLEU of both test sets together, by words in the source."""
    found = []
    for low, high in zip((0, *LENGTHS), (*LENGTHS, 1000), strict=True):
        chosen = [
            (text, pair.target)
            for pair, text in zip(pairs, texts, strict=True)
            if low < len(pair.source.split()) <= high
        ]
        if chosen:
            score = bleu(*zip(*chosen, strict=True))
            found.append(
                {"above": low, "up_to": high, "sentences": len(chosen), "bleu": score}
            )
    return found
