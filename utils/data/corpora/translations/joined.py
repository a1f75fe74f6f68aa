"""Two verbs, two clauses: infinitives, when and if, because, who it was at last."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from utils.data.corpora.translations.clauses import action, infinitive, shortened
from utils.data.corpora.translations.phrases import (
    Noun,
    Phrase,
    described,
    fit_together,
    many,
    name,
    neutrals,
    of_kind,
    own,
    owners,
    phrase,
    states,
    subject,
    thing,
)
from utils.data.corpora.translations.sentences import (
    WANT,
    Action,
    Pair,
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
    with_object,
)

CAN = action("can can could could can", "pouvoir")
MUST = action("must must must must must", "devoir")
HAVE_TO = action("have has had had having", "devoir")
LIKE_TO = action("like likes liked liked liking", "aimer")
MODALS = (CAN, MUST, HAVE_TO, WANT, LIKE_TO)
LIKED = (
    *("read", "draw", "watch", "visit", "buy", "drive", "paint", "repair", "prepare"),
    *("eat", "write"),
)
FREE = (
    *("sleep", "sing", "dance", "run", "work", "eat", "laugh", "leave", "come back"),
    *("stay here", "go out", "get up", "wake up", "get dressed", "rest", "hide"),
    *("go for a walk", "stop"),
)
ENDING = (
    *("arrive", "come back", "leave", "get up", "wake up", "go out", "finish"),
    *("stop", "sell", "find", "lose", "rest"),
)
ANSWERING = (
    *("eat", "dance", "sing", "laugh", "work", "go out", "get up", "rest", "leave"),
    *("go for a walk", "stay here", "read", "prepare", "open", "close", "clean"),
    *("wash", "watch", "visit", "buy", "look for", "clear away", "hide"),
)
GOING_ON = (
    *("sleep", "read", "write", "work", "eat", "sing", "dance", "rest", "wash"),
    *("clean", "draw", "prepare", "look for", "repair", "paint", "watch"),
    *("get dressed", "wait for", "clear away", "go for a walk"),
)
SUDDEN = (
    "arrive",
    "leave",
    "come back",
    "open",
    "close",
    "find",
    "fall",
    "see",
    "hear",
)
# Why someone is as they are: states, verbs, whether it was not done
REASONS = (
    ("sad furious worried", "lose forget sell", None),
    ("sad furious worried", "find repair understand finish", "not"),
    ("happy proud", "finish find repair understand write buy draw", None),
    ("tired", "repair clean write wash paint carry", None),
    ("surprised", "find see", None),
)

NEAR = frozenset({"friend", "neighbour", "cousin", "gardener"})


def modal_verb(rng: Random, doing: Action, who: Phrase, negation: str | None) -> Pair:
    """Can, must, want to … in both languages, without what follows."""
    french = do(rng, doing, who, "present", negation)[1]
    if doing is CAN:
        return shortened(rng, "cannot" if negation else "can"), french
    if doing is MUST:
        return "must", french
    return do(rng, doing, who, "present", negation)[0] + " to", french


def modal(rng: Random) -> Sentence:
    """She cannot open it: the pronoun stands before the infinitive."""
    doing, who, what = transitive(rng)
    keep(doing.english not in ("like", "love", "lose", "forget", "hear"))
    keep("person" in who.kinds)
    main = rng.choice(MODALS)
    keep(main is not LIKE_TO or doing.english in LIKED)
    negation = None if main in (MUST, HAVE_TO) else maybe(rng, 0.3)
    group = modal_verb(rng, main, who, negation)
    pairs = combined(doing, who, what)
    if rng.random() < 0.3:
        definite(what)
        it, le = what.object_pronoun
        done = with_object(doing.english, it)
        return say(
            f"{what.english}? {who.english} {group[0]} {done}",
            f"{what.french} ? ^ {who.french} {group[1]} "
            + infinitive(doing.verb, who, [le]),
            who,
            what,
            pairs=pairs,
        )
    english, french = either(what, negation)
    return say(
        f"{who.english} {group[0]} {doing.english} {english}",
        f"{who.french} {group[1]} {infinitive(doing.verb, who)} {french}",
        who,
        what,
        pairs=pairs,
    )


def modal_alone(rng: Random) -> Sentence:
    """We want to rest: nous voulons nous reposer."""
    doing = rng.choice(verbs_of(*FREE))
    keep(not doing.objects)
    who = subject(rng, "person")
    main = rng.choice(MODALS)
    negation = None if main in (MUST, HAVE_TO) else maybe(rng, 0.25)
    group = modal_verb(rng, main, who, negation)
    time = rng.choice(
        (
            ("", ""),
            ("today", "aujourd'hui"),
            ("tomorrow", "demain"),
            ("now", "maintenant"),
        )
    )
    if main is LIKE_TO:
        time = "", ""
    done = f"{infinitive(doing.verb, who)} {doing.after}"
    return say(
        f"{who.english} {group[0]} {doing.english} {time[0]}",
        f"{who.french} {group[1]} {done} {time[1]}",
        who,
        pairs=combined(doing, who),
    )


@dataclass(frozen=True)
class Clause:
    """Someone does something, in both languages."""

    english: str
    french: str
    who: Phrase
    verb: str
    parts: tuple[Phrase, ...]
    pairs: list[Pair]


def clause(
    rng: Random,
    verbs: Iterable[str],
    tense: str,
    negation: str | None = None,
    french_tense: str | None = None,
) -> Clause:
    """One with a verb of these.

    Args:
        french_tense: where it isn't the same as the English.
    """
    doing = rng.choice(verbs_of(*verbs))
    who = subject(rng, "person")
    what = thing(rng, doing.objects, who) if doing.objects else None
    keep(who.feature != "a" and (what is None or what.head != who.head))
    english, french = either(what, negation) if what else ("", "")
    verb = do(rng, doing, who, tense, negation)[0]
    verbe = do(rng, doing, who, french_tense or tense, negation)[1]
    return Clause(
        f"{who.english} {verb} {english}",
        f"{who.french} {verbe} {french}",
        who,
        doing.english,
        (who, what) if what else (who,),
        combined(doing, who, what),
    )


def clear(first: Clause, second: Clause) -> None:
    """Go on if "she" in the second can't be the one in the first.

    Raises:
        Redraw: it might be, or it is the same one or the same verb again.
    """
    keep(first.who.english != second.who.english and first.verb != second.verb)
    third = second.who.person in (2, 5) and "pronoun" in second.who.kinds
    keep(not third or first.who.person not in (2, 5))


def when_then(rng: Random) -> Sentence:
    """When Anna arrives, we will eat: in French both in the future; not so after if."""
    english, french, tense = rng.choice(
        (("when", "quand", "future"), ("if", "si", "present"))
    )
    first = clause(rng, ENDING, "present", french_tense=tense)
    second = clause(rng, ANSWERING, "future", maybe(rng, 0.15))
    clear(first, second)
    return say(
        f"{english} {first.english}, {second.english}",
        f"{french} {first.french} , {second.french}",
        *first.parts,
        *second.parts,
        pairs=[*first.pairs, *second.pairs],
    )


def while_was(rng: Random) -> Sentence:
    """While Paul was reading, Anna was sleeping; he was reading when she arrived."""
    first = clause(rng, GOING_ON, "was doing")
    sudden = rng.random() < 0.5
    if sudden:
        second = clause(rng, SUDDEN, "past")
        english = f"{first.english} when {second.english}"
        french = f"{first.french} quand {second.french}"
    else:
        second = clause(rng, GOING_ON, "was doing")
        english = f"while {first.english}, {second.english}"
        french = f"pendant que {first.french} , {second.french}"
    clear(first, second)
    return say(
        english,
        french,
        *first.parts,
        *second.parts,
        pairs=[*first.pairs, *second.pairs],
    )


def because(rng: Random) -> Sentence:
    """My friend is sad because she has lost her keys: agreement far from its noun."""
    who = subject(rng, "person", plain=True)
    if rng.random() < 0.3:
        noun = rng.choice(rng.choice(neutrals()))
        who = phrase(noun, neutral_owner(rng, noun))
    definite(who)
    felt, verbs, negation = rng.choice(REASONS)
    state = rng.choice([s for s in states() if s.english in felt.split()])
    doing = rng.choice([a for a in verbs_of(*verbs.split()) if a.objects])
    she, elle = who.pronoun
    again = replace(who, english=she, french=elle, combinations=frozenset())
    kinds = doing.objects
    if state.english == "surprised":
        kinds = "fox owl hedgehog squirrel spider butterfly letter ring watch"
    what = thing(rng, kinds, again)
    keep(not negation or what.feature not in ("a", "some"))
    english, french = either(what, negation)
    verb = do(
        rng,
        doing,
        again,
        "past" if negation else rng.choice(("past", "perfect")),
        negation,
    )
    is_so = be(rng, who)
    return say(
        f"{who.english} {is_so[0]} {state.english} because {she} {verb[0]} {english}",
        f"{who.french} {is_so[1]} {state.form(who.gender, who.plural)} "
        f"parce que {elle} {verb[1]} {french}",
        who,
        what,
        pairs=combined(doing, None, what),
    )


def neutral_owner(rng: Random, noun: Noun) -> str:
    """My neighbour, but the baker."""
    near = noun.english in NEAR
    return rng.choice(("my", "your", "our") if near else ("the", "this", "that"))


def neutral_revealed(rng: Random) -> Sentence:
    """My neighbour has lost her keys: voisine, as only "her" tells."""
    noun = rng.choice(rng.choice(neutrals()))
    who = phrase(noun, neutral_owner(rng, noun))
    if noun.english in NEAR and rng.random() < 0.6:
        person = name(rng, noun.gender)
        state = rng.choice(states())
        verb = be(rng, who, rng.choice(("present", "past")), maybe(rng))
        return say(
            f"{who.english} {person.english} {verb[0]} {state.english}",
            f"{who.french} {person.french} {verb[1]} {state.form(noun.gender, False)}",
            pairs=[(state.english, noun.english)],
        )
    doing = rng.choice(done_by_people())
    owned = rng.choice(of_kind(doing.objects))
    keep(bool(owners(owned)))
    choice = own(who)
    plural = many(rng, owned, 0.25, choice)
    what = phrase(owned, choice, described(rng, owned, 0.1), plural)
    verb = do(rng, doing, who, tense_of(rng, doing), maybe(rng, 0.15))
    return say(
        f"{who.english} {verb[0]} {what.english}",
        f"{who.french} {verb[1]} {what.french}",
        what,
        pairs=combined(doing, who, what),
    )


def tall_and(rng: Random) -> Sentence:
    """My sister is tall and patient; the house, which is old, is empty."""
    noun = rng.choice(of_kind("person animal vehicle building text furniture"))
    choice = rng.choice(("the", "this", *owners(noun)))
    if "family" in noun.kinds:
        choice = rng.choice(owners(noun))
    who = phrase(noun, choice, plural=many(rng, noun, choice=choice))
    first, form = said_of(rng, noun)
    second, other_form = said_of(rng, noun)
    keep(fit_together(first, second))
    verb = be(rng, who, rng.choice(("present", "present", "past")))
    return say(
        f"{who.english} {verb[0]} {first} and {second}",
        f"{who.french} {verb[1]} {form(who)} et {other_form(who)}",
        pairs=[(first, noun.english), (second, noun.english)],
    )
