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
    after: tuple[str, ...] = ()

    @property
    def english(self) -> str:
        return self.forms[0]


@cache
def actions(table: str = "VERBS") -> tuple[Action, ...]:
    """The verbs of a table of the lexicon: VERBS, INTRANSITIVES or REFLEXIVES."""
    found = []
    for english, infinitive, *kinds in lexicon.rows(getattr(lexicon, table)):
        forms = tuple(form.replace("_", " ") for form in english.split())
        pronoun = "se " if infinitive.startswith("se ") else ""
        verb, *after = infinitive.removeprefix("se ").split()
        found.append(
            Action(forms, french.conjugate(pronoun + verb), *kinds, after=tuple(after))
            if len(kinds) == 2
            else Action(
                forms, french.conjugate(pronoun + verb), kinds[0], "", tuple(after)
            )
        )
    return tuple(found)


def action(forms: str, infinitive: str, doers: str = "person") -> Action:
    """A verb outside the tables."""
    words = tuple(form.replace("_", " ") for form in forms.split())
    return Action(words, french.conjugate(infinitive), doers)


class Unclear(Exception):
    """What was to be said could be read in two ways: they read the book."""


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
        Unclear: past and present are the same word.
    """
    base, third, past, participle, gerund = forms
    if base == past and tense in ("present", "past") and negation != "not":
        if not who.third:
            raise Unclear(base)
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
) -> list[str]:
    """The French verb group: ne, pronouns, verb, pas, participle.

    Args:
        clitics: pronouns before the verb, in their order.
        agreement: gender and number of the object where it comes before a participle
            with avoir; False for a reflexive verb whose object follows.
    """
    person = who.person
    pronouns = [french.REFLEXIVE[person]] * verb.reflexive + list(clitics)
    adverb = [NEGATIONS[negation]] if negation else []
    head = ["ne"] if negation else []
    if tense in ("present", "doing"):
        return [*head, *pronouns, verb.present[person], *adverb]
    if tense == "was doing":
        return [*head, *pronouns, verb.imparfait(person), *adverb]
    if tense == "future":
        return [*head, *pronouns, verb.futur(person), *adverb]
    if tense == "going to":
        go = french.conjugate("aller").present[person]
        return [*head, go, *adverb, *pronouns, verb.infinitive]
    helper = french.conjugate("être" if verb.etre else "avoir")
    participle = verb.participle
    if verb.etre:
        participle = french.agree(participle, who.gender, who.plural)
    elif agreement:
        participle = french.agree(participle, *agreement)
    return [*head, *pronouns, helper.present[person], *adverb, participle]


def shortened(rng: random.Random, english: str) -> str:
    """One time in three "does not" is "doesn't"."""
    if rng.random() < 0.33:
        for long, short in SHORT.items():
            if long in english:
                return english.replace(long, short, 1)
    return english


def infinitive(
    verb: french.Verb, who: Phrase, clitics: Sequence[str] = ()
) -> list[str]:
    """The infinitive with its pronouns: se lever, me lever, le voir."""
    own = [french.REFLEXIVE[who.person]] * verb.reflexive
    return [*own, *clitics, verb.infinitive]
