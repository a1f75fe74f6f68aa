import random

import numpy as np
import pytest
import torch

from utils.evaluation import substitution
from utils.evaluation.substitution import Neighbours, attack, substitute

ANGLES = {  # words by the angle of their vectors, in degrees
    "fine": 0,
    "good": 10,
    "decent": 25,
    "poor": 40,
    "film": 120,
    "movie": 130,
    "picture": 150,
    "dog": 260,
}
VECTORS = torch.tensor([[a, 90.0 - a] for a in ANGLES.values()]).deg2rad().cos()
WEIGHTS = {"fine": 3.0, "good": 2.0, "decent": 0.5, "poor": -6.0, "film": 0.3}


@pytest.fixture
def neighbours():
    return Neighbours(list(ANGLES), VECTORS, threshold=0.8, most=3)


class Judge:
    """Good (1) or bad (0) by the sum of its words' weights; counts what it is asked."""

    def __init__(self):
        self.asked = []

    def __call__(self, texts):
        self.asked.extend(texts)
        sums = [sum(WEIGHTS.get(w.lower(), 0) for w in t.split()) for t in texts]
        good = 1 / (1 + np.exp(-np.array(sums)))
        return np.stack([1 - good, good], axis=1)


def test_neighbours_are_near_and_never_the_word(neighbours):
    assert neighbours.of("fine") == ["good", "decent"]  # poor is at cos 40° < 0.8
    assert neighbours.of("good") == ["fine", "decent", "poor"]
    assert neighbours.of("Film") == ["Movie", "Picture"]
    assert neighbours.of("dog") == neighbours.of("unknown") == []
    assert Neighbours(["the", "film"], torch.ones(2, 3)).of("the") == []  # a stop word
    with pytest.raises(ValueError, match="2 words, but 1 vectors"):
        Neighbours(["a", "b"], torch.ones(1, 2))
    with pytest.raises(ValueError, match="most"):
        Neighbours(["a"], torch.ones(1, 2), most=0)


def test_an_attack_takes_the_words_that_matter_and_stops(neighbours):
    judge = Judge()
    text = "A good film, said the dog ."
    (found,) = attack(judge, [text], [1], neighbours, share=0.5)
    # "good" matters more than "film", and "poor" changes the class.
    assert found.text == "A poor film, said the dog ."
    assert found.correct_before and not found.correct
    assert (found.words, found.changed) == (6, 1)
    # The text, it without either word, and the three neighbours of "good".
    assert found.queries == len(judge.asked) == 1 + 2 + 3
    assert attack(judge, [text], [1], neighbours, share=0.5) == [found]


def test_an_attack_that_fails_uses_up_its_share(neighbours):
    text = "fine fine fine fine fine fine fine fine film film"
    (found,) = attack(Judge(), [text], [1], neighbours, share=0.3)
    assert found.correct and found.changed == 3
    assert found.text.split().count("decent") == 3
    (found,) = attack(Judge(), [text], [1], neighbours, share=0.01)
    assert found.changed == 1
    # What doesn't lower the probability isn't taken, nor is a right class that isn't.
    (found,) = attack(Judge(), ["poor film"], [0], neighbours, share=1.0)
    assert found.changed <= 1 and "poor" in found.text or not found.correct
    judge = Judge()
    (found,) = attack(judge, ["poor film"], [1], neighbours, share=1.0)
    assert not found.correct_before and not found.correct
    assert found.changed == 0 and found.queries == len(judge.asked) == 1


def test_words_are_replaced_at_random(neighbours):
    text = "fine film, good movie and the dog once more here"
    found = substitute(text, neighbours, 0.2, random.Random(1))
    before, after = text.split(), found.split()
    changed = [(a, b) for a, b in zip(before, after, strict=True) if a != b]
    assert len(changed) == 2
    for old, new in changed:
        assert new.strip(",") in neighbours.of(old.strip(","))
    assert found == substitute(text, neighbours, 0.2, random.Random(1))
    others = {substitute(text, neighbours, 0.2, random.Random(i)) for i in range(20)}
    assert len(others) > 5
    whole = substitute(text, neighbours, 1.0, random.Random(0))
    assert whole.endswith("and the dog once more here") and "film" not in whole[:9]
    for share in (0, 1.1):
        with pytest.raises(ValueError, match="share"):
            substitute(text, neighbours, share, random.Random(0))


def test_classifiers_side_by_side(neighbours):
    def blind(texts):
        return np.tile([0.1, 0.9], (len(texts), 1))

    texts = ["good film"] * 3 + ["poor dog", "poor film"]
    labels = [1, 1, 1, 0, 0]
    found = substitution.robustness(
        {"judge": Judge(), "blind": blind}, texts, labels, neighbours, attacked=4
    )
    assert found["blind"]["clean"] == found["blind"]["random 20%"] == 0.6
    assert found["judge"]["clean"] == 1.0 > found["judge"]["random 20%"]
    assert found["blind"]["attack: attacked_accuracy"] == 0.75
    assert found["judge"]["attack: accuracy"] == 1.0
    assert found["judge"]["attack: attacked_accuracy"] == 0.0
    assert found["judge"]["attack: share_changed"] == 0.5
    assert found["judge"]["attack: texts"] == 4
    with pytest.raises(ValueError, match="1 texts, but 0 labels"):
        attack(blind, ["a"], [], neighbours)
    with pytest.raises(ValueError, match="no texts"):
        substitution.summary([])


def test_minilm_knows_which_words_are_near():
    near = substitution.minilm_neighbours()
    assert "movie" in near.of("film") and "horrible" in near.of("terrible")
    assert near.of("the") == near.of("##ing") == []
    assert not {"the", "[MASK]", "##s", "a"} & set(near.words)
