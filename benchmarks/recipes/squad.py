"""SQuAD: its official predictions scored, and a span model of the course's own triples.

Train questions of the real SQuAD can't be had here: the model has read 480 questions on
passages that a grammar wrote, and is asked the 10,570 of the dev set all the same.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor, nn

from recipes.chunks import in_chunks
from recipes.training import Run, described, fit, parameters
from utils.data import baselines, squad
from utils.data.corpora import questions
from utils.data.examples import Question
from utils.evaluation import spans
from utils.evaluation.squad import score
from utils.models.bert import BertForQuestionAnswering
from utils.objectives.language_modeling import token_loss
from utils.pretrained import minilm
from utils.training.averaging import Averaged
from utils.training.optimizers import adamw

WHAT = "EM and F1 of SQuAD's official predictions, and of MiniLM tuned on 480 triples"

CPU = {
    "batch": 16,
    "steps": 300,
    "every": 75,
    "rate": 3e-4,
    "head_rate": 1e-3,
    "warmup": 30,
    "weight_decay": 0.01,
    "decay": 0.95,
    "length": 384,
    "stride": 128,
    "tokens": 4096,
    "triples": None,
    "predicted": None,
    "dev_questions": None,
    "chunk": 500,
}
PRESETS = {
    "cpu": CPU,
    "gpu": CPU | {"batch": 32, "tokens": 65_536},
    "tiny": CPU
    | {
        "batch": 2,
        "steps": 4,
        "every": 2,
        "warmup": 1,
        "triples": 8,
        "predicted": 1,
        "dev_questions": 8,
        "chunk": 4,
    },
}


def build() -> BertForQuestionAnswering:
    """MiniLM's encoder under a head for spans that knows nothing."""
    encoder = minilm.masked_lm().backbone
    model = BertForQuestionAnswering(encoder.config)
    model.get_submodule("backbone").load_state_dict(encoder.state_dict())
    return model


class Spans:
    """Batches of windows that hold their answer: windows, first and last token."""

    def __init__(
        self, asked: Sequence[Question], size: int, seed: int, length: int, stride: int
    ):
        self.size = size
        self.generator = torch.Generator().manual_seed(seed)
        self.rows = []
        for window in spans.windows(minilm.tokenizer(), asked, length, stride):
            answer = asked[window.question].answers[0]
            if answer.start is None:
                continue
            place = window.span(answer.start, answer.start + len(answer.text))
            if place is not None:
                self.rows.append((window, place))

    def __iter__(self) -> Iterator[tuple[spans.Batch, Tensor]]:
        """A batch and the places (batch, 2)."""
        order = torch.randperm(len(self.rows), generator=self.generator)
        for chosen in order.split(self.size):
            windows, places = zip(*(self.rows[i] for i in chosen), strict=True)
            yield spans.Batch.of(windows), torch.tensor(places)


def loss(model: nn.Module, batch: tuple[spans.Batch, Tensor]) -> tuple[Tensor, int]:
    """The mean of both ends' losses, summed over the windows, and their number."""
    windows, places = batch
    found = model(**vars(windows))
    both = torch.stack([found.start_logits, found.end_logits], dim=1)
    return token_loss(both, places, reduction="sum") / 2, len(places)


def run(run: Run) -> dict[str, Any]:
    """Score the official files; train; measure on the triples and on SQuAD."""
    p = run.preset
    dev = squad.load()
    official = official_predictions(p["predicted"])
    data = questions.load(impossible=False)
    splits = {split: list(data[split])[: p["triples"]] for split in data}
    tokenizer = minilm.tokenizer()
    options = {k: p[k] for k in ("length", "stride", "tokens")}

    torch.manual_seed(run.seed)
    averaged = Averaged(build(), p["decay"]).to(run.device)
    rates = {"backbone": p["rate"], "head": p["head_rate"]}
    layers = {
        part: dict(averaged.model.get_submodule(part).named_parameters())
        for part in rates
    }
    optimizer = adamw(layers, rates, weight_decay=p["weight_decay"])
    batches = Spans(splits["train"], p["batch"], run.seed, p["length"], p["stride"])

    def evaluate(averaged: Averaged[BertForQuestionAnswering]) -> dict[str, float]:
        asked = splits["validation"]
        found = spans.answer(averaged.average, tokenizer, asked, **options)
        scores = score(asked, found)
        return {
            "exact_match": scores.exact_match,
            "f1": scores.f1,
            "error": 100 - scores.f1,
        }

    found = fit(run, averaged, batches, loss, optimizer, evaluate, best="error")
    model = averaged.average.eval()
    found |= {"parameters": parameters(model), "official": official}

    test = splits["test"]
    found["triples"] = {
        "model": asdict(score(test, spans.answer(model, tokenizer, test, **options))),
        "overlap baseline": asdict(
            score(test, {q.id: baselines.answer_by_overlap(q) for q in test})
        ),
        "data": described(data),
    }
    run.report(found)

    asked = list(dev["validation"])
    if p["dev_questions"] is not None:
        asked = random.Random(0).sample(asked, p["dev_questions"])
    answers = in_chunks(
        run.work / "dev.json",
        asked,
        p["chunk"],
        lambda part: [*spans.answer(model, tokenizer, part, **options).values()],
    )
    model_scores = score(asked, dict(zip([q.id for q in asked], answers, strict=True)))
    found["squad"] = {
        "model": asdict(model_scores),
        "overlap baseline": asdict(
            score(asked, {q.id: baselines.answer_by_overlap(q) for q in asked})
        ),
        "of": len(dev["validation"]),
    }
    return found | {"value": model_scores.f1, "data": described(dev)}


def official_predictions(most: int | None = None) -> list[dict[str, Any]]:
    """Each official file's scores beside those that were published.

    Args:
        most: files of each version; all unless given.
    """
    found = []
    for version in squad.FILES:
        asked = squad.load(version=version)["validation"]
        for file in squad.predictions(version)[:most]:
            scores = score(asked, file.answers)
            found.append(
                {
                    "version": version,
                    "model": file.model,
                    "questions": scores.questions,
                    "exact_match": scores.exact_match,
                    "published_exact_match": file.exact_match,
                    "f1": scores.f1,
                    "published_f1": file.f1,
                }
            )
    return found
