"""One example of each kind of task: what a split of a text data set holds.

Several data sets share a kind, and each source gives the same one.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A text, or a pair of them, and its class."""

    text: str
    label: int | float
    """the class, an index into the data set's `labels`; a score where it has none"""
    pair: str | None = None
    """the second text where the question is how two are related"""


@dataclass(frozen=True, slots=True)
class Review:
    """A review with its title, and its class."""

    title: str
    content: str
    label: int


@dataclass(frozen=True, slots=True)
class TaggedSentence:
    """Words and a tag for each, as many."""

    tokens: tuple[str, ...]
    tags: tuple[str, ...]
    """BIO: B-person begins a person, I-person goes on with it, O is neither"""

    def __post_init__(self) -> None:
        if len(self.tokens) != len(self.tags):
            raise ValueError(f"{len(self.tokens)} tokens but {len(self.tags)} tags")


@dataclass(frozen=True, slots=True)
class Answer:
    """A span of a passage."""

    text: str
    start: int | None
    """the character at which it starts, None where that isn't known"""


@dataclass(frozen=True, slots=True)
class Question:
    """A question on a passage."""

    id: str
    question: str
    context: str
    answers: tuple[Answer, ...]
    """by several people, some the same; none if the passage doesn't answer"""
    title: str = ""
    """of the article that the passage is from"""

    @property
    def impossible(self) -> bool:
        """Whether the passage doesn't answer it (SQuAD 2.0)."""
        return not self.answers


@dataclass(frozen=True, slots=True)
class Translation:
    """A sentence in two languages."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Summary:
    """A document, or a dialogue, and what it comes down to."""

    document: str
    summaries: tuple[str, ...]
    """by several people; the first is the one to learn from"""
    topic: str = ""


@dataclass(frozen=True, slots=True)
class LastWord:
    """A passage without its last word, and that word."""

    context: str
    word: str

    @property
    def text(self) -> str:
        """The whole passage."""
        return f"{self.context} {self.word}"


@dataclass(frozen=True, slots=True)
class Instruction:
    """A task in words, what it is about (may be empty), and an answer to it."""

    instruction: str
    input: str
    output: str
