"""English–French pairs, written by a grammar of both languages at once.

Word for word most of them fail: adjectives follow their noun, participles agree with
what came before them, "I am cold" is j'ai froid, and whether a neighbour is a voisin or
a voisine shows only in "her keys", four words later.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from utils.data.corpora.translations import french, nouns, phrases
from utils.data.corpora.translations.clauses import Redraw, actions
from utils.data.corpora.translations.constructions import CONSTRUCTIONS
from utils.data.corpora.translations.sentences import Sentence
from utils.data.dataset import Dataset, check_source, text_bytes
from utils.data.examples import Translation

NAME = "translations"
LICENCE = "CC BY 4.0"
SEED = 20_261
DRAWS = 13_000
SIZES = {"validation": 500, "test": 500}
COMPOSITIONAL = 500
WORD = re.compile(r"[\w'-]+")

# The sentences of the notes. They are in "test": no model has seen them in training.
NOTES = (
    Translation("Your cat is a lovely cat", "Ton chat est un chat adorable"),
    Translation("The cat chased the mouse.", "Le chat a poursuivi la souris."),
    Translation("The cat sat on the mat.", "Le chat s'est assis sur le tapis."),
    Translation("The cat is very cute.", "Le chat est très mignon."),
    Translation("It is raining heavily.", "Il pleut beaucoup."),
    Translation("I need an umbrella.", "J'ai besoin d'un parapluie."),
    Translation(
        "He went to the bank to deposit money.",
        "Il est allé à la banque pour déposer de l'argent.",
    ),
)


def load(source: str = "embedded") -> Dataset[Translation]:
    """Splits "train", "validation", "test" and "compositional".

    No two splits share a sentence of either language. In "compositional" each English
    sentence has two words, an adjective and its noun or a verb and its subject or
    object, that stand together in no sentence of the other splits, though both are in
    "train" by themselves. One statement in six has no full stop, in either language.

    Raises:
        ValueError: another source than "embedded".
    """
    check_source(NAME, source, ("embedded",))
    return _corpus()[0]


def held_out() -> frozenset[tuple[str, str]]:
    """The pairs of words that stand together in "compositional" only."""
    return _corpus()[1]


@dataclass(frozen=True)
class Leak:
    """A pair of sentences where it shouldn't be.

    Attributes:
        kind: "English" or "French", that another split has too; "combination", that is
            held out, or is missing where only such sentences belong.
    """

    kind: str
    split: str
    pair: Translation


def leaking(splits: Mapping[str, Sequence[Translation]]) -> list[Leak]:
    """All that breaks what `load` promises, read from the text."""
    found = []
    places: dict[tuple[str, str], str] = {}
    for split, pairs in splits.items():
        for pair in pairs:
            for kind, text in (("English", pair.source), ("French", pair.target)):
                if places.setdefault((kind, key(text)), split) != split:
                    found.append(Leak(kind, split, pair))
            words = vocabulary(pair.source)
            if have(words, held_out()) != (split == "compositional"):
                found.append(Leak("combination", split, pair))
    return found


@cache
def _corpus() -> tuple[Dataset[Translation], frozenset[tuple[str, str]]]:
    drawn = draw()
    unseen = unseen_together([sentence for sentence, _ in drawn])
    splits = split(drawn, unseen)
    origin = "embedded (written by a grammar)"
    size = text_bytes([(p.source, p.target) for name in splits for p in splits[name]])
    return Dataset(NAME, splits, origin, LICENCE, size), unseen


def draw(seed: int = SEED, draws: int = DRAWS) -> list[tuple[Sentence, Translation]]:
    """Different sentences, each with its text; none that has two translations."""
    rng = random.Random(seed)
    kinds = list(CONSTRUCTIONS)
    weights = list(CONSTRUCTIONS.values())
    found: dict[str, tuple[Sentence, Translation]] = {}
    unclear = set()
    for kind in rng.choices(kinds, weights, k=draws):
        sentence = _one(kind, rng)
        target = french.write(sentence.french)
        translation = Translation(sentence.english, target)
        if rng.random() < 1 / 6 and target[-1] == ".":
            translation = Translation(sentence.english[:-1], target[:-1])
        words = key(translation.source)
        if words in found and key(found[words][1].target) != key(translation.target):
            unclear.add(words)
        found.setdefault(words, (sentence, translation))
    return [pair for words, pair in found.items() if words not in unclear]


def _one(kind: Callable[[random.Random], Sentence], rng: random.Random) -> Sentence:
    while True:
        try:
            return kind(rng)
        except Redraw:
            continue


def key(text: str) -> str:
    """A sentence without case and marks."""
    return " ".join(WORD.findall(text.lower()))


def unseen_together(
    sentences: Sequence[Sentence], seed: int = SEED, share: float = 0.05
) -> frozenset[tuple[str, str]]:
    """A share of the pairs of words that are combined, of words with many partners."""
    counts = Counter(pair for s in sentences for pair in s.combinations)
    partners = Counter(word for pair in counts for word in pair)
    possible = sorted(
        pair
        for pair in counts
        if all(partners[word] > 9 and words_of(word) for word in pair)
    )
    return frozenset(random.Random(seed).sample(possible, int(share * len(possible))))


def words_of(form: str) -> frozenset[str]:
    """The words of the lexicon of which this is a form: watches, of watch."""
    return _forms().get(form, frozenset())


@cache
def _forms() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    both = [noun for pair in phrases.neutrals() for noun in pair]
    for noun in (*phrases.nouns(), *phrases.masses("drink eaten got"), *both):
        for form in (noun.english, noun.plural):
            found.setdefault(form, set()).add(noun.english)
    for table in ("verbs", "intransitives", "reflexives"):
        for action in actions(table):
            for form in action.forms:
                found.setdefault(form, set()).add(action.english)
    for adjective in (*phrases.adjectives(), *phrases.states()):
        found.setdefault(adjective.english, set()).add(adjective.english)
    for english, degrees in nouns.COMPARED.items():
        for form in degrees:
            found.setdefault(form, set()).add(english)
    return {form: frozenset(words) for form, words in found.items()}


def vocabulary(english: str) -> set[str]:
    """The words of the lexicon in a sentence, whatever their form.

    >>> sorted(vocabulary("She looked for the biggest cats."))
    ['big', 'cat', 'look for']
    """
    tokens = key(english).replace("'s ", " ").replace("' ", " ").split()
    # Cleared it away: to clear away.
    together = [token for token in tokens if token not in ("it", "them")]
    longer = _first_words()
    found: set[str] = set()
    for row in (tokens, together) if "away" in tokens else (tokens,):
        for i, token in enumerate(row):
            found |= words_of(token)
            if token in longer:
                for size in (2, 3, 4):
                    found |= words_of(" ".join(row[i : i + size]))
    return found


@cache
def _first_words() -> frozenset[str]:
    return frozenset(form.split()[0] for form in _forms() if " " in form)


def have(words: set[str], pairs: frozenset[tuple[str, str]]) -> bool:
    """Whether both words of a pair are among them."""
    partners = _partners(pairs)
    return any(not words.isdisjoint(partners.get(word, ())) for word in words)


@cache
def _partners(pairs: frozenset[tuple[str, str]]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for first, other in pairs:
        found.setdefault(first, set()).add(other)
    return {word: frozenset(others) for word, others in found.items()}


def split(
    drawn: Sequence[tuple[Sentence, Translation]],
    unseen: frozenset[tuple[str, str]],
    seed: int = SEED,
) -> dict[str, list[Translation]]:
    """The splits; pairs with the same French stay together."""
    notes = {key(text) for pair in NOTES for text in (pair.source, pair.target)}
    compositional: list[Translation] = []
    groups: dict[str, list[Translation]] = {}
    for sentence, pair in drawn:
        target = key(pair.target)
        if {key(pair.source), target} & notes:
            continue
        words = vocabulary(pair.source)
        if not sentence.combinations.isdisjoint(unseen):
            compositional.append(pair)
        elif not have(words, unseen):
            groups.setdefault(target, []).append(pair)
    order = list(groups)
    random.Random(seed).shuffle(order)
    splits: dict[str, list[Translation]] = {"train": [], "validation": [], "test": []}
    splits["test"] += NOTES
    for target in order:
        name = next((n for n in SIZES if len(splits[n]) < SIZES[n]), "train")
        splits[name] += groups[target]
    fresh = [pair for pair in compositional if key(pair.target) not in groups]
    splits["compositional"] = fresh[:COMPOSITIONAL]
    return splits
