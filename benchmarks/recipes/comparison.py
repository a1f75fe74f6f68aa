"""GRU, LSTM, BERT, GPT and BART from scratch: three tasks, the same budget for each.

All read the same batches of words for as many steps, with as many parameters within 5 %
and the same head on their last vectors. Each is trained with each of the preset's
rates; the one that does best on the validation split is asked the test.

- entities: the names in a sentence. A word's tag often shows in what comes after it.
- reviews: does a review praise or complain? What decides is seldom a word alone, and
  2,000 reviews are few.
- recall: a story breaks off before a thing that it has named, one of two. Whoever
  answers sees what comes before, then a blank, and tells the word that belongs there,
  out of all words.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from recipes.fine_tuning import Batch, Figures, Row, logits, once, read
from recipes.training import Run, described, fit, parameters
from utils.data import baselines
from utils.data.corpora import entities, reviews, stories
from utils.data.dataset import Dataset, text_bytes
from utils.data.examples import Review
from utils.models.bart import BartConfig, BartModel
from utils.models.bert import BertConfig, BertModel
from utils.models.gpt2 import GPT2Config, GPT2Model
from utils.models.output import ModelOutput
from utils.nn.embeddings import TokenEmbedding
from utils.nn.heads import ConcatPoolingHead, MaskedLMHead, TokenClassificationHead
from utils.nn.init import normal_init
from utils.nn.masks import last_true, token_mask
from utils.nn.recurrent import GRU, LSTM
from utils.objectives.language_modeling import IGNORED, token_loss
from utils.training.averaging import Averaged
from utils.training.optimizers import adamw

WHAT = "five architectures from scratch on three tasks, with the same budget"
SEES = {
    "gru": "both sides: a GRU from left to right and one from right to left",
    "lstm": "both sides: an LSTM from left to right and one from right to left",
    "bert": "both sides: attention to all words",
    "gpt": "the left side: attention to the words so far",
    "bart": "both sides: attention to all words, then in a decoder to those so far, "
    "and from there to the encoder's",
}
"""What a word's vector knows of the words around it."""
KINDS = tuple(SEES)
TASKS = ("entities", "reviews", "recall")

CPU: dict[str, Any] = {
    "width": 96,
    "heads": 4,
    "inner_width": 384,
    "bart_inner_width": 272,
    "gru_width": 148,
    "lstm_width": 124,
    "pooled_width": 24,
    "rates": [1e-3, 2e-3],
    "steps": {"entities": 150, "reviews": 200, "recall": 250},
    "batch": 32,
    "evaluations": 3,
    "warmup_share": 0.1,
    "dropout": 0.1,
    "weight_decay": 0.05,
    "decay": 0.98,
    "words": 48,
    "rows": 10_000,
    "validation_rows": 500,
    "test_rows": 1000,
    "stories": {"train": 2500, "validation": 250, "test": 500},
}
PRESETS = {
    "cpu": CPU,
    "gpu": CPU
    | {
        "rates": [5e-4, 1e-3, 2e-3],
        "steps": {"entities": 300, "reviews": 400, "recall": 3000},
        "rows": 40_000,
        "stories": {"train": 10_000, "validation": 250, "test": 500},
    },
    "tiny": CPU
    | {
        "width": 16,
        "heads": 2,
        "inner_width": 16,
        "bart_inner_width": 8,
        "gru_width": 8,
        "lstm_width": 8,
        "steps": dict.fromkeys(TASKS, 4),
        "batch": 4,
        "evaluations": 2,
        "rows": 40,
        "validation_rows": 10,
        "test_rows": 20,
        "stories": {"train": 20, "validation": 10, "test": 10},
    },
}
PAD, UNKNOWN, NAME, BLANK = "<pad>", "<unknown>", "<Unknown>", "<blank>"
WORD = re.compile(r"\w+(?:'\w+)*|[^\w\s]")
INIT_STD = 0.02
"""Of the token tables: the words told are products with them; large ones err."""
READ = 4096
"""Words read at a time where nothing is learnt."""

Words = tuple[str, ...]
Example = tuple[Words, Any]
"""What is read, and the answer: a tag for each word, a class, or a word."""
Splits = dict[str, list[Example]]


@dataclass
class Task:
    """Examples of one kind, as words and as ids.

    Attributes:
        answers: "tags", one for each word; "class", one for the text; "word", for the
            blank at its end.
        metric: by its field's name; all are shares, more is better.
        vocabulary: words and their ids. Words that training has only once are unknown,
            those with a capital and those without.
    """

    name: str
    answers: str
    metric: str
    splits: Splits
    vocabulary: dict[str, int] = field(init=False)
    rows: dict[str, list[Row]] = field(init=False)

    def __post_init__(self) -> None:
        train = self.splits["train"]
        counts = Counter(word for words, _ in train for word in words)
        known = {word for word, count in counts.items() if count > 1}
        if self.answers == "word":
            known |= {answer for _, answer in train}
        all_words = [PAD, UNKNOWN, NAME, *sorted(known - {PAD, UNKNOWN, NAME})]
        self.vocabulary = {word: i for i, word in enumerate(all_words)}
        self.rows = {
            split: [Row(self.ids(words), self.label(answer)) for words, answer in part]
            for split, part in self.splits.items()
        }

    @property
    def classes(self) -> int:
        """How many answers there are."""
        kinds = {"tags": len(entities.TAGS), "class": 2, "word": len(self.vocabulary)}
        return kinds[self.answers]

    def ids(self, words: Words) -> list[int]:
        """Of each word, or of the unknown ones of its kind."""
        unknown = (UNKNOWN, NAME)
        return [
            self.vocabulary.get(word, self.vocabulary[unknown[word[0].isupper()]])
            for word in words
        ]

    def label(self, answer: Any) -> int | list[int]:
        """What the loss is given; nothing where no known word is the answer."""
        if self.answers == "tags":
            return [entities.TAGS.index(tag) for tag in answer]
        return (
            answer if self.answers == "class" else self.vocabulary.get(answer, IGNORED)
        )

    def score(self, split: str, found: Sequence[Sequence[int]]) -> float:
        """`metric` of the classes told: of each word, or one a text."""
        expected = [answer for _, answer in self.splits[split]]
        if self.answers == "tags":
            tags = [[entities.TAGS[i] for i in line] for line in found]
            return span_f1(expected, tags)
        from sklearn.metrics import accuracy_score

        told: list[Any] = [line[0] for line in found]
        if self.answers == "word":
            words = list(self.vocabulary)
            told = [words[i] for i in told]
        return float(accuracy_score(expected, told))


def span_f1(expected: Sequence[Sequence[str]], found: Sequence[Sequence[str]]) -> float:
    """Of whole names with their kind, micro-averaged, as CoNLL's."""
    from seqeval.metrics import f1_score

    both = [[list(tags) for tags in rows] for rows in (expected, found)]
    return float(f1_score(*both, zero_division=0))


# What is asked


def entity_splits(data: Dataset[Any]) -> Splits:
    """Sentences and their tags."""
    return {
        split: [(sentence.tokens, sentence.tags) for sentence in data[split]]
        for split in data
    }


def review_splits(data: Dataset[Review], longest: int) -> Splits:
    """Title and content, the first words of them, and the verdict."""
    return {
        split: [
            (tuple(WORD.findall(reviews.text(review))[:longest]), review.label)
            for review in data[split]
        ]
        for split in data
    }


def recall_splits(numbers: Mapping[str, int], longest: int) -> Splits:
    """The last words before a thing is named again, if they name both of the story's.

    Stories with two things (swapped, or one broken) are written for it; no split has a
    passage of an earlier one.

    Args:
        numbers: of stories in each split.
        longest: passage, its blank among the words.
    """
    found: Splits = {}
    seen: set[Words] = set()
    for split, number in numbers.items():
        rng, part = Random(f"recall {split}"), []
        for _ in range(number):
            story = stories.write(rng, rng.choice(["swap", "broken"]))
            for before, noun in stories.recalls(story):
                words = tuple(WORD.findall(before)[1 - longest :])
                text = " ".join(words)
                named = [thing for thing in story.objects if f" {thing} " in text]
                asked = f"{words[-1]} {noun}"
                if len(named) > 1 and asked in named and words not in seen:
                    part.append(((*words, BLANK), noun))
        seen |= {words[:-1] for words, _ in part}
        rng.shuffle(part)
        found[split] = part
    return found


# Who answers without a network


def entity_baselines(data: Dataset[Any], test: int) -> Figures:
    """Span F1 of names known by heart."""
    train, asked = data["train"], data["test"][:test]
    expected = [sentence.tags for sentence in asked]
    return {
        "commonest tag": span_f1(expected, baselines.commonest_tags(train, asked)),
        "names of training": span_f1(expected, baselines.dictionary_tags(train, asked)),
    }


def review_baselines(task: Task) -> Figures:
    """Accuracy of the commoner class, a bag of words and bags of n-grams."""
    train, test = (
        ([" ".join(words) for words, _ in part], [label for _, label in part])
        for part in (task.splits["train"], task.splits["test"])
    )
    return baselines.accuracies(train, test)


def recall_baselines(task: Task) -> Figures:
    """Accuracy of the commonest thing, a bag of words and the last thing named."""
    from sklearn.metrics import accuracy_score

    (train, things), (test, expected) = (
        zip(*task.splits[split], strict=True) for split in ("train", "test")
    )
    known = set(things)

    def last(words: Words) -> str:
        return next((word for word in reversed(words) if word in known), "")

    seen, asked = ([" ".join(words) for words in part] for part in (train, test))
    return {
        "majority": baselines.majority().fit(seen, things).score(asked, expected),
        "bag of words": baselines.bag_of_words()
        .fit(seen, things)
        .score(asked, expected),
        "the last thing named": float(accuracy_score(expected, [*map(last, test)])),
    }


# Who answers with one


class Recurrent(nn.Module):
    """Word vectors read by a GRU or LSTM from both ends.

    Args:
        layers: bidirectional.
        width: of the vectors.
    """

    def __init__(self, layers: GRU | LSTM, vocabulary: int, width: int, dropout: float):
        super().__init__()
        self.token = TokenEmbedding(vocabulary, width)
        self.layers, self.dropout = layers, nn.Dropout(dropout)
        normal_init(self.token, std=INIT_STD)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> ModelOutput:
        """Both (batch, time) -> `last_hidden_state` (batch, time, both directions)."""
        mask = token_mask(attention_mask, tuple(input_ids.shape))
        output, *_ = self.layers(self.dropout(self.token(input_ids)), mask=mask)
        return ModelOutput(last_hidden_state=self.dropout(output))


class Solver(nn.Module):
    """One of `KINDS`, and the head that the task asks for.

    A tag is told from its word's vector, a class from the last, the largest and the
    mean (Howard and Ruder 2018, §3.3), a word from the blank's, by the token table.
    """

    def __init__(self, kind: str, task: Task, preset: Mapping[str, Any]):
        super().__init__()
        self.kind, self.task = kind, task
        self.backbone, width = backbone(kind, preset, len(task.vocabulary))
        dropout = preset["dropout"]
        self.head: nn.Module
        if task.answers == "tags":
            self.head = TokenClassificationHead(width, task.classes, dropout)
        elif task.answers == "class":
            pooled = preset["pooled_width"]
            self.head = ConcatPoolingHead(
                width, task.classes, inner_width=pooled, dropout=(dropout, dropout)
            )
        else:
            self.head = MaskedLMHead(
                width, task.classes, embedding_width=preset["width"]
            )

    @property
    def table(self) -> Tensor:
        """The token vectors (vocabulary, width)."""
        holder: Any = self.backbone
        if self.kind in ("bert", "gpt"):
            return holder.embeddings.table
        return holder.token.weight

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> ModelOutput:
        """Both (batch, time) -> `logits` (batch, [time,] classes).

        BART's decoder reads what its encoder reads, unshifted (Lewis et al. 2020, §3).
        """
        options = {"decoder_input_ids": input_ids} if self.kind == "bart" else {}
        found = self.backbone(input_ids, attention_mask, **options)
        hidden = found.last_hidden_state
        mask = attention_mask.bool()
        if self.task.answers == "tags":
            found.logits = self.head(hidden)
        elif self.task.answers == "class":
            found.logits = self.head(hidden, mask)
        else:
            rows = torch.arange(len(hidden), device=hidden.device)
            found.logits = self.head(hidden[rows, last_true(mask)], self.table)
        return found


def backbone(
    kind: str, preset: Mapping[str, Any], vocabulary: int
) -> tuple[nn.Module, int]:
    """A model, and the width of its last vectors: two blocks, or one layer each way."""
    p, width, dropout = preset, preset["width"], preset["dropout"]
    if kind in ("gru", "lstm"):
        inner = p[f"{kind}_width"]
        layer = GRU if kind == "gru" else LSTM
        layers = layer(width, inner, bidirectional=True)
        return Recurrent(layers, vocabulary, width, dropout), 2 * inner
    sizes: dict[str, Any] = {
        "vocabulary": vocabulary,
        "width": width,
        "heads": p["heads"],
        "positions": p["words"],
        "dropout": dropout,
        "attention_dropout": dropout,
        "init_std": INIT_STD,
    }
    if kind == "bart":
        sizes |= {"layers": 1, "decoder_layers": 1, "padding": 0}
        return BartModel(BartConfig(**sizes, inner_width=p["bart_inner_width"])), width
    sizes |= {"layers": 2, "inner_width": p["inner_width"]}
    if kind == "bert":
        return BertModel(BertConfig(**sizes), pooler=False), width
    return GPT2Model(GPT2Config(**sizes)), width


# A run


def run(run: Run) -> dict[str, Any]:
    """Each task by each architecture."""
    p, named, judged = run.preset, entities.load(), reviews.load()
    longest = p["words"]
    tasks = (
        Task("entities", "tags", "span F1", limited(entity_splits(named), p)),
        Task(
            "reviews", "class", "accuracy", limited(review_splits(judged, longest), p)
        ),
        Task(
            "recall",
            "word",
            "accuracy",
            limited(recall_splits(p["stories"], longest), p),
        ),
    )
    once(run, "entities/baselines", lambda: entity_baselines(named, p["test_rows"]))
    once(run, "reviews/baselines", lambda: review_baselines(tasks[1]))
    once(run, "recall/baselines", lambda: recall_baselines(tasks[2]))
    trainings = len(KINDS) * sum(p["steps"].values())
    for task in tasks:
        for kind in KINDS:
            share = p["steps"][task.name] / trainings
            solve(run.part(f"{task.name}/{kind}", share), kind, task)
    splits = {f"{t.name}/{split}": t.splits[split] for t in tasks for split in t.splits}
    data = Dataset(
        "entities, reviews and stories",
        splits,
        "embedded (written by utils.data.corpora)",
        named.licence,
        text_bytes(splits),
    )
    scores = {
        task.name: {kind: run.parts[f"{task.name}/{kind}"]["score"] for kind in KINDS}
        for task in tasks
    }
    summary = {
        task.name: {
            "metric": task.metric,
            "scores": scores[task.name],
            "baselines": run.parts[f"{task.name}/baselines"],
        }
        for task in tasks
    }
    every = [score for found in scores.values() for score in found.values()]
    return {
        "parts": run.parts,
        "summary": summary,
        "sees": SEES,
        "value": sum(every) / len(every),
        "data": described(data),
    }


def limited(splits: Splits, preset: Mapping[str, Any]) -> Splits:
    """The first examples of each split."""
    most = {"train": "rows", "validation": "validation_rows", "test": "test_rows"}
    return {split: part[: preset[most[split]]] for split, part in splits.items()}


def solve(run: Run, kind: str, task: Task) -> None:
    """Train with each rate; report the best by validation, with its score in test."""
    p = run.preset
    best: tuple[float, dict[str, Any], nn.Module] | None = None
    validation: dict[str, float] = {}
    for rate in p["rates"]:
        found, model = train(run, kind, task, rate)
        validation[f"{rate:g}"] = score = found["final"]["score"]
        if best is None or score > best[0]:
            best = score, found | {"rate": rate}, model
    assert best is not None
    _, found, model = best
    test = measure(model, task, "test")
    figures = {"parameters": parameters(model), "by_rate": validation}
    run.report(found | figures | test | {"kind": kind, "task": task.name})


def train(
    run: Run, kind: str, task: Task, rate: float
) -> tuple[dict[str, Any], nn.Module]:
    """Train with one rate: the figures, and the average of the last weights."""
    p = run.preset
    steps = p["steps"][task.name]
    part = run.part(
        f"{rate:g}",
        1 / len(p["rates"]),
        steps=steps,
        every=-(-steps // p["evaluations"]),
        warmup=max(1, int(steps * p["warmup_share"])),
    )
    torch.manual_seed(run.seed)
    averaged = Averaged(Solver(kind, task, p), p["decay"]).to(run.device)
    batches: DataLoader[Any] = DataLoader(
        task.rows["train"],  # type: ignore[arg-type]  # a list is a data set
        p["batch"],
        shuffle=True,
        drop_last=True,
        collate_fn=Batch.of,
        generator=torch.Generator().manual_seed(run.seed),
    )
    found = fit(
        part,
        averaged,
        batches,
        loss,
        adamw(averaged.model, rate, weight_decay=p["weight_decay"]),
        lambda averaged: measure(averaged.average, task, "validation"),
    )
    return found, averaged.average.eval()


def loss(model: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
    """Cross-entropy: its sum, and over how many."""
    found = model(batch.input_ids, batch.attention_mask)
    summed = token_loss(found.logits, batch.labels, reduction="sum")
    return summed, (batch.labels != IGNORED).sum()


def measure(model: nn.Module, task: Task, split: str) -> Figures:
    """Score and loss, in nats for each answer."""
    rows = task.rows[split]
    found = read(model, rows, READ, logits)
    total, count, told = 0.0, 0, []
    for row, scores in zip(rows, found, strict=True):
        label = torch.tensor(row.label).reshape(-1)
        scores = scores.reshape(-1, task.classes)[: len(label)]
        total += token_loss(scores, label, reduction="sum").item()
        count += int((label != IGNORED).sum())
        told.append(scores.argmax(-1).tolist())
    return {"score": task.score(split, told), "loss": total / max(1, count)}
