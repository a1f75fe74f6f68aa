"""Product reviews, title and content, negative or positive; half and half.

Written so that the words alone don't tell. Most praise one thing and complain of
another; what decides is which of the two matters, who was right, how it was before, or
what the rival is like, and the phrases for it come in pairs of the same words. A few
can be read from title and content only together. Products and phrases are in
reviews.toml; some are kept for validation and test.
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
NUMBER = re.compile(r"\[([^|\]]*)\|([^\]]*)\]")
FIRST_PERSON = re.compile(r"\b(I|my|me|we|us|our)\b")
KINDS = {
    "plain": 8,
    "mixed": 16,
    "weight": 14,
    "claim": 14,
    "rival": 14,
    "delivery": 10,
    "turn": 10,
    "conditional": 4,
    "negation": 8,
    "irony": 2,
    "together": 10,
    "title_decides": 10,
}
"""How the verdict is put, and how often, in parts of their sum."""
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
            polar = kind in ("plain", "rival", "negation") and draw.random() < 0.5
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

    def _mixed(self) -> tuple[None, str]:
        body, last = self._both()
        link = "along" if last == self.label else "against"
        return (
            None,
            f"{body} {self._fill(self.lists['verdicts'][link], self._verdict())}",
        )

    def _weight(self) -> tuple[None, str]:
        body, _ = self._both()
        x, y = (self.good, self.bad) if self.label else (self.bad, self.good)
        many = "plural" in self.product["aspects"][x]
        frame = self.draw.phrase(self.lists["weight"]["frames"])
        frame = NUMBER.sub(r"\2" if many else r"\1", frame)
        return None, f"{body} {frame.format(x=x, y=y)}"

    def _claim(self) -> tuple[None, str]:
        said = self.draw.choice([True, False])
        parts = self.lists["claim"]
        claim = {"claim": self._claim_of(said)}
        true = said == self.label
        if self.draw.random() < 0.5:
            person, he_was = self.draw.phrase(parts["people"])
            claim |= {"person": person, "he_was": he_was}
            body = self._fill(parts["said"], claim)
            answer = self._fill(parts["true" if true else "false"], claim)
        else:
            body = self._fill(parts["expected"], claim)
            answer = self._fill(parts["met" if true else "unmet"])
        return None, f"{body} {answer}"

    def _rival(self) -> tuple[None, str]:
        parts = self.lists["rival"]
        if self.draw.random() < 0.5:
            kind = self.draw.choice([True, False])
            one, two = self.draw.sample(self.product["adjectives"][_tone(kind)], 2)
            told = {"one": one, "two": two, "claim": self._clause(kind, past=True)}
            answer = "same" if kind == self.label else "other"
            body = f"{self._fill(parts['described'], told)} {self._fill(parts[answer])}"
        else:
            body = self._fill(parts[_tone(self.label)])
        return None, self._at_times_with_clause(body)

    def _delivery(self) -> tuple[str | None, str]:
        parts = self.lists["delivery"]
        came = self.draw.choice([True, False])
        answer = self._fill(parts["same" if came == self.label else "other"])
        end = f": {self._clause(self.label)}." if self.draw.random() < 0.5 else "."
        title = None
        if self.draw.random() < 0.4:
            title = self._fill(parts[f"titles_{_tone(came)}"])
        return title, f"{self._fill(parts[_tone(came)])} {answer}{end}"

    def _turn(self) -> tuple[str | None, str]:
        parts = self.lists["turn"]
        place = self.draw.randrange(2)
        change = {
            "before": self._clause(not self.label, self.good, place, past=True),
            "now": self._clause(self.label, self.good, place),
        }
        title = None
        if self.draw.random() < 0.3:
            title = self._fill(parts[f"titles_{_tone(self.label)}"])
        return title, self._fill(parts["frames"], change)

    def _conditional(self) -> tuple[None, str]:
        clause = {"clause": self._clause(not self.label, past=True)}
        return None, self._fill(self.lists["conditional"][_tone(self.label)], clause)

    def _negation(self) -> tuple[None, str]:
        body = self._fill(self.lists["negation"][_tone(self.label)])
        return None, self._at_times_with_clause(body)

    def _irony(self) -> tuple[None, str]:
        clause = {"clause": self._clause(self.label)}
        return None, self._fill(self.lists["irony"][_tone(self.label)], clause)

    def _together(self) -> tuple[str, str]:
        said = self.draw.choice([True, False])
        claim = again = self._claim_of(said)
        while again == claim:
            again = self._claim_of(said)
        claims = {"claim": claim, "again": again}
        parts = self.lists["together"]
        title = self._fill(parts["true" if said == self.label else "false"])
        return title, self._fill(parts["heard"], claims)

    def _title_decides(self) -> tuple[str, str]:
        body, _ = self._both()
        aspects = {"good_aspect": self.good, "bad_aspect": self.bad}
        title = self._fill(self.lists["title_decides"][_tone(self.label)], aspects)
        return title, body

    def _both(self) -> tuple[str, bool]:
        """One good thing and one bad thing, and whether the last was good."""
        clauses = [
            (self._clause(0, self.bad), False),
            (self._clause(1, self.good), True),
        ]
        self.draw.shuffle(clauses)
        (first, _), (second, last) = clauses
        frames = self.lists["mixed"]["frames"]
        return self._fill(frames, {"first": first, "second": second}), last

    def _clause(
        self,
        good: int,
        aspect: str | None = None,
        place: int | None = None,
        *,
        past: bool = False,
    ) -> str:
        choices = self.product["aspects"][aspect or self.third][_tone(good)]
        place = self.draw.randrange(len(choices)) if place is None else place
        return VERB.sub(r"\2" if past else r"\1", choices[place])

    def _claim_of(self, good: int) -> str:
        """A clause that anyone may say: not about the writer."""
        while True:
            clause = self._clause(
                good, self.draw.choice(sorted(self.product["aspects"]))
            )
            if not FIRST_PERSON.search(clause):
                return clause

    def _at_times_with_clause(self, body: str) -> str:
        return (
            f"{body} {self._clause(self.label)}." if self.draw.random() < 0.4 else body
        )

    def _verdict(self) -> dict[str, str]:
        return {"verdict": self._fill(self.lists["verdicts"][_tone(self.label)])}

    def _fill(self, phrases: list[str], more: dict[str, str] | None = None) -> str:
        return self.draw.phrase(phrases).format(**self.words, **(more or {}))


def _tone(good: int) -> str:
    return "good" if good else "bad"
