"""What changes in French words: by the next sound, by gender, number, person, tense.

A sentence is a row of words. In capitals are those whose form waits for their
neighbour, which `write` sees: LE, LA, LES the articles (l', du, aux), CE (cet), MA, TA,
SA (mon before a vowel), BEAU, NOUVEAU, VIEUX before their noun (bel). After ^ comes a
capital.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

# Of the words in the lexicon that begin with h or a vowel, those that bind nothing.
NOT_BOUND = (
    "haut",
    "hibou",
    "hérisson",
    "huit",
    "onze",
    "hamster",
    "héros",
    "huitième",
)
BEFORE_VOWEL = {
    "CE": ("ce", "cet"),
    "MA": ("ma", "mon"),
    "TA": ("ta", "ton"),
    "SA": ("sa", "son"),
    "BEAU": ("beau", "bel"),
    "NOUVEAU": ("nouveau", "nouvel"),
    "VIEUX": ("vieux", "vieil"),
    "LE": ("le", "l'"),
    "LA": ("la", "l'"),
}
ELIDED = {"je", "me", "te", "se", "le", "la", "de", "ne", "que"}
CONTRACTED = {
    ("de", "LE"): "du",
    ("de", "LES"): "des",
    ("à", "LE"): "au",
    ("à", "LES"): "aux",
}
PERSONS = ("je", "tu", "il", "nous", "vous", "ils")
REFLEXIVE = ("me", "te", "se", "nous", "vous", "se")


@cache
def begins_with_vowel(word: str) -> bool:
    """Whether the word binds the one before it: l'ami, l'homme, but le hibou."""
    word = word.lower()
    if word.startswith(NOT_BOUND):
        return False
    return word[0] in "aeiouhéèêâîôûàœ"


def write(draft: str) -> str:
    """The sentence: articles contracted, vowels elided, a space before ? and !.

    >>> write("je ne ai pas vu LE ami de LES filles .")
    "Je n'ai pas vu l'ami des filles."
    """
    words = draft.split()
    text = ""
    for i, word in enumerate(words):
        following = words[i + 1] if i + 1 < len(words) else ""
        vowel = following[:1].isalpha() and begins_with_vowel(following)
        if word in ("de", "à") and following in ("LE", "LES"):
            after = words[i + 2]
            if following == "LES" or not begins_with_vowel(after):
                word = CONTRACTED[word, following]
                words[i + 1] = ""
        if word in BEFORE_VOWEL:
            word = BEFORE_VOWEL[word][vowel]
        elif word == "LES":
            word = "les"
        elif word in ELIDED and vowel:
            word = word[:-1] + "'"
        elif word == "si" and following in ("il", "ils"):
            word = "s'"
        if word in ("", "^"):  # an article that is in its preposition
            continue
        if i and words[i - 1] == "^":
            word = word[0].upper() + word[1:]
        tight = not text or text[-1] == "'" or word in (",", ".", "…")
        text += word if tight else " " + word
    return text[0].upper() + text[1:]


@dataclass(frozen=True)
class Verb:
    """A verb's forms.

    Attributes:
        present: six, from je to ils.
        past: the stem of the imparfait (all'), future: of the futur (ir').
        participle: masculine singular.
        etre: whether compound tenses take être (and reflexive verbs do).
        reflexive: whether it is said with se.
    """

    infinitive: str
    present: tuple[str, ...]
    past: str
    future: str
    participle: str
    etre: bool = False
    reflexive: bool = False

    def imparfait(self, person: int) -> str:
        """The form of the past that lasted: mangeais, but mangions."""
        ending = ("ais", "ais", "ait", "ions", "iez", "aient")[person]
        stem = self.past
        if ending[0] == "i" and self.infinitive.endswith(("ger", "cer")):
            stem = self.infinitive[:-2]
        return stem + ending

    def futur(self, person: int) -> str:
        """The form of the future."""
        return self.future + ("ai", "as", "a", "ons", "ez", "ont")[person]


# infinitive: present; stem of the future; participle. The stem of the imparfait is the
# present of nous without its ending.
IRREGULAR = {
    "être": ("suis es est sommes êtes sont", "ser", "été"),
    "avoir": ("ai as a avons avez ont", "aur", "eu"),
    "aller": ("vais vas va allons allez vont", "ir", "allé"),
    "faire": ("fais fais fait faisons faites font", "fer", "fait"),
    "pouvoir": ("peux peux peut pouvons pouvez peuvent", "pourr", "pu"),
    "vouloir": ("veux veux veut voulons voulez veulent", "voudr", "voulu"),
    "devoir": ("dois dois doit devons devez doivent", "devr", "dû"),
    "savoir": ("sais sais sait savons savez savent", "saur", "su"),
    "venir": ("viens viens vient venons venez viennent", "viendr", "venu"),
    "prendre": ("prends prends prend prenons prenez prennent", "prendr", "pris"),
    "mettre": ("mets mets met mettons mettez mettent", "mettr", "mis"),
    "lire": ("lis lis lit lisons lisez lisent", "lir", "lu"),
    "écrire": ("écris écris écrit écrivons écrivez écrivent", "écrir", "écrit"),
    "boire": ("bois bois boit buvons buvez boivent", "boir", "bu"),
    "voir": ("vois vois voit voyons voyez voient", "verr", "vu"),
    "dire": ("dis dis dit disons dites disent", "dir", "dit"),
    "dormir": ("dors dors dort dormons dormez dorment", "dormir", "dormi"),
    "partir": ("pars pars part partons partez partent", "partir", "parti"),
    "courir": ("cours cours court courons courez courent", "courr", "couru"),
    "ouvrir": ("ouvre ouvres ouvre ouvrons ouvrez ouvrent", "ouvrir", "ouvert"),
    "connaître": (
        "connais connais connaît connaissons connaissez connaissent",
        "connaîtr",
        "connu",
    ),
    "recevoir": ("reçois reçois reçoit recevons recevez reçoivent", "recevr", "reçu"),
    "suivre": ("suis suis suit suivons suivez suivent", "suivr", "suivi"),
    "conduire": (
        "conduis conduis conduit conduisons conduisez conduisent",
        "conduir",
        "conduit",
    ),
    "rire": ("ris ris rit rions riez rient", "rir", "ri"),
    "peindre": ("peins peins peint peignons peignez peignent", "peindr", "peint"),
    "asseoir": (
        "assieds assieds assied asseyons asseyez asseyent",
        "assiér",
        "assis",
    ),
}
PREFIXES = {
    "revenir": "venir",
    "apprendre": "prendre",
    "comprendre": "prendre",
    "poursuivre": "suivre",
    "sortir": "partir",
    "offrir": "ouvrir",
    "découvrir": "ouvrir",
}
WITH_ETRE = {"aller", "venir", "revenir", "partir", "sortir", "arriver", "rentrer"}
WITH_ETRE |= {"rester", "tomber", "entrer"}


@cache
def conjugate(infinitive: str) -> Verb:
    """All forms of a verb; "se laver" is reflexive.

    Raises:
        ValueError: an ending that follows no rule here.
    """
    reflexive = infinitive.startswith(("se ", "s'"))
    bare = infinitive.removeprefix("se ").removeprefix("s'")
    etre = reflexive or bare in WITH_ETRE
    if bare in IRREGULAR or bare in PREFIXES:
        forms = irregular(bare)
    elif bare.endswith("er"):
        forms = first_group(bare)
    elif bare.endswith("ir"):
        stem = bare[:-1]
        endings = ("s", "s", "t", "ssons", "ssez", "ssent")
        forms = tuple(stem + e for e in endings), stem + "ss", bare, stem
    elif bare.endswith("dre"):
        stem = bare[:-2]
        endings = ("s", "s", "", "ons", "ez", "ent")
        forms = tuple(stem + e for e in endings), stem, bare[:-1], stem + "u"
    else:
        raise ValueError(f"no rule conjugates {infinitive!r}")
    return Verb(bare, *forms, etre, reflexive)


def irregular(bare: str) -> tuple[tuple[str, ...], str, str, str]:
    """Present, imparfait stem, future stem and participle, from the table."""
    model = PREFIXES.get(bare, bare)
    present, future, participle = IRREGULAR[model]
    forms = [*present.split(), future, participle]
    if model != bare:
        # sortir follows partir, découvrir ouvrir: what differs is the beginning.
        shared = next(n for n in range(len(model), 0, -1) if bare.endswith(model[-n:]))
        old, new = model[:-shared], bare[:-shared]
        forms = [new + form.removeprefix(old) for form in forms]
    past = "ét" if bare == "être" else forms[3].removesuffix("ons")
    return tuple(forms[:6]), past, forms[6], forms[7]


def first_group(bare: str) -> tuple[tuple[str, ...], str, str, str]:
    """Verbs in -er, with the spelling changes that keep their sound."""
    stem = bare[:-2]
    soft = {"g": stem + "e", "c": stem[:-1] + "ç"}.get(stem[-1], stem)
    strong, future = stem, bare
    if stem.endswith(("oy", "uy")):
        strong = stem[:-1] + "i"
        future = strong + "er"
    elif stem[-2:-1] == "e" and stem[-1] in "tvnmsr":
        strong = stem[:-2] + "è" + stem[-1]
        future = strong + "er"
    elif stem[-2:-1] == "é":
        strong = stem[:-2] + "è" + stem[-1]
    present = (strong + "e", strong + "es", strong + "e", soft + "ons", stem + "ez")
    return (*present, strong + "ent"), soft, future, stem + "é"


def agree(participle: str, gender: str, plural: bool) -> str:
    """A participle with the marks of gender ("m", "f") and number."""
    feminine = "e" if gender == "f" else ""
    mark = "s" if plural and not (participle.endswith("s") and not feminine) else ""
    return participle + feminine + mark
