"""What the constructions share: subjects and their verbs, objects, times, negation."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from utils.data.corpora.translations import lexicon
from utils.data.corpora.translations.clauses import (
    BE,
    STATIVE,
    Action,
    Redraw,
    action,
    actions,
    english_verb,
    french_verb,
    shortened,
)
from utils.data.corpora.translations.french import conjugate
from utils.data.corpora.translations.phrases import (
    Noun,
    Phrase,
    fitting,
    of_kind,
    phrase,
    subject,
    thing,
)

Random = random.Random
Pair = tuple[str, str]
"""English, French."""
TIME_OF = {
    "present": "habit",
    "doing": "now",
    "past": "past",
    "future": "future",
    "going to": "future",
}


@dataclass(frozen=True)
class Sentence:
    """A sentence in English, a draft of the French, and the words it combines."""

    english: str
    french: str
    combinations: frozenset[Pair]


def say(
    english: str,
    french: str,
    *parts: Phrase,
    pairs: Iterable[Pair] = (),
    end: str = ".",
) -> Sentence:
    """A sentence of both drafts; it combines what its parts do, and `pairs`."""
    text = " ".join(english.split()).replace(" ,", ",") + end
    if "? " in text:
        asked, told = text.split("? ")
        text = f"{asked}? {told[0].upper()}{told[1:]}"
    found = frozenset(pairs).union(*(part.combinations for part in parts))
    pairs = frozenset(pair for pair in found if all(pair))
    return Sentence(text[0].upper() + text[1:], f"{french} {end}", pairs)


def keep(condition: bool) -> None:
    """Go on if what was drawn makes sense.

    Raises:
        Redraw: it doesn't.
    """
    if not condition:
        raise Redraw


def maybe(rng: Random, chance: float = 0.2, *also: str) -> str | None:
    """A negation, sometimes."""
    return rng.choice(("not", "not", *also)) if rng.random() < chance else None


def be(
    rng: Random, who: Phrase, tense: str = "present", negation: str | None = None
) -> Pair:
    """Be, être; what was is était."""
    no = f" {negation}" if negation else ""
    english = f"will{no} be" if tense == "future" else BE[tense][who.person] + no
    return shortened(rng, english), _lasting("être", who, tense, negation)


def avoir(who: Phrase, tense: str = "present", negation: str | None = None) -> str:
    """Avoir; what was had is avait."""
    return _lasting("avoir", who, tense, negation)


def _lasting(infinitive: str, who: Phrase, tense: str, negation: str | None) -> str:
    past = "was doing" if tense == "past" else tense
    return french_verb(conjugate(infinitive), who, past, negation)


def do(
    rng: Random,
    doing: Action,
    who: Phrase,
    tense: str,
    negation: str | None = None,
    clitics: Iterable[str] = (),
    agreement: tuple[str, bool] | None = None,
) -> Pair:
    """The verb of someone in both languages; arguments as of `french_verb`."""
    english = english_verb(doing.forms, who, tense, negation)
    french = french_verb(doing.verb, who, tense, negation, [*clitics], agreement)
    return shortened(rng, english), f"{french} {doing.after}".strip()


def without_determiner(what: Phrase) -> str:
    """The French of a phrase with a determiner, without it."""
    return what.french.split(" ", 1)[1]


def either(what: Phrase, negation: str | None) -> Pair:
    """An object, after a negation with de: any cats, de chats."""
    if negation and what.feature == "some":
        return "any" + what.english[4:], f"de {without_determiner(what)}"
    if negation and what.feature == "a":
        return what.english, f"de {without_determiner(what)}"
    if negation and what.feature == "mass":
        return what.english, "de " + what.french.split(" ", 2)[2]
    return what.english, what.french


def with_object(group: str, pronoun: str) -> str:
    """Look for it, clear it away: where the English pronoun stands."""
    if group.endswith(" away"):
        return f"{group.removesuffix(' away')} {pronoun} away"
    return f"{group} {pronoun}"


@cache
def times(kind: str) -> tuple[Pair, ...]:
    """Adverbs of time of a kind: habit, now, past, future."""
    rows = lexicon.rows("times")
    return tuple((english, french) for english, french, own in rows if own == kind)


def when(rng: Random, tense: str, chance: float = 0.3) -> Pair:
    """A time that goes with the tense, or none."""
    if tense not in TIME_OF or rng.random() > chance:
        return "", ""
    return rng.choice(times(TIME_OF[tense]))


def place(rng: Random) -> list[str]:
    """A country or town: its name, and with its French prepositions, to and from."""
    return rng.choice(lexicon.rows("countries"))


def number(rng: Random) -> list[str]:
    """Two to ten."""
    return rng.choice(lexicon.rows("numbers"))


def tense_of(rng: Random, doing: Action) -> str:
    """A tense in which the verb is said."""
    if doing.english in ("love", "like"):
        return "present"
    choices = ["present", "past", "past", "future", "going to", "perfect"]
    if doing.english not in STATIVE:
        choices += ["doing", "doing", "was doing"]
    return rng.choice(choices)


@cache
def verbs_of(*names: str) -> tuple[Action, ...]:
    """The verbs of these names, in the order of the lexicon."""
    tables = ("intransitives", "reflexives", "verbs")
    return tuple(a for table in tables for a in actions(table) if a.english in names)


@cache
def done_by_people(*without: str) -> tuple[Action, ...]:
    """The verbs with an object that people do, without those named."""
    return tuple(
        a for a in actions() if "person" in a.doers.split() and a.english not in without
    )


def transitive(rng: Random) -> tuple[Action, Phrase, Phrase]:
    """A verb with one who does it and what it is done to."""
    doing = rng.choice(actions())
    who = subject(rng, doing.doers)
    kinds = doing.objects
    if "animal" in who.kinds and doing.english not in ("eat", "chase"):
        kinds = "person animal"
    what = thing(rng, kinds, who)
    keep(what.head != who.head)
    if doing.english in ("like", "love") and what.feature in ("a", "some"):
        what = phrase(of_kind(what.head)[0], "this", plural=what.plural)
    return doing, who, what


def combined(
    doing: Action, who: Phrase | None = None, what: Phrase | None = None
) -> list[Pair]:
    """A verb with its subject and its object."""
    pairs = []
    if who and not who.kinds & {"name", "pronoun"}:
        pairs.append((who.head, doing.english))
    if what:
        pairs.append((doing.english, what.head))
    return pairs


def said_of(rng: Random, noun: Noun) -> tuple[str, Callable[[Phrase], str]]:
    """An adjective to say of a noun after be, and its form for a phrase."""
    chosen = rng.choice(fitting(noun))
    return chosen.english, lambda who: chosen.form(who.gender, who.plural)


def definite(*phrases_: Phrase) -> None:
    """Go on if all of them are known: the, my, this.

    Raises:
        Redraw: one begins with a or some.
    """
    keep(all(p.feature not in ("a", "some") for p in phrases_))


GO = action("go goes went gone going", "aller")
COME_BACK = action("come_back comes_back came_back come_back coming_back", "revenir")
WANT = action("want wants wanted wanted wanting", "vouloir")
