"""The 8 × 1,000 texts that TextFooler was measured on (Jin et al. 2020, 1907.11932).

Real reviews, news and pairs of sentences, in lower case with words and signs apart.
"""

from __future__ import annotations

from utils.data.ag_news import LABELS as NEWS
from utils.data.dataset import Dataset, check_choice, check_source, text_bytes
from utils.data.examples import LabelledText
from utils.data.glue import ENTAILMENT
from utils.data.local import read_lines

NAME = "textfooler_1k"
SOURCES = ("local",)
SENTIMENT = ("negative", "positive")
LABELS = {
    "imdb": SENTIMENT,
    "yelp": SENTIMENT,
    "mr": SENTIMENT,
    "ag": NEWS,
    "snli": ENTAILMENT,
    "mnli": ENTAILMENT,
    "mnli_matched": ENTAILMENT,
    "mnli_mismatched": ENTAILMENT,
}
TERMS = {"yelp": "Yelp's own terms: academic use", "ag": "non-commercial research"}


def load(task: str = "imdb", source: str = "local") -> Dataset[LabelledText]:
    """1,000 texts to test on, as they stand in the file, with its quotes and "\\n".

    "mnli" holds the same pairs as "mnli_mismatched".

    Raises:
        ValueError: no such task, or a source it doesn't have.
        DataUnavailable: the file is missing or damaged.
    """
    check_choice("task", task, tuple(LABELS))
    check_source(NAME, source, SOURCES)
    labels = LABELS[task]
    packed = task in ("imdb", "yelp")
    lines = read_lines(NAME, f"{task}.gz" if packed else task, SOURCES)
    splits = {"test": [_example(line, labels) for line in lines]}
    return Dataset(
        name=f"{NAME} {task}",
        splits=splits,
        source=f"{source} (COURSE_DATA/{NAME})",
        licence=TERMS.get(task, "its authors' own terms"),
        bytes=text_bytes(splits),
        labels=labels,
    )


def _example(line: str, labels: tuple[str, ...]) -> LabelledText:
    pair = None
    if labels == ENTAILMENT:
        label, text, pair = line.split("\t")
    else:
        label, text = line.split(" ", 1)
    number = int(label) if label.isdigit() else labels.index(label)
    return LabelledText(text.strip(), number, pair and pair.strip())
