"""English to French on the course's own pairs: a small Transformer to keep.

It must write "Ton chat est un chat adorable" for "Your cat is a lovely cat", which it
has never seen, and get unseen sentences right word for word, those of unseen
combinations of words too.
"""

from __future__ import annotations

from typing import Any

from recipes.training import Run, described
from recipes.translation import (
    Encoded,
    bleu,
    train_tokenizer,
    train_translator,
    translate,
)
from utils.data.corpora import translations

WHAT = "unseen English sentences of the course's own, put into French word for word"
NAME = "translator"

GPU = {
    "vocabulary": 2000,
    "layers": 3,
    "width": 192,
    "heads": 6,
    "inner_width": 768,
    "tokens": 4096,
    "steps": 6000,
    "every": 500,
    "rate": 1e-3,
    "warmup": 500,
    "dropout": 0.2,
    "smoothing": 0.1,
    "weight_decay": 0.01,
    "decay": 0.999,
    "beams": 5,
}
PRESETS = {
    "gpu": GPU,
    "cpu": GPU
    | {
        "width": 128,
        "heads": 4,
        "inner_width": 512,
        "tokens": 2048,
        "steps": 1800,
        "every": 200,
        "warmup": 200,
        "dropout": 0.1,
    },
    "tiny": GPU
    | {
        "vocabulary": 300,
        "layers": 1,
        "width": 16,
        "heads": 2,
        "inner_width": 16,
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
    """Train, translate what was held out, keep the weights."""
    p, data = run.preset, translations.load()
    splits = {split: data[split][: p.get("pairs")] for split in data}
    tokenizer = train_tokenizer(splits["train"], p["vocabulary"])
    train, validation = (
        Encoded(splits[split], tokenizer, run.device, p.get("longest"))
        for split in ("train", "validation")
    )
    model, found = train_translator(run, "transformer", train, validation, tokenizer)
    right, scores, wrong = {}, {}, []
    for split in ("test", "compositional"):
        written = translate(
            model,
            [pair.source for pair in splits[split]],
            tokenizer,
            beams=p["beams"],
            max_new_tokens=p.get("longest", 80),
        )
        expected = [pair.target for pair in splits[split]]
        scores[split] = bleu(written, expected)
        same = [a == b for a, b in zip(written, expected, strict=True)]
        right[split] = sum(same) / len(same)
        wrong += [
            [pair.source, text, pair.target]
            for pair, text in zip(splits[split], written, strict=True)
            if text != pair.target
        ][:20]
    found |= {"exactly_right": right, "bleu": scores, "wrong": wrong}
    notes = translations.NOTES
    texts = translate(
        model,
        [pair.source for pair in notes],
        tokenizer,
        beams=p["beams"],
        max_new_tokens=p.get("longest", 80),
    )
    found["notes"] = [
        [pair.source, text, pair.target]
        for pair, text in zip(notes, texts, strict=True)
    ]
    run.save(NAME, model, tokenizer, found, data, config=model.config)
    return found | {"value": right["test"], "data": described(data)}
