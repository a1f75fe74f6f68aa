"""WikiText: Wikipedia's good articles (Merity et al. 2017, arXiv 1609.07843)."""

from __future__ import annotations

from utils.data import hub
from utils.data.dataset import Dataset, check_choice, check_source, text_bytes
from utils.data.local import read_lines

NAME = "wikitext2"
SOURCES = {"2": ("local", "hub"), "103": ("hub",)}
HUB = "Salesforce/wikitext"
FILES = {"validation": "valid.txt.gz", "test": "test.txt.gz"}


def load(source: str = "local", version: str = "2") -> Dataset[str]:
    """Lines of text, empty ones among them; rare words are `<unk>`.

    A line is a paragraph or a heading ("= Title ="), its words and signs between
    spaces. Perplexity a word counts the end of each line too, whether empty or not:
    `tokens`. Locally there is WikiText-2 without its train split.

    Args:
        source: "local" or "hub".
        version: "2" (2 million words to train on) or "103" (103 million).

    Raises:
        ValueError: a source or version there isn't.
        DataUnavailable: a file is missing or damaged, or there is no network.
    """
    check_choice("version", version, tuple(SOURCES))
    check_source(f"WikiText-{version}", source, SOURCES[version])
    if source == "local":
        lines = {
            split: read_lines(NAME, file, SOURCES[version])
            for split, file in FILES.items()
        }
        where = f"COURSE_DATA/{NAME}: no train split"
    else:
        config = f"wikitext-{version}-v1"
        data = hub.load(HUB, config, sources=SOURCES[version])
        lines = {split: data[split]["text"] for split in ("train", *FILES)}
        where = f"{HUB}, {config}"
    splits = {split: [line.strip() for line in text] for split, text in lines.items()}
    return Dataset(
        name=f"wikitext-{version}",
        splits=splits,
        source=f"{source} ({where})",
        licence="CC BY-SA",
        bytes=text_bytes(splits),
        unit="lines",
    )


def tokens(line: str) -> list[str]:
    """Its words and signs, and `<eos>`."""
    return [*line.split(), "<eos>"]
