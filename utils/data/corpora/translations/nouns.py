"""Larger noun phrases: whose, which, how many, compared with what."""

from __future__ import annotations

from utils.data.corpora.translations.clauses import action
from utils.data.corpora.translations.phrases import (
    PRONOUNS,
    described,
    determiner,
    fitting,
    many,
    mass,
    masses,
    may_be,
    name,
    of_kind,
    owners,
    phrase,
    possessed,
    pronoun,
    subject,
    thing,
)
from utils.data.corpora.translations.sentences import (
    STATIVE,
    Random,
    Sentence,
    avoir,
    be,
    combined,
    definite,
    do,
    done_by_people,
    either,
    keep,
    maybe,
    number,
    said_of,
    say,
    tense_of,
    transitive,
    verbs_of,
    when,
    without_determiner,
)

COMPARED = {
    adjective: (more, most)
    for adjective, more, most in (
        line.split()
        for line in """
big bigger biggest
tall taller tallest
small smaller smallest
old older oldest
young younger youngest
pretty prettier prettiest
heavy heavier heaviest
light lighter lightest
clean cleaner cleanest
dirty dirtier dirtiest
long longer longest
short shorter shortest
happy happier happiest
sad sadder saddest
kind kinder kindest
clever cleverer cleverest
rich richer richest
brave braver bravest
strong stronger strongest
lazy lazier laziest
quiet quieter quietest
easy easier easiest
funny funnier funniest
strange stranger strangest
""".strip().splitlines()
    )
}
WITH_MORE = frozenset(
    {"beautiful", "famous", "curious", "patient", "honest", "expensive", "difficult"}
    | {"interesting", "boring", "modern", "comfortable"}
)
HAVE = action("have has had had having", "avoir")
NEED = action("need needs needed needed needing", "avoir")
TAKING = (
    ("drink", action("drink drinks drank drunk drinking", "boire")),
    ("eaten", action("eat eats ate eaten eating", "manger")),
    ("drink eaten", action("want wants wanted wanted wanting", "vouloir")),
    ("drink eaten", action("buy buys bought bought buying", "acheter")),
)
LIKING = (
    action("like likes liked liked liking", "aimer"),
    action("love loves loved loved loving", "adorer"),
    action("hate hates hated hated hating", "détester"),
    action("prefer prefers preferred preferred preferring", "préférer"),
)
AMOUNTS = {
    "hot": (
        ("a cup of", "une tasse"),
        ("two cups of", "deux tasses"),
        ("a little", "un peu"),
    ),
    "cold": (
        ("a glass of", "un verre"),
        ("two glasses of", "deux verres"),
        ("a bottle of", "une bouteille"),
        ("a lot of", "beaucoup"),
    ),
    "weighed": (
        ("a kilo of", "un kilo"),
        ("a lot of", "beaucoup"),
        ("a little", "un peu"),
    ),
    "else": (("a lot of", "beaucoup"), ("a little", "un peu")),
}
WEIGHED = {"cheese", "meat", "fish", "rice", "butter"}
# English: French, masculine and feminine; of what
TASTES = {
    "hot": ("chaud", "chaude", "water milk coffee tea soup rice meat"),
    "cold": ("froid", "froide", "water milk coffee tea soup rice meat lemonade"),
    "good": ("bon", "bonne", ""),
    "fresh": ("frais", "fraîche", "milk bread cheese meat fish salad butter"),
    "delicious": ("délicieux", "délicieuse", ""),
    "sweet": ("sucré", "sucrée", "milk coffee tea lemonade jam"),
    "expensive": ("cher", "chère", "coffee tea cheese meat fish butter honey"),
    "too salty": ("trop salé", "trop salée", "soup cheese meat fish salad rice butter"),
}
ON_TABLE = ("on the table", "sur LA table", "food plate cup bottle small")
PLACES = (
    ON_TABLE,
    ON_TABLE,
    ("in the kitchen", "dans LA cuisine", "food utensil chair table mouse"),
    ("in the drawer", "dans LE tiroir", "small spoon knife letter"),
    ("under the bed", "sous LE lit", "toy bag box shoe pet mouse"),
    ("in the garden", "dans LE jardin", "animal bench bicycle flower"),
    ("in the park", "dans LE parc", "animal bench bicycle young"),
    ("behind the house", "derrière LA maison", "car bicycle bench pet tame"),
    ("in front of the school", "devant LA école", "young car bicycle bus"),
    ("next to the church", "à côté de LA église", "car bicycle bench lorry"),
    ("near the station", "près de LA gare", "car bus lorry young"),
)


def belongs(rng: Random) -> Sentence:
    """Anna's red hat is old: the owner comes after."""
    noun = rng.choice(of_kind("clothing vehicle toy small pet tame home text bag lamp"))
    owner = name(rng)
    if rng.random() < 0.4:
        person = rng.choice(of_kind("person"))
        choice = "my" if "family" in person.kinds else "the"
        owner = phrase(person, choice, plural=many(rng, person, 0.2))
    what = possessed(owner, noun, described(rng, noun, 0.3))
    if rng.random() < 0.35:
        doing, who, _ = transitive(rng)
        definite(who)
        keep(noun in of_kind(doing.objects) and "person" in who.kinds)
        keep(not set(owner.english.split()) & set(who.english.split()))
        verb = do(rng, doing, who, tense_of(rng, doing))
        return say(
            f"{who.english} {verb[0]} {what.english}",
            f"{who.french} {verb[1]} {what.french}",
            who,
            what,
            pairs=combined(doing, who, what),
        )
    english, form = said_of(rng, noun)
    keep(may_be(what, english))
    tense = rng.choice(("present", "present", "past"))
    verb = be(rng, what, tense, maybe(rng, 0.15))
    return say(
        f"{what.english} {verb[0]} {english}",
        f"{what.french} {verb[1]} {form(what)}",
        what,
        pairs=[(english, noun.english)],
    )


def degree(english: str, step: int) -> str:
    """Bigger, more famous; with step 1 biggest, most famous."""
    if english in COMPARED:
        return COMPARED[english][step]
    return ("more ", "most ")[step] + english


def compares(rng: Random) -> Sentence:
    """My sister is taller than your brother: plus … que; as … as."""
    kind = rng.choice(("animal", "person", "vehicle", "building", "text", "furniture"))
    noun, other = rng.sample(of_kind(kind), 2)
    shared = [a for a in fitting(noun) if a in fitting(other)]
    shared = [a for a in shared if a.english in COMPARED or a.english in WITH_MORE]
    keep(bool(shared))
    chosen = rng.choice(shared)
    choice = determiner(rng, noun, definite=True)
    plural = many(rng, noun, 0.25, choice) and "single" not in other.kinds
    who = phrase(noun, choice, plural=plural)
    if kind == "person" and rng.random() < 0.5:
        who, plural = name(rng), many(rng, other, 0.2)
    than = phrase(other, "your" if "family" in other.kinds else "the", plural=plural)
    english, french = rng.choice(
        (
            (f"{degree(chosen.english, 0)} than", "plus"),
            (f"{degree(chosen.english, 0)} than", "plus"),
            (f"as {chosen.english} as", "aussi"),
            (f"less {chosen.english} than", "moins"),
        )
    )
    verb = be(rng, who, rng.choice(("present", "present", "past")))
    return say(
        f"{who.english} {verb[0]} {english} {than.english}",
        f"{who.french} {verb[1]} {french} {chosen.form(who.gender, who.plural)} que "
        + than.french,
        who,
        than,
        pairs=[] if "name" in who.kinds else [(chosen.english, who.head)],
    )


def is_most(rng: Random) -> Sentence:
    """It is the oldest house in the village: before the noun or after it, and du."""
    noun = rng.choice(of_kind("animal building young woman man vehicle book story"))
    found = [
        a for a in fitting(noun) if a.english in COMPARED or a.english in WITH_MORE
    ]
    chosen = rng.choice(found)
    where = "village town island"
    if "animal" in noun.kinds:
        where = "park island garden"
    elif noun.kinds & {"book", "story"}:
        where = "library"
    place = phrase(
        rng.choice([n for n in of_kind(where) if n.english in where.split()])
    )
    plural = rng.random() < 0.2
    article = "LES" if plural else ("LE", "LA")[noun.gender == "f"]
    if chosen.before:
        form = chosen.form(noun.gender, plural, True)
        french = f"{article} plus {form} {noun.forms[plural]}"
    else:
        form = chosen.form(noun.gender, plural)
        french = f"{article} {noun.forms[plural]} {article.lower()} plus {form}"
    start, begin = "it is", "c'est"
    if plural:
        start, begin = rng.choice(("these are", "they are")), "ce sont"
    elif "person" in noun.kinds:
        start = "he is" if noun.gender == "m" else "she is"
        if rng.random() < 0.4:
            who = name(rng, noun.gender)
            start, begin = f"{who.english} is", f"{who.french} est"
    word = noun.plural if plural else noun.english
    preposition = "on" if place.head == "island" else "in"
    return say(
        f"{start} the {degree(chosen.english, 1)} {word} {preposition} {place.english}",
        f"{begin} {french} de {place.french}",
        pairs=[(chosen.english, noun.english)],
    )


def who_relative(rng: Random) -> Sentence:
    """The girl who is singing is my cousin: the verb after qui agrees with the girl."""
    doing = rng.choice(
        (
            *verbs_of("sleep", "sing", "dance", "run", "work", "eat", "cry", "laugh"),
            *verbs_of("rest", "hide", "get dressed", "go for a walk"),
            *done_by_people("love", "like", "leave", "lose", "forget"),
            *verbs_of("chase"),
        )
    )
    noun = rng.choice(of_kind(doing.doers))
    keep(not noun.kinds & {"family", "thing", "vehicle"})
    keep(
        "person" in noun.kinds or not doing.objects or doing.english in ("eat", "chase")
    )
    who = phrase(noun, "the", described(rng, noun, 0.25), many(rng, noun, 0.35))
    tenses = ("present", "past") if doing.english in STATIVE else ("doing", "was doing")
    tense = rng.choice(tenses)
    what = thing(rng, doing.objects, who) if doing.objects else None
    keep(what is None or what.head != noun.english)
    english, form = said_of(rng, noun)
    keep(may_be(who, english))
    verb = do(rng, doing, who, tense)
    last = be(rng, who, "past" if tense in ("was doing", "past") else "present")
    relative = "who" if "person" in noun.kinds else "that"
    objects = (what.english, what.french) if what else ("", "")
    return say(
        f"{who.english} {relative} {verb[0]} {objects[0]} {last[0]} {english}",
        f"{who.french} qui {verb[1]} {objects[1]} {last[1]} {form(who)}",
        who,
        *([what] if what else []),
        pairs=[*combined(doing, who, what), (english, noun.english)],
    )


def that_relative(rng: Random) -> Sentence:
    """The letters that Anna wrote are long: que, and two words agree with letters."""
    doing = rng.choice(done_by_people("love", "like", "leave"))
    noun = rng.choice(of_kind(doing.objects))
    keep("family" not in noun.kinds)
    what = phrase(noun, "the", described(rng, noun, 0.15), many(rng, noun, 0.45))
    who = rng.choice(
        (
            name(rng),
            pronoun(rng.choice(tuple(PRONOUNS))),
            subject(rng, "family", plain=True),
        )
    )
    tense = "past"
    if doing.english not in STATIVE:
        tense = rng.choice(("past", "past", "doing"))
    english, form = said_of(rng, noun)
    keep(may_be(what, english))
    agreement = (what.gender, what.plural)
    verb = do(rng, doing, who, tense, agreement=agreement)
    last = be(rng, what)
    relative = rng.choice(("that", "that", ""))
    return say(
        f"{what.english} {relative} {who.english} {verb[0]} {last[0]} {english}",
        f"{what.french} que {who.french} {verb[1]} {last[1]} {form(what)}",
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
    verb = be(rng, who, rng.choice(("present", "present", "past")))
    return say(
        f"{start} {verb[0]} {english}",
        f"{every} {who.french} {verb[1]} {form(who)}",
        pairs=[(english, noun.english)],
    )


def there_is(rng: Random) -> Sentence:
    """There are three apples on the table: il y a, il n'y a pas de."""
    was, avait = rng.choice((("is are", "a"), ("is are", "a"), ("was were", "avait")))
    one, several = was.split()
    where, french, kinds = rng.choice(PLACES)
    noun = rng.choice(of_kind(kinds))
    found = described(rng, noun, 0.3)
    chance = rng.random()
    if chance < 0.25:
        what = phrase(noun, "a", found)
        return say(
            f"there {one} {what.english} {where}",
            f"il y {avait} {what.french} {french}",
            what,
        )
    what = phrase(noun, "a", found, True)
    bare = what.english.removeprefix("some ")
    rest = without_determiner(what)
    if chance < 0.45:
        count, begin = "some", f"il y {avait} {what.french}"
    elif chance < 0.75:
        count, french_count = number(rng)
        begin = f"il y {avait} {french_count} {rest}"
    elif chance < 0.85:
        count, begin = "no", f"il n'y {avait} pas de {rest}"
    else:
        count, begin = "a lot of", f"il y {avait} beaucoup de {rest}"
    return say(f"there {several} {count} {bare} {where}", f"{begin} {french}", what)


def owns(rng: Random) -> Sentence:
    """I have two brothers, I do not have a dog: un, des, de."""
    who = subject(rng, "person")
    noun = rng.choice(
        of_kind("pet toy clothing computer garden house ring watch car boat bicycle")
    )
    if rng.random() < 0.25:
        kin = "brother sister uncle aunt son daughter"
        noun = rng.choice([n for n in of_kind("family") if n.english in kin.split()])
    what = phrase(noun, "a", described(rng, noun, 0.3), rng.random() < 0.4)
    negation = maybe(rng, 0.3)
    tense = rng.choice(("present", "present", "present", "past"))
    english, french = either(what, negation)
    if what.plural and not negation:
        count, french_count = rng.choice((("two", "deux"), ("three", "trois")))
        english = english.replace("some", count, 1)
        french = f"{french_count} {without_determiner(what)}"
    return say(
        f"{who.english} {do(rng, HAVE, who, tense, negation)[0]} {english}",
        f"{who.french} {avoir(who, tense, negation)} {french}",
        who,
        what,
        pairs=[("have", noun.english)],
    )


def amount_kind(english: str) -> str:
    """How something is measured: by the cup, the glass, the kilo."""
    if english in ("coffee", "tea"):
        return "hot"
    if english in ("water", "milk", "lemonade", "orange juice"):
        return "cold"
    return "weighed" if english in WEIGHED else "else"


def takes_some(rng: Random) -> Sentence:
    """Anna drinks coffee: du, de la, de l', and de after a negation or a measure."""
    kinds, doing = rng.choice(TAKING)
    who = subject(rng, "person")
    noun = rng.choice(masses(kinds))
    negation = maybe(rng, 0.3, "never", "no longer")
    tense = "present"
    if doing.english != "want" and negation in (None, "not"):
        tense = rng.choice(("present", "past", "doing", "future", "going to"))
    time = "", ""
    if not negation and doing.english != "want":
        time = when(rng, tense, 0.35)
    verb = do(rng, doing, who, tense, negation)
    english, french = either(mass(noun, "some"), negation)
    if not negation and rng.random() < 0.3:
        measure, mesure = rng.choice(AMOUNTS[amount_kind(noun.english)])
        english, french = f"{measure} {noun.english}", f"{mesure} de {noun.forms[0]}"
    return say(
        f"{who.english} {verb[0]} {english} {time[0]}",
        f"{who.french} {verb[1]} {french} {time[1]}",
        who,
        pairs=[(doing.english, noun.english)],
    )


def tastes(rng: Random) -> Sentence:
    """I like coffee, I do not like milk: the article that English leaves out."""
    who = subject(rng, "person")
    definite(who)
    like = rng.choice(LIKING)
    negation = maybe(rng, 0.3) if like.english == "like" else None
    if rng.random() < 0.5:
        noun = rng.choice(masses())
        english, french = noun.english, mass(noun).french
    else:
        noun = rng.choice(of_kind("food animal insect"))
        english, french = noun.plural, phrase(noun, "the", plural=True).french
    verb = do(rng, like, who, "present", negation)
    return say(
        f"{who.english} {verb[0]} {english}",
        f"{who.french} {verb[1]} {french}",
        who,
        pairs=[(like.english, noun.english)],
    )


def is_like_this(rng: Random) -> Sentence:
    """The coffee is cold: what isn't counted agrees too."""
    noun = rng.choice(masses())
    fits = [
        english
        for english, (_, _, what) in TASTES.items()
        if not what or noun.english in what.split()
    ]
    english = rng.choice(fits)
    what = mass(noun)
    start, french = what.english, what.french
    if rng.random() < 0.4:
        start = f"this {noun.english}"
        french = f"{('CE', 'cette')[noun.gender == 'f']} {noun.forms[0]}"
    tense = rng.choice(("present", "present", "past"))
    verb = be(rng, what, tense, maybe(rng))
    return say(
        f"{start} {verb[0]} {english}",
        f"{french} {verb[1]} {TASTES[english][noun.gender == 'f']}",
        pairs=[(english, noun.english)],
    )


def needs(rng: Random) -> Sentence:
    """I need an umbrella: j'ai besoin d'un parapluie; de swallows du and de la."""
    who = subject(rng, "person")
    negation = maybe(rng)
    tense = rng.choice(("present", "present", "future"))
    if rng.random() < 0.35:
        noun = rng.choice(masses("drink eaten got"))
        english, french = noun.english, noun.forms[0]
    else:
        noun = rng.choice(of_kind("thing car bicycle"))
        choice = rng.choice(("a", "a", "the", "this", "your"))
        found = described(rng, noun, 0.2)
        what = phrase(noun, choice, found, choice != "a" and rng.random() < 0.3)
        english, french = what.english, what.french
    return say(
        f"{who.english} {do(rng, NEED, who, tense, negation)[0]} {english}",
        f"{who.french} {avoir(who, tense, negation)} besoin de {french}",
        who,
        pairs=[("need", noun.english)],
    )
