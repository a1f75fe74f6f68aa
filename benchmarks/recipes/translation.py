"""Translators from scratch: tokens, batches by length, training, beams, BLEU."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from recipes.training import Run, fit, parameters
from utils.data.examples import Translation
from utils.generation import beam_search
from utils.models.encoder_decoder import shift_right
from utils.models.seq2seq import Seq2Seq, Seq2SeqConfig
from utils.models.transformer import Transformer, TransformerConfig
from utils.objectives.language_modeling import IGNORED, token_loss
from utils.tokenizers import ByteLevelBPE, SpecialTokens
from utils.training.averaging import Averaged, Model
from utils.training.optimizers import adamw

PAD, START, END = "<pad>", "<s>", "</s>"
SPECIAL = SpecialTokens(pad=PAD, bos=START, eos=END)
WRITTEN = 128
"""Sentences translated at a time."""


def train_tokenizer(pairs: Sequence[Translation], size: int) -> ByteLevelBPE:
    """One vocabulary for both languages."""
    texts = [text for pair in pairs for text in (pair.source, pair.target)]
    return ByteLevelBPE.train(texts, size, special=SPECIAL)


class Encoded:
    """Pairs as ids, each with its end token, filled up: (n, longest), on the device."""

    def __init__(
        self,
        pairs: Sequence[Translation],
        tokenizer: ByteLevelBPE,
        device: torch.device,
        longest: int | None = None,
    ):
        ids = tokenizer.vocabulary.ids
        self.padding, end = ids[PAD], ids[END]
        sides = zip(*((pair.source, pair.target) for pair in pairs), strict=True)
        encoded = [
            [[*tokenizer.encode(text)[:longest], end] for text in texts]
            for texts in sides
        ]
        self.lengths = [[len(ids) for ids in side] for side in encoded]
        self.source, self.target = (
            nn.utils.rnn.pad_sequence(
                [torch.tensor(ids) for ids in side],
                batch_first=True,
                padding_value=self.padding,
            ).to(device)
            for side in encoded
        )

    def __len__(self) -> int:
        return len(self.source)

    def batch(self, rows: Sequence[int]) -> Batch:
        """These pairs, no longer than the longest of them."""
        index = torch.tensor(rows, device=self.source.device)
        source, target = (max(side[row] for row in rows) for side in self.lengths)
        return Batch(
            self.source[index, :source], self.target[index, :target], self.padding
        )


@dataclass(frozen=True)
class Batch:
    """Pairs side by side."""

    source: Tensor
    """(batch, source)"""
    target: Tensor
    """(batch, target)"""
    padding: int

    @property
    def mask(self) -> Tensor:
        """(batch, source), 1 for tokens and 0 for padding."""
        return (self.source != self.padding).long()


class ByLength:
    """Batches of pairs of about the same length, in an order of their own each epoch.

    Args:
        tokens: of the target in a batch, padding included, at most.
    """

    def __init__(self, pairs: Encoded, tokens: int, seed: int):
        self.pairs, self.tokens = pairs, tokens
        self.generator = torch.Generator().manual_seed(seed)

    def __iter__(self) -> Iterator[Batch]:
        shuffled = torch.randperm(len(self.pairs), generator=self.generator).tolist()
        source, target = self.pairs.lengths
        shuffled.sort(key=lambda row: (target[row], source[row]))  # ties stay shuffled
        batches: list[list[int]] = [[]]
        for row in shuffled:
            if batches[-1] and (len(batches[-1]) + 1) * target[row] > self.tokens:
                batches.append([])
            batches[-1].append(row)
        for i in torch.randperm(len(batches), generator=self.generator).tolist():
            yield self.pairs.batch(batches[i])


def logits_and_labels(
    model: nn.Module, batch: Batch, start: int
) -> tuple[Tensor, Tensor]:
    """The target, told from what comes before it and from the source."""
    read = shift_right(batch.target, start, batch.padding)
    found = model(
        input_ids=batch.source, attention_mask=batch.mask, decoder_input_ids=read
    )
    labels = batch.target.masked_fill(batch.target == batch.padding, IGNORED)
    return found.logits, labels


class CuDNNGRU(nn.GRU):
    """`utils.nn.recurrent.GRU` by one call of cuDNN, with the same parameters.

    It trains in float32: cuDNN's half precision needs a scaled loss.
    """

    def forward(  # type: ignore[override]  # what ours takes, not what theirs does
        self, x: Tensor, h: Tensor | None = None, *, mask: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """As the other's."""
        with torch.autocast(x.device.type, enabled=False):
            x, h = x.float(), None if h is None else h.float()
            if mask is None:
                return super().forward(x, h)
            packed = nn.utils.rnn.pack_padded_sequence(
                x, mask.sum(1).cpu(), batch_first=True, enforce_sorted=False
            )
            read, state = super().forward(packed, h)
            output, _ = nn.utils.rnn.pad_packed_sequence(
                read, batch_first=True, total_length=x.shape[1]
            )
            return output, state


def with_cudnn(model: Seq2Seq) -> Seq2Seq:
    """Put cuDNN's layers where ours are, with the same weights."""
    for side in (model.encoder, model.decoder):
        ours: Any = side.gru
        theirs = CuDNNGRU(
            ours.input_size,
            ours.hidden_size,
            ours.num_layers,
            batch_first=True,
            bidirectional=ours.bidirectional,
        ).to(next(ours.parameters()).device)
        theirs.load_state_dict(ours.state_dict())
        side.gru = theirs  # type: ignore[assignment]  # called alike
    return model


def build(kind: str, preset: Mapping[str, Any], tokenizer: ByteLevelBPE) -> nn.Module:
    """A Transformer, or a GRU with additive attention."""
    ids = tokenizer.vocabulary.ids
    if kind == "transformer":
        return Transformer(
            TransformerConfig(
                vocabulary=len(tokenizer),
                width=preset["width"],
                layers=preset["layers"],
                decoder_layers=preset["layers"],
                heads=preset["heads"],
                inner_width=preset["inner_width"],
                positions=256,
                norm_first=True,
                dropout=preset["dropout"],
            )
        )
    return Seq2Seq(
        Seq2SeqConfig(
            source_vocabulary=len(tokenizer),
            target_vocabulary=len(tokenizer),
            embedding_width=preset["embedding_width"],
            width=preset["gru_width"],
            dropout=preset["dropout"],
            padding=ids[PAD],
            start=ids[START],
            end=ids[END],
        )
    )


def train_translator(
    run: Run, kind: str, train: Encoded, validation: Encoded, tokenizer: ByteLevelBPE
) -> tuple[nn.Module, dict[str, Any]]:
    """Train by the preset; the best model by validation loss, and the figures."""
    p = run.preset
    torch.manual_seed(run.seed)
    averaged = Averaged(build(kind, p, tokenizer), p["decay"]).to(run.device)
    if isinstance(averaged.model, Seq2Seq) and run.device.type == "cuda":
        with_cudnn(averaged.model)
    batches = ByLength(train, p["tokens"], run.seed)
    rows = range(len(validation))
    held_out = [validation.batch(rows[i : i + 128]) for i in range(0, len(rows), 128)]
    return train_pairs(
        run,
        averaged,
        p["rate"] if kind == "transformer" else p["gru_rate"],
        batches,
        {"validation_loss": held_out},
        tokenizer.vocabulary.ids[START],
    )


def train_pairs(
    run: Run,
    averaged: Averaged[Model],
    rate: float,
    batches: Iterable[Batch],
    held_out: Mapping[str, Sequence[Batch]],
    start: int,
) -> tuple[Model, dict[str, Any]]:
    """Train what writes a text for a text.

    Args:
        held_out: batches by the name of their loss; by "validation_loss" the best
            weights are chosen.
        start: what the decoder reads first.
    """
    p = run.preset
    optimizer = adamw(
        averaged.model, rate, weight_decay=p["weight_decay"], betas=(0.9, 0.98)
    )

    def loss(model: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        logits, labels = logits_and_labels(model, batch, start)
        summed = token_loss(
            logits, labels, reduction="sum", label_smoothing=p["smoothing"]
        )
        return summed, (labels != IGNORED).sum()

    def measure(model: nn.Module, parts: Sequence[Batch]) -> float:
        total, count = 0.0, 0
        for batch in parts:
            logits, labels = logits_and_labels(model, batch, start)
            total += token_loss(logits, labels, reduction="sum").item()
            count += int((labels != IGNORED).sum())
        return total / count

    def evaluate(averaged: Averaged[Model]) -> dict[str, float]:
        return {
            name: measure(averaged.average, parts) for name, parts in held_out.items()
        }

    found = fit(
        run, averaged, batches, loss, optimizer, evaluate, best="validation_loss"
    )
    best = averaged.average.eval()
    found["parameters"] = parameters(best)
    run.report(found)
    return best, found


def translate(
    model: nn.Module,
    texts: Sequence[str],
    tokenizer: ByteLevelBPE,
    *,
    beams: int = 5,
    alpha: float = 1.0,
    max_new_tokens: int = 80,
) -> list[str]:
    """The likeliest translation of each, found with beams."""
    device = next(model.parameters()).device
    start, end, padding = (tokenizer.vocabulary.ids[t] for t in (START, END, PAD))
    rows = [torch.tensor([*tokenizer.encode(text), end]) for text in texts]
    order = sorted(range(len(rows)), key=lambda row: len(rows[row]))
    found = [""] * len(rows)
    for i in range(0, len(order), WRITTEN):
        chosen = order[i : i + WRITTEN]
        ids = nn.utils.rnn.pad_sequence(
            [rows[row] for row in chosen], batch_first=True, padding_value=padding
        ).to(device)
        options: dict[str, Any] = {
            "attention_mask": (ids != padding).long(),
            "start": start,
            "end": end,
            "padding": padding,
            "max_new_tokens": max_new_tokens,
        }
        best = beam_search(model, ids, beams=beams, alpha=alpha, **options)
        written = best.sequences[:, 0]
        for row, line in zip(chosen, written.tolist(), strict=True):
            found[row] = tokenizer.decode(line, skip_special_tokens=True).strip()
    return found


def bleu(found: Sequence[str], expected: Sequence[str]) -> float:
    """sacreBLEU's default: cased, its own tokens (13a), on text as it is."""
    from sacrebleu.metrics import BLEU

    return BLEU().corpus_score(list(found), [list(expected)]).score
