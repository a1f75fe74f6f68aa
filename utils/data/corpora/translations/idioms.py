"""Where one language has a verb, a case or a preposition that the other hasn't."""

from __future__ import annotations

from utils.data.corpora.translations import lexicon
from utils.data.corpora.translations.clauses import action, infinitive
from utils.data.corpora.translations.phrases import (
    of_kind,
    own,
    phrase,
    subject,
    thing,
)
from utils.data.corpora.translations.sentences import (
    COME_BACK,
    GO,
    Pair,
    Random,
    Sentence,
    avoir,
    be,
    combined,
    definite,
    do,
    keep,
    maybe,
    number,
    place,
    say,
    tense_of,
    times,
    transitive,
    verbs_of,
    when,
)

# English: French in the present, the past, the future
WEATHER = {
    "raining": ("pleut", "pleuvait", "pleuvra"),
    "snowing": ("neige", "neigeait", "neigera"),
    "cold": ("fait froid", "faisait froid", "fera froid"),
    "hot": ("fait chaud", "faisait chaud", "fera chaud"),
    "sunny": ("fait beau", "faisait beau", "fera beau"),
    "dark": ("fait nuit", "faisait nuit", "fera nuit"),
}
PLAY = action("play plays played played playing", "jouer")
LIVE = action("live lives lived lived living", "habiter")
WORK = action("work works worked worked working", "travailler")
COME = action("come comes came come coming", "venir")
ON_FOOT = "station school church hotel hospital castle park museum shop restaurant"
AT_THE_BANK = (
    ("to deposit money", "pour déposer de LE argent"),
    ("to borrow money", "pour emprunter de LE argent"),
    ("to open an account", "pour ouvrir un compte"),
    ("to speak to the manager", "pour parler à LA directrice"),
)
ON_THE_BANK = (
    ("on the bank of the river", "sur LA rive de LE fleuve"),
    ("on the bank of the lake", "sur LA rive de LE lac"),
)
BY_THE_BANK = (
    ("at the bank", "à LA banque"),
    ("opposite the bank", "en face de LA banque"),
)
WASH = action("wash washes washed washed washing", "se laver")
BRUSH = action("brush brushes brushed brushed brushing", "se brosser")
BREAK = action("break breaks broke broken breaking", "se casser")
BODY = (
    (WASH, "hands", "LES mains"),
    (WASH, "face", "LE visage"),
    (BRUSH, "teeth", "LES dents"),
    (BRUSH, "hair", "LES cheveux"),
    (BREAK, "arm", "LE bras"),
    (BREAK, "leg", "LA jambe"),
)
HOURS = (
    ("one", "une"),
    ("two", "deux"),
    ("three", "trois"),
    ("four", "quatre"),
    ("five", "cinq"),
    ("six", "six"),
    ("seven", "sept"),
    ("eight", "huit"),
    ("nine", "neuf"),
    ("ten", "dix"),
    ("eleven", "onze"),
)


def has_cold(rng: Random) -> Sentence:
    """I am hungry: j'ai faim; you are right: tu as raison."""
    who = subject(rng, "person")
    english, french = rng.choice(lexicon.rows("had"))
    tense = rng.choice(("present", "present", "past"))
    negation = maybe(rng)
    am, ai = be(rng, who, tense, negation)[0], avoir(who, tense, negation)
    if english == "afraid" and rng.random() < 0.6:
        what = phrase(rng.choice(of_kind("animal insect")), "the", plural=True)
        return say(
            f"{who.english} {am} afraid of {what.english.removeprefix('the ')}",
            f"{who.french} {ai} peur de {what.french}",
            who,
            pairs=[("afraid", what.head)],
        )
    degree: Pair = "", ""
    if english in ("hungry", "thirsty", "cold", "hot", "afraid") and not negation:
        degree = rng.choice((("", ""), ("very", "très")))
    return say(
        f"{who.english} {am} {degree[0]} {english}",
        f"{who.french} {ai} {degree[1]} {french}",
        who,
    )


def aged(rng: Random) -> Sentence:
    """My sister is ten years old: ma sœur a dix ans."""
    young = "pet tame boy girl schoolboy schoolgirl son daughter brother sister"
    kinds, age = rng.choice(((young, "young"), (young, "young"), ("person", "grown")))
    who = subject(rng, kinds)
    definite(who)
    keep(age == "young" or not who.kinds & {"young", "family"} or "single" in who.kinds)
    rows = lexicon.rows("ages")
    english, french = rng.choice([row[:2] for row in rows if row[2] == age])
    tense = rng.choice(("present", "present", "future", "past"))
    return say(
        f"{who.english} {be(rng, who, tense)[0]} {english} years old",
        f"{who.french} {avoir(who, tense)} {french} ans",
        who,
    )


def weather(rng: Random) -> Sentence:
    """It is raining heavily: il pleut; it is cold: il fait froid."""
    english = rng.choice(list(WEATHER))
    step = rng.randrange(3)
    french = WEATHER[english][step]
    verb = ("is", "was", "will be")[step]
    degree: Pair = "", ""
    if english in ("raining", "snowing"):
        degree = rng.choice((("", ""), ("heavily", "beaucoup"), ("a little", "un peu")))
        shown = f"{verb} {english} {degree[0]}"
        if step == 2:
            shown = f"will {english[:-3]} {degree[0]}"
        said = f"{french} {degree[1]}"
    else:
        if english != "dark":
            degree = rng.choice((("", ""), ("very", "très"), ("really", "vraiment")))
        make, how = french.split()
        shown, said = f"{verb} {degree[0]} {english}", f"{make} {degree[1]} {how}"
    where: Pair = "", ""
    time: Pair = "", ""
    if english != "dark":
        if rng.random() < 0.6:
            land, there, _ = place(rng)
            where = f"in {land}", there
        now = (("this morning", "ce matin"), ("today", "aujourd'hui"))
        if rng.random() < 0.5:
            time = rng.choice((now, times("past")[:3], times("future"))[step])
    return say(f"it {shown} {where[0]} {time[0]}", f"il {said} {where[1]} {time[1]}")


def plays(rng: Random) -> Sentence:
    """To play the piano is jouer du piano, to play chess jouer aux échecs."""
    who = subject(rng, "person")
    if rng.random() < 0.5:
        english, french = rng.choice(lexicon.rows("games"))
        what = f"à {french}"
    else:
        english, french = rng.choice(lexicon.rows("instruments"))
        what = f"de {french}"
    tense = rng.choice(("present", "doing", "was doing", "past", "future", "going to"))
    negation = maybe(rng)
    time = when(rng, tense, 0.4)
    verb = do(rng, PLAY, who, tense, negation)
    article = "the" if what.startswith("de") else ""
    return say(
        f"{who.english} {verb[0]} {article} {english} {time[0]}",
        f"{who.french} {verb[1]} {what} {time[1]}",
        who,
        pairs=[("play", english)],
    )


def travels(rng: Random) -> Sentence:
    """Anna lives in Portugal: au, en, aux, à; comes from: du, de, d', des."""
    who = subject(rng, "person")
    land, there, thence = place(rng)
    style = rng.choice(("live", "work", "go", "come", "back", "since"))
    negation = maybe(rng) if style in ("live", "work", "come") else None
    if style == "since":
        # What still lasts stands in the present: il habite ici depuis deux ans.
        count, french = number(rng)
        unit, unite = rng.choice(
            (("years", "ans"), ("months", "mois"), ("weeks", "semaines"))
        )
        english = do(rng, LIVE, who, "perfect")[0]
        return say(
            f"{who.english} {english} in {land} for {count} {unit}",
            f"{who.french} {do(rng, LIVE, who, 'present')[1]} {there} "
            f"depuis {french} {unite}",
            who,
        )
    doing, preposition, where, tenses = {
        "live": (LIVE, "in", there, ("present", "was doing", "future")),
        "work": (WORK, "in", there, ("present", "was doing", "future")),
        "go": (GO, "to", there, ("doing", "past", "future")),
        "come": (COME, "from", thence, ("present",)),
        "back": (COME_BACK, "from", thence, ("past", "future", "going to")),
    }[style]
    tense = rng.choice(tenses)
    time: Pair = "", ""
    if style in ("go", "back"):
        time = when(rng, "future" if tense == "doing" else tense, 0.5)
    verb = do(rng, doing, who, tense, negation if tense == "present" else None)
    return say(
        f"{who.english} {verb[0]} {preposition} {land} {time[0]}",
        f"{who.french} {verb[1]} {where} {time[1]}",
        who,
    )


def goes(rng: Random) -> Sentence:
    """We go to the museum: au, à la, à l'; back from it: du, de l'; to see: pour."""
    who = subject(rng, "person")
    where = phrase(rng.choice(of_kind("public park castle")))
    going = rng.random() < 0.65
    doing = GO if going else COME_BACK
    english, french = ("to", "à") if going else ("from", "de")
    tense = rng.choice(("past", "doing", "future", "present"))
    negation = maybe(rng, 0.15)
    time = when(rng, "future" if tense == "doing" else tense, 0.5)
    if tense == "present":
        time = rng.choice(times("habit"))
    verb = do(rng, doing, who, tense, negation)
    if not going or negation or rng.random() < 0.6:
        return say(
            f"{who.english} {verb[0]} {english} {where.english} {time[0]}",
            f"{who.french} {verb[1]} {french} {where.french} {time[1]}",
            who,
        )
    then, kinds, places = rng.choice(
        (
            ("buy", "food thing clothing", {"shop"}),
            ("read", "book newspaper", {"library", "park"}),
            ("draw", "flower animal", {"park"}),
            ("see", "person", where.kinds),
            ("look for", "person", where.kinds),
        )
    )
    keep(bool(where.kinds & places))
    (second,) = verbs_of(then)
    what = thing(rng, kinds, who)
    return say(
        f"{who.english} {verb[0]} to {where.english} to {then} {what.english}",
        f"{who.french} {verb[1]} à {where.french} pour {second.verb.infinitive} "
        + what.french,
        who,
        what,
        pairs=combined(second, None, what),
    )


LASTING = (
    *("sleep", "sing", "dance", "run", "work", "cry", "draw", "read", "look for"),
    *("wait for", "repair", "paint", "write", "prepare", "clean", "watch"),
)


def waits_since(rng: Random) -> Sentence:
    """She has been waiting for ten minutes: the present, and depuis."""
    doing = rng.choice(verbs_of(*LASTING))
    who = subject(rng, "person")
    what = thing(rng, doing.objects, who) if doing.objects else None
    if what:
        definite(what)
        keep(what.head != who.head)
    count, french = number(rng)
    unit, unite = rng.choice((("minutes", "minutes"), ("hours", "heures")))
    been = "has been" if who.third else "have been"
    english, thing_done = (what.english, what.french) if what else ("", "")
    return say(
        f"{who.english} {been} {doing.forms[4]} {english} for {count} {unit}",
        f"{who.french} {do(rng, doing, who, 'present')[1]} {thing_done} "
        f"depuis {french} {unite}",
        who,
        *([what] if what else []),
        pairs=combined(doing, who, what),
    )


DAILY = (
    *("get up", "wake up", "go out", "work", "leave", "arrive", "get dressed"),
    *("come back", "eat", "go for a walk"),
)


def at_hours(rng: Random) -> Sentence:
    """She gets up at seven o'clock: à sept heures; at half past one."""
    doing = rng.choice(verbs_of(*DAILY))
    keep("person" in doing.doers.split() and not doing.objects)
    who = subject(rng, "person")
    english, french = rng.choice(HOURS)
    french += " heure" if english == "one" else " heures"
    if rng.random() < 0.5:
        english, french = f"half past {english}", f"{french} et demie"
    else:
        english += " o'clock"
    tense = rng.choice(("present", "present", "past", "future"))
    verb = do(rng, doing, who, tense, maybe(rng, 0.1))
    return say(
        f"{who.english} {verb[0]} at {english}",
        f"{who.french} {verb[1]} à {french}",
        who,
    )


def just(rng: Random) -> Sentence:
    """Paul has just opened the door: vient d'ouvrir."""
    doing, who, what = transitive(rng)
    slow = ("like", "love", "look for", "wait for", "follow", "watch", "carry", "chase")
    keep(doing.english not in (*slow, "drive", "hear"))
    has = "has" if who.third else "have"
    comes = do(rng, COME, who, "present")[1]
    return say(
        f"{who.english} {has} just {doing.forms[3]} {what.english}",
        f"{who.french} {comes} de {infinitive(doing.verb, who)} {what.french}",
        who,
        what,
        pairs=combined(doing, who, what),
    )


def stands(rng: Random) -> Sentence:
    """The keys are next to the lamp: prepositions with de, contracted."""
    positions = [tuple(row) for row in lexicon.rows("positions")]
    if rng.random() < 0.5:
        what = thing(rng, "thing pet")
        where = phrase(rng.choice(of_kind("furniture floor")), "the")
        near, french = rng.choice(
            (("on", "sur"), ("on", "sur"), ("under", "sous"), *positions[:4])
        )
        if where.head in ("chair", "armchair", "sofa", "cupboard") and near == "under":
            near, french = "behind", "derrière"
        if where.head in ("cupboard", "armchair") and near == "on":
            near, french = "in", "dans"
    else:
        what = thing(rng, "building vehicle person")
        nouns = [n for n in of_kind("building park") if n.english in ON_FOOT.split()]
        where = phrase(rng.choice(nouns), "the")
        near, french = rng.choice(positions)
    definite(what)
    keep(what.head != where.head)
    tense = rng.choice(("present", "present", "past"))
    verb = be(rng, what, tense, maybe(rng, 0.15))
    return say(
        f"{what.english} {verb[0]} {near} {where.english}",
        f"{what.french} {verb[1]} {french} {where.french}",
        what,
        where,
        pairs=[(near, where.head)],
    )


def banks(rng: Random) -> Sentence:
    """The bank is une banque, of a river une rive: what stands beside it decides."""
    who = subject(rng, "person")
    definite(who)
    if rng.random() < 0.5:
        verb = do(rng, GO, who, rng.choice(("past", "past", "doing", "future")))
        end = rng.choice(AT_THE_BANK)
        return say(
            f"{who.english} {verb[0]} to the bank {end[0]}",
            f"{who.french} {verb[1]} à LA banque {end[1]}",
            who,
        )
    doing = rng.choice(
        verbs_of(
            "sleep", "sing", "dance", "rest", "go for a walk", "stop", "work", "cry"
        )
    )
    where = rng.choice(BY_THE_BANK if doing.english == "work" else ON_THE_BANK)
    verb = do(rng, doing, who, tense_of(rng, doing))
    return say(
        f"{who.english} {verb[0]} {where[0]}", f"{who.french} {verb[1]} {where[1]}", who
    )


def body(rng: Random) -> Sentence:
    """She has washed her hands: elle s'est lavé les mains; nothing agrees with her."""
    doing, english, french = rng.choice(BODY)
    who = subject(rng, "person")
    keep(doing is not BREAK or not who.plural)
    tenses = ("present", "past", "doing", "future", "going to", "perfect")
    tense = rng.choice(("past", "perfect") if doing is BREAK else tenses)
    time = when(rng, tense, 0.4)
    verb = do(rng, doing, who, tense, maybe(rng, 0.15), agreement=("m", False))
    shown = "faces" if who.plural and english == "face" else english
    owner = own(who).removesuffix(" (polite)")
    return say(
        f"{who.english} {verb[0]} {owner} {shown} {time[0]}",
        f"{who.french} {verb[1]} {french} {time[1]}",
        who,
    )


def knows_how(rng: Random) -> Sentence:
    """She can swim, she knows how to: elle sait nager."""
    who = subject(rng, "person")
    definite(who)
    english, french = rng.choice(
        (
            ("swim", "nager"),
            ("ride a bicycle", "faire de LE vélo"),
            ("cook", "cuisiner"),
            ("ski", "skier"),
            ("whistle", "siffler"),
            ("drive", "conduire"),
            ("read", "lire"),
            ("play chess", "jouer à LES échecs"),
            ("play the piano", "jouer de LE piano"),
        )
    )
    negation = maybe(rng, 0.3)
    tense = rng.choice(("present", "present", "past"))
    know = action("know knows knew known knowing", "savoir")
    shown = do(rng, know, who, tense, negation)[0]
    said = do(rng, know, who, "was doing" if tense == "past" else tense, negation)[1]
    return say(
        f"{who.english} {shown} how to {english}", f"{who.french} {said} {french}", who
    )
