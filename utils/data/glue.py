"""GLUE: nine tasks on a sentence or on two (Wang et al. 2019, arXiv 1804.07461)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from utils.data import hub
from utils.data.dataset import Dataset, check_choice, check_source, text_bytes
from utils.data.examples import LabelledText
from utils.data.local import read_lines

HUB = "nyu-mll/glue"
ENTAILMENT = ("entailment", "neutral", "contradiction")


@dataclass(frozen=True)
class Task:
    """What GLUE calls the texts of a task, and its classes (none: a score, 0 to 5)."""

    columns: tuple[str, ...]
    labels: tuple[str, ...]
    licence: str = "its authors' own terms, see gluebenchmark.com"
    sources: tuple[str, ...] = ("hub",)


TASKS = {
    "cola": Task(
        ("sentence",),
        ("unacceptable", "acceptable"),
        "none stated (Warstadt et al. 2019)",
        ("local", "hub"),
    ),
    "sst2": Task(
        ("sentence",),
        ("negative", "positive"),
        "none stated (Socher et al. 2013): research",
        ("local", "hub"),
    ),
    "mrpc": Task(("sentence1", "sentence2"), ("not_equivalent", "equivalent")),
    "qqp": Task(("question1", "question2"), ("not_duplicate", "duplicate")),
    "stsb": Task(("sentence1", "sentence2"), ()),
    "mnli": Task(("premise", "hypothesis"), ENTAILMENT),
    "qnli": Task(("question", "sentence"), ("entailment", "not_entailment")),
    "rte": Task(("sentence1", "sentence2"), ("entailment", "not_entailment")),
    "wnli": Task(("sentence1", "sentence2"), ("not_entailment", "entailment")),
}


def load(task: str = "sst2", source: str = "local") -> Dataset[LabelledText]:
    """A task's train and validation split.

    MNLI has two of the latter, "validation_matched" and "validation_mismatched". Test
    labels are GLUE's secret: where they are hidden there is no such split. Locally
    there are SST-2 (its training rows in an order of their own) and CoLA (of the 1,043
    of its validation split the first 527 are in-domain). Spaces at the ends of texts
    are taken off.

    Raises:
        ValueError: no such task, or a source that it doesn't have.
        DataUnavailable: a file is missing or damaged, or there is no network.
    """
    check_choice("task", task, tuple(TASKS))
    found = TASKS[task]
    check_source(f"GLUE's {task}", source, found.sources)
    if source == "hub":
        data = hub.load(HUB, task, sources=found.sources)
        splits = {split: _examples(rows, found) for split, rows in data.items()}
        splits = {split: rows for split, rows in splits.items() if rows}
        where = f"{HUB}, {task}"
    else:
        splits = _sst2() if task == "sst2" else _cola()
        where = "COURSE_DATA/" + ("sst2_glue" if task == "sst2" else "cola")
    return Dataset(
        name=f"glue {task}",
        splits=splits,
        source=f"{source} ({where})",
        licence=found.licence,
        bytes=text_bytes(splits),
        labels=found.labels,
    )


def _examples(rows: Any, task: Task) -> list[LabelledText]:
    texts = [rows[column] for column in task.columns]
    return [
        LabelledText(first.strip(), label, second[0].strip() if second else None)
        for label, first, *second in zip(rows["label"], *texts, strict=True)
        if label != -1
    ]


def _sst2() -> dict[str, list[LabelledText]]:
    splits = {}
    for split, file in (("train", "train.tsv.gz"), ("validation", "dev.tsv")):
        lines = read_lines("sst2_glue", file, TASKS["sst2"].sources)
        rows = (line.split("\t") for line in lines[1:])
        splits[split] = [LabelledText(text.strip(), int(label)) for text, label in rows]
    return splits


def _cola() -> dict[str, list[LabelledText]]:
    def read(file: str) -> list[LabelledText]:
        lines = read_lines("cola", file, TASKS["cola"].sources)
        rows = (line.split("\t") for line in lines)
        return [LabelledText(text.strip(), int(label)) for _, label, _, text in rows]

    return {
        "train": read("in_domain_train.tsv"),
        "validation": read("in_domain_dev.tsv") + read("out_of_domain_dev.tsv"),
    }
