"""Plain sentences: who is what, who does what; agreement, tenses, negation."""

from __future__ import annotations

from utils.data.corpora.translations.clauses import action, actions
from utils.data.corpora.translations.phrases import (
    COLOURS,
    Phrase,
    described,
    determiner,
    fitting,
    many,
    may_be,
    name,
    of_kind,
    owners,
    phrase,
    pronoun,
    states,
    subject,
    thing,
    together,
)
from utils.data.corpora.translations.sentences import (
    STATIVE,
    Random,
    Sentence,
    be,
    combined,
    definite,
    do,
    done_by_people,
    either,
    keep,
    maybe,
    said_of,
    say,
    tense_of,
    transitive,
    verbs_of,
    when,
)

MEASURED = frozenset(
    {"big", "small", "heavy", "light", "long", "short", "expensive", "old", "young"}
    | {"difficult", "dirty", "shy", "sweet", "easy"}
)
NOT_EVEN_ONE = {"see", "find", "buy", "sell", "draw", "write", "eat", "read", "hear"}
SIT = action("sit sits sat sat sitting", "s'asseoir")
IN_A_MOMENT = {"arrive", "leave", "come back", "fall", "stop", "stay here"}


def describes(rng: Random) -> Sentence:
    """The big dog was not tired: agreement across être, "very", the past."""
    noun = rng.choice(
        of_kind("animal person thing food vehicle place furniture text matter opening")
    )
    choice = determiner(rng, noun, definite=True)
    who = phrase(
        noun, choice, described(rng, noun, 0.2), many(rng, noun, choice=choice)
    )
    english, form = said_of(rng, noun)
    keep(may_be(who, english))
    tense = rng.choice(("present", "present", "present", "past", "future"))
    negation = maybe(rng)
    degree = "", ""
    if english not in ("broken", "empty", "hungry", *COLOURS):
        degree = rng.choice((("", ""), ("very", "très"), ("really", "vraiment")))
        if english in MEASURED and not negation:
            degree = rng.choice((("too", "trop"), ("a little", "un peu"), degree))
        if negation and degree[0] == "really":
            degree = "", ""
    verb = be(rng, who, tense, negation)
    return say(
        f"{who.english} {verb[0]} {degree[0]} {english}",
        f"{who.french} {verb[1]} {degree[1]} {form(who)}",
        who,
        pairs=[(english, noun.english)],
    )


def is_such(rng: Random) -> Sentence:
    """Your cat is a lovely cat: the same noun twice, the adjective before or after."""
    noun = rng.choice(
        of_kind("pet tame person thing vehicle home building text matter")
    )
    keep("family" not in noun.kinds)
    choice = rng.choice((*owners(noun), "this", "that"))
    who = phrase(noun, choice, plural=many(rng, noun, 0.2, choice))
    if "person" in noun.kinds and rng.random() < 0.6:
        who = name(rng, noun.gender)
    what = phrase(noun, "a", [rng.choice(fitting(noun))], who.plural)
    verb = be(rng, who, "present", maybe(rng, 0.15))
    return say(
        f"{who.english} {verb[0]} {what.english.removeprefix('some ')}",
        f"{who.french} {verb[1]} {what.french}",
        what,
    )


def does(rng: Random) -> Sentence:
    """The boy is looking for his dog: persons, tenses, negation, possessives."""
    doing, who, what = transitive(rng)
    tense = tense_of(rng, doing)
    also = ("never", "no longer") if tense == "present" else ()
    negation = maybe(rng, 0.25, *also)
    keep(not negation or what.feature != "a" or doing.english in NOT_EVEN_ONE)
    thing_done = either(what, negation)
    habit = tense == "present" and doing.english in STATIVE
    time = "", ""
    if negation in (None, "not") and not habit:
        time = when(rng, tense)
    verb = do(rng, doing, who, tense, negation)
    return say(
        f"{who.english} {verb[0]} {thing_done[0]} {time[0]}",
        f"{who.french} {verb[1]} {thing_done[1]} {time[1]}",
        who,
        what,
        pairs=combined(doing, who, what),
    )


def acts(rng: Random) -> Sentence:
    """The girls went out: être or avoir, agreement of the participle, se."""
    doing = rng.choice(
        actions(rng.choice(("intransitives", "intransitives", "reflexives")))
    )
    who = subject(rng, doing.doers)
    tense = tense_of(rng, doing)
    if doing.english in IN_A_MOMENT:
        tense = rng.choice(("past", "past", "perfect", "future", "going to"))
    time = when(rng, tense, 0.4)
    verb = do(rng, doing, who, tense, maybe(rng, 0.25))
    return say(
        f"{who.english} {verb[0]} {time[0]}",
        f"{who.french} {verb[1]} {time[1]}",
        who,
        pairs=combined(doing, who),
    )


def sat_down(rng: Random) -> Sentence:
    """The cat sat on the mat: s'asseoir, with être."""
    who = subject(rng, "person pet")
    seat = thing(rng, "seat")
    keep(not seat.plural)
    tense = rng.choice(("past", "past", "future", "going to"))
    on, sur = ("in", "dans") if seat.head == "armchair" else ("on", "sur")
    verb = do(rng, SIT, who, tense, maybe(rng, 0.1))
    return say(
        f"{who.english} {verb[0]} {on} {seat.english}",
        f"{who.french} {verb[1]} {sur} {seat.french}",
        who,
        seat,
        pairs=combined(SIT, who),
    )


def feels(rng: Random) -> Sentence:
    """Anna and Marie are ready: feminine if all are; one man is enough."""
    chance = rng.random()
    if chance < 0.5:
        first, second = name(rng), name(rng)
        keep(first.english != second.english)
        who = together(first, second)
    elif chance < 0.7:
        who = pronoun(rng.choice(("he", "she")))
    else:
        who = subject(rng, "person", plain=True)
    definite(who)
    state = rng.choice(states())
    keep(state.english != "alone" or not who.plural)
    tense = rng.choice(("present", "present", "past", "future"))
    verb = be(rng, who, tense, maybe(rng))
    known = who.kinds & {"name", "pronoun"}
    return say(
        f"{who.english} {verb[0]} {state.english}",
        f"{who.french} {verb[1]} {state.form(who.gender, who.plural)}",
        who,
        pairs=[] if known else [(state.english, who.head)],
    )


def passive(rng: Random) -> Sentence:
    """The letter was written by my sister: both participles agree."""
    doing = rng.choice(
        verbs_of(
            *("write", "paint", "repair", "open", "close", "find", "buy", "sell"),
            *("wash", "clean", "prepare", "draw", "forget", "choose", "visit"),
        )
    )
    noun = rng.choice(of_kind(doing.objects))
    keep(not noun.kinds & {"person", "animal", "insect"})
    choice = rng.choice(("the", "this", "that"))
    what = phrase(noun, choice, described(rng, noun, 0.2), many(rng, noun))
    who = subject(rng, "person", plain=True)
    definite(who)
    negation = maybe(rng, 0.15)
    was = be(rng, what, "past", negation)[0]
    agreed = doing.verb.participle + ("e" if what.gender == "f" else "")
    agreed += "s" if what.plural and not agreed.endswith("s") else ""
    has = "ont" if what.plural else "a"
    if negation:
        has = f"ne {has} pas"
    return say(
        f"{what.english} {was} {doing.forms[3]} by {who.english}",
        f"{what.french} {has} été {agreed} par {who.french}",
        what,
        who,
        pairs=combined(doing, who, what),
    )


SOMEONE = (
    ("nobody", "personne", "ne"),
    ("everyone", "tout LE monde", ""),
    ("someone", "quelqu'un", ""),
)


def nobody(rng: Random) -> Sentence:
    """Nobody likes this soup: personne ne, tout le monde."""
    doing = rng.choice(done_by_people())
    what = thing(rng, doing.objects)
    definite(what)
    english, french, ne = rng.choice(SOMEONE)
    who = Phrase(english, french, "m", False, 2, kinds=frozenset(["person"]))
    tense = rng.choice(("present", "past", "future"))
    if doing.english in ("like", "love"):
        tense = "present"
    elif english == "someone":
        tense = "past"
    verb = do(rng, doing, who, tense)
    return say(
        f"{english} {verb[0]} {what.english}",
        f"{french} {ne} {verb[1]} {what.french}",
        what,
        pairs=combined(doing, None, what),
    )
