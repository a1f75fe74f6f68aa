"""A small BART that repairs paragraphs of the course's own stories.

Each is damaged in one of the five ways of Lewis et al. 2020, §2.2, the way drawn anew
each time; the target is always the paragraph.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from recipes.training import Run, described
from recipes.translation import END, PAD, START, Batch, train_pairs
from utils.data.corpora import stories
from utils.generation import greedy
from utils.models.bart import BartConfig, BartForConditionalGeneration
from utils.objectives import denoising
from utils.tokenizers import ByteLevelBPE, SpecialTokens
from utils.training.averaging import Averaged

WHAT = "loss of a small BART that repairs paragraphs, by how they were damaged"
NAME = "bart-denoiser"
MASK = "<mask>"
SPECIAL = SpecialTokens(pad=PAD, bos=START, eos=END, mask=MASK)
SHARE = 0.15
"""of the tokens masked or deleted; infilling takes the 30 % of the paper"""

GPU = {
    "vocabulary": 2048,
    "layers": 3,
    "width": 192,
    "heads": 6,
    "inner_width": 768,
    "longest": 160,
    "batch": 96,
    "steps": 6000,
    "every": 500,
    "rate": 1e-3,
    "warmup": 500,
    "dropout": 0.1,
    "smoothing": 0.0,
    "weight_decay": 0.01,
    "decay": 0.999,
    "repaired": 100,
}
PRESETS = {
    "gpu": GPU,
    "cpu": GPU
    | {
        "layers": 2,
        "width": 128,
        "heads": 4,
        "inner_width": 512,
        "batch": 16,
        "steps": 2500,
        "warmup": 250,
        "dropout": 0.0,
    },
    "tiny": GPU
    | {
        "vocabulary": 300,
        "layers": 1,
        "width": 16,
        "heads": 2,
        "inner_width": 16,
        "longest": 24,
        "batch": 4,
        "steps": 6,
        "every": 3,
        "warmup": 2,
        "stories": 12,
        "repaired": 4,
    },
}

Damage = Callable[[Tensor, torch.Generator], Tensor]


def damages(tokenizer: ByteLevelBPE) -> dict[str, Damage]:
    """The five ways, each a function of ids (time,) and a random generator."""
    known = tokenizer.vocabulary.ids
    hidden = known[MASK]
    stops = [i for token, i in known.items() if token.rstrip('"') in (".", "!", "?")]

    def chosen(ids: Tensor, rng: torch.Generator) -> Tensor:
        return torch.rand(len(ids), generator=rng) < SHARE

    def order(ids: Tensor, rng: torch.Generator) -> list[int]:
        number = len(denoising.sentences(ids, stops))
        return torch.randperm(number, generator=rng).tolist()

    def start(ids: Tensor, rng: torch.Generator) -> int:
        return int(torch.randint(len(ids), (), generator=rng))

    return {
        "mask": lambda ids, rng: denoising.mask(ids, chosen(ids, rng), hidden),
        "delete": lambda ids, rng: denoising.delete(ids, chosen(ids, rng)),
        "infill": lambda ids, rng: denoising.infill(
            ids, denoising.choose_spans(len(ids), rng), hidden
        ),
        "permute": lambda ids, rng: denoising.permute_sentences(
            ids, order(ids, rng), stops
        ),
        "rotate": lambda ids, rng: denoising.rotate(ids, start(ids, rng)),
    }


class Damaged:
    """Batches of damaged paragraphs and whole ones, each between <s> and </s>.

    Args:
        rows: ids of each paragraph, without special tokens.
        ways: of damage, one drawn for each paragraph.
    """

    def __init__(
        self,
        rows: Sequence[Tensor],
        tokenizer: ByteLevelBPE,
        ways: Sequence[Damage],
        size: int,
        seed: int,
    ):
        self.rows, self.ways, self.size = rows, ways, size
        ids = tokenizer.vocabulary.ids
        self.ends = torch.tensor([ids[START]]), torch.tensor([ids[END]])
        self.padding = ids[PAD]
        self.generator = torch.Generator().manual_seed(seed)

    def __iter__(self) -> Iterator[Batch]:
        order = torch.randperm(len(self.rows), generator=self.generator)
        for chosen in order.split(self.size):
            sources, targets = [], []
            for row in chosen.tolist():
                way = int(torch.randint(len(self.ways), (), generator=self.generator))
                sources.append(self.ways[way](self.rows[row], self.generator))
                targets.append(self.rows[row])
            yield Batch(self._filled(sources), self._filled(targets), self.padding)

    def _filled(self, rows: list[Tensor]) -> Tensor:
        first, last = self.ends
        return nn.utils.rnn.pad_sequence(
            [torch.cat([first, row, last]) for row in rows],
            batch_first=True,
            padding_value=self.padding,
        )


def run(run: Run) -> dict[str, Any]:
    """Train, measure by the kind of damage, repair some, keep the weights."""
    p, data = run.preset, stories.load()
    texts = {
        split: [
            paragraph
            for story in data[split][: p.get("stories")]
            for paragraph in story.text.split("\n")
        ]
        for split in data
    }
    tokenizer = ByteLevelBPE.train(texts["train"], p["vocabulary"], special=SPECIAL)
    rows = {
        split: [
            torch.tensor(tokenizer.encode(text)[: p["longest"] - 2]) for text in part
        ]
        for split, part in texts.items()
    }
    ways = damages(tokenizer)
    make = partial(Damaged, tokenizer=tokenizer, size=p["batch"])
    every_way = list(ways.values())
    batches = make(rows["train"], ways=every_way, seed=run.seed)
    measured = {"validation_loss": every_way}
    measured |= {way: [damage] for way, damage in ways.items()}
    held_out = {
        name: [on(run.device, b) for b in make(rows["validation"], ways=chosen, seed=1)]
        for name, chosen in measured.items()
    }
    ids = tokenizer.vocabulary.ids
    config = BartConfig(
        vocabulary=len(tokenizer),
        width=p["width"],
        layers=p["layers"],
        decoder_layers=p["layers"],
        heads=p["heads"],
        inner_width=p["inner_width"],
        positions=p["longest"],
        dropout=p["dropout"],
        padding=ids[PAD],
        start=ids[END],
        end=ids[END],
    )
    torch.manual_seed(run.seed)
    averaged = Averaged(BartForConditionalGeneration(config), p["decay"])
    model, found = train_pairs(
        run, averaged.to(run.device), p["rate"], batches, held_out, config.start
    )
    some = rows["test"][: p["repaired"]]
    found["repaired"] = {
        way: repaired(model, make(some, ways=[damage], seed=2), tokenizer)
        for way, damage in ways.items()
    }
    run.save(NAME, model, tokenizer, found, data, config=config)
    value = found["best"]["validation_loss"]
    return found | {"value": value, "data": described(data)}


def on(device: torch.device, batch: Batch) -> Batch:
    """The batch on the device."""
    return Batch(batch.source.to(device), batch.target.to(device), batch.padding)


def repaired(
    model: nn.Module, batches: Damaged, tokenizer: ByteLevelBPE
) -> dict[str, Any]:
    """How many are whole again, written greedily, and one of them as an example.

    Masked and deleted words can be others than they were, and still be good.
    """
    whole, count = 0, 0
    example: list[str] = []
    for batch in batches:
        batch = on(next(model.parameters()).device, batch)
        written = greedy(
            model,
            batch.source,
            attention_mask=batch.mask,
            max_new_tokens=batch.target.shape[1],
        )
        texts, expected, damaged = (
            tokenizer.batch_decode(ids, skip_special_tokens=ids is not batch.source)
            for ids in (written, batch.target, batch.source)
        )
        whole += sum(a == b for a, b in zip(texts, expected, strict=True))
        count += len(texts)
        example = example or [damaged[0], texts[0], expected[0]]
    return {"share": whole / count, "paragraphs": count, "example": example}
