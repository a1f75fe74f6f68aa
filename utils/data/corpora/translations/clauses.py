"""Verbs in both languages: who does it, when, whether at all."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from utils.data.corpora.translations import french, lexicon
from utils.data.corpora.translations.phrases import Phrase

NEGATIONS = {"not": "pas", "never": "jamais", "no longer": "plus"}
# Not said with -ing.
STATIVE = {"see", "love", "like", "hear", "understand", "forget", "find", "lose"}
SHORT = {
    "does not": "doesn't",
    "do not": "don't",
    "is not": "isn't",
    "are not": "aren't",
    "did not": "didn't",
    "will not": "won't",
    "was not": "wasn't",
    "were not": "weren't",
    "cannot": "can't",
}


@dataclass(frozen=True)
class Action:
    """A verb: English base, -s, past, participle, -ing; French; who does it to what."""

    forms: tuple[str, ...]
    verb: french.Verb
    doers: str
    objects: str = ""
    after: str = ""

    @property
    def english(self) -> str:
        return self.forms[0]


@cache
def actions(table: str = "verbs") -> tuple[Action, ...]:
    """The verbs of a table of the lexicon: verbs, intransitives or reflexives."""
    found = []
    for english, infinitive, *kinds in lexicon.rows(table):
        forms = tuple(form.replace("_", " ") for form in english.split())
        pronoun = "se " if infinitive.startswith("se ") else ""
        verb, _, after = infinitive.removeprefix("se ").partition(" ")
        objects = kinds[1] if len(kinds) == 2 else ""
        found.append(
            Action(forms, french.conjugate(pronoun + verb), kinds[0], objects, after)
        )
    return tuple(found)


def action(forms: str, infinitive: str, doers: str = "person") -> Action:
    """A verb outside the tables."""
    words = tuple(form.replace("_", " ") for form in forms.split())
    return Action(words, french.conjugate(infinitive), doers)


class Redraw(Exception):
    """What was drawn makes no sense together, or makes two: they read the book."""


BE = {
    "present": ("am", "are", "is", "are", "are", "are"),
    "past": ("was", "were", "was", "were", "were", "were"),
}


def english_verb(
    forms: Sequence[str], who: Phrase, tense: str, negation: str | None = None
) -> str:
    """The English verb group; `negation` is not, never or no longer.

    Raises:
        ValueError: a tense that isn't listed here.
        Redraw: past and present are the same word.
    """
    base, third, past, participle, gerund = forms
    simple = tense in ("present", "past") and negation != "not"
    if base == past and simple and not who.third:
        raise Redraw(base)
    adverb = [negation] if negation else []
    present = "present" if tense != "was doing" else "past"
    if tense == "present":
        if negation == "not":
            return f"{'does' if who.third else 'do'} not {base}"
        return " ".join([*adverb, third if who.third else base])
    if tense == "past":
        if negation == "not":
            return f"did not {base}"
        return " ".join([*adverb, past])
    if tense in ("doing", "was doing"):
        return " ".join([BE[present][who.person], *adverb, gerund])
    if tense == "going to":
        return " ".join([BE[present][who.person], *adverb, "going to", base])
    if tense == "future":
        return " ".join(["will", *adverb, base])
    if tense == "perfect":
        return " ".join(["has" if who.third else "have", *adverb, participle])
    raise ValueError(f"no tense {tense!r}")


def french_verb(
    verb: french.Verb,
    who: Phrase,
    tense: str,
    negation: str | None = None,
    clitics: Sequence[str] = (),
    agreement: tuple[str, bool] | None = None,
) -> str:
    """The French verb group: ne, pronouns, verb, pas, participle.

    Args:
        clitics: pronouns before the verb, in their order.
        agreement: gender and number of what a participle agrees with, if that isn't
            what they are by rule: the subject with être, nothing with avoir.
    """
    person = who.person
    pronouns = [french.REFLEXIVE[person]] * verb.reflexive + list(clitics)
    adverb = [NEGATIONS[negation]] if negation else []
    before, after = ["ne"] * bool(negation) + pronouns, adverb
    if tense in ("present", "doing"):
        finite = verb.present[person]
    elif tense == "was doing":
        finite = verb.imparfait(person)
    elif tense == "future":
        finite = verb.futur(person)
    elif tense == "going to":
        before = ["ne"] * bool(negation)
        finite = french.conjugate("aller").present[person]
        after = [*adverb, *pronouns, verb.infinitive]
    else:
        finite = french.conjugate("être" if verb.etre else "avoir").present[person]
        if verb.etre and agreement is None:
            agreement = who.gender, who.plural
        gender, plural = agreement or ("m", False)
        after = [*adverb, french.agree(verb.participle, gender, plural)]
    return " ".join([*before, finite, *after])


def shortened(rng: random.Random, english: str) -> str:
    """One time in three "does not" is "doesn't"."""
    if rng.random() < 0.33:
        for long, short in SHORT.items():
            if long in english:
                return english.replace(long, short, 1)
    return english


def infinitive(verb: french.Verb, who: Phrase, clitics: Sequence[str] = ()) -> str:
    """The infinitive with its pronouns: se lever, me lever, le voir."""
    own = [french.REFLEXIVE[who.person]] * verb.reflexive
    return " ".join([*own, *clitics, verb.infinitive])
