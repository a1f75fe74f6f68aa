"""MiniLM tuned on the embedded reviews by transformers' Trainer: what lesson 26 reads.

The lesson runs the first steps of such a training and finds the same losses; all of it
is minutes of one core, and its figures are over rates and seeds. So each run's
losses and what the tuned model says of reviews that it hasn't seen go with the package:

    python benchmarks/tuned_reviews.py 2e-4:0 2e-4:1 2e-5:0

adds a run for each RATE:SEED that isn't in `utils/evaluation/tuned_reviews.jsonl.xz`.
"""

from __future__ import annotations

import argparse
import json
import lzma
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from transformers import BertForSequenceClassification, Trainer, TrainingArguments
from transformers.utils import logging

from utils.data.corpora import reviews
from utils.data.examples import Review
from utils.evaluation import tuned_reviews
from utils.pretrained import minilm

EPOCHS, BATCH, LENGTH = 3, 16, 64
VIEWS: dict[str, Callable[[Review], tuple[str, ...]]] = {
    "pair": lambda review: (review.title, review.content),
    "content": lambda review: (review.content,),
    "title": lambda review: (review.title,),
    "joined": lambda review: (f"{review.title} {review.content}",),
}
"""What a tuned model is shown; it was trained on the first."""


def encoded(rows: Sequence[Review], view: str = "pair") -> Dataset:
    """Ids, segments and label of each review, not padded."""
    columns = list(zip(*map(VIEWS[view], rows), strict=True))
    found = minilm.tokenizer()(
        *map(list, columns), truncation=True, max_length=LENGTH
    ).data
    return Dataset.from_dict({**found, "label": [review.label for review in rows]})


def fresh() -> BertForSequenceClassification:
    """MiniLM under a head that knows nothing."""
    return BertForSequenceClassification.from_pretrained(minilm.folder(), num_labels=2)


def tune(rate: float, seed: int, rows: int | None = None) -> dict[str, Any]:
    """One run; `rows` of each split, all unless given."""
    data = {name: split[:rows] for name, split in reviews.load().splits.items()}
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder,
            learning_rate=rate,
            num_train_epochs=EPOCHS,
            per_device_train_batch_size=BATCH,
            per_device_eval_batch_size=50,
            warmup_steps=0.1,
            weight_decay=0.01,
            seed=seed,
            eval_strategy="epoch",
            save_strategy="no",
            logging_steps=1,
            report_to="none",
            use_cpu=True,
            disable_tqdm=True,
        )
        trainer = Trainer(
            model_init=fresh,
            args=arguments,
            train_dataset=encoded(data["train"]),
            eval_dataset=encoded(data["validation"]),
            processing_class=minilm.tokenizer(),
            compute_metrics=lambda found: {
                "right": float((found.predictions.argmax(-1) == found.label_ids).mean())
            },
        )
        trainer.train()
    history = trainer.state.log_history

    def logits(split: str, view: str = "pair") -> list[list[float]]:
        told = trainer.predict(encoded(data[split], view)).predictions
        return [[round(float(x), 3) for x in row] for row in told]

    return {
        "rate": rate,
        "seed": seed,
        "losses": [round(step["loss"], 4) for step in history if "loss" in step],
        "validation_accuracy": [x["eval_right"] for x in history if "eval_right" in x],
        "validation": logits("validation"),
        "test": {view: logits("test", view) for view in VIEWS},
    }


def main() -> None:
    """Run what is asked for and isn't there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="+", metavar="RATE:SEED")
    parser.add_argument("--out", type=Path, default=tuned_reviews.FILE)
    parser.add_argument("--rows", type=int)
    given = parser.parse_args()
    torch.set_num_threads(1)
    logging.set_verbosity_error()
    for name in given.runs:
        rate, seed = name.split(":")
        known = tuned_reviews.load(given.out) if given.out.exists() else []
        if any((run.rate, run.seed) == (float(rate), int(seed)) for run in known):
            continue
        found = json.dumps(tune(float(rate), int(seed), given.rows))
        # A second stream behind the first: lzma reads them as one file.
        with lzma.open(given.out, "at", encoding="utf-8") as lines:
            lines.write(f"{found}\n")
        print(name, "done", flush=True)


if __name__ == "__main__":
    main()
