"""What the grammars share: their word lists, draws, and the form of a sentence."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from importlib.resources import files
from random import Random
from typing import Any, TypeVar

Item = TypeVar("Item")
SENTENCE_START = re.compile(r"(^|[.?!]\s+)([a-z])")
UNSEEN = 4
"""Of every list of phrases each fourth is kept from training."""


def read(name: str) -> dict[str, Any]:
    """The word lists of a corpus, from the TOML file beside its grammar."""
    return tomllib.loads(files(__package__).joinpath(f"{name}.toml").read_text("utf-8"))


class Draw(Random):
    """Random choices, for training without the phrases that are kept from it."""

    def __init__(self, seed: str, *, training: bool) -> None:
        super().__init__(seed)  # through SHA-512: the same on every Python
        self.training = training

    def phrase(self, phrases: Sequence[Item], *, kept: float | None = None) -> Item:
        """One of a list; in training none of those that are kept from it.

        Args:
            kept: how often, outside training, it is one of those; else as the list has
                them.
        """
        if self.training:
            return self.choice([p for i, p in enumerate(phrases, 1) if i % UNSEEN])
        held = phrases[UNSEEN - 1 :: UNSEEN]
        if held and kept is not None and self.random() < kept:
            return self.choice(held)
        return self.choice(phrases)


def sentences(text: str) -> str:
    """The text with a capital at the start of every sentence."""
    return SENTENCE_START.sub(lambda m: m[1] + m[2].upper(), text)


def with_article(noun: str) -> str:
    """ "a kettle", "an umbrella"."""
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"
