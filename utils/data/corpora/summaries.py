"""Local reports and what they come down to.

A report has five to nine sentences in an order that changes; the news need not come
first, a rumour may be put right, and half of what it tells doesn't matter. The summary
selects the facts that do and says them in other words ("lightning that hit the roof" is
"lightning", "the swimming baths" are "the public pool"). Events and their facts are in
summaries.toml.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from random import Random
from typing import Any

from utils.data.corpora.grammar import read, sentences
from utils.data.corpora.stories import CHOICE, Named
from utils.data.dataset import Dataset, check_source, text_bytes
from utils.data.examples import Summary

NAME = "summaries"
LICENCE = "CC BY 4.0"
SEED = 11
SIZES = {"train": 600, "validation": 100, "test": 100}
EVENTS = ("fire", "vote", "search", "theft", "match", "storm", "strike", "record")
SENTENCE_END = re.compile(r'(?<=[.?!])\s+|(?<=[.?!]")\s+')
MONTHS = ("January", "February", "March", "April", "May", "June", "September")


def load(source: str = "embedded") -> Dataset[Summary]:
    """600 reports with a summary to learn from, 100 for validation, 100 for test.

    Raises:
        ValueError: another source than "embedded".
    """
    check_source(NAME, source, ("embedded",))
    return _written()


@cache
def _written() -> Dataset[Summary]:
    rng = Random(SEED)
    seen: set[str] = set()
    splits: dict[str, list[Summary]] = {}
    for split, size in SIZES.items():
        splits[split] = []
        while len(splits[split]) < size:
            pair = write(rng)
            if pair.summaries[0] not in seen:
                seen.add(pair.summaries[0])
                splits[split].append(pair)
    return Dataset(
        NAME,
        splits,
        "embedded (written by a grammar)",
        LICENCE,
        text_bytes(
            [(s.document, s.summaries) for part in splits.values() for s in part]
        ),
    )


def write(rng: Random, event: str | None = None) -> Summary:
    """One report, of any event or of the one named, with its summary.

    Raises:
        ValueError: no such event.
    """
    if event is not None and event not in EVENTS:
        raise ValueError(f"event must be one of {', '.join(EVENTS)}, was {event!r}")
    event = event or rng.choice(EVENTS)
    words = lists()
    slots = facts(rng, words, event)

    def tell(lines: list[str]) -> str:
        chosen = CHOICE.sub(lambda m: rng.choice(m[1].split("|")), rng.choice(lines))
        return chosen.format_map(slots)

    news = tell(words[event]["news"])
    told = [tell(lines) for lines in words[event]["facts"]]
    aside = [tell(words["comment"])]
    if rng.random() < 0.7:
        aside.append(tell(words["filler"]))
    lines = [news, *told]
    for line in aside:
        lines.insert(rng.randrange(2, len(lines) + 1), line)
    if rng.random() < 0.5:
        lines.insert(0, tell(words["scene"]))
    summary = tell(words[event]["summary"])
    return Summary(sentences(" ".join(lines)), (sentences(summary),), topic=event)


@cache
def lists() -> dict[str, Any]:
    """What summaries.toml holds: lines parted, the facts of an event in groups."""

    def parted(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: parted(part) for name, part in value.items()}
        if isinstance(value, str) and "---" in value:
            return [group.strip().split("\n") for group in value.split("---")]
        if isinstance(value, str) and "\n" in value:
            return value.strip().split("\n")
        return value

    return parted(read(NAME))


def facts(rng: Random, words: dict[str, Any], event: str) -> dict[str, Any]:
    """The facts of one event: {cause} for the report, {cause2} for the summary."""
    towns = rng.sample(words["towns"].split(), 3)
    day, next_day = rng.sample(words["days"].split(), 2)
    time = rng.choice(words["times"]).format(day=day)
    female = rng.random() < 0.5
    won = rng.randrange(3, 6)
    number = rng.randrange(11, 60)
    small = rng.randrange(2, 9)
    slots: dict[str, Any] = {
        "town": towns[0],
        "other_town": towns[1],
        "third_town": towns[2],
        "street": rng.choice(words["streets"]),
        "day": day,
        "next_day": next_day,
        "time": time,
        "Time": time[0].upper() + time[1:],
        "weather": rng.choice(words["weather"]),
        "official": person(rng, words, rng.random() < 0.5),
        "witness": person(rng, words, female),
        "witness2": person(rng, words, rng.random() < 0.5),
        "player": rng.choice(words["surnames"].split()),
        "job": rng.choice(words["jobs"]).format(small=small),
        "month": rng.choice(MONTHS),
        "number": number,
        "number2": number + rng.randrange(30, 90),
        "wrong": number + rng.randrange(3, 9),
        "few": rng.choice(("three", "four", "five")),
        "few_years": rng.choice((5, 6, 7, 9)),
        "small": small,
        "hours": rng.randrange(3, 20),
        "weeks": rng.randrange(3, 16),
        "years": rng.randrange(12, 50),
        "old": rng.randrange(31, 79),
        "for_": rng.randrange(17, 26),
        "less": rng.randrange(5, 16),
        "cost": rng.randrange(2, 90) * 10,
        "crowd": rng.randrange(2, 30) * 100,
        "shares": rng.randrange(2, 40),
        "thousands": rng.randrange(8, 60),
        "thousands2": f"{rng.randrange(1, 9)},{rng.randrange(1, 10)}00",
        "speed": rng.randrange(10, 16) * 10,
        "percent": rng.randrange(4, 12),
        "kilos": rng.randrange(300, 700),
        "metres": rng.choice((4, 5, 6, 7, 9, 10, 12)),
        "prize": rng.randrange(2, 20) * 50,
        "year": rng.randrange(1962, 2012),
        "won": won,
        "lost_goals": rng.randrange(2, won),
    }
    for name, choices in words[event].items():
        if name not in ("news", "facts", "summary"):
            columns = [part.strip() for part in rng.choice(choices).split("|")]
            slots[name], slots[f"{name}2"] = (
                Named(part.format_map(slots)) for part in columns
            )
    lost = str(slots.get("lost2", ""))
    slots["was"] = "were" if re.match(r"two|\d+ ", lost) else "was"
    stolen = str(slots.get("stolen2", ""))
    several = stolen.endswith(("bikes", "lights"))
    slots["have"], slots["was_"], slots["are"] = (
        ("have", "were", "are") if several else ("has", "was", "is")
    )
    maker = str(slots.get("maker2", ""))
    slots["has"] = "have" if maker.endswith("firefighters") else "has"
    slots["gives"] = "give" if maker.endswith("firefighters") else "gives"
    return slots


def person(rng: Random, words: dict[str, Any], female: bool) -> str:
    """A first name and a surname."""
    first = rng.choice(words["women" if female else "men"].split())
    return f"{first} {rng.choice(words['surnames'].split())}"


def parts(document: str) -> list[str]:
    """The sentences of a report."""
    return SENTENCE_END.split(document)


def baselines(pairs: Sequence[Summary], seed: int = 0) -> dict[str, dict[str, float]]:
    """ROUGE (F, with stems) of what only selects, averaged over `pairs`.

    "lead" is the first sentence, "lead 3" the first three, "random" any one, "oracle"
    the one that is most like the summary: more no single sentence can have.
    """
    from rouge_score.rouge_scorer import RougeScorer

    kinds = ("rouge1", "rouge2", "rougeL")
    scorer = RougeScorer(kinds, use_stemmer=True)
    rng = Random(seed)
    found: dict[str, list[dict[str, float]]] = {}
    for pair in pairs:
        texts = parts(pair.document)
        candidates = [*texts, " ".join(texts[:3])]
        scores = [
            {kind: score.fmeasure for kind, score in row.items()}
            for row in (scorer.score(pair.summaries[0], text) for text in candidates)
        ]
        *single, three = scores
        best = max(single, key=lambda row: row["rouge1"])
        rows = {"lead": single[0], "lead 3": three, "random": rng.choice(single)}
        for name, row in (rows | {"oracle": best}).items():
            found.setdefault(name, []).append(row)
    return {
        name: {kind: sum(row[kind] for row in rows) / len(rows) for kind in kinds}
        for name, rows in found.items()
    }
