"""WNUT-17: new and rare names in posts (Derczynski et al. 2017).

A word's tag is told at its first token, as in Devlin et al. 2019, §5.3. Words that are
cut off, or that leave no token, are O. The best of 2017 reached an F1 of 41.86.
No name of the training split is in the others: who knows those by heart finds none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from recipes.fine_tuning import (
    CPU,
    TINY,
    Figures,
    Row,
    encoder,
    linear,
    logits,
    once,
    read,
    tune,
)
from recipes.training import Run, described
from utils.data import baselines, wnut17
from utils.data.examples import TaggedSentence
from utils.models.bert import BertForTokenClassification
from utils.objectives.language_modeling import IGNORED
from utils.pretrained import minilm

WHAT = "span F1 of MiniLM on WNUT-17's test set: tuned, frozen, and a list of names"
SETTINGS = CPU | {"length": 96, "tokens": 512, "epochs": 2}
PRESETS = {
    "cpu": SETTINGS,
    "gpu": SETTINGS | {"length": 256, "epochs": 5},
    "tiny": SETTINGS | TINY | {"rows": 16},
}
Tags = list[list[str]]


class Tagged:
    """Sentences as ids, with a label at the first token of each word."""

    def __init__(self, sentences: Sequence[TaggedSentence], length: int):
        self.sentences = sentences
        found = minilm.tokenizer()(
            [list(sentence.tokens) for sentence in sentences],
            is_split_into_words=True,
            truncation=True,
            max_length=length,
        )
        self.rows: list[Row] = []
        self.words: list[list[int]] = []
        """of each sentence, those that have a label"""
        for i, sentence in enumerate(sentences):
            labels, last, seen = [], None, []
            for word in found.word_ids(i):
                first = word is not None and word != last
                labels.append(
                    wnut17.LABELS.index(sentence.tags[word]) if first else IGNORED
                )
                seen += [word] if first else []
                last = word
            self.rows.append(Row(found.input_ids[i], labels))
            self.words.append(seen)

    @property
    def labels(self) -> Tensor:
        """Of all first tokens, one sentence after the other: (words,)."""
        found = torch.cat([torch.tensor(row.label) for row in self.rows])
        return found[found != IGNORED]

    def at_words(self, values: Sequence[Tensor]) -> Tensor:
        """Of each (time, width) the rows of first tokens: (words, width)."""
        return torch.cat(
            [
                value[: len(row.ids)][torch.tensor(row.label) != IGNORED]
                for value, row in zip(values, self.rows, strict=True)
            ]
        )

    def tags(self, classes: Sequence[int]) -> Tags:
        """Each word's tag, from the classes of all first tokens."""
        left = iter(classes)
        found = [["O"] * len(sentence.tokens) for sentence in self.sentences]
        for tags, words in zip(found, self.words, strict=True):
            for word in words:
                tags[word] = wnut17.LABELS[next(left)]
        return found

    def score(self, found: Tags) -> Figures:
        """Of whole names with their kind, micro-averaged, as CoNLL's."""
        from seqeval.metrics import f1_score, precision_score, recall_score

        expected = [list(sentence.tags) for sentence in self.sentences]
        return {
            "f1": float(f1_score(expected, found, zero_division=0)),
            "precision": float(precision_score(expected, found, zero_division=0)),
            "recall": float(recall_score(expected, found, zero_division=0)),
        }


def run(run: Run) -> dict[str, Any]:
    """Train the three and ask them all."""
    p, data = run.preset, wnut17.load()
    sizes = {"train": p["rows"], "validation": p["test_rows"], "test": p["test_rows"]}
    splits = {split: data[split][:size] for split, size in sizes.items()}
    parts = {split: Tagged(rows, p["length"]) for split, rows in splits.items()}
    train, test = parts["train"], parts["test"]

    def names() -> dict[str, Any]:
        found = baselines.dictionary_tags(splits["train"], splits["test"])
        by_word = baselines.commonest_tags(splits["train"], splits["test"])
        return {
            **test.score(found),
            "rows": len(train.rows),
            "commonest tags": test.score(by_word),
        }

    def frozen() -> dict[str, Any]:
        model = encoder().to(run.device)
        seen, asked = (
            part.at_words(
                read(
                    model,
                    part.rows,
                    p["read_tokens"],
                    lambda output, mask: output.memory,
                )
            ).numpy()
            for part in (train, test)
        )
        head = linear().fit(seen, train.labels.numpy())
        return {
            **test.score(test.tags(head.predict(asked).tolist())),
            "parameters": head[-1].coef_.size + head[-1].intercept_.size,
            "rows": len(train.rows),
        }

    def build() -> BertForTokenClassification:
        backbone = encoder()
        model = BertForTokenClassification(backbone.config, len(wnut17.LABELS))
        state = backbone.state_dict()
        state = {k: v for k, v in state.items() if not k.startswith("pooler.")}
        model.get_submodule("backbone").load_state_dict(state)
        return model

    def measure(model: nn.Module, split: str) -> Figures:
        part = parts[split]
        found = part.at_words(read(model, part.rows, p["read_tokens"], logits))
        return part.score(part.tags(found.argmax(-1).tolist()))

    once(run, "dictionary", names)
    once(run, "frozen", frozen)
    model, tuned, found = tune(
        run, build, train.rows, lambda model: measure(model, "validation")
    )
    tuned.report(found | measure(model, "test"))
    return {
        "parts": run.parts,
        "value": run.parts["tuned"]["f1"],
        "data": described(data),
    }
