"""Noun phrases in both languages: the small black cats, les petits chats noirs."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from utils.data.corpora.translations import lexicon


@dataclass(frozen=True)
class Noun:
    """A noun; `forms` are the French singular and plural."""

    english: str
    plural: str
    forms: tuple[str, str]
    gender: str
    kinds: frozenset[str]


@dataclass(frozen=True)
class Adjective:
    """An adjective; `forms` are masculine, feminine, and the same in the plural.

    After être some have others, `predicate`: une nouvelle voiture, elle est neuve.
    """

    english: str
    forms: tuple[str, ...]
    before: bool
    kinds: frozenset[str]
    predicate: tuple[str, ...] = ()

    def form(self, gender: str, plural: bool, attributive: bool = False) -> str:
        """The form that agrees; in capitals where it waits for its noun."""
        forms = self.forms if attributive else self.predicate or self.forms
        found = forms[(gender == "f") + 2 * plural]
        return found if attributive else found.lower()


@dataclass(frozen=True)
class Phrase:
    """A subject or an object.

    Attributes:
        person: 0 to 5, from je to ils.
        third: whether the English verb takes -s.
        head: the English noun, for what combines with it.
        combinations: of an adjective and its noun.
        kinds: of the noun.
        feature: how many and of which kind: "the", "a", "some", "mass".
    """

    english: str
    french: str
    gender: str
    plural: bool
    person: int
    head: str = ""
    combinations: frozenset[tuple[str, str]] = frozenset()
    kinds: frozenset[str] = frozenset()
    feature: str = "the"

    @property
    def third(self) -> bool:
        return self.person == 2

    @property
    def pronoun(self) -> tuple[str, str]:
        """What stands for it as a subject later on: (it, elle)."""
        french = ("il", "elle")[self.gender == "f"] + ("s" if self.plural else "")
        if self.plural:
            return "they", french
        if "person" in self.kinds:
            return ("he", "she")[self.gender == "f"], french
        return "it", french

    @property
    def object_pronoun(self) -> tuple[str, str]:
        """What stands for it as an object: (it, la)."""
        english = {"they": "them", "he": "him", "she": "her", "it": "it"}
        french = "les" if self.plural else ("le", "la")[self.gender == "f"]
        return english[self.pronoun[0]], french


COLOURS = {"black", "white", "grey", "red", "green", "blue", "yellow", "brown"}
DETERMINERS = {
    "the": ("LE", "LA", "LES"),
    "a": ("un", "une", "des"),
    "my": ("mon", "MA", "mes"),
    "your": ("ton", "TA", "tes"),
    "your (polite)": ("votre", "votre", "vos"),
    "his": ("son", "SA", "ses"),
    "her": ("son", "SA", "ses"),
    "our": ("notre", "notre", "nos"),
    "their": ("leur", "leur", "leurs"),
    "this": ("CE", "cette", "ces"),
    "that": ("CE", "cette", "ces"),
}
PLURALS = {"a": "some", "this": "these", "that": "those"}
# English: French, gender, whether several, person from je to ils
PRONOUNS = {
    "I": ("je", "m", False, 0),
    "you": ("tu", "m", False, 1),
    "he": ("il", "m", False, 2),
    "she": ("elle", "f", False, 2),
    "we": ("nous", "m", True, 3),
    "they": ("ils", "m", True, 5),
}
POSSESSIVES = ("my", "your", "his", "our", "your (polite)", "their")


def one_and_many(cell: str) -> tuple[str, str]:
    """The two forms in a cell of the lexicon."""
    one, many = cell.split()
    return one.replace("_", " "), many.replace("_", " ")


@cache
def nouns() -> tuple[Noun, ...]:
    """All that can be counted."""
    found = []
    for english, french, gender, kinds in lexicon.rows("nouns"):
        one, many = english.split()
        forms = one_and_many(french)
        found.append(Noun(one, many, forms, gender, frozenset([one, *kinds.split()])))
    return tuple(found)


@cache
def of_kind(kinds: str) -> tuple[Noun, ...]:
    """The nouns of any of the kinds, parted by spaces."""
    wanted = frozenset(kinds.split())
    return tuple(noun for noun in nouns() if wanted & noun.kinds)


@cache
def masses(kinds: str = "drink eaten") -> tuple[Noun, ...]:
    """What is counted in no plural: water, bread."""
    rows = lexicon.rows("masses")
    return tuple(
        Noun(english, english, (word, word), gender, frozenset([english, kind]))
        for english, french, gender, kind in rows
        if kind in kinds.split()
        for word in [french.replace("_", " ")]
    )


@cache
def neutrals() -> tuple[tuple[Noun, Noun], ...]:
    """Nouns whose gender English doesn't tell: (man, woman)."""
    found = []
    for english, man, woman in lexicon.rows("neutral"):
        one, many = english.split()
        kinds = frozenset([one, "person", "neutral"])
        found.append(
            (
                Noun(one, many, one_and_many(man), "m", kinds),
                Noun(one, many, one_and_many(woman), "f", kinds),
            )
        )
    return tuple(found)


@cache
def adjectives() -> tuple[Adjective, ...]:
    """What describes a noun."""
    return tuple(
        Adjective(
            english,
            tuple(forms.split()),
            place == "before",
            frozenset(kinds.split()),
            tuple(" ".join(predicate).split()),
        )
        for english, forms, place, kinds, *predicate in lexicon.rows("adjectives")
    )


@cache
def states() -> tuple[Adjective, ...]:
    """What a person is for now."""
    return tuple(
        Adjective(english, tuple(forms.split()), False, frozenset(["person"]))
        for english, forms in lexicon.rows("states")
    )


@cache
def fitting(noun: Noun) -> tuple[Adjective, ...]:
    """The adjectives that may describe a noun."""
    return tuple(
        adjective
        for adjective in adjectives()
        if adjective.kinds & noun.kinds
        and noun.english not in lexicon.pairs("never").get(adjective.english, ())
    )


@cache
def opposites() -> frozenset[frozenset[str]]:
    """Pairs of adjectives that can't both be said of one thing."""
    pairs = [row[0].split() for row in lexicon.rows("opposites")]
    return frozenset(map(frozenset, pairs))


def fit_together(first: str, second: str) -> bool:
    """Whether two adjectives can be said of one thing."""
    if first == second or {first, second} <= COLOURS:
        return False
    return frozenset([first, second]) not in opposites()


def may_be(who: Phrase, adjective: str) -> bool:
    """Whether an adjective can be said of what has others already."""
    return all(fit_together(own, adjective) for own, _ in who.combinations)


def with_article(english: str) -> str:
    """With a or an, by its first sound."""
    vowel = english[0] in "aeiou" and not english.startswith(("uni", "one", "eu"))
    return ("an " if vowel or english.startswith("hon") else "a ") + english


def phrase(
    noun: Noun,
    determiner: str = "the",
    described: Sequence[Adjective] = (),
    plural: bool = False,
) -> Phrase:
    """A determiner, adjectives and a noun.

    "some" beside a plural is des, but de before an adjective: de petits chats.
    """
    words = [a.english for a in described]
    words.append(noun.plural if plural else noun.english)
    shown = determiner.removesuffix(" (polite)")
    if determiner == "a" and not plural:
        english = with_article(" ".join(words))
    else:
        english = " ".join([PLURALS.get(shown, shown) if plural else shown, *words])
    forms = [(a, a.form(noun.gender, plural, True)) for a in described]
    before = [form for a, form in forms if a.before]
    after = [form for a, form in forms if not a.before]
    index = 2 if plural else int(noun.gender == "f")
    french = DETERMINERS[determiner][index]
    if french == "des" and before:
        french = "de"
    return Phrase(
        english,
        " ".join([french, *before, noun.forms[plural], *after]),
        noun.gender,
        plural,
        5 if plural else 2,
        noun.english,
        frozenset((a.english, noun.english) for a in described),
        noun.kinds,
        "some" if determiner == "a" and plural else determiner,
    )


def mass(noun: Noun, determiner: str = "the") -> Phrase:
    """The water, l'eau; or some of it, water, de l'eau."""
    article = ("LE", "LA")[noun.gender == "f"]
    if determiner == "the":
        english, french = f"the {noun.english}", f"{article} {noun.forms[0]}"
    else:
        english, french = noun.english, f"de {article} {noun.forms[0]}"
    return Phrase(
        english,
        french,
        noun.gender,
        False,
        2,
        noun.english,
        kinds=noun.kinds,
        feature="the" if determiner == "the" else "mass",
    )


def pronoun(english: str) -> Phrase:
    """I, you, he, she, we or they."""
    french, gender, plural, person = PRONOUNS[english]
    kinds = frozenset(["person", "pronoun"])
    return Phrase(english, french, gender, plural, person, kinds=kinds)


def name(rng: random.Random, gender: str | None = None) -> Phrase:
    """Someone by name."""
    gender = gender or rng.choice("mf")
    word = rng.choice(lexicon.words()["names"][gender].split())
    kinds = frozenset(["person", "name"])
    return Phrase(word, word, gender, False, 2, word, kinds=kinds)


def together(first: Phrase, second: Phrase) -> Phrase:
    """Two by "and": feminine only if both are."""
    return Phrase(
        f"{first.english} and {second.english}",
        f"{first.french} et {second.french}",
        "f" if first.gender == second.gender == "f" else "m",
        True,
        5,
        combinations=first.combinations | second.combinations,
        kinds=first.kinds & second.kinds,
    )


def possessed(owner: Phrase, noun: Noun, described: Sequence[Adjective] = ()) -> Phrase:
    """Paul's red car: la voiture rouge de Paul."""
    bare = phrase(noun, "the", described)
    mark = "'" if owner.english.endswith("s") and owner.plural else "'s"
    english = f"{owner.english}{mark} {bare.english.removeprefix('the ')}"
    french = f"{bare.french} de {owner.french}"
    combinations = bare.combinations | owner.combinations
    return replace(bare, english=english, french=french, combinations=combinations)


OWNED = frozenset(
    {"pet", "tame", "clothing", "toy", "thing", "text", "car", "boat", "bicycle"}
    | {"food", "furniture", "home", "matter"}
)


def owners(noun: Noun) -> tuple[str, ...]:
    """The possessives that go with a noun: nobody says my station."""
    if "family" in noun.kinds or noun.kinds & OWNED:
        return ("my", "your", "his", "her", "our", "their")
    return ()


def determiner(rng: random.Random, noun: Noun, definite: bool = False) -> str:
    """One that goes with the noun as a subject; `definite`: none but the one meant."""
    if "family" in noun.kinds:
        return rng.choice(owners(noun))
    indefinite = () if definite or "person" not in noun.kinds else ("a",)
    return rng.choice(("the", "the", "this", "that", *owners(noun)[:4], *indefinite))


def many(
    rng: random.Random, noun: Noun, chance: float = 0.3, choice: str = "the"
) -> bool:
    """Whether it is said in the plural: sometimes, but nobody has two mothers."""
    own_home = "home" in noun.kinds and choice not in ("the", "a", "this", "that")
    return rng.random() < chance and "single" not in noun.kinds and not own_home


def described(rng: random.Random, noun: Noun, chance: float = 0.35) -> list[Adjective]:
    """No adjective, one, or seldom two: one before the French noun and one after."""
    found = fitting(noun)
    if rng.random() > chance or not found:
        return []
    first = rng.choice(found)
    if first.before and rng.random() < 0.25:
        second = rng.choice(found)
        if second.english in COLOURS:
            return [first, second]
    return [first]


def subject(rng: random.Random, kinds: str, plain: bool = False) -> Phrase:
    """One who does something: a pronoun, a name, two of them, or a noun.

    Args:
        plain: no pronouns.
    """
    human = "person" in kinds.split()
    chance = rng.random()
    if human and not plain and chance < 0.28:
        return pronoun(rng.choice(tuple(PRONOUNS)))
    if human and chance < 0.42:
        first = name(rng)
        second = name(rng)
        if rng.random() < 0.25 and second.english != first.english:
            return together(first, second)
        return first
    noun = rng.choice(of_kind(kinds))
    chosen = described(rng, noun, 0.1 if "family" in noun.kinds else 0.3)
    choice = determiner(rng, noun)
    return phrase(noun, choice, chosen, many(rng, noun, choice=choice))


def thing(rng: random.Random, kinds: str, owner: Phrase | None = None) -> Phrase:
    """One to whom something is done; what is owned is the subject's, mostly."""
    noun = rng.choice(of_kind(kinds))
    human = owner is not None and "person" in owner.kinds
    chance = rng.random()
    if not owners(noun):
        choice = rng.choice(("the", "the", "a", "this", "that"))
    elif human and owner is not None and ("family" in noun.kinds or chance < 0.3):
        choice = own(owner)
    elif "family" in noun.kinds:
        choice = rng.choice(owners(noun))
    else:
        choice = rng.choice(("the", "the", "the", "a", "a", "this", "that"))
    chosen = described(rng, noun, 0.1 if "family" in noun.kinds else 0.3)
    return phrase(noun, choice, chosen, many(rng, noun, choice=choice))


def own(owner: Phrase) -> str:
    """The possessive of a subject: she … her."""
    if owner.person == 2 and owner.gender == "f":
        return "her"
    return POSSESSIVES[owner.person]
