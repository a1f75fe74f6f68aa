"""All kinds of sentences, and of a thousand how many are of each.

Most are here because word for word they fail: another order (Paul's red car), agreement
at a distance (the letters that Anna wrote), one word for two (to know), a verb where
English has another (I am cold).
"""

from __future__ import annotations

import random
from collections.abc import Callable

from utils.data.corpora.translations import (
    idioms,
    joined,
    nouns,
    pronouns,
    speech,
    statements,
)
from utils.data.corpora.translations.sentences import Sentence

CONSTRUCTIONS: dict[Callable[[random.Random], Sentence], int] = {
    statements.describes: 50,
    statements.is_such: 50,
    statements.does: 80,
    statements.acts: 40,
    statements.sat_down: 15,
    statements.feels: 15,
    statements.passive: 20,
    statements.nobody: 15,
    pronouns.pronoun_follows: 30,
    pronouns.already: 35,
    pronouns.but_it: 25,
    pronouns.gives: 30,
    pronouns.misses: 15,
    pronouns.mine: 15,
    pronouns.not_this_one: 10,
    pronouns.knows: 20,
    nouns.belongs: 30,
    nouns.compares: 25,
    nouns.is_most: 15,
    nouns.who_relative: 25,
    nouns.that_relative: 25,
    nouns.all_of: 15,
    nouns.there_is: 25,
    nouns.owns: 20,
    nouns.takes_some: 30,
    nouns.tastes: 15,
    nouns.is_like_this: 10,
    nouns.needs: 15,
    idioms.has_cold: 15,
    idioms.aged: 10,
    idioms.weather: 10,
    idioms.plays: 15,
    idioms.travels: 20,
    idioms.goes: 25,
    idioms.waits_since: 15,
    idioms.at_hours: 10,
    idioms.just: 15,
    idioms.stands: 25,
    idioms.banks: 10,
    idioms.body: 15,
    idioms.knows_how: 10,
    joined.modal: 30,
    joined.modal_alone: 15,
    joined.when_then: 20,
    joined.while_was: 15,
    joined.because: 20,
    joined.neutral_revealed: 25,
    joined.tall_and: 10,
    speech.quoted: 15,
    speech.asks: 30,
    speech.asks_where: 15,
    speech.asks_which: 15,
    speech.told: 25,
    speech.calls: 25,
}
