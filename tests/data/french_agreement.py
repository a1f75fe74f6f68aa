"""French read without the grammar that wrote it: its own words, its own rules.

The tables here were typed for this file; nothing is taken from the lexicon. What they
don't have is not judged, so a test also counts how much is.
"""

from __future__ import annotations

import re


def listed(text: str) -> list[str]:
    return text.split()


MASCULINE = listed("""
chat chien cheval oiseau lapin renard cochon canard écureuil hibou hérisson âne papillon
garçon homme écolier policier facteur frère père oncle fils acteur serveur grand-père
citron œuf gâteau biscuit sandwich oignon ballon cerf-volant sac parapluie couteau stylo
crayon miroir tableau ordinateur livre journal poème message manteau chapeau bateau vélo
autobus camion avion hôtel hôpital musée restaurant château magasin jardin parc village
bureau tiroir fauteuil lit canapé tapis banc exercice lait café thé jus pain fromage
poisson riz beurre miel argent ami voisin cousin étudiant chanteur danseur boulanger
fermier jardinier infirmier
""")
FEMININE = listed("""
souris vache poule tortue chèvre grenouille abeille araignée fille femme écolière
policière vendeuse mère sœur tante grand-mère actrice serveuse pomme poire cerise banane
carotte tomate poupée boîte clé assiette bouteille tasse cuillère bague lampe horloge
échelle fleur montre lettre histoire chemise robe jupe écharpe chaussure voiture maison
école église bibliothèque gare usine ville île forêt cuisine chambre porte fenêtre
armoire table chaise question leçon réponse eau limonade soupe viande salade confiture
glace amie voisine cousine étudiante chanteuse danseuse boulangère fermière jardinière
infirmière orange
""")
PLURALS = {
    "cheval": "chevaux",
    "journal": "journaux",
    "hôpital": "hôpitaux",
    "grand-père": "grands-pères",
    "grand-mère": "grands-mères",
    "cerf-volant": "cerfs-volants",
}
# Masculine and feminine; in the plural add s unless it ends in s or x.
ADJECTIVES = listed("""
adorable adorable mignon mignonne gros grosse grand grande petit petite vieux vieille
jeune jeune nouveau nouvelle neuf neuve beau belle joli jolie bon bonne mauvais mauvaise
long longue court courte noir noire blanc blanche gris grise rouge rouge vert verte bleu
bleue jaune jaune brun brune heureux heureuse triste triste fatigué fatiguée furieux
furieuse drôle drôle gentil gentille intelligent intelligente célèbre célèbre timide
timide calme calme curieux curieuse courageux courageuse fort forte paresseux paresseuse
fidèle fidèle patient patiente honnête honnête poli polie riche riche affamé affamée
lourd lourde léger légère propre propre sale sale cher chère vide vide cassé cassée
frais fraîche sucré sucrée rond ronde difficile difficile facile facile intéressant
intéressante ennuyeux ennuyeuse étrange étrange moderne moderne confortable confortable
merveilleux merveilleuse prêt prête malade malade seul seule occupé occupée surpris
surprise inquiet inquiète fier fière jaloux jalouse chaud chaude froid froide délicieux
délicieuse
""")
MEN = listed("Paul Luc Jules Marc Louis Adrien Émile Thomas")
WOMEN = listed("Anna Marie Julie Emma Alice Claire Inès Sophie")
DETERMINERS = {
    "le": "m1",
    "la": "f1",
    "un": "m1",
    "une": "f1",
    "du": "m1",
    "au": "m1",
    "ce": "m1",
    "cet": "m1",
    "cette": "f1",
    "ma": "f1",
    "ta": "f1",
    "sa": "f1",
    "mon": "?1",
    "ton": "?1",
    "son": "?1",
    "l": "?1",
    "notre": "?1",
    "votre": "?1",
    "leur": "?1",
    "quel": "m1",
    "quelle": "f1",
    "quels": "m2",
    "quelles": "f2",
    **dict.fromkeys(listed("les des aux ces mes tes ses nos vos leurs"), "?2"),
}
NOT_BOUND = r"(?:hibou|hérisson|huit|onze)"
VOWEL = r"[aeiouhéèêâîôûœy]"
BE = {
    "est": 1,
    "était": 1,
    "sera": 1,
    "sont": 2,
    "étaient": 2,
    "seront": 2,
}
DEGREES = {"pas", "très", "vraiment", "trop", "un", "peu", "plus", "moins", "aussi"}
SILENT_S = ("pris", "mis", "assis")
ENDINGS = {
    "je": r"(?:e|s|x|ai)$",
    "tu": r"(?:s|x)$",
    "nous": r"(?:ons|sommes)$",
    "vous": r"(?:ez|êtes|faites|dites)$",
    "ils": r"(?:ent|ont)$",
    "elles": r"(?:ent|ont)$",
}
CLITICS = {"ne", "n", "me", "m", "te", "t", "se", "s", "le", "la", "l", "les", "lui"}
CLITICS |= {"leur", "nous", "vous", "y"}


def plural(word: str) -> str:
    if word in PLURALS:
        return PLURALS[word]
    if word.endswith(("s", "x")):
        return word
    return word + ("x" if word.endswith(("eau", "ou")) and word != "brou" else "s")


ALSO_VERBS = {"court", "prête"}
NOUNS: dict[str, set[str]] = {}
for gender, words in (("m", MASCULINE), ("f", FEMININE)):
    for word in words:
        NOUNS.setdefault(word, set()).add(gender + "1")
        NOUNS.setdefault(plural(word), set()).add(gender + "2")
FORMS: dict[str, set[str]] = {"marron": {"m1", "f1", "m2", "f2"}}
for man, woman in zip(ADJECTIVES[::2], ADJECTIVES[1::2], strict=True):
    for gender, word in (("m", man), ("f", woman)):
        FORMS.setdefault(word, set()).add(gender + "1")
        FORMS.setdefault(plural(word), set()).add(gender + "2")
for word in ("bel", "nouvel", "vieil"):
    FORMS[word] = {"m1"}


def fits(feature: str, forms: set[str]) -> bool:
    """Whether a word with these forms can stand where "f1" or "?2" is wanted."""
    return any(feature[1] == form[1] and feature[0] in ("?", form[0]) for form in forms)


def tokens(text: str) -> list[str]:
    """Words in lower case, elided ones by themselves, and marks."""
    return re.findall(r"[\w-]+|[^\w\s]", text.lower().replace("'", " "))


def sounds(text: str) -> list[str]:
    """Elision and contraction."""
    found = []
    low = text.lower()
    if re.search(r"\b(?:de|à) les?\b", low):
        found.append("de or à before le, les")
    bound = rf"(?!{NOT_BOUND}){VOWEL}"
    for word in re.findall(
        rf"\b(je|me|te|se|le|la|de|ne|que|ma|ta|sa|ce) {bound}", low
    ):
        found.append(f"{word} before a vowel")
    free = rf"(?:{NOT_BOUND}|(?!{VOWEL})\w)"
    for word in re.findall(rf"\b(l|d|j|m|t|s|n|qu|c)'{free}", low):
        found.append(f"{word}' before a consonant")
    if re.search(rf"\b(?:cet|bel|nouvel|vieil) {free}", low):
        found.append("cet, bel, nouvel, vieil before a consonant")
    before = "|".join(noun for noun in NOUNS if re.match(bound, noun))
    if re.search(rf"\b(?:beau|nouveau|vieux) (?:{before})\b", low):
        singular = re.search(r"\b(?:beau|nouveau|vieux) (\w+)", low)
        if singular and {form[1] for form in NOUNS.get(singular[1], ())} == {"1"}:
            found.append("beau, nouveau, vieux before a vowel")
    for word, noun in re.findall(r"\b(mon|ton|son) ([\w-]+)", low):
        if NOUNS.get(noun) == {"f1"} and not re.match(bound, noun):
            found.append(f"{word} {noun}")
    return found


def phrases(text: str) -> tuple[list[str], list[tuple[int, str]]]:
    """Determiner, adjectives and noun agree; also the nouns found, with their place."""
    words, found, nouns = tokens(text), [], []
    for i, word in enumerate(words):
        if word not in DETERMINERS:
            continue
        j = i + 1
        while j < len(words) and words[j] in FORMS and words[j] not in NOUNS:
            j += 1
        if j >= len(words) or words[j] not in NOUNS:
            continue
        noun = words[j]
        wanted = DETERMINERS[word]
        options = {form for form in NOUNS[noun] if fits(wanted, {form})}
        if not options:
            found.append(f"{word} … {noun}")
            continue
        around = words[i + 1 : j]
        if words[j + 1 : j + 2] and words[j + 1] in FORMS.keys() - ALSO_VERBS:
            around = [*around, words[j + 1]]
        for adjective in around:
            if not options & FORMS[adjective]:
                found.append(f"{noun} with {adjective}")
        form = min(options)
        nouns.append((j, form))
        if word == "des" and around and j > i + 1:
            found.append("des before an adjective")
    return found, nouns


def predicates(text: str) -> list[str]:
    """What stands after être agrees with the one subject, if there is only one."""
    words, found = tokens(text), []
    _, nouns = phrases(text)
    for i, word in enumerate(words):
        if word not in BE or words[i - 1] in ("s", "l", "les"):
            continue
        if {"qui", "que", "qu", "quand"} & set(words[:i]):
            continue
        if any(mark in words[:i] for mark in (",", "«", "?", "et")):
            subject = words[i - 1] if words[i - 1] not in ("n", "ne") else words[i - 2]
            features = {"il": "m1", "elle": "f1", "ils": "m2", "elles": "f2"}
            wanted = features.get(subject)
        else:
            before = [form for j, form in nouns if j < i]
            wanted = before[0] if before else None
            named = [w.capitalize() for w in words[:i] if w.capitalize() in MEN + WOMEN]
            if wanted is None and len(named) == 1:
                wanted = "m1" if named[0] in MEN else "f1"
        j = i + 1
        while j < len(words) and words[j] in DEGREES:
            j += 1
        if wanted is None or j >= len(words):
            continue
        if BE[word] != int(wanted[1]):
            found.append(f"{word} with a subject that is {wanted}")
        if words[j] in FORMS and wanted not in FORMS[words[j]]:
            found.append(f"{words[j]} of what is {wanted}")
    return found


def features(participle: str) -> str:
    """The gender and number that a participle shows."""
    stem = participle
    several = stem.endswith("s") and not stem.endswith(SILENT_S)
    stem = stem.removesuffix("s") if several else stem
    return ("f" if stem.endswith("e") else "m") + ("2" if several else "1")


def participles(text: str) -> list[str]:
    """With an object before it, the participle after avoir agrees with that."""
    found = []
    words = tokens(text)
    _, nouns = phrases(text)
    have = {"ai", "as", "a", "avons", "avez", "ont"}
    if not nouns:
        return found
    place, wanted = nouns[0]
    while place + 1 < len(words) and words[place + 1] in FORMS:
        place += 1
    relative = words[place + 1 : place + 2] in (["que"], ["qu"])
    asked = text.count("?") == 1 and not text.endswith("?")
    if not (relative or asked):
        return found
    for i, word in enumerate(words[:-1]):
        if word not in have or i < nouns[0][0]:
            continue
        object_first = asked and words[i - 1] in ("l", "les")
        object_first |= relative
        j = i + 2 if words[i + 1] in ("pas", "jamais") else i + 1
        if object_first and words[j] not in ("faim", "soif", "besoin"):
            shown = features(words[j])
            silent = words[j].endswith(SILENT_S) and wanted[0] == "m"
            if shown != wanted and not silent:
                found.append(f"{words[j]} of what is {wanted}")
            break
    return found


def verbs(text: str) -> list[str]:
    """The verb after a pronoun at the beginning has an ending of its person."""
    words = tokens(text)
    start = words[0] if words else ""
    if start == "j":
        start = "je"
    if start not in ENDINGS:
        return []
    i = 1
    while i < len(words) - 1 and words[i] in CLITICS:
        i += 1
    return [] if re.search(ENDINGS[start], words[i]) else [f"{start} … {words[i]}"]


NEGATIVE = re.compile(
    r"n't\b|\bnot\b|\bnever\b|\bno longer\b|\bnobody\b|\bno\b|\bcannot\b"
)
POSSESSIVES = (
    (r"\bmy\b", r"\b(?:mon|ma|mes)\b"),
    (r"\byour\b", r"\b(?:ton|ta|tes|votre|vos)\b"),
    (r"\bour\b", r"\b(?:notre|nos)\b"),
)


def meanings(english: str, french: str) -> list[str]:
    """What one language says, the other does: no, mine, a question."""
    found = []
    low, bas = english.lower(), french.lower()
    if bool(NEGATIVE.search(low)) != bool(re.search(r"\bne\b|\bn'", bas)):
        found.append("negation")
    body = re.search(r"\b(?:hands|faces?|teeth|hair|arm|leg)\b", low)
    for ours, theirs in POSSESSIVES:
        if not body and bool(re.search(ours, low)) != bool(re.search(theirs, bas)):
            found.append(f"possessive {ours}")
    if english[-1] in "?!" and french[-2:] != " " + english[-1]:
        found.append("mark at the end")
    if (english[-1] == ".") != (french[-1] == "."):
        found.append("full stop")
    return found


def problems(english: str, french: str) -> list[str]:
    """All that is wrong with a pair, in words."""
    return [
        *sounds(french),
        *phrases(french)[0],
        *predicates(french),
        *participles(french),
        *verbs(french),
        *meanings(english, french),
    ]
