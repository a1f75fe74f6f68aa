"""What can be said: each function writes one kind of sentence in both languages.

Most are here because word for word they fail: another order (Paul's red car), agreement
at a distance (the letters that I have written), one word for two (to know), a verb where
English has another (I am cold).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache

from utils.data.corpora.translations import lexicon
from utils.data.corpora.translations.clauses import (
    BE,
    STATIVE,
    Action,
    action,
    actions,
    english_verb,
    french_verb,
    infinitive,
    shortened,
)
from utils.data.corpora.translations.french import conjugate
from utils.data.corpora.translations.phrases import (
    COLOURS,
    Noun,
    Phrase,
    described,
    determiner,
    fit_together,
    fitting,
    many,
    mass,
    masses,
    may_be,
    name,
    neutrals,
    of_kind,
    own,
    owners,
    phrase,
    possessed,
    pronoun,
    states,
    subject,
    thing,
    together,
)

Combinations = frozenset[tuple[str, str]]
Random = random.Random


@dataclass(frozen=True)
class Sentence:
    """A sentence in English, the same in French tokens, and the words it combines."""

    english: str
    french: tuple[str, ...]
    combinations: Combinations = frozenset()


def sentence(
    english: Iterable[str],
    french: Iterable[str],
    *parts: Phrase,
    pairs: Iterable[tuple[str, str]] = (),
    end: str = ".",
) -> Sentence:
    """The words in a row; what the parts combine, and `pairs` beside."""
    text = " ".join(word for word in english if word).replace(" ,", ",") + end
    if "? " in text:
        asked, told = text.split("? ")
        text = f"{asked}? {told[0].upper()}{told[1:]}"
    found = frozenset(pairs).union(*(part.combinations for part in parts))
    pairs = frozenset(pair for pair in found if all(pair))
    return Sentence(text[0].upper() + text[1:], (*french, end), pairs)


def be(who: Phrase, tense: str = "present", negation: str | None = None) -> str:
    """The English be."""
    if tense == "future":
        return "will " + (negation + " " if negation else "") + "be"
    return BE[tense][who.person] + (" " + negation if negation else "")


def etre(who: Phrase, tense: str = "present", negation: str | None = None) -> list[str]:
    """The French être; what was is était."""
    tenses = {"past": "was doing"}
    return french_verb(conjugate("être"), who, tenses.get(tense, tense), negation)


def avoir(
    who: Phrase, tense: str = "present", negation: str | None = None
) -> list[str]:
    """The French avoir."""
    tenses = {"past": "was doing"}
    return french_verb(conjugate("avoir"), who, tenses.get(tense, tense), negation)


def negated(what: Phrase) -> tuple[str, tuple[str, ...]]:
    """An object after a negation: any cats, de chats."""
    if what.feature == "some":
        return "any" + what.english[4:], ("de", *what.french[1:])
    if what.feature == "a":
        return what.english, ("de", *what.french[1:])
    if what.feature == "mass":
        return what.english, ("de", *what.french[2:])
    return what.english, what.french


def either(what: Phrase, negation: str | None) -> tuple[str, tuple[str, ...]]:
    """An object as it stands, or after a negation."""
    return negated(what) if negation else (what.english, what.french)


def maybe(rng: Random, chance: float = 0.2, also: Sequence[str] = ()) -> str | None:
    """A negation, sometimes."""
    return rng.choice(("not", "not", *also)) if rng.random() < chance else None


@cache
def times(kind: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Adverbs of time of a kind: habit, now, past, future."""
    rows = lexicon.rows(lexicon.TIMES)
    return tuple((en, (fr,)) for en, fr, own_kind in rows if own_kind == kind)


TIME_OF = {
    "present": "habit",
    "doing": "now",
    "past": "past",
    "future": "future",
    "going to": "future",
}


def when(rng: Random, tense: str, chance: float = 0.3) -> tuple[str, tuple[str, ...]]:
    """A time that goes with the tense, or none."""
    if tense not in TIME_OF or rng.random() > chance:
        return "", ()
    return rng.choice(times(TIME_OF[tense]))


def tense_of(rng: Random, doing: Action) -> str:
    """A tense in which the verb is said."""
    choices = ("present", "past", "past", "future", "going to", "perfect")
    if doing.english not in STATIVE:
        choices += ("doing", "doing", "was doing")
    elif doing.english in ("love", "like"):
        choices = ("present",)
    return rng.choice(choices)


def transitive(rng: Random) -> tuple[Action, Phrase, Phrase]:
    """A verb with one who does it and what it is done to."""
    doing = rng.choice(actions())
    who = subject(rng, doing.doers)
    kinds = doing.objects
    if "animal" in who.kinds and doing.english != "eat":
        kinds = "person animal" if doing.english != "chase" else kinds
    what = thing(rng, kinds, who)
    while what.head == who.head:
        what = thing(rng, kinds, who)
    if doing.english in ("like", "love") and what.feature in ("a", "some"):
        what = phrase(of_kind(what.head)[0], "this", plural=what.plural)
    return doing, who, what


def combined(
    doing: Action, who: Phrase | None = None, what: Phrase | None = None
) -> list[tuple[str, str]]:
    """A verb with its subject and its object."""
    pairs = []
    if who and not who.kinds & {"name", "pronoun"}:
        pairs.append((who.head, doing.english))
    if what:
        pairs.append((doing.english, what.head))
    return pairs


def said_of(rng: Random, noun: Noun) -> tuple[str, Callable[[str, bool], str]]:
    """An adjective to say of a noun after be."""
    chosen = rng.choice(fitting(noun))
    return chosen.english, lambda gender, plural: chosen.form(gender, plural)


# ------------------------------------------------------------------- simple clauses


def describes(rng: Random) -> Sentence:
    """The big dog was not tired: agreement across être, "very", the past."""
    noun = rng.choice(
        of_kind("animal person thing food vehicle place furniture text matter opening")
    )
    who = phrase(
        noun,
        determiner(rng, noun, definite=True),
        described(rng, noun, 0.2),
        many(rng, noun),
    )
    english, form = said_of(rng, noun)
    if not may_be(who, english):
        return describes(rng)
    tense = rng.choice(("present", "present", "present", "past", "future"))
    negation = maybe(rng, 0.2)
    degree = "", ""
    if english not in ("broken", "empty", "hungry", *COLOURS):
        degree = rng.choice((("", ""), ("very", "très"), ("really", "vraiment")))
        if english in MEASURED:
            degree = rng.choice((("too", "trop"), ("a little", "un peu"), degree))
        if negation:
            degree = rng.choice((("", ""), ("very", "très")))
    return sentence(
        [who.english, shortened(rng, be(who, tense, negation)), degree[0], english],
        [
            *who.french,
            *etre(who, tense, negation),
            *filter(None, [degree[1]]),
            form(who.gender, who.plural),
        ],
        who,
        pairs=[(english, noun.english)],
    )


MEASURED = {
    "big",
    "small",
    "heavy",
    "light",
    "long",
    "short",
    "expensive",
    "old",
    "young",
    "difficult",
    "dirty",
    "shy",
    "sweet",
    "easy",
}


def is_such(rng: Random) -> Sentence:
    """Your cat is a lovely cat: the same noun twice, the adjective before or after."""
    noun = rng.choice(
        of_kind("pet tame person thing vehicle home building text matter")
    )
    if "family" in noun.kinds:
        return is_such(rng)
    chosen = rng.choice(fitting(noun))
    plural = rng.random() < 0.2
    who = phrase(noun, rng.choice((*owners(noun), "this", "that")), plural=plural)
    if "person" in noun.kinds and rng.random() < 0.6:
        who, plural = name(rng, noun.gender), False
    what = phrase(noun, "a", [chosen], plural)
    negation = maybe(rng, 0.15)
    shown = what.english.removeprefix("some ")
    return sentence(
        [who.english, shortened(rng, be(who, "present", negation)), shown],
        [*who.french, *etre(who, "present", negation), *what.french],
        what,
    )


def does(rng: Random) -> Sentence:
    """The boy is looking for his dog: persons, tenses, negation, possessives."""
    doing, who, what = transitive(rng)
    tense = tense_of(rng, doing)
    also = ("never", "no longer") if tense == "present" else ()
    negation = maybe(rng, 0.25, also)
    object_english, object_french = either(what, negation)
    time = when(rng, tense) if negation in (None, "not") else ("", ())
    if doing.english in STATIVE and tense == "present":
        time = ("", ())
    return sentence(
        [
            who.english,
            shortened(rng, english_verb(doing.forms, who, tense, negation)),
            object_english,
            time[0],
        ],
        [
            *who.french,
            *french_verb(doing.verb, who, tense, negation),
            *object_french,
            *time[1],
        ],
        who,
        what,
        pairs=combined(doing, who, what),
    )


def acts(rng: Random) -> Sentence:
    """The girls went out: être or avoir, agreement of the participle, se."""
    table = rng.choice(("INTRANSITIVES", "INTRANSITIVES", "REFLEXIVES"))
    doing = rng.choice(actions(table))
    who = subject(rng, doing.doers)
    tense = tense_of(rng, doing)
    if doing.english in ("arrive", "leave", "fall", "come back", "stop", "stay here"):
        tense = rng.choice(("past", "past", "perfect", "future", "going to"))
    negation = maybe(rng, 0.25)
    time = when(rng, tense, 0.4)
    return sentence(
        [
            who.english,
            shortened(rng, english_verb(doing.forms, who, tense, negation)),
            time[0],
        ],
        [
            *who.french,
            *french_verb(doing.verb, who, tense, negation),
            *doing.after,
            *time[1],
        ],
        who,
        pairs=combined(doing, who),
    )


def sat_down(rng: Random) -> Sentence:
    """The cat sat on the mat: s'asseoir, with être."""
    who = subject(rng, "person pet")
    seat = thing(rng, "seat")
    if seat.plural:
        return sat_down(rng)
    sit = action("sit sits sat sat sitting", "s'asseoir")
    tense = rng.choice(("past", "past", "future", "going to"))
    negation = maybe(rng, 0.1)
    preposition = ("in", "dans") if seat.head == "armchair" else ("on", "sur")
    return sentence(
        [
            who.english,
            shortened(rng, english_verb(sit.forms, who, tense, negation)),
            preposition[0],
            seat.english,
        ],
        [
            *who.french,
            *french_verb(sit.verb, who, tense, negation),
            preposition[1],
            *seat.french,
        ],
        who,
        seat,
        pairs=combined(sit, who),
    )


# -------------------------------------------------- pronouns that look back, and ahead


def pronoun_follows(rng: Random) -> Sentence:
    """Anna sees the cat and follows it: le, la, les before the verb."""
    doing, who, what = transitive(rng)
    then = rng.choice(lexicon.FOLLOWED.get(doing.english, ("",)))
    negation = "not" if then.startswith("not ") else None
    then = then.removeprefix("not ")
    second = next((a for a in actions() if a.english == then), None)
    if (
        second is None
        or not any(noun.english == what.head for noun in of_kind(second.objects))
        or not set(second.doers.split()) & who.kinds
        or {who.feature, what.feature} & {"a", "some"}
    ):
        return pronoun_follows(rng)
    tense = rng.choice(("present", "past", "future"))
    after = "present" if second.english == "like" else tense
    english, french = what.object_pronoun
    again: tuple[str, tuple[str, ...]] = ("", ())
    if negation:
        again = (who.pronoun[0], (who.pronoun[1],))
        if "pronoun" in who.kinds:
            again = (who.english, who.french)
    group = english_verb(second.forms, who, after, negation)
    if not negation and after == tense:
        group = group.removeprefix("will ")
    join, comma = (", but", (",", "mais")) if negation else ("and", ("et",))
    return sentence(
        [
            who.english,
            english_verb(doing.forms, who, tense),
            what.english,
            join,
            again[0],
            with_object(group, english),
        ],
        [
            *who.french,
            *french_verb(doing.verb, who, tense),
            *what.french,
            *comma,
            *again[1],
            *french_verb(
                second.verb, who, after, negation, [french], (what.gender, what.plural)
            ),
        ],
        who,
        what,
        pairs=[*combined(doing, who, what), *combined(second, None, what)],
    )


def with_object(group: str, pronoun_: str) -> str:
    """Look for it, clear it away: where the English pronoun stands."""
    if group.endswith(" away"):
        return f"{group.removesuffix(' away')} {pronoun_} away"
    return f"{group} {pronoun_}"


def already(rng: Random) -> Sentence:
    """The apples? Anna has eaten them: a participle that agrees with what came before."""
    doing = rng.choice([a for a in actions() if a.english not in ("love", "like")])
    who = subject(rng, "person", plain=True) if rng.random() < 0.5 else name(rng)
    if who.feature in ("a", "some"):
        who = name(rng)
    noun = rng.choice(of_kind(doing.objects))
    if noun.english == who.head or "person" not in doing.doers:
        return already(rng)
    choice = (
        rng.choice(owners(noun))
        if "family" in noun.kinds
        else rng.choice(("the", "the", "this", *owners(noun)[:2]))
    )
    what = phrase(noun, choice, described(rng, noun, 0.2), many(rng, noun, 0.4))
    english, french = what.object_pronoun
    tense, negation = rng.choice((("past", None), ("perfect", None), ("past", "not")))
    time = when(rng, tense, 0.6)
    group = english_verb(doing.forms, who, tense, negation)
    group = shortened(rng, group)
    spoken = with_object(group, english)
    first = what.english[0].upper() + what.english[1:]
    return sentence(
        [f"{first}?", who.english, spoken, time[0]],
        [
            *what.french,
            "?",
            *capital(who.french),
            *french_verb(
                doing.verb, who, tense, negation, [french], (what.gender, what.plural)
            ),
            *time[1],
        ],
        who,
        what,
        pairs=combined(doing, who, what),
    )


def capital(tokens: Sequence[str]) -> tuple[str, ...]:
    """Tokens that begin a sentence inside a line."""
    return ("^", *tokens)


def but_it(rng: Random) -> Sentence:
    """The letter is long, but it is interesting: it is elle, by a noun far back."""
    noun = rng.choice(of_kind("thing vehicle place text matter furniture food animal"))
    found = fitting(noun)
    if len(found) < 2:
        return but_it(rng)
    first, second = rng.sample(found, 2)
    if not fit_together(first.english, second.english):
        return but_it(rng)
    who = phrase(noun, determiner(rng, noun, definite=True), plural=many(rng, noun))
    tones = [
        (a.english in lexicon.PLEASANT) - (a.english in lexicon.UNPLEASANT)
        for a in (first, second)
    ]
    link = (" and", ("et",))
    if tones[0] * tones[1] < 0:
        link = (", but", (",", "mais"))
    tense = rng.choice(("present", "present", "past"))
    english, french = who.pronoun
    return sentence(
        [
            who.english,
            be(who, tense),
            first.english + link[0],
            english,
            be(who, tense),
            second.english,
        ],
        [
            *who.french,
            *etre(who, tense),
            first.form(who.gender, who.plural),
            *link[1],
            french,
            *etre(who, tense),
            second.form(who.gender, who.plural),
        ],
        who,
        pairs=[(first.english, noun.english), (second.english, noun.english)],
    )


def gives(rng: Random) -> Sentence:
    """Anna gives it to her brother; Paul gives him a book: lui, leur, le."""
    who = subject(rng, "person")
    give = rng.choice(
        (
            action("give gives gave given giving", "donner"),
            action("show shows showed shown showing", "montrer"),
            action("lend lends lent lent lending", "prêter"),
        )
    )
    what = thing(rng, "thing text toy", who)
    if "told" in what.kinds:
        return gives(rng)
    tense = rng.choice(("present", "past", "future", "doing", "going to"))
    if tense == "present":
        tense = "past"
    negation = maybe(rng, 0.15)
    group = shortened(rng, english_verb(give.forms, who, tense, negation))
    object_english, object_french = either(what, negation)
    style = rng.random()
    pairs = combined(give, None, what)
    if style < 0.5:
        noun = rng.choice(of_kind("family"))
        whom = phrase(noun, own(who), plural=many(rng, noun, 0.2))
        if noun.english == who.head:
            return gives(rng)
        order = (
            [whom.english, object_english]
            if rng.random() < 0.5
            else [object_english, "to", whom.english]
        )
        return sentence(
            [who.english, group, *order],
            [
                *who.french,
                *french_verb(give.verb, who, tense, negation),
                *object_french,
                "à",
                *whom.french,
            ],
            who,
            what,
            pairs=pairs,
        )
    english, french, person = rng.choice(
        (
            ("me", "me", 0),
            ("you", "te", 1),
            ("him", "lui", 9),
            ("her", "lui", 9),
            ("us", "nous", 3),
            ("them", "leur", 9),
        )
    )
    if {person, who.person} <= {0, 3} or person == who.person:
        return gives(rng)
    return sentence(
        [who.english, group, english, object_english],
        [
            *who.french,
            *french_verb(give.verb, who, tense, negation, [french]),
            *object_french,
        ],
        who,
        what,
        pairs=pairs,
    )


def misses(rng: Random) -> Sentence:
    """I miss my dog: mon chien me manque. Who is missed is the subject."""
    who = subject(rng, "person")
    noun = rng.choice(of_kind("pet family village garden house horse"))
    if noun.english == who.head or who.feature == "a":
        return misses(rng)
    plural = many(rng, noun) and "home" not in noun.kinds
    missed = phrase(noun, own(who), described(rng, noun, 0.1), plural)
    negation = maybe(rng, 0.15)
    verb = conjugate("manquer")
    tense = rng.choice(("present", "present", "future"))
    clitics = {0: "me", 1: "te", 3: "nous"}.get(who.person)
    tail: tuple[str, ...] = ()
    if clitics is None and "pronoun" in who.kinds:
        clitics = "leur" if who.plural else "lui"
    if clitics is None:
        tail = ("à", *who.french)
    forms = ("miss", "misses", "missed", "missed", "missing")
    return sentence(
        [
            who.english,
            shortened(rng, english_verb(forms, who, tense, negation)),
            missed.english,
        ],
        [
            *missed.french,
            *french_verb(verb, missed, tense, negation, [clitics] if clitics else []),
            *tail,
        ],
        missed,
        who,
    )


# ----------------------------------------------------------------- noun phrases, bigger


def belongs(rng: Random) -> Sentence:
    """Anna's red hat is on the table: the owner comes after."""
    noun = rng.choice(of_kind("clothing vehicle toy small pet tame home text bag lamp"))
    if rng.random() < 0.6:
        owner = name(rng)
    else:
        person = rng.choice(of_kind("person"))
        owner = phrase(
            person,
            "my" if "family" in person.kinds else "the",
            plural=many(rng, person, 0.2),
        )
    what = possessed(owner, noun, described(rng, noun, 0.3))
    english, form = said_of(rng, noun)
    if not may_be(what, english):
        return belongs(rng)
    tense = rng.choice(("present", "present", "past"))
    negation = maybe(rng, 0.15)
    if rng.random() < 0.35:
        doing, who, _ = transitive(rng)
        fits = any(n is noun for n in of_kind(doing.objects))
        if (
            not fits
            or who.feature == "a"
            or set(owner.english.split()) & set(who.english.split())
            or not set(doing.doers.split()) & who.kinds
        ):
            return belongs(rng)
        tense = tense_of(rng, doing)
        return sentence(
            [who.english, english_verb(doing.forms, who, tense), what.english],
            [*who.french, *french_verb(doing.verb, who, tense), *what.french],
            who,
            what,
            pairs=combined(doing, who, what),
        )
    return sentence(
        [what.english, shortened(rng, be(what, tense, negation)), english],
        [*what.french, *etre(what, tense, negation), form(what.gender, what.plural)],
        what,
        pairs=[(english, noun.english)],
    )


COMPARED = {
    "big": "bigger biggest",
    "tall": "taller tallest",
    "small": "smaller smallest",
    "old": "older oldest",
    "young": "younger youngest",
    "pretty": "prettier prettiest",
    "heavy": "heavier heaviest",
    "light": "lighter lightest",
    "clean": "cleaner cleanest",
    "dirty": "dirtier dirtiest",
    "long": "longer longest",
    "short": "shorter shortest",
    "happy": "happier happiest",
    "sad": "sadder saddest",
    "kind": "kinder kindest",
    "clever": "cleverer cleverest",
    "rich": "richer richest",
    "brave": "braver bravest",
    "strong": "stronger strongest",
    "lazy": "lazier laziest",
    "quiet": "quieter quietest",
    "easy": "easier easiest",
    "funny": "funnier funniest",
    "strange": "stranger strangest",
}
LONG = {
    "beautiful",
    "famous",
    "curious",
    "patient",
    "honest",
    "expensive",
    "difficult",
    "interesting",
    "boring",
    "modern",
    "comfortable",
}


def compared(english: str, step: int) -> str:
    """Bigger, more famous; with step 1 biggest, most famous."""
    if english in COMPARED:
        return COMPARED[english].split()[step]
    return ("more ", "most ")[step] + english


def compares(rng: Random) -> Sentence:
    """My sister is taller than your brother: plus … que; as … as."""
    kind = rng.choice(("animal", "person", "vehicle", "building", "text", "furniture"))
    noun, other = rng.sample(of_kind(kind), 2)
    shared = [
        a
        for a in fitting(noun)
        if a in fitting(other) and (a.english in COMPARED or a.english in LONG)
    ]
    if not shared:
        return compares(rng)
    chosen = rng.choice(shared)
    plural = many(rng, noun, 0.25) and "single" not in other.kinds
    who = phrase(noun, determiner(rng, noun, definite=True), plural=plural)
    if kind == "person" and rng.random() < 0.5:
        who = name(rng)
        plural = many(rng, other, 0.2)
    than = phrase(other, "your" if "family" in other.kinds else "the", plural=plural)
    english, french = rng.choice(
        (
            (f"{compared(chosen.english, 0)} than", "plus"),
            (f"{compared(chosen.english, 0)} than", "plus"),
            (f"as {chosen.english} as", "aussi"),
            (f"less {chosen.english} than", "moins"),
        )
    )
    tense = rng.choice(("present", "present", "past"))
    return sentence(
        [who.english, be(who, tense), english, than.english],
        [
            *who.french,
            *etre(who, tense),
            french,
            chosen.form(who.gender, who.plural),
            "que",
            *than.french,
        ],
        who,
        than,
        pairs=[(chosen.english, who.head)] if "name" not in who.kinds else [],
    )


def is_most(rng: Random) -> Sentence:
    """It is the oldest house in the village: before the noun or after it, and du."""
    noun = rng.choice(of_kind("animal building young woman man vehicle book story"))
    found = [a for a in fitting(noun) if a.english in COMPARED or a.english in LONG]
    chosen = rng.choice(found)
    where = "village town island"
    if noun.kinds & {"animal", "book", "story"}:
        where = "park island" if "animal" in noun.kinds else "library"
    place = phrase(rng.choice(of_kind(where)))
    plural = rng.random() < 0.2
    article = ("LES",) if plural else (("LE", "LA")[noun.gender == "f"],)
    form = chosen.form(noun.gender, plural, chosen.before)
    french = (
        [*article, "plus", form, noun.forms[plural]]
        if chosen.before
        else [*article, noun.forms[plural], article[0].lower(), "plus", form]
    )
    english = f"the {compared(chosen.english, 1)} "
    english += noun.plural if plural else noun.english
    preposition = "on" if place.head == "island" else "in"
    if rng.random() < 0.3 and "person" in noun.kinds and not plural:
        who = name(rng, noun.gender)
        start, begin = f"{who.english} is", [*who.french, "est"]
    elif plural:
        start, begin = rng.choice(("these are", "they are")), ["ce", "sont"]
    else:
        start, begin = "it is", ["c'est"]
        if "person" in noun.kinds:
            start = "he is" if noun.gender == "m" else "she is"
    return sentence(
        [start, english, preposition, place.english],
        [*begin, *french, "de", *place.french],
        pairs=[(chosen.english, noun.english)],
    )


def who_relative(rng: Random) -> Sentence:
    """The girl who is singing is my cousin: the verb after qui agrees with the girl."""
    doing = rng.choice(actions("INTRANSITIVES") + actions())
    if doing.english in ("love", "like", "fall", "arrive", "leave", "come back"):
        return who_relative(rng)
    noun = rng.choice(of_kind(doing.doers))
    if noun.kinds & {"family", "insect", "thing", "vehicle"}:
        return who_relative(rng)
    who = phrase(noun, "the", described(rng, noun, 0.25), rng.random() < 0.35)
    if (
        "animal" in noun.kinds
        and doing.objects
        and doing.english not in ("eat", "chase")
    ):
        return who_relative(rng)
    tense = rng.choice(
        ("doing", "was doing") if doing.english not in STATIVE else ("present", "past")
    )
    what = thing(rng, doing.objects, who) if doing.objects else None
    if what and (what.head == noun.english):
        return who_relative(rng)
    relative = "who" if "person" in noun.kinds else "that"
    english, form = said_of(rng, noun)
    if not may_be(who, english):
        return who_relative(rng)
    ends = "past" if tense in ("was doing", "past") else "present"
    return sentence(
        [
            who.english,
            relative,
            english_verb(doing.forms, who, tense),
            what.english if what else "",
            be(who, ends),
            english,
        ],
        [
            *who.french,
            "qui",
            *french_verb(doing.verb, who, tense),
            *(what.french if what else ()),
            *doing.after,
            *etre(who, ends),
            form(who.gender, who.plural),
        ],
        who,
        *([what] if what else []),
        pairs=[*combined(doing, who, what), (english, noun.english)],
    )


def that_relative(rng: Random) -> Sentence:
    """The letters that Anna wrote are long: que, and two words that agree with letters."""
    doing = rng.choice(
        [
            a
            for a in actions()
            if "person" in a.doers and a.english not in ("love", "like", "leave")
        ]
    )
    noun = rng.choice(of_kind(doing.objects))
    if noun.kinds & {"family"}:
        return that_relative(rng)
    what = phrase(noun, "the", described(rng, noun, 0.15), rng.random() < 0.45)
    who = rng.choice((name(rng), pronoun(rng.randrange(6)), subject(rng, "family")))
    if "family" not in who.kinds and not who.kinds & {"name", "pronoun"}:
        who = name(rng)
    tense = rng.choice(
        ("past", "past", "doing") if doing.english not in STATIVE else ("past",)
    )
    english, form = said_of(rng, noun)
    if not may_be(what, english):
        return that_relative(rng)
    group = french_verb(
        doing.verb,
        who,
        tense,
        None,
        (),
        (what.gender, what.plural) if tense == "past" else None,
    )
    relative = rng.choice(("that", "that", ""))
    return sentence(
        [
            what.english,
            relative,
            who.english,
            english_verb(doing.forms, who, tense),
            be(what),
            english,
        ],
        [
            *what.french,
            "que",
            *who.french,
            *group,
            *etre(what),
            form(what.gender, what.plural),
        ],
        what,
        who,
        pairs=[*combined(doing, who, what), (english, noun.english)],
    )


def all_of(rng: Random) -> Sentence:
    """All the apples are sweet: tout, tous, toute, toutes."""
    noun = rng.choice(of_kind("animal young thing food vehicle text matter home"))
    plural = "home" not in noun.kinds and noun.english not in ("book", "story", "cake")
    choice = rng.choice(("the", "the", "this", *owners(noun)[:2]))
    who = phrase(noun, choice, plural=plural)
    english, form = said_of(rng, noun)
    every = ("tout", "toute", "tous", "toutes")[(noun.gender == "f") + 2 * plural]
    start = f"all {who.english}" if plural else who.english.replace(" ", " whole ", 1)
    tense = rng.choice(("present", "present", "past"))
    return sentence(
        [start, be(who, tense), english],
        [every, *who.french, *etre(who, tense), form(who.gender, plural)],
        pairs=[(english, noun.english)],
    )


def mine(rng: Random) -> Sentence:
    """Your car is red, but mine is blue: la mienne, by a noun that isn't repeated."""
    noun = rng.choice(of_kind("pet vehicle clothing toy thing house room garden"))
    first, second = rng.sample(fitting(noun), 2)
    if fit_together(first.english, second.english):
        return mine(rng)
    plural = rng.random() < 0.3
    index = (noun.gender == "f") + 2 * plural
    english, french = rng.choice(
        (
            (("mine", "my"), ("mien", "mienne", "miens", "miennes")),
            (("yours", "your"), ("tien", "tienne", "tiens", "tiennes")),
            (("his", "his"), ("sien", "sienne", "siens", "siennes")),
        )
    )
    others = [d for d in ("my", "your", "his", "her") if d != english[1]]
    if english[0] == "his":
        others.remove("her")  # hers is the same in French, and so are her and his
    who = phrase(noun, rng.choice(others), plural=plural)
    article = ("LE", "LA", "LES", "LES")[index]
    return sentence(
        [
            who.english,
            be(who),
            first.english + ", but",
            english[0],
            be(who),
            second.english,
        ],
        [
            *who.french,
            *etre(who),
            first.form(who.gender, plural),
            ",",
            "mais",
            article,
            french[index],
            *etre(who),
            second.form(who.gender, plural),
        ],
        pairs=[(first.english, noun.english), (second.english, noun.english)],
    )


def not_this_one(rng: Random) -> Sentence:
    """I do not want this hat, I want that one: celui-là, celle-là."""
    noun = rng.choice(of_kind("clothing car bicycle toy kitchen food book picture bag"))
    plural = rng.random() < 0.3
    who = subject(rng, "person")
    if who.feature == "a":
        return not_this_one(rng)
    verb = rng.choice(
        (
            action("want wants wanted wanted wanting", "vouloir"),
            action("prefer prefers preferred preferred preferring", "préférer"),
        )
    )
    what = phrase(noun, "this", plural=plural)
    index = (noun.gender == "f") + 2 * plural
    french = ("celui-là", "celle-là", "ceux-là", "celles-là")[index]
    english = "those" if plural else "that one"
    again = (
        who
        if "pronoun" in who.kinds
        else replace(who, english=who.pronoun[0], french=(who.pronoun[1],))
    )
    want = action("want wants wanted wanted wanting", "vouloir")
    return sentence(
        [
            who.english,
            shortened(rng, english_verb(want.forms, who, "present", "not")),
            what.english + ",",
            again.english,
            english_verb(verb.forms, who, "present"),
            english,
        ],
        [
            *who.french,
            *french_verb(want.verb, who, "present", "not"),
            *what.french,
            ",",
            *again.french,
            *french_verb(verb.verb, who, "present"),
            french,
        ],
        who,
    )


# ------------------------------------------------------------------ places and amounts


@cache
def positions() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """In front of the, devant: prepositions as tokens, the last one may contract."""
    found = [
        (en, tuple(fr.replace("_", " ").split(" ")))
        for en, fr in lexicon.rows(lexicon.POSITIONS)
    ]
    return tuple(found)


def stands(rng: Random) -> Sentence:
    """The keys are next to the lamp: prepositions with de, contracted."""
    if rng.random() < 0.5:
        what = thing(rng, "thing animal")
        where = phrase(
            rng.choice(of_kind("furniture floor")),
            rng.choice(("the", "the", "the", "this")),
        )
        near, french = rng.choice(
            (("on", ("sur",)), ("under", ("sous",)), *positions()[:4])
        )
        if near == "on" and where.head == "cupboard":
            near, french = "in", ("dans",)
        if where.head in ("chair", "armchair", "sofa", "cupboard") and near == "under":
            near, french = "behind", ("derrière",)
        if where.head == "armchair" and near == "on":
            near, french = "in", ("dans",)
    else:
        what = thing(rng, "building vehicle person tree")
        where = phrase(
            rng.choice(of_kind("station school church hotel hospital castle park"))
        )
        near, french = rng.choice(positions())
    if what.feature in ("a", "some") or what.head == where.head:
        return stands(rng)
    tense = rng.choice(("present", "present", "past"))
    negation = maybe(rng, 0.15)
    return sentence(
        [what.english, shortened(rng, be(what, tense, negation)), near, where.english],
        [*what.french, *etre(what, tense, negation), *french, *where.french],
        what,
        where,
    )


def there_is(rng: Random) -> Sentence:
    """There are three apples on the table: il y a, il n'y a pas de."""
    tense = rng.choice(("present", "present", "past"))
    verb = {"present": "a", "past": "avait"}[tense]
    where = rng.choice(
        (
            ("on the table", ("sur", "LA", "table")),
            ("in the kitchen", ("dans", "LA", "cuisine")),
            ("in the garden", ("dans", "LE", "jardin")),
            ("in front of the school", ("devant", "LA", "école")),
            ("behind the house", ("derrière", "LA", "maison")),
            ("in the drawer", ("dans", "LE", "tiroir")),
            ("under the bed", ("sous", "LE", "lit")),
            ("in the park", ("dans", "LE", "parc")),
            ("next to the church", ("à côté", "de", "LA", "église")),
            ("near the station", ("près", "de", "LA", "gare")),
        )
    )
    indoors = where[0].split()[-1] in ("table", "kitchen", "drawer")
    kinds = "food kitchen small" if indoors else "animal vehicle furniture"
    if where[0].split()[-1] == "drawer":
        kinds = "small spoon knife letter"
    elif where[0].split()[-1] == "bed":
        kinds = "toy bag box shoe pet mouse"
    elif where[0].split()[-1] in (
        "school",
        "church",
        "station",
        "park",
        "house",
        "garden",
    ):
        kinds = (
            "animal bench bicycle flower"
            if "gard" in where[0] or "park" in where[0]
            else "bus car bicycle lorry bench young"
        )
    noun = rng.choice(of_kind(kinds))
    number = rng.choice(lexicon.rows(lexicon.NUMBERS))
    style = rng.random()
    one = phrase(noun, "a", described(rng, noun, 0.3))
    many = phrase(noun, "a", described(rng, noun, 0.3), True)
    was = {"present": ("is", "are"), "past": ("was", "were")}[tense]
    if style < 0.25:
        return sentence(
            ["there", was[0], one.english, where[0]],
            ["il y " + verb, *one.french, *where[1]],
            one,
        )
    if style < 0.45:
        return sentence(
            ["there", was[1], many.english, where[0]],
            ["il y " + verb, *many.french, *where[1]],
            many,
        )
    if style < 0.75:
        english = f"{number[0]} " + many.english.removeprefix("some ")
        return sentence(
            ["there", was[1], english, where[0]],
            ["il y " + verb, number[1], *many.french[1:], *where[1]],
            many,
        )
    if style < 0.85:
        english = "no " + many.english.removeprefix("some ")
        return sentence(
            ["there", was[1], english, where[0]],
            ["il n'y " + verb, "pas", "de", *many.french[1:], *where[1]],
            many,
        )
    english = "a lot of " + many.english.removeprefix("some ")
    return sentence(
        ["there", was[1], english, where[0]],
        ["il y " + verb, "beaucoup", "de", *many.french[1:], *where[1]],
        many,
    )


def owns(rng: Random) -> Sentence:
    """I have two brothers, I do not have a dog: un, des, de."""
    who = subject(rng, "person")
    noun = rng.choice(
        of_kind("pet vehicle toy clothing computer garden house ring watch")
    )
    if rng.random() < 0.25:
        noun = rng.choice(
            [
                n
                for n in of_kind("family")
                if n.english
                in ("brother", "sister", "uncle", "aunt", "son", "daughter")
            ]
        )
    plural = rng.random() < 0.4
    what = phrase(noun, "a", described(rng, noun, 0.4), plural)
    negation = maybe(rng, 0.3)
    tense = rng.choice(("present", "present", "present", "past"))
    if plural and not negation:
        english, french = rng.choice(lexicon.rows(lexicon.NUMBERS)[:4])
        what = replace(
            what,
            english=what.english.replace("some", english, 1),
            french=(french, *what.french[1:]),
        )
    object_english, object_french = either(what, negation)
    have = ("have", "has", "had", "had", "having")
    return sentence(
        [
            who.english,
            shortened(rng, english_verb(have, who, tense, negation)),
            object_english,
        ],
        [*who.french, *avoir(who, tense, negation), *object_french],
        who,
        what,
    )


def takes_some(rng: Random) -> Sentence:
    """Anna drinks coffee: du, de la, de l', and de after a negation."""
    kind, doing = rng.choice(
        (
            ("drink", action("drink drinks drank drunk drinking", "boire")),
            ("eaten", action("eat eats ate eaten eating", "manger")),
            ("drink eaten", action("want wants wanted wanted wanting", "vouloir")),
            ("eaten drink", action("buy buys bought bought buying", "acheter")),
        )
    )
    who = subject(rng, "person")
    noun = rng.choice(masses(kind))
    negation = maybe(rng, 0.3, ("never", "no longer"))
    tense = "present"
    if doing.english != "want":
        tense = rng.choice(("present", "past", "doing", "future", "going to"))
    if negation in ("never", "no longer"):
        tense = "present"
    time = (
        when(rng, tense, 0.35) if not negation and doing.english != "want" else ("", ())
    )
    group = shortened(rng, english_verb(doing.forms, who, tense, negation))
    chance = rng.random()
    pairs = [(doing.english, noun.english)]
    if chance < 0.3 and not negation:
        english, french = rng.choice(
            {
                "drink": (
                    ("a glass of", ("un", "verre")),
                    ("two cups of", ("deux", "tasses")),
                    ("a cup of", ("une", "tasse")),
                    ("a lot of", ("beaucoup",)),
                    ("a little", ("un", "peu")),
                ),
            }.get(
                noun_kind(noun),
                (
                    ("a lot of", ("beaucoup",)),
                    ("a little", ("un", "peu")),
                    ("a kilo of", ("un", "kilo")),
                ),
            )
        )
        if noun.english in ("water", "lemonade", "orange juice", "milk"):
            english, french = (
                english.replace("cup", "glass"),
                tuple(
                    {"tasses": "verres", "tasse": "verre", "une": "un"}.get(w, w)
                    for w in french
                ),
            )
            english = english.replace("glasss", "glasses")
        if noun.english in ("ice cream", "soup", "salad", "jam", "honey") and (
            "kilo" in english
        ):
            return takes_some(rng)
        return sentence(
            [who.english, group, english, noun.english, time[0]],
            [
                *who.french,
                *french_verb(doing.verb, who, tense),
                *french,
                "de",
                noun.forms[0],
                *time[1],
            ],
            who,
            pairs=pairs,
        )
    what = mass(noun, "some")
    english, french = either(what, negation)
    return sentence(
        [who.english, group, english, time[0]],
        [
            *who.french,
            *french_verb(doing.verb, who, tense, negation),
            *french,
            *time[1],
        ],
        who,
        pairs=pairs,
    )


def noun_kind(noun: Noun) -> str:
    """Whether a mass is drunk or eaten."""
    return "drink" if "drink" in noun.kinds else "eaten"


def tastes(rng: Random) -> Sentence:
    """I like coffee, I do not like milk: the article that English leaves out."""
    who = subject(rng, "person")
    if who.feature == "a":
        return tastes(rng)
    like = rng.choice(
        (
            action("like likes liked liked liking", "aimer"),
            action("love loves loved loved loving", "adorer"),
            action("hate hates hated hated hating", "détester"),
            action("prefer prefers preferred preferred preferring", "préférer"),
        )
    )
    negation = maybe(rng, 0.3) if like.english == "like" else None
    if rng.random() < 0.5:
        noun = rng.choice(masses())
        english, french = noun.english, mass(noun).french
    else:
        noun = rng.choice(of_kind("food animal insect plant"))
        english, french = noun.plural, phrase(noun, "the", plural=True).french
    return sentence(
        [
            who.english,
            shortened(rng, english_verb(like.forms, who, "present", negation)),
            english,
        ],
        [*who.french, *french_verb(like.verb, who, "present", negation), *french],
        who,
        pairs=[(like.english, noun.english)],
    )


def is_like_this(rng: Random) -> Sentence:
    """The coffee is cold: what isn't counted agrees too."""
    noun = rng.choice(masses())
    forms = {
        "hot": ("chaud", "chaude"),
        "cold": ("froid", "froide"),
        "good": ("bon", "bonne"),
        "fresh": ("frais", "fraîche"),
        "delicious": ("délicieux", "délicieuse"),
        "sweet": ("sucré", "sucrée"),
        "expensive": ("cher", "chère"),
        "too salty": ("trop salé", "trop salée"),
        "on the table": ("sur la table", "sur la table"),
    }
    hot = {"water", "milk", "coffee", "tea", "soup", "rice", "meat"}
    no = {
        "fresh": {"coffee", "tea", "honey", "rice", "soup", "ice cream", "jam"},
        "sweet": {
            "water",
            "soup",
            "bread",
            "cheese",
            "meat",
            "fish",
            "salad",
            "rice",
            "butter",
            "honey",
        },
        "too salty": {
            "coffee",
            "tea",
            "lemonade",
            "orange juice",
            "honey",
            "jam",
            "ice cream",
            "milk",
            "water",
        },
    }
    english = rng.choice(
        [
            f
            for f in forms
            if noun.english not in no.get(f, ())
            and (f not in ("hot", "cold") or noun.english in hot)
        ]
    )
    what = mass(noun)
    tense = rng.choice(("present", "present", "past"))
    if rng.random() < 0.4:
        french = ("CE", "cette")[noun.gender == "f"]
        what = replace(
            what, english=f"this {noun.english}", french=(french, noun.forms[0])
        )
    negation = maybe(rng, 0.2)
    return sentence(
        [what.english, shortened(rng, be(what, tense, negation)), english],
        [
            *what.french,
            *etre(what, tense, negation),
            forms[english][noun.gender == "f"],
        ],
        pairs=[(english, noun.english)],
    )


# ----------------------------------------------- one verb there, another verb here


def has_cold(rng: Random) -> Sentence:
    """I am hungry: j'ai faim; you are right: tu as raison."""
    who = subject(rng, "person")
    english, french = rng.choice(lexicon.rows(lexicon.HAD))
    tense = rng.choice(("present", "present", "past"))
    negation = maybe(rng, 0.2)
    degree = ("", ())
    if english in ("hungry", "thirsty", "cold", "hot", "afraid") and not negation:
        degree = rng.choice((("", ()), ("very", ("très",))))
    if english == "afraid" and rng.random() < 0.6:
        what = phrase(rng.choice(of_kind("animal insect")), "the", plural=True)
        return sentence(
            [
                who.english,
                shortened(rng, be(who, tense, negation)),
                "afraid of",
                what.english.removeprefix("the "),
            ],
            [*who.french, *avoir(who, tense, negation), "peur", "de", *what.french],
            who,
            pairs=[("afraid", what.head)],
        )
    return sentence(
        [who.english, shortened(rng, be(who, tense, negation)), degree[0], english],
        [*who.french, *avoir(who, tense, negation), *degree[1], french],
        who,
    )


def aged(rng: Random) -> Sentence:
    """My sister is ten years old: ma sœur a dix ans."""
    young = "pet tame boy girl schoolboy schoolgirl son daughter brother sister house"
    group = rng.choice((young, young, "person"))
    who = subject(rng, group)
    if who.feature in ("a", "some"):
        return aged(rng)
    grown = "grown" if group == "person" else "young"
    if "house" in who.kinds:
        grown = "grown"
    english, french = rng.choice(
        [row[:2] for row in lexicon.rows(lexicon.AGES) if row[2] == grown]
    )
    tense = rng.choice(("present", "present", "future", "past"))
    return sentence(
        [who.english, be(who, tense), english, "years old"],
        [*who.french, *avoir(who, tense), french, "ans"],
        who,
    )


def needs(rng: Random) -> Sentence:
    """I need an umbrella: j'ai besoin d'un parapluie; du, de la are swallowed by de."""
    who = subject(rng, "person")
    negation = maybe(rng, 0.2)
    need = ("need", "needs", "needed", "needed", "needing")
    tense = rng.choice(("present", "present", "future"))
    if rng.random() < 0.35:
        noun = rng.choice(masses("drink eaten got"))
        english, french = noun.english, (noun.forms[0],)
    else:
        noun = rng.choice(of_kind("thing vehicle"))
        one = rng.random() < 0.6
        what = phrase(
            noun,
            "a" if one else rng.choice(("the", "this", "your")),
            described(rng, noun, 0.2),
            not one and rng.random() < 0.3,
        )
        english, french = what.english, what.french
    return sentence(
        [
            who.english,
            shortened(rng, english_verb(need, who, tense, negation)),
            english,
        ],
        [*who.french, *avoir(who, tense, negation), "besoin", "de", *french],
        who,
        pairs=[("need", noun.english)],
    )


WEATHER = {
    "raining": ("pleut", "pleuvait", "pleuvra"),
    "snowing": ("neige", "neigeait", "neigera"),
    "cold": ("fait froid", "faisait froid", "fera froid"),
    "hot": ("fait chaud", "faisait chaud", "fera chaud"),
    "sunny": ("fait beau", "faisait beau", "fera beau"),
    "dark": ("fait nuit", "faisait nuit", "fera nuit"),
}


def weather(rng: Random) -> Sentence:
    """It is raining heavily: il pleut, il fait froid; no adjective, no agreement."""
    english = rng.choice(list(WEATHER))
    now, before, later = WEATHER[english]
    degree = ("", ())
    if english in ("raining", "snowing"):
        degree = rng.choice(
            (("", ()), ("heavily", ("beaucoup",)), ("a little", ("un", "peu")))
        )
    elif english != "dark":
        degree = rng.choice((("", ()), ("very", ("très",)), ("too", ("trop",))))
    where = ("", ())
    if rng.random() < 0.6 and english != "dark":
        place, french, _ = rng.choice(lexicon.rows(lexicon.COUNTRIES))
        where = f"in {place}", (french,)
    tense = rng.choice(("present", "past", "future"))
    if english in ("raining", "snowing"):
        verb = {
            "present": "is " + english,
            "past": "was " + english,
            "future": "will " + english[:-3],
        }[tense]
        shown = [verb, degree[0]]
        french = [{"present": now, "past": before, "future": later}[tense], *degree[1]]
    else:
        if degree[0] == "too" and english == "sunny":
            degree = ("", ())
        verb = {"present": "is", "past": "was", "future": "will be"}[tense]
        shown = [verb, degree[0], english]
        make, how = {"present": now, "past": before, "future": later}[tense].split()
        french = [make, *degree[1], how]
    time = ("", ())
    if rng.random() < 0.5:
        time = rng.choice(
            {
                "present": (
                    ("this morning", ("ce matin",)),
                    ("today", ("aujourd'hui",)),
                ),
                "past": times("past")[:3],
                "future": times("future"),
            }[tense]
        )
        if english == "dark":
            time = ("", ())
    return sentence(
        ["it", *shown, where[0], time[0]], ["il", *french, *where[1], *time[1]]
    )


def plays(rng: Random) -> Sentence:
    """To play the piano is jouer du piano, to play chess jouer aux échecs."""
    who = subject(rng, "person")
    if rng.random() < 0.5:
        english, french = rng.choice(lexicon.rows(lexicon.GAMES))
        link = "à"
    else:
        english, french = rng.choice(lexicon.rows(lexicon.INSTRUMENTS))
        english, link = "the " + english, "de"
    play = action("play plays played played playing", "jouer")
    tense = rng.choice(("present", "doing", "was doing", "past", "future", "going to"))
    negation = maybe(rng, 0.2)
    time = when(rng, tense, 0.4) if negation in (None, "not") else ("", ())
    return sentence(
        [
            who.english,
            shortened(rng, english_verb(play.forms, who, tense, negation)),
            english,
            time[0],
        ],
        [
            *who.french,
            *french_verb(play.verb, who, tense, negation),
            link,
            *french.split(),
            *time[1],
        ],
        who,
        pairs=[("play", english.removeprefix("the "))],
    )


def knows(rng: Random) -> Sentence:
    """I know your sister (connaître), I know that she is ill (savoir)."""
    who = subject(rng, "person")
    if who.feature == "a":
        return knows(rng)
    know = ("know", "knows", "knew", "known", "knowing")
    negation = maybe(rng, 0.25)
    tense = rng.choice(("present", "present", "past"))
    group = shortened(rng, english_verb(know, who, tense, negation))
    tense_french = {"past": "was doing"}.get(tense, tense)
    if rng.random() < 0.5:
        what = thing(rng, "person place poem story", who)
        if what.feature in ("a", "some") or what.head == who.head:
            return knows(rng)
        return sentence(
            [who.english, group, what.english],
            [
                *who.french,
                *french_verb(conjugate("connaître"), who, tense_french, negation),
                *what.french,
            ],
            who,
            what,
            pairs=[("know", what.head)],
        )
    about = subject(rng, "person", plain=True)
    if about.feature in ("a", "some", "that") or about.head == who.head:
        return knows(rng)
    state = rng.choice(states())
    return sentence(
        [who.english, group, "that", about.english, be(about, tense), state.english],
        [
            *who.french,
            *french_verb(conjugate("savoir"), who, tense_french, negation),
            "que",
            *about.french,
            *etre(about, tense),
            state.form(about.gender, about.plural),
        ],
        who,
        about,
    )


# ----------------------------------------------------------------- where to, how long


def travels(rng: Random) -> Sentence:
    """Anna lives in Portugal: au, en, aux, à; comes from: du, de, d', des."""
    who = subject(rng, "person")
    place, there, thence = rng.choice(lexicon.rows(lexicon.COUNTRIES))
    style = rng.choice(("live", "go", "come", "since", "work", "between"))
    if style == "come":
        come = action("come comes came come coming", "venir")
        return sentence(
            [who.english, english_verb(come.forms, who, "present"), "from", place],
            [*who.french, *french_verb(come.verb, who, "present"), thence],
            who,
        )
    if style == "go":
        go = action("go goes went gone going", "aller")
        tense = rng.choice(("doing", "past", "future"))
        time = when(rng, "future" if tense == "doing" else tense, 0.5)
        return sentence(
            [who.english, english_verb(go.forms, who, tense), "to", place, time[0]],
            [*who.french, *french_verb(go.verb, who, tense), there, *time[1]],
            who,
        )
    if style == "between":
        other, _, thence = rng.choice(lexicon.rows(lexicon.COUNTRIES))
        come = action("come comes came come coming", "revenir")
        tense = rng.choice(("past", "future", "going to"))
        time = when(rng, tense, 0.5)
        forms = tuple(form + " back" for form in come.forms)
        return sentence(
            [who.english, english_verb(forms, who, tense), "from", other, time[0]],
            [*who.french, *french_verb(come.verb, who, tense), thence, *time[1]],
            who,
        )
    live = action("live lives lived lived living", "habiter")
    if style == "work":
        live = action("work works worked worked working", "travailler")
    if style == "since":
        number, french = rng.choice(lexicon.rows(lexicon.NUMBERS))
        english = english_verb(live.forms, who, "perfect")
        unit = rng.choice((("years", "ans"), ("months", "mois"), ("weeks", "semaines")))
        return sentence(
            [who.english, english, "in", place, "for", number, unit[0]],
            [
                *who.french,
                *french_verb(live.verb, who, "present"),
                there,
                "depuis",
                french,
                unit[1],
            ],
            who,
        )
    tense = rng.choice(("present", "was doing", "future"))
    negation = maybe(rng, 0.2) if tense == "present" else None
    return sentence(
        [
            who.english,
            shortened(rng, english_verb(live.forms, who, tense, negation)),
            "in",
            place,
        ],
        [*who.french, *french_verb(live.verb, who, tense, negation), there],
        who,
    )


def goes(rng: Random) -> Sentence:
    """We go to the museum: au, à la, à l', aux; back from it: du, de l'."""
    who = subject(rng, "person")
    place = phrase(rng.choice(of_kind("public park castle")))
    if rng.random() < 0.65:
        doing = action("go goes went gone going", "aller")
        english, french = "to", "à"
    else:
        doing = action(
            "come_back comes_back came_back come_back coming_back", "revenir"
        )
        english, french = "from", "de"
    tense = rng.choice(("past", "doing", "future", "present", "going to"))
    if tense == "going to" and doing.english == "go":
        tense = "future"
    negation = maybe(rng, 0.15)
    time = when(rng, tense if tense != "doing" else "future", 0.5)
    if tense == "present":
        time = rng.choice(times("habit"))
    purpose: tuple[list[str], list[str], list[tuple[str, str]]] = ([], [], [])
    if rng.random() < 0.25 and doing.english == "go" and not negation:
        second = rng.choice(
            [
                a
                for a in actions()
                if a.english in ("buy", "see", "read", "draw", "look for")
            ]
        )
        what = thing(
            rng, "person" if second.english in ("see", "look for") else second.objects
        )
        english_end = ["to", second.english, what.english]
        french_end = ["pour", second.verb.infinitive, *what.french]
        purpose = (english_end, french_end, combined(second, None, what))
        fits = {
            "buy": {"shop"},
            "read": {"library", "park"},
            "draw": {"park", "museum"},
        }
        if not place.kinds & fits.get(second.english, place.kinds):
            return goes(rng)
        time = ("", ())
    return sentence(
        [
            who.english,
            shortened(rng, english_verb(doing.forms, who, tense, negation)),
            english,
            place.english,
            *purpose[0],
            time[0],
        ],
        [
            *who.french,
            *french_verb(doing.verb, who, tense, negation),
            french,
            *place.french,
            *purpose[1],
            *time[1],
        ],
        who,
        pairs=purpose[2],
    )


LASTING = {
    "sleep",
    "sing",
    "dance",
    "run",
    "work",
    "cry",
    "draw",
    "read",
    "look for",
    "wait for",
    "repair",
    "paint",
    "write",
    "prepare",
    "clean",
    "watch",
}


def waits_since(rng: Random) -> Sentence:
    """She has been waiting for ten minutes: the present, and depuis."""
    doing = rng.choice(
        [
            a
            for table in ("INTRANSITIVES", "VERBS")
            for a in actions(table)
            if a.english in LASTING
        ]
    )
    who = subject(rng, "person")
    what = thing(rng, doing.objects, who) if doing.objects else None
    if what and (what.head == who.head or what.feature in ("a", "some")):
        return waits_since(rng)
    number, french = rng.choice(lexicon.rows(lexicon.NUMBERS))
    unit = rng.choice((("minutes", "minutes"), ("hours", "heures")))
    be_forms = "has been" if who.third else "have been"
    return sentence(
        [
            who.english,
            be_forms,
            doing.forms[4],
            what.english if what else "",
            "for",
            number,
            unit[0],
        ],
        [
            *who.french,
            *french_verb(doing.verb, who, "present"),
            *(what.french if what else ()),
            "depuis",
            french,
            unit[1],
        ],
        who,
        *([what] if what else []),
        pairs=combined(doing, who, what),
    )


HOURS = {
    "one": "une heure",
    "two": "deux heures",
    "three": "trois heures",
    "four": "quatre heures",
    "five": "cinq heures",
    "six": "six heures",
    "seven": "sept heures",
    "eight": "huit heures",
    "nine": "neuf heures",
    "ten": "dix heures",
    "eleven": "onze heures",
}
DAILY = (
    "get up",
    "wake up",
    "go out",
    "work",
    "leave",
    "arrive",
    "get dressed",
    "come back",
    "eat",
)


def at_hours(rng: Random) -> Sentence:
    """She gets up at seven o'clock: se lève, and hours with heures."""
    doing = rng.choice(
        [
            a
            for table in ("INTRANSITIVES", "REFLEXIVES")
            for a in actions(table)
            if a.english in DAILY and "person" in a.doers
        ]
    )
    who = subject(rng, "person")
    hour = rng.choice(list(HOURS))
    tense = rng.choice(("present", "present", "past", "future"))
    half = rng.choice((("", ""), ("half past ", " et demie")))
    english = f"at {half[0]}{hour}" + ("" if half[0] else " o'clock")
    negation = maybe(rng, 0.1)
    return sentence(
        [
            who.english,
            shortened(rng, english_verb(doing.forms, who, tense, negation)),
            english,
        ],
        [
            *who.french,
            *french_verb(doing.verb, who, tense, negation),
            "à",
            HOURS[hour] + half[1],
        ],
        who,
    )


# -------------------------------------------------------------- two verbs, two clauses


MODALS = {
    "can": "pouvoir",
    "must": "devoir",
    "want to": "vouloir",
    "have to": "devoir",
    "like to": "aimer",
}


LIKED = {
    "read",
    "draw",
    "watch",
    "visit",
    "buy",
    "drive",
    "paint",
    "repair",
    "prepare",
    "choose",
    "eat",
    "write",
}


def modal(rng: Random) -> Sentence:
    """She cannot open it: the pronoun stands before the infinitive."""
    doing, who, what = transitive(rng)
    if doing.english in ("like", "love", "lose", "forget") or "animal" in who.kinds:
        return modal(rng)
    english = rng.choice(list(MODALS))
    negation = maybe(rng, 0.3) if english != "must" else None
    if english == "can":
        group = "cannot" if negation else "can"
        group = shortened(rng, group)
    elif english == "must":
        group = "must"
    else:
        word = english.removesuffix(" to")
        if word == "like" and doing.english not in LIKED:
            return modal(rng)
        base = {"want": "wants", "have": "has", "like": "likes"}[word]
        group = english_verb((word, base, "", "", ""), who, "present", negation)
        group = shortened(rng, group) + " to"
        if word == "have" and negation:
            return modal(rng)
    verb = conjugate(MODALS[english])
    if rng.random() < 0.3:
        noun = what.object_pronoun
        if what.feature in ("a", "some"):
            return modal(rng)
        spoken = with_object(doing.english, noun[0])
        start = what.english[0].upper() + what.english[1:]
        return sentence(
            [f"{start}?", who.english, group, spoken],
            [
                *what.french,
                "?",
                *capital(who.french),
                *french_verb(verb, who, "present", negation),
                *infinitive(doing.verb, who, [noun[1]]),
            ],
            who,
            what,
            pairs=combined(doing, who, what),
        )
    object_english, object_french = either(what, negation)
    return sentence(
        [who.english, group, doing.english, object_english],
        [
            *who.french,
            *french_verb(verb, who, "present", negation),
            *infinitive(doing.verb, who),
            *object_french,
        ],
        who,
        what,
        pairs=combined(doing, who, what),
    )


def modal_alone(rng: Random) -> Sentence:
    """We want to rest: nous voulons nous reposer."""
    table = rng.choice(("INTRANSITIVES", "REFLEXIVES", "REFLEXIVES"))
    doing = rng.choice(
        [
            a
            for a in actions(table)
            if "person" in a.doers.split()
            and a.english not in ("fall", "cry", "arrive")
        ]
    )
    who = subject(rng, "person")
    english = rng.choice(list(MODALS))
    negation = maybe(rng, 0.25) if english not in ("must", "have to") else None
    if english == "can":
        group = shortened(rng, "cannot" if negation else "can")
    elif english == "must":
        group = "must"
    else:
        word = english.removesuffix(" to")
        base = {"want": "wants", "have": "has", "like": "likes"}[word]
        group = english_verb((word, base, "", "", ""), who, "present", negation)
        group = shortened(rng, group) + " to"
    time = rng.choice(
        (
            ("", ()),
            ("today", ("aujourd'hui",)),
            ("tomorrow", ("demain",)),
            ("now", ("maintenant",)),
        )
    )
    if english == "like to":
        time = ("", ())
    return sentence(
        [who.english, group, doing.english, time[0]],
        [
            *who.french,
            *french_verb(conjugate(MODALS[english]), who, "present", negation),
            *infinitive(doing.verb, who),
            *doing.after,
            *time[1],
        ],
        who,
    )


def just(rng: Random) -> Sentence:
    """Paul has just opened the door: vient d'ouvrir."""
    doing, who, what = transitive(rng)
    if doing.english in (
        "like",
        "love",
        "look for",
        "wait for",
        "follow",
        "watch",
        "carry",
        "drive",
        "hear",
        "chase",
    ):
        return just(rng)
    group = ("has" if who.third else "have") + " just"
    return sentence(
        [who.english, group, doing.forms[3], what.english],
        [
            *who.french,
            *french_verb(conjugate("venir"), who, "present"),
            "de",
            *infinitive(doing.verb, who),
            *what.french,
        ],
        who,
        what,
        pairs=combined(doing, who, what),
    )


Clause = tuple[list[str], list[str], Phrase, list[Phrase], list[tuple[str, str]]]


def clause(
    rng: Random,
    verbs: Iterable[str],
    tense: str,
    negation: str | None = None,
    future: bool = False,
) -> Clause:
    """Someone does something: both languages, who, parts, combinations.

    Args:
        verbs: to choose from.
        future: in French the future, though in English the present.
    """
    allowed = set(verbs)
    doing = rng.choice(
        [
            a
            for table in ("INTRANSITIVES", "REFLEXIVES", "VERBS")
            for a in actions(table)
            if a.english in allowed
        ]
    )
    who = subject(rng, "person")
    what = thing(rng, doing.objects, who) if doing.objects else None
    if who.feature == "a" or what is not None and what.head == who.head:
        return clause(rng, verbs, tense, negation, future)
    english, french = either(what, negation) if what else ("", ())
    return (
        [who.english, english_verb(doing.forms, who, tense, negation), english],
        [
            *who.french,
            *french_verb(doing.verb, who, "future" if future else tense, negation),
            *french,
            *doing.after,
        ],
        who,
        [who, *([what] if what else [])],
        combined(doing, who, what),
    )


def unclear(first: Phrase, second: Phrase) -> bool:
    """Whether "she" in the second clause might be the one in the first, or is the same."""
    third = second.person in (2, 5) and "pronoun" in second.kinds
    return first.english == second.english or third and first.person in (2, 5)


ENDING = {
    "arrive",
    "come back",
    "leave",
    "get up",
    "wake up",
    "go out",
    "finish",
    "stop",
    "sell",
    "find",
    "lose",
    "rest",
}
ANSWERING = {
    "eat",
    "dance",
    "sing",
    "laugh",
    "work",
    "go out",
    "get up",
    "go for a walk",
    "rest",
    "leave",
    "stay here",
    "read",
    "prepare",
    "open",
    "close",
    "clean",
    "wash",
    "watch",
    "visit",
    "buy",
    "look for",
    "clear away",
    "hide",
}
GOING_ON = {
    "sleep",
    "read",
    "write",
    "work",
    "eat",
    "sing",
    "dance",
    "rest",
    "wash",
    "clean",
    "draw",
    "prepare",
    "look for",
    "repair",
    "paint",
    "watch",
    "get dressed",
    "wait for",
    "clear away",
    "go for a walk",
}
SUDDEN = {
    "arrive",
    "leave",
    "come back",
    "open",
    "close",
    "find",
    "fall",
    "see",
    "hear",
}


def when_then(rng: Random) -> Sentence:
    """When Anna arrives, we will eat: in French both in the future; not so after if."""
    link = rng.choice((("when", "quand"), ("if", "si")))
    first = clause(rng, ENDING, "present", future=link[0] == "when")
    second = clause(rng, ANSWERING, "future", maybe(rng, 0.15))
    if unclear(first[2], second[2]) or set(first[0][1].split()) & set(
        second[0][1].split()
    ):
        return when_then(rng)
    return sentence(
        [link[0], *first[0], ",", *second[0]],
        [link[1], *first[1], ",", *second[1]],
        *first[3],
        *second[3],
        pairs=[*first[4], *second[4]],
    )


def while_was(rng: Random) -> Sentence:
    """While Paul was reading, Anna was sleeping; he was reading when she arrived."""
    first = clause(rng, GOING_ON, "was doing")
    second = clause(rng, GOING_ON, "was doing")
    sudden = clause(rng, SUDDEN, "past")
    if unclear(first[2], second[2]) or unclear(first[2], sudden[2]):
        return while_was(rng)
    if rng.random() < 0.5:
        return sentence(
            [*first[0], "when", *sudden[0]],
            [*first[1], "quand", *sudden[1]],
            *first[3],
            *sudden[3],
            pairs=[*first[4], *sudden[4]],
        )
    return sentence(
        ["while", *first[0], ",", *second[0]],
        ["pendant", "que", *first[1], ",", *second[1]],
        *first[3],
        *second[3],
        pairs=[*first[4], *second[4]],
    )


def because(rng: Random) -> Sentence:
    """Anna is sad because she has lost her keys: agreement far from its noun."""
    who = subject(rng, "person", plain=True)
    if rng.random() < 0.3:
        man, woman = rng.choice(neutrals())
        who = phrase(rng.choice((man, woman)), neutral_owner(rng, man))
    if who.feature in ("a", "some"):
        return because(rng)
    state = rng.choice(states())
    again = replace(
        who, english=who.pronoun[0], french=(who.pronoun[1],), combinations=frozenset()
    )
    if who.plural and "neutral" in who.kinds:
        return because(rng)
    doing = rng.choice(
        [
            a
            for a in actions()
            if a.english
            in (
                "lose",
                "forget",
                "buy",
                "sell",
                "finish",
                "find",
                "repair",
                "understand",
                "see",
                "write",
            )
        ]
    )
    sad = {"sad", "furious", "worried"}
    loss = {"lose", "forget", "sell"}
    gain = {"buy", "finish", "find", "repair", "understand", "write"}
    negation = None
    if state.english in sad:
        if doing.english in gain:
            negation = "not"
    elif state.english in {"happy", "proud"}:
        if doing.english in loss:
            return because(rng)
    elif state.english == "tired" and doing.english not in (
        "repair",
        "write",
        "finish",
    ) or state.english in {"ready", "ill", "alone", "busy", "surprised", "jealous"}:
        return because(rng)
    what = thing(rng, doing.objects, again)
    object_english, object_french = either(what, negation)
    tense = rng.choice(("past", "perfect")) if not negation else "past"
    return sentence(
        [
            who.english,
            be(who),
            state.english,
            "because",
            again.english,
            shortened(rng, english_verb(doing.forms, again, tense, negation)),
            object_english,
        ],
        [
            *who.french,
            *etre(who),
            state.form(who.gender, who.plural),
            "parce que",
            again.french[0],
            *french_verb(doing.verb, again, tense, negation),
            *object_french,
        ],
        who,
        what,
        pairs=combined(doing, None, what),
    )


def neutral_owner(rng: Random, noun: Noun) -> str:
    """My neighbour, but the baker."""
    near = noun.english in ("friend", "neighbour", "cousin", "gardener")
    return rng.choice(("my", "your", "our") if near else ("the", "this", "that"))


def neutral_revealed(rng: Random) -> Sentence:
    """My neighbour has lost her keys: voisine, as only "her" tells."""
    man, woman = rng.choice(neutrals())
    noun = rng.choice((man, woman))
    who = phrase(noun, neutral_owner(rng, noun))
    if rng.random() < 0.4:
        person = name(rng, noun.gender)
        who = replace(
            who,
            english=f"{who.english} {person.english}",
            french=(*who.french, *person.french),
        )
        if who.english.startswith(("the", "this")):
            return neutral_revealed(rng)
        state = rng.choice(states())
        tense = rng.choice(("present", "past"))
        negation = maybe(rng, 0.2)
        return sentence(
            [who.english, shortened(rng, be(who, tense, negation)), state.english],
            [*who.french, *etre(who, tense, negation), state.form(noun.gender, False)],
            pairs=[(state.english, noun.english)],
        )
    doing = rng.choice([a for a in actions() if "person" in a.doers.split()])
    owned = rng.choice(of_kind(doing.objects))
    if not owners(owned):
        return neutral_revealed(rng)
    what = phrase(owned, own(who), described(rng, owned, 0.1), many(rng, owned, 0.25))
    tense = tense_of(rng, doing)
    negation = maybe(rng, 0.15)
    return sentence(
        [
            who.english,
            shortened(rng, english_verb(doing.forms, who, tense, negation)),
            what.english,
        ],
        [*who.french, *french_verb(doing.verb, who, tense, negation), *what.french],
        what,
        pairs=combined(doing, who, what),
    )


def quoted(rng: Random) -> Sentence:
    """ "I am tired," says Anna: fatiguée, by a name that comes last."""
    speaker = name(rng)
    if rng.random() < 0.5:
        noun = rng.choice(of_kind("person"))
        speaker = phrase(noun, "my" if "family" in noun.kinds else "the")
    index = 0 if rng.random() < 0.8 else 3
    who = replace(pronoun(index), gender=speaker.gender)
    if index == 3:
        other = name(rng, speaker.gender)
        if other.english == speaker.english or not speaker.kinds & {"name"}:
            return quoted(rng)
        speaker = together(speaker, other)
    state = rng.choice(states())
    if state.english == "alone" and index:
        return quoted(rng)
    tense, negation = rng.choice(
        (("present", None), ("present", "not"), ("past", None))
    )
    says = rng.choice((("says", "say", "dit", "disent"), ("said", "said", None, None)))
    english = f'"{who.english} {shortened(rng, be(who, tense, negation))} '
    english = english[:2].upper() + english[2:]
    verb = says[speaker.plural]
    french = says[2 + speaker.plural] or ("a dit", "ont dit")[speaker.plural]
    return sentence(
        [f'{english}{state.english}," {verb}', speaker.english],
        [
            "«",
            "^",
            *who.french,
            *etre(who, tense, negation),
            state.form(speaker.gender, speaker.plural),
            "»",
            ",",
            french,
            *speaker.french,
        ],
    )


def passive(rng: Random) -> Sentence:
    """The letter was written by my sister: both participles agree."""
    doing = rng.choice(
        [
            a
            for a in actions()
            if a.english
            in (
                "write",
                "paint",
                "repair",
                "open",
                "close",
                "find",
                "buy",
                "sell",
                "wash",
                "clean",
                "prepare",
                "draw",
                "forget",
                "choose",
            )
        ]
    )
    noun = rng.choice(of_kind(doing.objects))
    if noun.kinds & {"person", "animal", "insect"}:
        return passive(rng)
    what = phrase(
        noun,
        rng.choice(("the", "this", "that")),
        described(rng, noun, 0.2),
        rng.random() < 0.35,
    )
    who = subject(rng, "person", plain=True)
    if who.feature in ("a", "some"):
        return passive(rng)
    participle = conjugate("être")
    agreed = doing.verb.participle
    agreed += "e" if what.gender == "f" else ""
    agreed += "s" if what.plural and not agreed.endswith("s") else ""
    negation = maybe(rng, 0.15)
    be_english = shortened(rng, BE["past"][what.person] + (" not" if negation else ""))
    return sentence(
        [what.english, be_english, doing.forms[3], "by", who.english],
        [
            *what.french,
            *french_verb(participle, what, "past", negation),
            agreed,
            "par",
            *who.french,
        ],
        what,
        who,
        pairs=combined(doing, who, what),
    )


def nobody(rng: Random) -> Sentence:
    """Nobody likes this soup: personne ne, tout le monde, rien."""
    doing = rng.choice([a for a in actions() if "person" in a.doers.split()])
    what = thing(rng, doing.objects)
    if what.feature in ("a", "some"):
        return nobody(rng)
    someone = rng.choice(
        (
            ("nobody", ("personne",), True),
            ("everyone", ("tout LE monde",), False),
            ("someone", ("quelqu'un",), False),
        )
    )
    who = Phrase(someone[0], someone[1], "m", False, 2, kinds=frozenset(["person"]))
    tense = rng.choice(
        ("present", "past", "future")
        if doing.english not in ("like", "love")
        else ("present",)
    )
    if someone[0] == "someone":
        tense = "past" if doing.english not in ("like", "love") else "present"
    group = french_verb(doing.verb, who, tense)
    head = ["ne"] if someone[2] else []
    french = ["tout", "LE", "monde"] if someone[0] == "everyone" else list(someone[1])
    return sentence(
        [who.english, english_verb(doing.forms, who, tense), what.english],
        [*french, *head, *group, *what.french],
        what,
        pairs=combined(doing, None, what),
    )


# ------------------------------------------------------------------ asking, telling


def asks(rng: Random) -> Sentence:
    """Does Anna like the cat? Est-ce que, and a space before the mark."""
    doing, who, what = transitive(rng)
    tense = rng.choice(("present", "past", "future", "doing"))
    if who.feature in ("a", "some") or who.english == "I":
        return asks(rng)
    if doing.english in STATIVE and tense == "doing":
        tense = "present"
    if doing.english in ("like", "love"):
        tense = "present"
    base, _, _, _, gerund = doing.forms
    english = {
        "present": ["does" if who.third else "do", who.english, base],
        "past": ["did", who.english, base],
        "future": ["will", who.english, base],
        "doing": [BE["present"][who.person], who.english, gerund],
    }[tense]
    asked = rng.choice(
        (
            ("", ()),
            ("", ()),
            ("why", ("pourquoi",)),
            ("when", ("quand",)),
            ("where", ("où",)),
        )
    )
    if (
        asked[0] == "when"
        and tense == "doing"
        or asked[0]
        and doing.english
        in (*STATIVE, "look for", "follow", "leave", "visit", "drive", "wait for")
    ):
        asked = ("", ())
    return sentence(
        [asked[0], *english, what.english],
        [
            *asked[1],
            "est-ce que",
            *who.french,
            *french_verb(doing.verb, who, tense),
            *what.french,
        ],
        who,
        what,
        pairs=combined(doing, who, what),
        end="?",
    )


CHOSEN = {
    "choose",
    "buy",
    "read",
    "eat",
    "see",
    "visit",
    "draw",
    "take",
    "open",
    "wash",
    "repair",
    "understand",
    "finish",
    "like",
    "sell",
    "prepare",
}


def asks_where(rng: Random) -> Sentence:
    """Where are my keys? What colour is your car? Which book are you reading?"""
    noun = rng.choice(of_kind("thing pet vehicle family room town"))
    choice = rng.choice(("the", *owners(noun))) if "family" not in noun.kinds else "my"
    plural = many(rng, noun)
    who = phrase(noun, choice, described(rng, noun, 0.25), plural)
    style = rng.random()
    if style < 0.4:
        tense = rng.choice(("present", "present", "past"))
        return sentence(
            ["where", be(who, tense), who.english],
            ["où", *etre(who, tense), *who.french],
            who,
            end="?",
        )
    if style < 0.6 and noun.kinds & {"thing", "vehicle"}:
        bare = phrase(noun, choice, plural=plural)
        return sentence(
            ["what colour", be(bare), bare.english],
            ["de", "quelle", "couleur", *etre(bare), *bare.french],
            bare,
            end="?",
        )
    doing = rng.choice([a for a in actions() if a.english in CHOSEN])
    noun = rng.choice(of_kind(doing.objects))
    you = rng.choice((pronoun(1), pronoun(1), name(rng), pronoun(5), pronoun(3)))
    if noun.kinds & {"family", "person"}:
        return asks_where(rng)
    which = ("quel", "quelle", "quels", "quelles")[(noun.gender == "f") + 2 * plural]
    past = rng.random() < 0.5 and doing.english != "like"
    word = noun.plural if plural else noun.english
    if style < 0.85:
        verb = "did" if past else ("does" if you.third else "do")
        agreement = (noun.gender, plural) if past else None
        group = french_verb(
            doing.verb, you, "past" if past else "present", None, (), agreement
        )
        return sentence(
            ["which", word, verb, you.english, doing.english],
            [which, noun.forms[plural], "est-ce que", *you.french, *group],
            pairs=combined(doing, None, phrase(noun)),
            end="?",
        )
    form = conjugate("avoir").present[you.person]
    inverted = (
        form
        + ("-t-" if form == "a" else "-")
        + (you.pronoun[1] if "name" in you.kinds else you.french[0])
    )
    owned = rng.choice(of_kind("clothing toy pet vehicle book pen pencil plate chair"))
    have = "does" if you.third else "do"
    return sentence(
        ["how many", owned.plural, have, you.english, "have"],
        [
            "combien",
            "de",
            owned.forms[1],
            *(you.french if "name" in you.kinds else ()),
            inverted,
        ],
        end="?",
    )


def told(rng: Random) -> Sentence:
    """Close the door, please! Don't open it! The imperative and its pronouns."""
    doing = rng.choice(
        [
            a
            for a in actions()
            if "person" in a.doers.split()
            and a.english
            not in (
                "love",
                "like",
                "see",
                "hear",
                "lose",
                "find",
                "understand",
                "forget",
                "sell",
            )
        ]
    )
    noun = rng.choice(of_kind(doing.objects))
    plural = many(rng, noun, 0.25)
    choice = (
        "your"
        if "family" in noun.kinds
        else rng.choice(("the", "the", "this", *owners(noun)[:2]))
    )
    what = phrase(noun, choice, described(rng, noun, 0.2), plural)
    style = rng.random()
    person = rng.choice((1, 1, 3))
    form = doing.verb.present[person]
    if (
        person == 1
        and form.endswith("es")
        and doing.verb.infinitive.endswith(("er", "ouvrir"))
    ):
        form = form[:-1]
    polite = (
        ("", ())
        if person == 3 or rng.random() < 0.5
        else (", please", (",", "s'il te plaît"))
    )
    if style < 0.35:
        start = "don't" if person == 1 else "let's not"
        return sentence(
            [start, doing.english, what.english + polite[0]],
            ["ne", form, "pas", *what.french, *polite[1]],
            what,
            pairs=combined(doing, None, what),
            end=rng.choice(".!"),
        )
    start = "" if person == 1 else "let's"
    return sentence(
        [start, doing.english, what.english + polite[0]],
        [form, *what.french, *polite[1]],
        what,
        pairs=combined(doing, None, what),
        end=rng.choice(".!"),
    )


def calls(rng: Random) -> Sentence:
    """Madam, your bag is open: votre; Anna, are you ready? tu, and prête."""
    state = rng.choice(states())
    style = rng.choice(("name", "polite", "polite", "children"))
    if style == "name":
        who = name(rng)
        you, possessive = replace(pronoun(1), gender=who.gender), "your"
        start, french = who.english, who.french
    elif style == "polite":
        english, word, gender = rng.choice(
            (("madam", "madame", "f"), ("sir", "monsieur", "m"))
        )
        you = replace(pronoun(1), french=("vous",), person=4, gender=gender)
        start, french, possessive = english, (word,), "your (polite)"
    else:
        english, word, gender = rng.choice(
            (
                ("girls", "LES filles", "f"),
                ("children", "LES enfants", "m"),
                ("boys", "LES garçons", "m"),
                ("my friends", "mes amis", "m"),
            )
        )
        you = replace(
            pronoun(1), french=("vous",), person=4, gender=gender, plural=True
        )
        start, french, possessive = english, tuple(word.split()), "your (polite)"
    chance = rng.random()
    if chance < 0.35:
        if state.english == "alone" and you.plural:
            return calls(rng)
        return sentence(
            [f"{start}, are you", state.english],
            [
                *french,
                ",",
                "est-ce que",
                *you.french,
                *etre(you),
                state.form(you.gender, you.plural),
            ],
            end="?",
        )
    if chance < 0.6:
        noun = rng.choice(of_kind("clothing thing vehicle pet"))
        what = phrase(noun, possessive, plural=rng.random() < 0.3)
        english, form = said_of(rng, noun)
        return sentence(
            [f"{start},", what.english, be(what), english],
            [*french, ",", *what.french, *etre(what), form(what.gender, what.plural)],
            pairs=[(english, noun.english)],
        )
    doing = rng.choice(
        [
            a
            for a in actions()
            if "person" in a.doers.split() and a.english not in ("love", "like")
        ]
    )
    noun = rng.choice(of_kind(doing.objects))
    what = phrase(
        noun, possessive if owners(noun) else "the", plural=many(rng, noun, 0.25)
    )
    tense = rng.choice(("perfect", "future", "going to"))
    if chance < 0.8:
        return sentence(
            [f"{start}, you", english_verb(doing.forms, you, tense), what.english],
            [
                *french,
                ",",
                *you.french,
                *french_verb(doing.verb, you, tense),
                *what.french,
            ],
            pairs=combined(doing, None, what),
        )
    form = doing.verb.present[you.person]
    if you.person == 1 and doing.verb.infinitive.endswith(("er", "ouvrir")):
        form = form.removesuffix("s")
    return sentence(
        [f"{start},", doing.english, what.english],
        [*french, ",", form, *what.french],
        pairs=combined(doing, None, what),
        end=rng.choice(".!"),
    )


def feels(rng: Random) -> Sentence:
    """Anna and Marie are ready: feminine if all are; one man is enough."""
    who = subject(rng, "person", plain=True)
    state = rng.choice(states())
    if rng.random() < 0.5:
        who = together(name(rng), name(rng))
        if len(set(who.english.split())) < 3:
            return feels(rng)
    if rng.random() < 0.25:
        index = rng.choice((2, 3))
        who = pronoun(index)
    if state.english == "alone" and who.plural:
        return feels(rng)
    tense = rng.choice(("present", "present", "past", "future"))
    negation = maybe(rng, 0.2)
    return sentence(
        [who.english, shortened(rng, be(who, tense, negation)), state.english],
        [*who.french, *etre(who, tense, negation), state.form(who.gender, who.plural)],
        who,
        pairs=[(state.english, who.head)]
        if not who.kinds & {"name", "pronoun"}
        else [],
    )


def banks(rng: Random) -> Sentence:
    """The bank is une banque, of a river une rive: what stands beside it decides."""
    who = subject(rng, "person")
    if who.feature in ("a", "some"):
        return banks(rng)
    if rng.random() < 0.5:
        doing = action("go goes went gone going", "aller")
        tense = rng.choice(("past", "doing", "future"))
        end = rng.choice(
            (
                ("to deposit money", ("pour", "déposer", "de", "LE", "argent")),
                ("to borrow money", ("pour", "emprunter", "de", "LE", "argent")),
                ("to open an account", ("pour", "ouvrir", "un", "compte")),
                (
                    "to speak to the manager",
                    ("pour", "parler", "à", "LA", "directrice"),
                ),
            )
        )
        return sentence(
            [who.english, english_verb(doing.forms, who, tense), "to the bank", end[0]],
            [
                *who.french,
                *french_verb(doing.verb, who, tense),
                "à",
                "LA",
                "banque",
                *end[1],
            ],
            who,
        )
    doing = rng.choice(actions("INTRANSITIVES") + actions("REFLEXIVES"))
    if doing.english not in (
        "sleep",
        "sing",
        "dance",
        "work",
        "eat",
        "rest",
        "go for a walk",
        "stop",
        "cry",
    ):
        return banks(rng)
    tense = tense_of(rng, doing)
    where = rng.choice(
        (
            ("on the bank of the river", ("sur", "LA", "rive", "de", "LE", "fleuve")),
            ("on the bank of the lake", ("sur", "LA", "rive", "de", "LE", "lac")),
        )
    )
    if doing.english == "work":
        where = rng.choice(
            (
                ("at the bank", ("à", "LA", "banque")),
                ("opposite the bank", ("en face", "de", "LA", "banque")),
            )
        )
    return sentence(
        [who.english, english_verb(doing.forms, who, tense), where[0]],
        [*who.french, *french_verb(doing.verb, who, tense), *where[1]],
        who,
    )


BODY = {
    "wash her hands": ("wash", "se laver", ("LES", "mains"), "hands"),
    "wash her face": ("wash", "se laver", ("LE", "visage"), "face"),
    "brush her teeth": ("brush", "se brosser", ("LES", "dents"), "teeth"),
    "break her arm": ("break", "se casser", ("LE", "bras"), "arm"),
    "break her leg": ("break", "se casser", ("LA", "jambe"), "leg"),
    "brush her hair": ("brush", "se brosser", ("LES", "cheveux"), "hair"),
}
BODY_FORMS = {
    "wash": ("wash", "washes", "washed", "washed", "washing"),
    "brush": ("brush", "brushes", "brushed", "brushed", "brushing"),
    "break": ("break", "breaks", "broke", "broken", "breaking"),
}


def body(rng: Random) -> Sentence:
    """She washes her hands: elle se lave les mains, and nothing agrees with her."""
    verb, infinitive_, part, english = BODY[rng.choice(list(BODY))]
    who = subject(rng, "person")
    if who.plural and verb == "break":
        return body(rng)
    owner = own(who).removesuffix(" (polite)")
    tense = rng.choice(
        ("past", "perfect")
        if verb == "break"
        else ("present", "past", "doing", "future", "going to", "perfect")
    )
    negation = maybe(rng, 0.15)
    time = when(rng, tense, 0.4)
    reflexive = conjugate(infinitive_)
    group = french_verb(reflexive, who, tense, negation)
    if tense in ("past", "perfect"):
        group[-1] = reflexive.participle
    shown = english
    if who.plural:
        shown = {"face": "faces"}.get(english, english)
    return sentence(
        [
            who.english,
            shortened(rng, english_verb(BODY_FORMS[verb], who, tense, negation)),
            owner,
            shown,
            time[0],
        ],
        [*who.french, *group, *part, *time[1]],
        who,
    )


CONSTRUCTIONS: dict[Callable[[Random], Sentence], int] = {
    describes: 10, is_such: 8, does: 16, acts: 8, sat_down: 3, pronoun_follows: 6,
    already: 6, but_it: 5, gives: 6, misses: 3, belongs: 6, compares: 5, is_most: 3,
    who_relative: 5, that_relative: 5, all_of: 3, mine: 3, not_this_one: 2, stands: 5,
    there_is: 5, owns: 5, takes_some: 6, tastes: 3, is_like_this: 2, has_cold: 3,
    aged: 2, needs: 3, weather: 2, plays: 3, knows: 4, travels: 4, goes: 5,
    waits_since: 3, at_hours: 2, modal: 6, modal_alone: 3, just: 3, when_then: 4,
    while_was: 3, because: 4, neutral_revealed: 5, quoted: 3, passive: 4, nobody: 3,
    asks: 6, asks_where: 5, told: 5, calls: 5, feels: 3, banks: 2, body: 3,
}  # fmt: skip
