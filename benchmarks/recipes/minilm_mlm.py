"""A masked-LM head for MiniLM, which comes without one, and its upper layers with it.

The text is Wikipedia's, as far as it may be had here, passages of novels and the
course's own stories. The lower layers and the token table stay as they are; only what
changed is saved.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from recipes.training import Run, described, fit
from utils.data import lambada, squad, wikitext
from utils.data.corpora import stories
from utils.data.dataset import Dataset
from utils.models.bert import BertForMaskedLM
from utils.objectives.language_modeling import token_loss
from utils.objectives.masked_lm import MaskedTokens, mask_tokens
from utils.pretrained import minilm
from utils.training.averaging import Averaged
from utils.training.optimizers import adamw

WHAT = "loss and accuracy of a masked-LM head on MiniLM, over held-out paragraphs"
NAME = "minilm-mlm"
UNKNOWN, CLS, SEP, MASK = 100, 101, 102, 103
LENGTH = 128
FILLED = (
    "The capital of France is [MASK].",
    "The cat sat on the [MASK].",
    "She opened the door and went into the [MASK].",
    "He went to the bank to deposit [MASK].",
    "It was raining, so I took my [MASK].",
    "The children played in the [MASK] all day.",
    "Paris is the [MASK] of France.",
    "He is a teacher at the local [MASK].",
)

GPU = {
    "tuned": 3,
    "batch": 64,
    "steps": 4000,
    "every": 250,
    "rate": 3e-4,
    "head_rate": 1e-3,
    "warmup": 300,
    "weight_decay": 0.01,
    "decay": 0.998,
    "stories": 600,
    "share": 0.3,  # of the tokens is asked for in training: twice BERT's
}
PRESETS = {
    "gpu": GPU,
    "cpu": GPU | {"tuned": 2, "batch": 16, "steps": 2400, "warmup": 200},
    "tiny": GPU
    | {
        "batch": 8,
        "tuned": 1,
        "steps": 4,
        "every": 2,
        "warmup": 1,
        "stories": 8,
        "length": 16,
        "paragraphs": 8,
    },
}


def texts(preset: dict[str, Any]) -> tuple[list[str], Dataset[str]]:
    """Paragraphs, each once, and what to say of them."""
    articles, questions = (
        wikitext.load(),
        [squad.load(version=v) for v in ("1.1", "2.0")],
    )
    found = [
        plain(line)
        for split in articles
        for line in articles[split]
        if len(line.split()) > 20
    ]
    found += [q.context for data in questions for q in data["validation"]]
    novels = lambada.load(version="original")["validation"]
    found += [joined(passage.text) for passage in novels]
    found += [story.text for story in stories.load()["train"][: preset["stories"]]]
    found = list(dict.fromkeys(found))
    data = Dataset(
        name="paragraphs of WikiText-2, SQuAD, LAMBADA and stories",
        splits={"train": found},
        source="local (validation and test of WikiText-2, dev of SQuAD and LAMBADA), "
        "embedded",
        licence="CC BY-SA (WikiText, SQuAD), CC BY 4.0 (LAMBADA, stories)",
        bytes=sum(len(text.encode()) for text in found),
    )
    return found, data


def plain(line: str) -> str:
    """WikiText's marks undone: " @-@ " is "-", and a rare word is unknown."""
    line = re.sub(r" @(.)@ ", r"\1", line)
    return line.replace("<unk>", "[UNK]")


def joined(passage: str) -> str:
    """A passage's words and signs as they are written: did n't is didn't."""
    passage = passage.replace("``", '"').replace("''", '"')
    return re.sub(r" (n't|'(?:s|m|d|re|ve|ll)\b)", r"\1", passage)


def rows(lines: Sequence[str], length: int) -> Tensor:
    """Paragraphs one after the other, [SEP] between, cut to rows: (n, length).

    Each row begins with [CLS] and ends with [SEP]; what fills no row is left out.
    """
    tokenizer = minilm.tokenizer()
    encoded = tokenizer(list(lines), add_special_tokens=False, verbose=False).input_ids
    stream = torch.tensor([i for ids in encoded for i in (*ids, SEP)])
    inner = length - 2
    parts = stream[: len(stream) // inner * inner].view(-1, inner)
    return nn.functional.pad(
        nn.functional.pad(parts, (1, 0), value=CLS), (0, 1), value=SEP
    )


class Masked:
    """Batches with other tokens masked each time."""

    def __init__(self, ids: Tensor, size: int, seed: int, share: float = 0.15):
        self.ids, self.size, self.share = ids, size, share
        self.generator = torch.Generator().manual_seed(seed)

    def __iter__(self) -> Iterator[MaskedTokens]:
        order = torch.randperm(len(self.ids), generator=self.generator)
        for chosen in order.split(self.size):
            yield mask_tokens(
                self.ids[chosen],
                special_ids=(UNKNOWN, CLS, SEP),
                mask_id=MASK,
                vocabulary=30_522,
                rng=self.generator,
                share=self.share,
            )


def scored(model: nn.Module, batch: MaskedTokens) -> tuple[Tensor, Tensor]:
    """The logits of the chosen tokens, and what they were."""
    found = model(batch.input_ids, scored=batch.chosen)
    return found.logits, batch.labels[batch.chosen]


def loss(model: nn.Module, batch: MaskedTokens) -> tuple[Tensor, int]:
    """The sum over the chosen tokens, and their number."""
    logits, labels = scored(model, batch)
    return token_loss(logits, labels, reduction="sum"), len(labels)


def run(run: Run) -> dict[str, Any]:
    """Train, measure, fill masks, keep what changed."""
    p = run.preset
    lines, data = texts(p)
    order = torch.Generator().manual_seed(0)
    lines = [lines[i] for i in torch.randperm(len(lines), generator=order).tolist()]
    lines = lines[: p.get("paragraphs")]
    cut = len(lines) // 20 + 1  # a twentieth is held out, whole paragraphs
    length = p.get("length", LENGTH)
    train, held_out = rows(lines[cut:], length), rows(lines[:cut], length)
    splits: dict[str, Any] = {"train": train, "validation": held_out}
    data = dataclasses.replace(data, splits=splits)
    torch.manual_seed(run.seed)
    model = minilm.masked_lm()
    tuned = tuple(f"backbone.encoder.blocks.{5 - i}." for i in range(p["tuned"]))
    kept = {}
    for name, parameter in model.named_parameters():
        changes = name.startswith((*tuned, "head."))
        parameter.requires_grad_(changes)
        if changes:
            kept[name] = parameter
    averaged = Averaged(model, p["decay"]).to(run.device)
    layers = {
        part: {n: q for n, q in averaged.model.named_parameters() if chosen(n)}
        for part, chosen in {
            "encoder": lambda n: n in kept and not n.startswith("head."),
            "head": lambda n: n.startswith("head."),
        }.items()
    }
    rates = {"encoder": p["rate"], "head": p["head_rate"]}
    optimizer = adamw(layers, rates, weight_decay=p["weight_decay"])
    batches = Masked(train, p["batch"], run.seed, p["share"])
    fixed = [
        MaskedTokens(b.input_ids.to(run.device), b.labels.to(run.device))
        for b in Masked(held_out, 64, seed=1)
    ]

    def evaluate(averaged: Averaged[BertForMaskedLM]) -> dict[str, float]:
        total, right, among_five, count = 0.0, 0, 0, 0
        for batch in fixed:
            logits, labels = scored(averaged.average, batch)
            total += token_loss(logits, labels, reduction="sum").item()
            five = logits.topk(5).indices == labels[:, None]
            right += int(five[:, 0].sum())
            among_five += int(five.any(1).sum())
            count += len(labels)
        return {
            "validation_loss": total / count,
            "accuracy": right / count,
            "among_five": among_five / count,
        }

    found = fit(
        run, averaged, batches, loss, optimizer, evaluate, best="validation_loss"
    )
    best = averaged.average.eval()
    found["parameters"] = sum(q.numel() for q in best.parameters())
    found["trained_parameters"] = sum(q.numel() for q in kept.values())
    found["filled"] = {text: fill(best, text) for text in FILLED}
    build = f"{minilm.masked_lm.__module__}.masked_lm"
    run.save(NAME, best, None, found, data, build=build, keys=set(kept))
    return found | {"value": found["best"]["accuracy"], "data": described(data)}


def fill(model: BertForMaskedLM, text: str) -> list[str]:
    """The five likeliest tokens for the first mask."""
    tokenizer = minilm.tokenizer()
    ids = tokenizer(text, return_tensors="pt").input_ids
    ids = ids.to(next(model.parameters()).device)
    with torch.no_grad():
        logits = model(ids, scored=ids == MASK).logits[0]
    return tokenizer.convert_ids_to_tokens(logits.topk(5).indices.tolist())
