"""Pronouns: where they stand, and which noun, far back or not said, they agree with."""

from __future__ import annotations

from dataclasses import replace

from utils.data.corpora.translations import lexicon
from utils.data.corpora.translations.clauses import action, actions
from utils.data.corpora.translations.french import conjugate
from utils.data.corpora.translations.phrases import (
    described,
    determiner,
    fit_together,
    fitting,
    many,
    name,
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
    say,
    transitive,
    when,
    with_object,
)

GIVING = (
    action("give gives gave given giving", "donner"),
    action("show shows showed shown showing", "montrer"),
    action("lend lends lent lent lending", "prêter"),
)
TO_WHOM = (
    ("me", "me", 0),
    ("you", "te", 1),
    ("him", "lui", None),
    ("her", "lui", None),
    ("us", "nous", 3),
    ("them", "leur", None),
)
MISS = action("miss misses missed missed missing", "manquer")
PREFER = action("prefer prefers preferred preferred preferring", "préférer")
OWN = {
    "my": ("mine", ("mien", "mienne", "miens", "miennes")),
    "your": ("yours", ("tien", "tienne", "tiens", "tiennes")),
    "his": ("his", ("sien", "sienne", "siens", "siennes")),
}
THAT_ONE = ("celui-là", "celle-là", "ceux-là", "celles-là")
ARTICLES = ("LE", "LA", "LES", "LES")


def pronoun_follows(rng: Random) -> Sentence:
    """Anna sees the cat and follows it: le, la, les before the verb."""
    doing, who, what = transitive(rng)
    definite(who, what)
    then = rng.choice(lexicon.pairs("followed").get(doing.english, ("",)))
    negation = "not" if then.startswith("not ") else None
    second = next(
        (a for a in actions() if a.english == then.removeprefix("not ")), None
    )
    keep(second is not None)
    assert second is not None
    keep(any(noun.english == what.head for noun in of_kind(second.objects)))
    keep(bool(set(second.doers.split()) & who.kinds))
    tense = rng.choice(("present", "past", "future"))
    after = "present" if second.english == "like" else tense
    it, le = what.object_pronoun
    again = ("", "")
    if negation:
        again = who.pronoun
        if "pronoun" in who.kinds:
            again = who.english, who.french
    first = do(rng, doing, who, tense)
    last = do(rng, second, who, after, negation, [le], (what.gender, what.plural))
    group = last[0]
    if not negation and after == tense:
        group = group.removeprefix("will ")
    link = (", but", ", mais") if negation else ("and", "et")
    return say(
        f"{who.english} {first[0]} {what.english} {link[0]} {again[0]} "
        + with_object(group, it),
        f"{who.french} {first[1]} {what.french} {link[1]} {again[1]} {last[1]}",
        who,
        what,
        pairs=[*combined(doing, who, what), *combined(second, None, what)],
    )


def already(rng: Random) -> Sentence:
    """The apples? Anna ate them: a participle that agrees with what came before."""
    doing = rng.choice(done_by_people("love", "like"))
    who = name(rng)
    if rng.random() < 0.4:
        who = subject(rng, "person", plain=True)
        definite(who)
    noun = rng.choice(of_kind(doing.objects))
    keep(noun.english != who.head)
    choice = rng.choice(("the", "the", "this", *owners(noun)[:2]))
    if "family" in noun.kinds:
        choice = rng.choice(owners(noun))
    plural = many(rng, noun, 0.4, choice)
    what = phrase(noun, choice, described(rng, noun, 0.2), plural)
    it, le = what.object_pronoun
    tense, negation = rng.choice((("past", None), ("perfect", None), ("past", "not")))
    time = when(rng, tense, 0.6)
    verb = do(rng, doing, who, tense, negation, [le], (what.gender, what.plural))
    return say(
        f"{what.english}? {who.english} {with_object(verb[0], it)} {time[0]}",
        f"{what.french} ? ^ {who.french} {verb[1]} {time[1]}",
        who,
        what,
        pairs=combined(doing, who, what),
    )


def but_it(rng: Random) -> Sentence:
    """The letter is long, but it is interesting: it is elle, by a noun far back."""
    noun = rng.choice(
        of_kind("thing vehicle place text matter furniture food animal clothing")
    )
    keep(len(fitting(noun)) > 1)
    first, second = rng.sample(fitting(noun), 2)
    keep(fit_together(first.english, second.english))
    choice = determiner(rng, noun, definite=True)
    who = phrase(noun, choice, plural=many(rng, noun, choice=choice))
    tones = [
        (adjective.english in lexicon.listed("pleasant"))
        - (adjective.english in lexicon.listed("unpleasant"))
        for adjective in (first, second)
    ]
    link = (", but", " , mais") if tones[0] * tones[1] < 0 else (" and", " et")
    tense = rng.choice(("present", "present", "past"))
    verb = be(rng, who, tense)
    forms = [a.form(who.gender, who.plural) for a in (first, second)]
    it, elle = who.pronoun
    return say(
        f"{who.english} {verb[0]} {first.english}{link[0]} {it} {verb[0]} "
        + second.english,
        f"{who.french} {verb[1]} {forms[0]}{link[1]} {elle} {verb[1]} {forms[1]}",
        who,
        pairs=[(first.english, noun.english), (second.english, noun.english)],
    )


def gives(rng: Random) -> Sentence:
    """Anna gives a book to her brother; Paul gives him a book: lui, leur, à."""
    who = subject(rng, "person")
    give = rng.choice(GIVING)
    what = thing(rng, "thing letter toy", who)
    tense = rng.choice(("past", "past", "future", "doing", "going to"))
    negation = maybe(rng, 0.15)
    given = either(what, negation)
    if rng.random() < 0.5:
        noun = rng.choice(of_kind("family"))
        keep(noun.english != who.head)
        whom = phrase(noun, own(who), plural=many(rng, noun, 0.2))
        verb = do(rng, give, who, tense, negation)
        order = f"{given[0]} to {whom.english}"
        if rng.random() < 0.5:
            order = f"{whom.english} {given[0]}"
        return say(
            f"{who.english} {verb[0]} {order}",
            f"{who.french} {verb[1]} {given[1]} à {whom.french}",
            who,
            what,
            pairs=combined(give, None, what),
        )
    english, french, person = rng.choice(TO_WHOM)
    keep(person is None or person != who.person)
    keep(not {person, who.person} <= {0, 3})
    verb = do(rng, give, who, tense, negation, [french])
    return say(
        f"{who.english} {verb[0]} {english} {given[0]}",
        f"{who.french} {verb[1]} {given[1]}",
        who,
        what,
        pairs=combined(give, None, what),
    )


def misses(rng: Random) -> Sentence:
    """I miss my dog: mon chien me manque. Who is missed is the subject."""
    who = subject(rng, "person")
    definite(who)
    noun = rng.choice(of_kind("pet family village garden house horse"))
    keep(noun.english != who.head)
    plural = many(rng, noun, choice=own(who))
    missed = phrase(noun, own(who), described(rng, noun, 0.1), plural)
    negation = maybe(rng, 0.15)
    tense = rng.choice(("present", "present", "future"))
    clitic, tail = {0: "me", 1: "te", 3: "nous"}.get(who.person), ""
    if clitic is None and "pronoun" in who.kinds:
        clitic = "leur" if who.plural else "lui"
    if clitic is None:
        tail = f"à {who.french}"
    english = do(rng, MISS, who, tense, negation)[0]
    french = do(rng, MISS, missed, tense, negation, [clitic] if clitic else [])[1]
    return say(
        f"{who.english} {english} {missed.english}",
        f"{missed.french} {french} {tail}",
        missed,
        who,
    )


def mine(rng: Random) -> Sentence:
    """Your car is red, but mine is blue: la mienne, by a noun that isn't repeated."""
    noun = rng.choice(of_kind("pet vehicle clothing toy thing house room garden"))
    keep(bool(owners(noun)))
    first, second = rng.sample(fitting(noun), 2)
    keep(not fit_together(first.english, second.english))
    whose = rng.choice(list(OWN))
    english, forms = OWN[whose]
    others = [d for d in ("my", "your", "his", "her") if d != whose]
    if whose == "his":
        others.remove("her")  # in French it is the same as his
    choice = rng.choice(others)
    who = phrase(noun, choice, plural=many(rng, noun, choice=choice))
    index = (noun.gender == "f") + 2 * who.plural
    verb = be(rng, who)
    return say(
        f"{who.english} {verb[0]} {first.english}, but {english} {verb[0]} "
        + second.english,
        f"{who.french} {verb[1]} {first.form(who.gender, who.plural)} , mais "
        f"{ARTICLES[index]} {forms[index]} {verb[1]} "
        + second.form(who.gender, who.plural),
        pairs=[(first.english, noun.english), (second.english, noun.english)],
    )


def not_this_one(rng: Random) -> Sentence:
    """I do not want this hat, I want that one: celui-là, celle-là."""
    noun = rng.choice(of_kind("clothing car bicycle toy utensil food book picture bag"))
    who = subject(rng, "person")
    definite(who)
    verb = rng.choice((WANT, PREFER))
    what = phrase(noun, "this", plural=many(rng, noun))
    index = (noun.gender == "f") + 2 * what.plural
    again = who
    if "pronoun" not in who.kinds:
        again = replace(who, english=who.pronoun[0], french=who.pronoun[1])
    first = do(rng, WANT, who, "present", "not")
    second = do(rng, verb, again, "present")
    one = "those" if what.plural else "that one"
    return say(
        f"{who.english} {first[0]} {what.english}, {again.english} {second[0]} {one}",
        f"{who.french} {first[1]} {what.french} , {again.french} {second[1]} "
        + THAT_ONE[index],
        who,
    )


def knows(rng: Random) -> Sentence:
    """I know your sister (connaître), I know that she is ill (savoir)."""
    who = subject(rng, "person")
    definite(who)
    verb = action("know knows knew known knowing", "connaître")
    tense = rng.choice(("present", "present", "past"))
    lasting = "was doing" if tense == "past" else tense
    if rng.random() < 0.5:
        negation = maybe(rng, 0.25)
        what = thing(rng, "person place poem story", who)
        definite(what)
        keep(what.head != who.head)
        english = do(rng, verb, who, tense, negation)[0]
        french = do(rng, verb, who, lasting, negation)[1]
        return say(
            f"{who.english} {english} {what.english}",
            f"{who.french} {french} {what.french}",
            who,
            what,
            pairs=combined(verb, None, what),
        )
    about = subject(rng, "person", plain=True)
    definite(about)
    keep(about.feature != "that" and about.head != who.head)
    negation = maybe(rng, 0.25) if who.person in (2, 5) else None
    state = rng.choice(states())
    english = do(rng, verb, who, tense, negation)[0]
    savoir = replace(verb, verb=conjugate("savoir"))
    french = do(rng, savoir, who, lasting, negation)[1]
    is_so = be(rng, about, tense)
    return say(
        f"{who.english} {english} that {about.english} {is_so[0]} {state.english}",
        f"{who.french} {french} que {about.french} {is_so[1]} "
        + state.form(about.gender, about.plural),
        who,
        about,
    )
