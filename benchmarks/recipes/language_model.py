"""A GPT trained on one long text; `shakespeare` and `stories-gpt` are this."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from recipes.training import Run, fit, parameters
from utils.models.gpt2 import GPT2Config, GPT2LMHeadModel
from utils.objectives.language_modeling import token_loss
from utils.training.averaging import Averaged
from utils.training.optimizers import adamw

EVALUATED = 64
"""Windows at a time."""


class Blocks:
    """Stretches of a text from random places; an epoch is as many as it holds.

    Args:
        ids: (time,), on the device.
        length: of a stretch, one more than the model reads.
        rows: in a batch.
    """

    def __init__(self, ids: Tensor, length: int, rows: int, seed: int):
        if len(ids) < length:
            raise ValueError(f"a text of {len(ids)} tokens has no block of {length}")
        self.ids, self.length, self.rows = ids, length, rows
        self.generator = torch.Generator().manual_seed(seed)
        self.within = torch.arange(length, device=ids.device)

    def __len__(self) -> int:
        return max(1, len(self.ids) // (self.rows * self.length))

    def __iter__(self) -> Iterator[Tensor]:
        places = len(self.ids) - self.length + 1
        for _ in range(len(self)):
            start = torch.randint(places, (self.rows, 1), generator=self.generator)
            yield self.ids[start.to(self.ids.device) + self.within]


def loss(model: nn.Module, ids: Tensor) -> tuple[Tensor, int]:
    """The sum over the next tokens, and their number."""
    logits = model(ids[:, :-1]).logits
    labels = ids[:, 1:]
    return token_loss(logits, labels, reduction="sum"), labels.numel()


def text_loss(model: nn.Module, ids: Tensor, context: int, stride: int) -> float:
    """Mean loss in nats over all tokens of a text but the first, each scored once.

    A window of `context` tokens moves by `stride`; in each, what the one before hasn't
    scored is. With stride = context, windows lie side by side, and their first tokens
    are told from next to nothing; with a smaller one every token has at least
    context - stride before it.

    Args:
        ids: (time,)

    Raises:
        ValueError: a stride that leaves tokens out.
    """
    if not 0 < stride <= context:
        raise ValueError(f"stride must be 1 … {context}, was {stride}")
    windows, scored = [], 0
    last = len(ids) - 1  # the number of tokens to be told
    while scored < last:
        start = max(0, scored + stride - context)
        end = min(start + context, last)
        windows.append((ids[start : end + 1], scored - start))
        scored = end
    total = 0.0
    for i in range(0, len(windows), EVALUATED):
        part = windows[i : i + EVALUATED]
        rows = torch.nn.utils.rnn.pad_sequence([w for w, _ in part], batch_first=True)
        labels = rows[:, 1:].clone()
        for row, (window, known) in enumerate(part):
            labels[row, :known] = -100
            labels[row, len(window) - 1 :] = -100
        total += token_loss(model(rows[:, :-1]).logits, labels, reduction="sum").item()
    return total / last


def train_gpt(
    run: Run, train_ids: Tensor, validation_ids: Tensor, vocabulary: int
) -> tuple[GPT2LMHeadModel, dict[str, Any]]:
    """Train by the preset; the best model, in eval mode, and the figures.

    The validation loss is over the whole text in windows of the context, side by side;
    `strided` is that of the best model with half a context before each token.
    """
    p = run.preset
    config = GPT2Config(
        vocabulary=vocabulary,
        positions=p["context"],
        dropout=p["dropout"],
        attention_dropout=p["dropout"],
    ).sized(p["width"], p["layers"], p["heads"])
    torch.manual_seed(run.seed)
    averaged = Averaged(GPT2LMHeadModel(config), p["decay"]).to(run.device)
    model = averaged.model
    train_ids, validation_ids = (
        ids.to(run.device) for ids in (train_ids, validation_ids)
    )
    optimizer = adamw(
        model, p["rate"], weight_decay=p["weight_decay"], betas=(0.9, 0.99)
    )
    measure = partial(text_loss, ids=validation_ids, context=p["context"])

    def evaluate(averaged: Averaged[GPT2LMHeadModel]) -> Mapping[str, float]:
        return {
            "validation_loss": measure(averaged.average, stride=p["context"]),
            "without_average": measure(averaged.model, stride=p["context"]),
        }

    batches = Blocks(train_ids, p["context"] + 1, p["batch"], run.seed)
    found = fit(
        run, averaged, batches, loss, optimizer, evaluate, best="validation_loss"
    )
    best = averaged.average.eval()
    with torch.no_grad():
        found["strided"] = measure(best, stride=p["context"] // 2)
    found["parameters"] = parameters(best)
    run.report(found)
    return best, found
