import gzip
import hashlib
import os
import re
from collections import Counter
from pathlib import Path

import pytest
from data import french_agreement as checker

from utils.data.corpora import leaks, translations
from utils.data.corpora.translations import baselines, french, lexicon
from utils.data.examples import Translation

SHA256 = {
    "train": "4af4aab26e24206458b35b770be3c481df16a1c245296ebdf24bde57061c2281",
    "validation": "696ec40074f5c8b8144722f34dfba0d3bc2941fdd8bb27da06d8e7a504d8bf6c",
    "test": "a3c7be7b652646f28ecd2dae0f6d3d09106b5754bf29d435287646ac8d2d8d75",
    "compositional": "7792c32a63dcb31f630a04ea2d79ac758ee7da870c6d523e062c3b701f827392",
}
# English, right French, and a mistake that a grammar makes
MISTAKES = [
    ("The girl is tall.", "La fille est grande.", "Le fille est grande."),
    ("The girl is tall.", "La fille est grande.", "La fille est grand."),
    ("The girls are tall.", "Les filles sont grandes.", "Les filles est grandes."),
    ("The girls are tall.", "Les filles sont grandes.", "Les filles sont grande."),
    ("My school is old.", "Mon école est vieille.", "Ma école est vieille."),
    ("My sister is ill.", "Ma sœur est malade.", "Mon sœur est malade."),
    ("This man is old.", "Cet homme est vieux.", "Ce homme est vieux."),
    ("This owl is old.", "Ce hibou est vieux.", "Cet hibou est vieux."),
    ("The owl sleeps.", "Le hibou dort.", "L'hibou dort."),
    ("The bird sleeps.", "L'oiseau dort.", "Le oiseau dort."),
    ("She has a black cat.", "Elle a un chat noir.", "Elle a un chat noire."),
    ("I see an old man.", "Je vois un vieil homme.", "Je vois un vieux homme."),
    ("I see an old dog.", "Je vois un vieux chien.", "Je vois un vieil chien."),
    (
        "She sees small cats.",
        "Elle voit de petits chats.",
        "Elle voit des petits chats.",
    ),
    ("He goes to the museum.", "Il va au musée.", "Il va à le musée."),
    ("The end of the books.", "La fin des livres.", "La fin de les livres."),
    ("I love Anna.", "J'aime Anna.", "Je aime Anna."),
    ("I do not sleep.", "Je ne dors pas.", "Je dors."),
    ("I sleep.", "Je dors.", "Je ne dors pas."),
    ("We eat.", "Nous mangeons.", "Nous mangez."),
    ("They eat.", "Ils mangent.", "Ils mange."),
    ("You eat.", "Tu manges.", "Tu mange."),
    ("My dog sleeps.", "Mon chien dort.", "Ton chien dort."),
    ("Anna is happy.", "Anna est heureuse.", "Anna est heureux."),
    ("Where is the car?", "Où est la voiture ?", "Où est la voiture?"),
    (
        "The letters that Anna wrote are long.",
        "Les lettres qu'Anna a écrites sont longues.",
        "Les lettres qu'Anna a écrit sont longues.",
    ),
    (
        "The apples? Paul ate them.",
        "Les pommes ? Paul les a mangées.",
        "Les pommes ? Paul les a mangé.",
    ),
    (
        "The letter is long, but it is funny.",
        "La lettre est longue, mais elle est drôle.",
        "La lettre est longue, mais elle est drôles.",
    ),
]
# Typed from a conjugation table: present, imparfait of nous, futur of il, participle
CONJUGATION = {
    "être": "suis es est sommes êtes sont étions sera été",
    "avoir": "ai as a avons avez ont avions aura eu",
    "aller": "vais vas va allons allez vont allions ira allé",
    "manger": "mange manges mange mangeons mangez mangent mangions mangera mangé",
    "préférer": "préfère préfères préfère préférons préférez préfèrent "
    "préférions préférera préféré",
    "acheter": "achète achètes achète achetons achetez achètent "
    "achetions achètera acheté",
    "nettoyer": "nettoie nettoies nettoie nettoyons nettoyez nettoient "
    "nettoyions nettoiera nettoyé",
    "finir": "finis finis finit finissons finissez finissent finissions finira fini",
    "attendre": "attends attends attend attendons attendez attendent "
    "attendions attendra attendu",
    "ouvrir": "ouvre ouvres ouvre ouvrons ouvrez ouvrent ouvrions ouvrira ouvert",
    "comprendre": "comprends comprends comprend comprenons comprenez comprennent "
    "comprenions comprendra compris",
    "poursuivre": "poursuis poursuis poursuit poursuivons poursuivez poursuivent "
    "poursuivions poursuivra poursuivi",
    "sortir": "sors sors sort sortons sortez sortent sortions sortira sorti",
    "revenir": "reviens reviens revient revenons revenez reviennent "
    "revenions reviendra revenu",
    "boire": "bois bois boit buvons buvez boivent buvions boira bu",
    "voir": "vois vois voit voyons voyez voient voyions verra vu",
    "savoir": "sais sais sait savons savez savent savions saura su",
    "peindre": "peins peins peint peignons peignez peignent peignions peindra peint",
    "s'asseoir": "assieds assieds assied asseyons asseyez asseyent "
    "asseyions assiéra assis",
}


@pytest.fixture(scope="module")
def data():
    return translations.load()


@pytest.fixture(scope="module")
def everything(data):
    return [pair for split in data for pair in data[split]]


def test_there_are_enough_and_no_sentence_stands_twice(data, everything):
    assert len(everything) >= 10_000
    assert {name: len(data[name]) for name in data if name != "train"} == {
        "validation": 500,
        "test": 500,
        "compositional": 500,
    }
    assert not list(leaks.repeats([pair.source for pair in everything]))


def test_the_text_is_the_same_everywhere(data):
    for name in data:
        text = "\n".join(f"{pair.source}\t{pair.target}" for pair in data[name])
        assert hashlib.sha256(text.encode()).hexdigest() == SHA256[name], name


def test_the_notes_sentences_are_in_the_test_split(data):
    assert set(translations.NOTES) <= set(data["test"])
    cat = Translation("Your cat is a lovely cat", "Ton chat est un chat adorable")
    assert cat in data["test"]


def test_no_split_leaks(data):
    assert translations.leaking(data.splits) == []


@pytest.mark.parametrize(
    "move, kind",
    [
        (lambda s: s["train"].append(s["test"][9]), "English"),
        (
            lambda s: s["train"].append(
                Translation("Quite different.", s["test"][9].target.upper())
            ),
            "French",
        ),
        (
            lambda s: s["train"].append(
                Translation(s["compositional"][0].source + " And so on.", "Et caetera.")
            ),
            "combination",
        ),
    ],
    ids=["English", "French", "combination"],
)
def test_a_planted_leak_is_found(data, move, kind):
    splits = {name: [*data[name]] for name in data}
    move(splits)
    assert {leak.kind for leak in translations.leaking(splits)} >= {kind}


def test_words_of_unseen_combinations_are_known(data):
    """Each word by itself is in training, often enough to be learnt."""
    counts = Counter(
        word for pair in data["train"] for word in translations.vocabulary(pair.source)
    )
    assert len(translations.held_out()) >= 100
    for pair in translations.held_out():
        for word in pair:
            assert counts[word] >= 5, word


def test_an_independent_reader_finds_no_mistake(everything):
    found = {
        (pair.source, pair.target): problems
        for pair in everything
        if (problems := checker.problems(pair.source, pair.target))
    }
    assert found == {}
    judged = sum(bool(checker.phrases(pair.target)[1]) for pair in everything)
    assert judged > 0.85 * len(everything)


@pytest.mark.parametrize(
    "english, right, wrong", MISTAKES, ids=[wrong for _, _, wrong in MISTAKES]
)
def test_the_reader_knows_a_mistake(english, right, wrong):
    assert checker.problems(english, right) == []
    assert checker.problems(english, wrong)


def test_genders_are_those_of_real_captions():
    """Articles before the noun in Multi30k's French, where it occurs there."""
    if not os.environ.get("COURSE_DATA"):
        pytest.skip("COURSE_DATA is not set")
    path = Path(os.environ["COURSE_DATA"]) / "multi30k" / "train.fr.gz"
    text = gzip.decompress(path.read_bytes()).decode().lower()
    articles = {"un": "m", "le": "m", "du": "m", "au": "m", "une": "f", "la": "f"}
    counts: dict[str, Counter[str]] = {}
    for article, noun in re.findall(rf"\b({'|'.join(articles)}) ([\w-]+)", text):
        counts.setdefault(noun, Counter())[articles[article]] += 1
    checked = 0
    for _, nouns, gender, _ in lexicon.rows("nouns"):
        count = counts.get(nouns.split()[0], Counter())
        if count.total() >= 5:
            checked += 1
            assert count.most_common(1)[0][0] == gender, nouns
    assert checked >= 80


@pytest.mark.parametrize("infinitive", CONJUGATION)
def test_verbs_are_conjugated_as_the_tables_have_it(infinitive):
    verb = french.conjugate(infinitive)
    forms = [*verb.present, verb.imparfait(3), verb.futur(2), verb.participle]
    assert " ".join(forms) == CONJUGATION[infinitive]


@pytest.mark.parametrize(
    "draft, text",
    [
        ("je ne ai pas vu LE ami de LES filles .", "Je n'ai pas vu l'ami des filles."),
        ("MA école est à côté de LE hibou", "Mon école est à côté du hibou"),
        ("si ils vont à LES États-Unis ?", "S'ils vont aux États-Unis ?"),
        ("CE BEAU oiseau et CE BEAU chat", "Ce bel oiseau et ce beau chat"),
        ("elle va à LE hôtel , que elle aime", "Elle va à l'hôtel, qu'elle aime"),
        ("il vient de le voir", "Il vient de le voir"),
    ],
)
def test_sounds_meet(draft, text):
    assert french.write(draft) == text


def test_word_for_word_is_not_enough(data):
    """A dictionary learnt from the pairs, and the most alike sentence of training."""
    found = baselines.scores(data["train"], data["test"])
    assert found["word for word"].exact < 0.03
    assert 10 < found["word for word"].bleu < 30
    assert found["nearest sentence"].exact == 0
    assert 15 < found["nearest sentence"].bleu < 40
