"""Asking, telling, calling, quoting: word order, imperatives, tu and vous."""

from __future__ import annotations

from dataclasses import replace

from utils.data.corpora.translations.clauses import BE, STATIVE, Action
from utils.data.corpora.translations.french import conjugate
from utils.data.corpora.translations.phrases import (
    Noun,
    Phrase,
    described,
    many,
    name,
    of_kind,
    owners,
    phrase,
    pronoun,
    states,
    together,
)
from utils.data.corpora.translations.sentences import (
    Random,
    Sentence,
    be,
    combined,
    definite,
    do,
    done_by_people,
    keep,
    said_of,
    say,
    transitive,
    verbs_of,
)

QUESTIONS = (
    ("", ""),
    ("", ""),
    ("why", "pourquoi"),
    ("when", "quand"),
    ("where", "où"),
)
NOT_WHERE = {*STATIVE, "look for", "follow", "leave", "visit", "drive", "wait for"}
CHOSEN = (
    *("choose", "buy", "read", "eat", "see", "visit", "draw", "take", "open", "wash"),
    *("repair", "understand", "finish", "like", "sell", "prepare"),
)
NOT_TOLD = (
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
# English | French, its gender, whether several; those are vous
CALLED = (
    ("madam", "madame", "f", False),
    ("sir", "monsieur", "m", False),
    ("madam", "madame", "f", False),
    ("sir", "monsieur", "m", False),
    ("girls", "LES filles", "f", True),
    ("boys", "LES garçons", "m", True),
    ("children", "LES enfants", "m", True),
    ("my friends", "mes amis", "m", True),
)
WHICH = ("quel", "quelle", "quels", "quelles")


def quoted(rng: Random) -> Sentence:
    """ "I am tired," says Anna: fatiguée, by a name that comes last."""
    chance = rng.random()
    if chance < 0.4:
        speaker = name(rng)
    elif chance < 0.7:
        noun = rng.choice(of_kind("person"))
        speaker = phrase(noun, "my" if "family" in noun.kinds else "the")
    else:
        gender = rng.choice("mf")
        first, second = name(rng, gender), name(rng, gender)
        keep(first.english != second.english)
        speaker = together(first, second)
    who = replace(pronoun("we" if speaker.plural else "I"), gender=speaker.gender)
    state = rng.choice(states())
    keep(state.english != "alone" or not who.plural)
    tense, negation = rng.choice(
        (("present", None), ("present", "not"), ("past", None))
    )
    verb = be(rng, who, tense, negation)
    now = rng.random() < 0.5
    says, dit = ("say" if speaker.plural else "says"), ("dit", "disent")[speaker.plural]
    if not now:
        says, dit = "said", ("a dit", "ont dit")[speaker.plural]
    start = who.english[0].upper() + who.english[1:]
    form = state.form(speaker.gender, speaker.plural)
    return say(
        f'"{start} {verb[0]} {state.english}," {says} {speaker.english}',
        f"« ^ {who.french} {verb[1]} {form} » , {dit} {speaker.french}",
    )


def asks(rng: Random) -> Sentence:
    """Does Anna like the cat? Est-ce que, and a space before the mark."""
    doing, who, what = transitive(rng)
    definite(who)
    keep(who.english != "I")
    tense = rng.choice(("present", "past", "future", "doing"))
    if doing.english in STATIVE and tense == "doing":
        tense = "present"
    if doing.english in ("like", "love"):
        tense = "present"
    base, gerund = doing.forms[0], doing.forms[4]
    english = {
        "present": f"{'does' if who.third else 'do'} {who.english} {base}",
        "past": f"did {who.english} {base}",
        "future": f"will {who.english} {base}",
        "doing": f"{BE['present'][who.person]} {who.english} {gerund}",
    }[tense]
    asked = rng.choice(QUESTIONS)
    if asked[0] and (doing.english in NOT_WHERE or tense == "doing"):
        asked = "", ""
    verb = do(rng, doing, who, tense)
    return say(
        f"{asked[0]} {english} {what.english}",
        f"{asked[1]} est-ce que {who.french} {verb[1]} {what.french}",
        who,
        what,
        pairs=combined(doing, who, what),
        end="?",
    )


def asks_where(rng: Random) -> Sentence:
    """Where are my keys? What colour is your car?"""
    noun = rng.choice(of_kind("thing pet car boat bicycle family room house"))
    choice = "my" if "family" in noun.kinds else rng.choice(("the", *owners(noun)))
    plural = many(rng, noun, choice=choice)
    if rng.random() < 0.25 and noun.kinds & {"coloured", "clothing", "vehicle"}:
        who = phrase(noun, choice, plural=plural)
        verb = be(rng, who)
        return say(
            f"what colour {verb[0]} {who.english}",
            f"de quelle couleur {verb[1]} {who.french}",
            end="?",
        )
    who = phrase(noun, choice, described(rng, noun, 0.25), plural)
    verb = be(rng, who, rng.choice(("present", "present", "past")))
    return say(
        f"where {verb[0]} {who.english}", f"où {verb[1]} {who.french}", who, end="?"
    )


def asks_which(rng: Random) -> Sentence:
    """Which book did you read? How many shirts does Anna have? Quel, combien de."""
    you = rng.choice(
        (pronoun("you"), pronoun("you"), name(rng), pronoun("they"), pronoun("she"))
    )
    helper = "does" if you.third else "do"
    if rng.random() < 0.3:
        owned = rng.choice(of_kind("clothing toy pet car book pen pencil plate chair"))
        form = conjugate("avoir").present[you.person]
        named = "name" in you.kinds
        asked = you.pronoun[1] if named else you.french
        inverted = f"{form}{'-t-' if form == 'a' else '-'}{asked}"
        return say(
            f"how many {owned.plural} {helper} {you.english} have",
            f"combien de {owned.forms[1]} {you.french if named else ''} {inverted}",
            end="?",
        )
    doing = rng.choice(verbs_of(*CHOSEN))
    keep(bool(doing.objects))
    noun = rng.choice(of_kind(doing.objects))
    keep(not noun.kinds & {"family", "person"})
    plural = many(rng, noun)
    past = doing.english != "like" and rng.random() < 0.6
    agreement = (noun.gender, plural) if past else None
    verb = do(rng, doing, you, "past" if past else "present", agreement=agreement)[1]
    index = (noun.gender == "f") + 2 * plural
    return say(
        f"which {noun.plural if plural else noun.english} {'did' if past else helper} "
        f"{you.english} {doing.english}",
        f"{WHICH[index]} {noun.forms[plural]} est-ce que {you.french} {verb}",
        pairs=combined(doing, None, phrase(noun)),
        end="?",
    )


def imperative(doing: Action, person: int) -> str:
    """Ferme, finis, fermons, fermez: the present, without the -s of tu fermes."""
    form = doing.verb.present[person]
    if person == 1 and doing.verb.infinitive.endswith(("er", "ouvrir")):
        return form.removesuffix("s")
    return form


def told(rng: Random) -> Sentence:
    """Close the door, please! Don't open it! Let's read!"""
    doing = rng.choice(done_by_people(*NOT_TOLD))
    noun = rng.choice(of_kind(doing.objects))
    choice = rng.choice(("the", "the", "this", *owners(noun)[:2]))
    if "family" in noun.kinds:
        choice = "your"
    plural = many(rng, noun, 0.25, choice)
    what = phrase(noun, choice, described(rng, noun, 0.2), plural)
    person = rng.choice((1, 1, 3))
    form = imperative(doing, person)
    please = "", ""
    if person == 1 and rng.random() < 0.5:
        please = ", please", ", s'il te plaît"
    start, french = ("" if person == 1 else "let's"), form
    if rng.random() < 0.35:
        start = "don't" if person == 1 else "let's not"
        french = f"ne {form} pas"
    return say(
        f"{start} {doing.english} {what.english}{please[0]}",
        f"{french} {what.french} {please[1]}",
        what,
        pairs=combined(doing, None, what),
        end=rng.choice(".!"),
    )


def several_of(rng: Random, noun: Noun, owner: Phrase) -> bool:
    """Children have hats, one each; but one house together."""
    if noun.kinds & {"home", "single"}:
        return False
    return owner.plural or many(rng, noun, 0.25)


def calls(rng: Random) -> Sentence:
    """Madam, your bag is open: votre; Anna, are you ready? tu, and prête."""
    you, possessive = pronoun("you"), "your (polite)"
    if rng.random() < 0.3:
        called = name(rng)
        start, french = called.english, called.french
        you, possessive = replace(you, gender=called.gender), "your"
    else:
        start, french, gender, several = rng.choice(CALLED)
        you = replace(you, french="vous", person=4, gender=gender, plural=several)
    chance = rng.random()
    if chance < 0.35:
        state = rng.choice(states())
        keep(state.english != "alone" or not you.plural)
        return say(
            f"{start}, are you {state.english}",
            f"{french} , est-ce que {you.french} {be(rng, you)[1]} "
            + state.form(you.gender, you.plural),
            end="?",
        )
    if chance < 0.6:
        noun = rng.choice(of_kind("clothing toy small bag car bicycle pet house room"))
        what = phrase(noun, possessive, plural=several_of(rng, noun, you))
        english, form = said_of(rng, noun)
        verb = be(rng, what)
        return say(
            f"{start}, {what.english} {verb[0]} {english}",
            f"{french} , {what.french} {verb[1]} {form(what)}",
            pairs=[(english, noun.english)],
        )
    doing = rng.choice(done_by_people(*NOT_TOLD))
    noun = rng.choice(of_kind(doing.objects))
    if not owners(noun):
        possessive = "the"
    what = phrase(noun, possessive, plural=several_of(rng, noun, you))
    pairs = combined(doing, None, what)
    if chance < 0.8:
        verb = do(rng, doing, you, rng.choice(("perfect", "future", "going to")))
        return say(
            f"{start}, you {verb[0]} {what.english}",
            f"{french} , {you.french} {verb[1]} {what.french}",
            pairs=pairs,
        )
    return say(
        f"{start}, {doing.english} {what.english}",
        f"{french} , {imperative(doing, you.person)} {what.french}",
        pairs=pairs,
        end=rng.choice(".!"),
    )
