"""A character GPT on Tiny Shakespeare.

nanoGPT's split and size (Karpathy 2022): its validation loss is 1.4697 nats. The loss
here is over the whole validation text, side by side in windows of the context.
"""

from __future__ import annotations

from typing import Any

import torch

from recipes.language_model import train_gpt
from recipes.training import Run, described
from utils.data import tinyshakespeare
from utils.generation import sample
from utils.tokenizers import Characters

NAME = "shakespeare-gpt"
WHAT = "validation loss of a character GPT on Tiny Shakespeare, nats a character"
TARGET = 1.47

GPU = {
    "layers": 6,
    "width": 384,
    "heads": 6,
    "context": 256,
    "batch": 64,
    "steps": 5000,
    "every": 250,
    "rate": 1e-3,
    "floor": 0.1,
    "warmup": 100,
    "dropout": 0.2,
    "weight_decay": 0.1,
    "decay": 0.998,
}
PRESETS = {
    "gpu": GPU | {"dropout": 0.3},
    "gpu-nanogpt": GPU,
    "gpu-long": GPU | {"dropout": 0.35, "steps": 8000, "decay": 0.999},
    "cpu": GPU
    | {
        "layers": 4,
        "width": 192,
        "heads": 6,
        "context": 128,
        "batch": 32,
        "steps": 20_000,
        "dropout": 0.1,
    },
    "tiny": GPU
    | {
        "layers": 1,
        "width": 16,
        "heads": 2,
        "context": 16,
        "batch": 4,
        "steps": 12,
        "every": 4,
        "warmup": 2,
        "characters": 2000,
    },
}


def run(run: Run) -> dict[str, Any]:
    """Train, and measure the best model and the last one."""
    data = tinyshakespeare.load()
    texts = {split: "".join(data[split]) for split in ("train", "validation")}
    tokenizer = Characters.train(texts.values())
    ids = {
        split: torch.tensor(tokenizer.encode(text[: run.preset.get("characters")]))
        for split, text in texts.items()
    }
    model, found = train_gpt(run, ids["train"], ids["validation"], len(tokenizer))
    run.save(NAME, model, tokenizer, found, data, config=model.config)
    rng = torch.Generator(run.device).manual_seed(run.seed)
    start = torch.tensor([tokenizer.encode("\n")], device=run.device)
    written = sample(
        model, start, max_new_tokens=run.preset["context"] - 1, top_k=20, rng=rng
    )
    return found | {
        "value": found["best"]["validation_loss"],
        "target": TARGET,
        "data": described(data),
        "sample": tokenizer.decode(written[0]),
    }
