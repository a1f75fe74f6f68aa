"""A GPT that tells the course's own short stories, good enough to read aloud.

Beside the loss: how often it names what someone was given, lines before (`recalls`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import islice
from typing import Any

import torch

from recipes.language_model import train_gpt
from recipes.training import Run, described
from utils.data.corpora import stories
from utils.generation import sample
from utils.models.gpt2 import GPT2LMHeadModel
from utils.tokenizers import ByteLevelBPE

WHAT = "validation loss of a small GPT on the course's own stories, nats a character"
NAME = "stories-gpt"
END = "<|endoftext|>"

GPU = {
    "vocabulary": 2048,
    "layers": 6,
    "width": 256,
    "heads": 8,
    "context": 384,
    "batch": 48,
    "steps": 4000,
    "every": 250,
    "rate": 1e-3,
    "floor": 0.05,
    "warmup": 100,
    "dropout": 0.15,
    "weight_decay": 0.1,
    "decay": 0.998,
    "recalled": 1000,
}
PRESETS = {
    "gpu": GPU,
    "cpu": GPU | {"layers": 4, "width": 128, "heads": 4, "batch": 16, "dropout": 0.1},
    "tiny": GPU
    | {
        "vocabulary": 300,
        "layers": 1,
        "width": 16,
        "heads": 2,
        "context": 16,
        "batch": 4,
        "steps": 12,
        "every": 4,
        "warmup": 2,
        "stories": 20,
        "recalled": 10,
    },
}


def run(run: Run) -> dict[str, Any]:
    """Train, measure, write a few stories, keep the weights."""
    p, data = run.preset, stories.load()
    texts = {
        split: [story.text for story in data[split][: p.get("stories")]]
        for split in data
    }
    tokenizer = ByteLevelBPE.train(texts["train"], p["vocabulary"])
    ids = {split: joined(tokenizer, texts[split]) for split in texts}
    model, found = train_gpt(run, ids["train"], ids["validation"], len(tokenizer))
    characters = sum(map(len, texts["validation"]))
    loss = found["best"]["validation_loss"] * (len(ids["validation"]) - 1) / characters
    found |= {
        "tokens": {split: len(part) for split, part in ids.items()},
        "loss_per_character": loss,
        "perplexity_per_character": math.exp(loss),
        "recalled": recalled(model, tokenizer, data["test"], p["recalled"]),
        "stories": tell(model, tokenizer, 4, seed=run.seed),
    }
    run.save(NAME, model, tokenizer, found, data, config=model.config)
    return found | {"value": loss, "data": described(data)}


def joined(tokenizer: ByteLevelBPE, texts: Sequence[str]) -> torch.Tensor:
    """One text after the other, an end token before each and after the last."""
    end = tokenizer.vocabulary.ids[END]
    ids = [end]
    for text in texts:
        ids += [*tokenizer.encode(text), end]
    return torch.tensor(ids)


def recalled(
    model: GPT2LMHeadModel,
    tokenizer: ByteLevelBPE,
    told: Sequence[stories.Story],
    most: int,
) -> dict[str, float]:
    """The share of later mentions of an object whose noun is the likeliest."""
    device = next(model.parameters()).device
    context = model.config.positions
    right, count = 0, 0
    cases = (case for story in told for case in stories.recalls(story))
    for before, noun in islice(cases, most):
        expected = tokenizer.encode(f" {noun}")
        ids = [tokenizer.vocabulary.ids[END], *tokenizer.encode(before)]
        row = torch.tensor([[*ids, *expected][-context:]], device=device)
        with torch.no_grad():
            likeliest = model(row).logits[0, -len(expected) - 1 : -1].argmax(-1)
        right += likeliest.tolist() == expected
        count += 1
    return {"share": right / max(1, count), "cases": count}


def tell(
    model: GPT2LMHeadModel, tokenizer: ByteLevelBPE, number: int, seed: int
) -> list[str]:
    """Stories from nothing, a little tamer than the model's distribution."""
    device = next(model.parameters()).device
    end = tokenizer.vocabulary.ids[END]
    start = torch.full((number, 1), end, device=device)
    rows = sample(
        model,
        start,
        max_new_tokens=model.config.positions - 1,
        temperature=0.8,
        top_p=0.95,
        rng=torch.Generator(device).manual_seed(seed),
        end=end,
    )
    return tokenizer.batch_decode(rows[:, 1:], skip_special_tokens=True)
