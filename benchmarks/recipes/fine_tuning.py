"""MiniLM put to a task: all of it tuned, or frozen under a linear layer.

Beside both stands what needs no MiniLM, a bag of words. Sentences are told from the
pooled [CLS], as BERT's are (Devlin et al. 2019, §4.1); the frozen features are means
over the tokens, which is what all-MiniLM-L6-v2 was trained to give.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from recipes.training import Run, fit, parameters
from utils.data import baselines
from utils.data.examples import LabelledText
from utils.models.bert import BertForSequenceClassification, BertModel
from utils.models.output import ModelOutput
from utils.objectives.language_modeling import IGNORED, token_loss
from utils.pretrained import minilm
from utils.pretrained.hugging_face import from_hf
from utils.training.averaging import Averaged, Model
from utils.training.optimizers import adamw, layer_wise_rates, layers_of

if TYPE_CHECKING:
    import numpy as np
    from sklearn.base import ClassifierMixin

Figures = dict[str, float]
Score = Callable[[Sequence[int], Sequence[int]], Figures]
"""Of the right classes and those that were told."""

CPU: dict[str, Any] = {
    "length": 64,
    "epochs": 1,
    "evaluations": 4,
    "tokens": 1024,
    "read_tokens": 4096,
    "rate": 1.5e-4,
    "head_rate": 1e-3,
    "layer_decay": 0.9,
    "warmup_share": 0.06,
    "weight_decay": 0.01,
    "decay": 0.98,
    "rows": None,
    "test_rows": None,
}
TINY = {
    "length": 8,
    "evaluations": 2,
    "tokens": 64,
    "rows": 32,
    "test_rows": 16,
}


@dataclass(frozen=True)
class Row:
    """A text's ids, and its class or one of each token, `IGNORED` where none is."""

    ids: list[int]
    label: int | list[int] = IGNORED


@dataclass(frozen=True)
class Batch:
    """Rows side by side, as long as the longest.

    Attributes:
        input_ids, attention_mask: (batch, time)
        labels: (batch,), or (batch, time) of tokens.
    """

    input_ids: Tensor
    attention_mask: Tensor
    labels: Tensor

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Batch:
        """With [PAD], whose id is 0, on the right."""

        def filled(lines: Sequence[list[int]], padding: int) -> Tensor:
            return nn.utils.rnn.pad_sequence(
                [torch.tensor(line) for line in lines],
                batch_first=True,
                padding_value=padding,
            )

        ids = filled([row.ids for row in rows], 0)
        classes = [row.label for row in rows if isinstance(row.label, int)]
        if classes:
            labels = torch.tensor(classes)
        else:
            lines = [row.label for row in rows if isinstance(row.label, list)]
            labels = filled(lines, IGNORED)
        return cls(ids, (ids != 0).long(), labels)


def by_length(
    rows: Sequence[Row], order: Sequence[int], tokens: int
) -> list[list[int]]:
    """Batches of rows of about the same length: their places.

    Args:
        order: places; among rows of one length it is kept.
        tokens: in a batch, padding included, at most.
    """
    batches: list[list[int]] = [[]]
    for place in sorted(order, key=lambda place: len(rows[place].ids)):
        if batches[-1] and (len(batches[-1]) + 1) * len(rows[place].ids) > tokens:
            batches.append([])
        batches[-1].append(place)
    return batches


class ByLength:
    """Each row once, in batches of like length, others and in another order each time.

    A batch of long rows has fewer: each of them weighs more in the step that it is in.
    """

    def __init__(self, rows: Sequence[Row], tokens: int, seed: int):
        self.rows, self.tokens = rows, tokens
        self.generator = torch.Generator().manual_seed(seed)

    def __len__(self) -> int:
        return len(by_length(self.rows, range(len(self.rows)), self.tokens))

    def __iter__(self) -> Iterator[Batch]:
        order = torch.randperm(len(self.rows), generator=self.generator).tolist()
        batches = by_length(self.rows, order, self.tokens)
        for i in torch.randperm(len(batches), generator=self.generator).tolist():
            yield Batch.of([self.rows[place] for place in batches[i]])


def encoded(rows: Sequence[LabelledText], length: int) -> list[Row]:
    """Each text's first tokens, [CLS] and [SEP] among them, and its class."""
    texts = [row.text for row in rows]
    found = minilm.tokenizer()(texts, truncation=True, max_length=length).input_ids
    return [Row(ids, int(row.label)) for ids, row in zip(found, rows, strict=True)]


def read(
    model: nn.Module,
    rows: Sequence[Row],
    tokens: int,
    what: Callable[[ModelOutput, Tensor], Tensor],
) -> list[Tensor]:
    """`what` of each row, in their order, on the CPU.

    Args:
        tokens: in a batch, at most.
        what: of the output and the attention mask (batch, time): (batch, ...).
    """
    device = next(model.parameters()).device
    found = [torch.empty(0)] * len(rows)
    training = model.training
    model.eval()
    with torch.no_grad():
        for places in by_length(rows, range(len(rows)), tokens) if rows else []:
            batch = Batch.of([rows[place] for place in places])
            mask = batch.attention_mask.to(device)
            output = model(batch.input_ids.to(device), attention_mask=mask)
            for place, value in zip(places, what(output, mask).cpu(), strict=True):
                found[place] = value
    model.train(training)
    return found


def mean_of_tokens(output: ModelOutput, mask: Tensor) -> Tensor:
    """(batch, time, width), mask (batch, time) -> (batch, width)."""
    weights = mask[..., None].to(output.memory.dtype)
    return (output.memory * weights).sum(1) / weights.sum(1)


def logits(output: ModelOutput, mask: Tensor) -> Tensor:
    """(batch, [time,] classes)"""
    assert output.logits is not None
    return output.logits


def probabilities(
    model: nn.Module, texts: Sequence[str], length: int, tokens: int = 4096
) -> np.ndarray:
    """Of each class for each text: (texts, classes)."""
    rows = encoded([LabelledText(text, IGNORED) for text in texts], length)
    return torch.stack(read(model, rows, tokens, logits)).softmax(-1).numpy()


def encoder() -> BertModel:
    """MiniLM, its pooler with it, in the course's own model."""
    model: Any = from_hf(minilm.reference_model().float())
    return model


def linear() -> ClassifierMixin:
    """Logistic regression on features that are brought to one scale."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))


def once(run: Run, name: str, measure: Callable[[], Mapping[str, Any]]) -> None:
    """Report a part in which nothing is random: all seeds of a command share it."""
    key = zlib.crc32(json.dumps(run.preset).encode())
    path = run.work.parent / f"{name}-{key:08x}.json"
    if not path.exists():
        found = json.dumps(measure())
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".unfinished")
        unfinished.write_text(found)
        os.replace(unfinished, path)
    run.part(name).report(json.loads(path.read_text()))


def tune(
    run: Run,
    build: Callable[[], Model],
    train: Sequence[Row],
    evaluate: Callable[[Model], Figures],
) -> tuple[Model, Run, dict[str, Any]]:
    """Train all layers; the upper ones and the head learn faster.

    The weights are those at the end, averaged: none are chosen by what they score.

    Returns:
        the model, the part "tuned" of the run and what it has found.
    """
    p = run.preset
    batches = ByLength(train, p["tokens"], run.seed)
    steps = round(len(batches) * p["epochs"])
    part = run.part(
        "tuned",
        steps=steps,
        every=max(1, -(-steps // p["evaluations"])),
        warmup=int(steps * p["warmup_share"]),
    )
    torch.manual_seed(run.seed)
    averaged = Averaged(build(), p["decay"]).to(run.device)
    layers = layers_of(averaged.model)
    rates = layer_wise_rates(layers, p["rate"], p["layer_decay"], p["head_rate"])
    optimizer = adamw(layers, rates, weight_decay=p["weight_decay"])

    def loss(model: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        found = model(batch.input_ids, attention_mask=batch.attention_mask)
        summed = token_loss(found.logits, batch.labels, reduction="sum")
        return summed, (batch.labels != IGNORED).sum()

    found = fit(
        part,
        averaged,
        batches,
        loss,
        optimizer,
        lambda averaged: evaluate(averaged.average),
    )
    model = averaged.average.eval()
    found |= {"parameters": parameters(model), "rows": len(train)}
    return model, part, found


def compare(
    run: Run,
    train: Sequence[LabelledText],
    test: Sequence[LabelledText],
    classes: int,
    score: Score,
    validation: Sequence[LabelledText] | None = None,
    *,
    beside: bool = True,
) -> BertForSequenceClassification:
    """The parts "tuned", "bag-of-words" and "frozen", each trained on all of `train`.

    Args:
        beside: the other two as well.
        validation: what is scored during training; `test` unless given.

    Returns:
        the tuned model.
    """
    p = run.preset
    train, test = train[: p["rows"]], test[: p["test_rows"]]
    validation = test if validation is None else validation[: p["test_rows"]]
    labels, expected = ([int(row.label) for row in rows] for rows in (train, test))
    rows = {
        split: encoded(texts, p["length"])
        for split, texts in {
            "train": train,
            "validation": validation,
            "test": test,
        }.items()
    }

    def words() -> dict[str, Any]:
        seen, asked = ([row.text for row in rows] for rows in (train, test))
        model = baselines.bag_of_words().fit(seen, labels)
        majority = baselines.majority().fit(seen, labels)
        return {
            **score(expected, model.predict(asked).tolist()),
            "parameters": model[-1].coef_.size + model[-1].intercept_.size,
            "rows": len(train),
            "majority": score(expected, majority.predict(asked).tolist()),
        }

    def frozen() -> dict[str, Any]:
        model = encoder().to(run.device)
        seen, asked = (
            torch.stack(read(model, rows[split], p["read_tokens"], mean_of_tokens))
            for split in ("train", "test")
        )
        head = linear().fit(seen.numpy(), labels)
        return {
            **score(expected, head.predict(asked.numpy()).tolist()),
            "parameters": head[-1].coef_.size + head[-1].intercept_.size,
            "rows": len(train),
        }

    def build() -> BertForSequenceClassification:
        backbone = encoder()
        model = BertForSequenceClassification(backbone.config, classes)
        model.get_submodule("backbone").load_state_dict(backbone.state_dict())
        return model

    def measure(model: nn.Module, split: str) -> Figures:
        found = torch.stack(read(model, rows[split], p["read_tokens"], logits))
        right = torch.tensor([row.label for row in rows[split]])
        scores = score(right.tolist(), found.argmax(-1).tolist())
        return {**scores, "loss": token_loss(found, right).item()}

    model, part, found = tune(
        run, build, rows["train"], lambda model: measure(model, "validation")
    )
    part.report(found | measure(model, "test"))
    if beside:
        once(run, "bag-of-words", words)
        once(run, "frozen", frozen)
    return model
