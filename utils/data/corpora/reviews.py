"""Product reviews, title and content, negative or positive; half and half.

Written so that the words alone don't tell. Most praise one thing and complain of
another, and the sentence says which decides: what comes after "but", the main clause,
what is said to matter, how it is now and not at first, this one and not the old one.
Others repeat what was hoped, feared or said, and whether it is so. A few can be read
from title and content only together. Products and phrases are in reviews.toml; some
are kept for validation and test, but no form of what decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from utils.data.corpora.grammar import Draw, read, sentences, with_article
from utils.data.corpora.leaks import Index
from utils.data.dataset import Dataset, check_source, text_bytes
from utils.data.examples import Review

NAME = "reviews"
LABELS = ("negative", "positive")
SIZES = {"train": 2000, "validation": 300, "test": 500}
LARGEST_SHARE = 0.5
"""of the 5-grams of a review that another split may have in one of its own"""
VERB = re.compile(r"<([^|>]*)\|([^>]*)>")
NUMBER = re.compile(r"(\w+)/(\w+)")
FIRST_PERSON = re.compile(r"\b(I|my|me|we|us|our)\b")
KINDS = {
    "plain": 24,
    "contrast": 22,
    "importance": 12,
    "turn": 12,
    "rival": 10,
    "delivery": 8,
    "expectation": 12,
    "claim": 8,
    "negation": 8,
    "conditional": 2,
    "irony": 2,
    "together": 10,
    "title_decides": 10,
}
"""How the verdict is put, and how often, in parts of their sum."""
GENERAL = 0.6
"""of the clauses praise or blame in words that fit any aspect"""
TIMES = ["two weeks", "a month", "three months", "half a year"]
MONTHS = ["January", "March", "May", "July", "September", "November"]
WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"]
RELATIVES = ["brother", "mother", "daughter", "father", "wife", "husband", "aunt"]
NUMBERS = ["two", "three", "four", "five"]


def load(source: str = "embedded", seed: int = 0) -> Dataset[Review]:
    """2,000 reviews to train on, 300 for validation, 500 for test.

    Raises:
        ValueError: a source other than "embedded".
    """
    check_source(NAME, source, ("embedded",))
    lists = read(NAME)
    splits: dict[str, list[Review]] = {}
    earlier = Index()
    for split, size in SIZES.items():
        writer = _Writer(
            lists, Draw(f"{NAME} {split} {seed}", training=split == "train")
        )
        splits[split] = []
        seen: set[str] = set()
        while len(splits[split]) < size:
            review = writer.review(label=len(splits[split]) % 2)
            whole = text(review)
            if whole not in seen and earlier.worst(whole)[0] < LARGEST_SHARE:
                seen.add(whole)
                splits[split].append(review)
        for review in splits[split]:
            earlier.add(text(review))
        writer.draw.shuffle(splits[split])
    return Dataset(
        name=NAME,
        splits=splits,
        source="embedded (written by utils.data.corpora.reviews)",
        licence="CC BY 4.0",
        bytes=text_bytes(splits),
        labels=LABELS,
    )


def text(review: Review) -> str:
    """Title and content as one text."""
    return f"{review.title}. {review.content}"


class _Writer:
    def __init__(self, lists: dict[str, Any], draw: Draw) -> None:
        self.lists = lists
        self.draw = draw
        products = lists["product"]
        self.products = [p for p in products if not (draw.training and "unseen" in p)]

    def review(self, label: int) -> Review:
        draw = self.draw
        self.product = draw.choice(self.products)
        aspects = draw.sample(sorted(self.product["aspects"]), 3)
        self.good, self.bad, self.third = aspects
        self.label = label
        name = self.product["name"]
        self.words = {
            "product": name,
            "a_product": with_article(name),
            "use": self.product["use"],
            "aspect": draw.choice(aspects),
            "rival": draw.phrase(self.lists["rival"]["brands"]),
            "brand": draw.phrase(self.lists["rival"]["brands"]),
            "time": draw.choice(TIMES),
            "month": draw.choice(MONTHS),
            "weekday": draw.choice(WEEKDAYS),
            "relative": draw.choice(RELATIVES),
            "number": draw.choice(NUMBERS),
        }
        (kind,) = draw.choices(list(KINDS), list(KINDS.values()))
        write: Callable[[], tuple[str | None, str]] = getattr(self, f"_{kind}")
        title, body = write()
        if title is None:
            polar = kind in ("plain", "rival") and draw.random() < 0.5
            tone = _tone(label) if polar else "neutral"
            title = self._fill(self.lists["titles"][tone])
        if draw.random() < 0.6:
            opening = self._fill(self.lists["openings"]["neutral"])
            body = f"{opening} {body}"
        return Review(sentences(title), sentences(body), label)

    def _plain(self) -> tuple[None, str]:
        one, two = self._clause(self.label, self.good), self._clause(self.label)
        body = self.draw.choice([f"{one} and {two}.", f"{one}. {two}."])
        if self.draw.random() < 0.5:
            body += " " + self._fill(self.lists["verdicts"]["along"], self._verdict())
        return None, body

    def _contrast(self) -> tuple[None, str]:
        body = self._decided(self.lists["contrast"]["frames"])
        if self.draw.random() < 0.3:
            body += " " + self._fill(self.lists["verdicts"]["along"], self._verdict())
        return None, body

    def _importance(self) -> tuple[None, str]:
        return None, self._decided(self.lists["importance"]["frames"])

    def _expectation(self) -> tuple[None, str]:
        good = self.draw.choice([True, False])
        parts = self.lists["expectation"]
        clause = {"clause": self._claim_of(good, past=True)}
        hoped = self._form(parts[_tone(good)], clause)
        return None, f"{hoped} {self._form(parts[_met(good == self.label)])}"

    def _claim(self) -> tuple[None, str]:
        good = self.draw.choice([True, False])
        parts = self.lists["claim"]
        person, he_was = self.draw.phrase(parts["people"])
        claim = {"claim": self._claim_of(good), "person": person, "he_was": he_was}
        answer = parts["true" if good == self.label else "false"]
        return None, f"{self._form(parts['said'], claim)} {self._form(answer, claim)}"

    def _rival(self) -> tuple[None, str]:
        parts = self.lists["rival"]
        if self.draw.random() < 0.25:
            return None, self._form(parts[_tone(self.label)])
        own, theirs = (
            " and ".join(self.draw.sample(self.product["adjectives"][_tone(kind)], 2))
            for kind in (self.label, not self.label)
        )
        return None, self._form(parts["frames"], {"own": own, "theirs": theirs})

    def _delivery(self) -> tuple[str | None, str]:
        parts = self.lists["delivery"]
        came = _tone(self.label if self.draw.random() < 0.3 else not self.label)
        then = self._form(parts["then"], {"clause": self._clause(self.label)})
        title = (
            self._fill(parts[f"titles_{came}"]) if self.draw.random() < 0.4 else None
        )
        return title, f"{self._fill(parts[came])} {then}"

    def _turn(self) -> tuple[str | None, str]:
        parts = self.lists["turn"]
        change = {
            "before": self._clause(not self.label, self.good, past=True),
            "now": self._clause(self.label, self.good),
        }
        title = self._fill(parts["titles"]) if self.draw.random() < 0.3 else None
        return title, self._form(parts["frames"], change)

    def _conditional(self) -> tuple[None, str]:
        clause = {"clause": self._clause(not self.label, past=True)}
        return None, self._form(self.lists["conditional"][_tone(self.label)], clause)

    def _negation(self) -> tuple[None, str]:
        parts = self.lists["negation"]
        if self.draw.random() < 0.3:
            return None, self._form(parts[_tone(self.label)])
        good = self.draw.choice([True, False])
        form = parts["said" if good == self.label else "denied"]
        return None, self._form(form, {"clause": self._claim_of(good)})

    def _irony(self) -> tuple[None, str]:
        clause = {"clause": self._clause(self.label)}
        return None, self._form(self.lists["irony"][_tone(self.label)], clause)

    def _together(self) -> tuple[str, str]:
        said = self.draw.choice([True, False])
        claims = {
            "claim": self._claim_of(said, self.good),
            "again": self._claim_of(said, self.bad),
        }
        parts = self.lists["together"]
        title = self._form(parts["true" if said == self.label else "false"])
        return title, self._form(parts["heard"], claims)

    def _title_decides(self) -> tuple[str, str]:
        body = self._both()
        aspects = {"good_aspect": self.good, "bad_aspect": self.bad}
        title = self._form(self.lists["title_decides"][_tone(self.label)], aspects)
        return title, body

    def _decided(self, frames: list[str]) -> str:
        """One good thing and one bad thing; the one with the label decides."""
        decides, yields = (self.good, self.bad) if self.label else (self.bad, self.good)
        return self._form(
            frames,
            {
                "decides": self._clause(self.label, decides),
                "yields": self._clause(not self.label, yields),
            },
        )

    def _both(self) -> str:
        """One good thing and one bad thing, in either order."""
        clauses = [self._clause(0, self.bad), self._clause(1, self.good)]
        self.draw.shuffle(clauses)
        first, second = clauses
        return self._form(
            self.lists["both"]["frames"], {"first": first, "second": second}
        )

    def _clause(
        self, good: int, aspect: str | None = None, *, past: bool = False
    ) -> str:
        aspect = aspect or self.third
        parts = self.product["aspects"][aspect]
        if self.draw.random() < GENERAL:
            found = self.draw.phrase(self.lists["general"][_tone(good)])
            found = found.format(aspect=aspect)
        else:
            found = self.draw.choice(parts[_tone(good)])
        found = VERB.sub(r"\2" if past else r"\1", found)
        return NUMBER.sub(r"\2" if "plural" in parts else r"\1", found)

    def _claim_of(
        self, good: int, aspect: str | None = None, *, past: bool = False
    ) -> str:
        """A clause that anyone may say: not about the writer."""
        while True:
            clause = self._clause(good, aspect, past=past)
            if not FIRST_PERSON.search(clause):
                return clause

    def _verdict(self) -> dict[str, str]:
        return {"verdict": self._fill(self.lists["verdicts"][_tone(self.label)])}

    def _fill(self, phrases: list[str], more: dict[str, str] | None = None) -> str:
        """A phrase, some of which are kept from training."""
        return self.draw.phrase(phrases).format(**self.words, **(more or {}))

    def _form(self, phrases: list[str], more: dict[str, str] | None = None) -> str:
        """A phrase that decides: training has all of them."""
        return self.draw.choice(phrases).format(**self.words, **(more or {}))


def _tone(good: int) -> str:
    return "good" if good else "bad"


def _met(met: bool) -> str:
    return "met" if met else "unmet"
