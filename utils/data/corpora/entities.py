"""Sentences with people, places and organisations, tagged word by word.

The same name is a person here, a place or a firm there, and a common word elsewhere:
Washington, Jordan, Amazon, Reading. Of some of these names training shows one kind
only, and of the other names in validation and test about half don't occur in training.
Sentences and names are in entities.toml.
"""

from __future__ import annotations

import re
from typing import Any

from utils.data.corpora.grammar import Draw, read
from utils.data.corpora.leaks import Index
from utils.data.dataset import Dataset, check_source, text_bytes
from utils.data.examples import TaggedSentence

NAME = "entities"
TAGS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG", "I-ORG")
SIZES = {"train": 700, "validation": 150, "test": 250}
LARGEST_SHARE = 0.5
"""of the 5-grams of a sentence that another split may have in one of its own"""
TAG_OF = dict.fromkeys(("PER", "HE", "SHE", "GIVEN", "SURNAME"), "PER")
TAG_OF |= dict.fromkeys(("LOC", "TOWN", "COUNTRY", "SIGHT", "RIVER"), "LOC")
TAG_OF |= dict.fromkeys(("FIRM", "INVENTED", "CLUB", "BODY"), "ORG")
CHOICES = {"PER": ("HE", "SHE"), "LOC": ("TOWN", "TOWN", "TOWN", "COUNTRY")}
"""What stands in for a kind that has no names of its own."""
AMBIGUOUS = 0.45
"""Share of names that have several kinds, of those slots that have any."""
PLAIN = 0.06
"""Share of sentences in which such a name is an ordinary word."""
UNSEEN_NAMES = 0.45
SLOT = re.compile(r"\{(\w+)\}")


def load(source: str = "embedded", seed: int = 0) -> Dataset[TaggedSentence]:
    """700 sentences to train on, 150 for validation, 250 for test, tags as in `TAGS`.

    Raises:
        ValueError: a source other than "embedded".
    """
    check_source(NAME, source, ("embedded",))
    lists = read(NAME)
    splits: dict[str, list[TaggedSentence]] = {}
    earlier = Index()
    for split, size in SIZES.items():
        draw = Draw(f"{NAME} {split} {seed}", training=split == "train")
        names = _Names(lists, draw)
        splits[split] = []
        seen: set[str] = set()
        while len(splits[split]) < size:
            plain = draw.random() < PLAIN
            frame = draw.phrase(lists["plain" if plain else "sentences"], kept=0.3)
            sentence = names.fill(frame)
            text = " ".join(sentence.tokens)
            if text not in seen and earlier.worst(text)[0] < LARGEST_SHARE:
                seen.add(text)
                splits[split].append(sentence)
        for text in sorted(seen):
            earlier.add(text)
    return Dataset(
        name=NAME,
        splits=splits,
        source="embedded (written by utils.data.corpora.entities)",
        licence="CC BY 4.0",
        bytes=text_bytes(splits),
        labels=TAGS,
    )


class _Names:
    def __init__(self, lists: dict[str, Any], draw: Draw) -> None:
        self.draw = draw
        self.names: dict[str, list[str]] = lists["names"]
        self.compounds: dict[str, list[str]] = lists["compounds"]
        self.ambiguous: dict[str, list[str]] = {kind: [] for kind in TAG_OF}
        for place, (name, kinds) in enumerate(lists["ambiguous"].items()):
            one = draw.training and place % 2
            for kind in kinds[:1] if one else kinds:
                self.ambiguous[kind].append(name)
        self.ambiguous["GIVEN"] = self.ambiguous["HE"] + self.ambiguous["SHE"]

    def fill(self, frame: str) -> TaggedSentence:
        tokens: list[str] = []
        tags: list[str] = []
        used: set[str] = set()
        for part in frame.split():
            slot = SLOT.fullmatch(part)
            if not slot:
                tokens.append(part)
                tags.append("O")
                continue
            name = self._name(slot[1])
            while used & set(name):
                name = self._name(slot[1])
            used.update(word for word in name if word[0].isupper())
            tokens += name
            tag = TAG_OF[slot[1]]
            tags += [f"B-{tag}"] + [f"I-{tag}"] * (len(name) - 1)
        return TaggedSentence(tuple(tokens), tuple(tags))

    def _name(self, kind: str) -> list[str]:
        kind = self.draw.choice(CHOICES.get(kind, (kind,)))
        names = self.ambiguous[kind]
        if kind in ("HE", "SHE"):
            names = names + self.ambiguous["SURNAME"]
        if names and self.draw.random() < AMBIGUOUS:
            return [self.draw.choice(names)]
        if kind == "GIVEN":
            return [self._part(self.draw.choice(("he", "she")))]
        compounds = self.compounds["INVENTED" if kind == "FIRM" else kind]
        frame = self.draw.phrase(compounds, kept=0.25)
        return SLOT.sub(lambda slot: self._part(slot[1]), frame).split()

    def _part(self, name: str) -> str:
        if name in self.ambiguous:
            return self.draw.choice(self.ambiguous[name])
        return self.draw.phrase(self.names[name], kept=UNSEEN_NAMES)
