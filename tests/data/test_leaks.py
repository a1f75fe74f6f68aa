import pytest

from utils.data.corpora import leaks

TRAIN = [
    "The kettle boils fast, but the lid came loose after a week.",
    "Short and sweet.",
    "My sister lent the old bicycle to a neighbour, who never gave it back.",
]
CLEAN = ["It pours well and the lid stays on, even when I knock it over."]


@pytest.mark.parametrize(
    "planted, share",
    [
        ("the kettle boils fast but THE LID came loose after a week", 1.0),
        ("Honestly? " + TRAIN[0] + " I sent the whole thing back.", 1.0),
        ("Short and sweet!", 1.0),
        ("My sister lent the old bicycle to a neighbour, who soon lost it.", 0.7),
    ],
    ids=["same words", "added to", "shorter than an n-gram", "another ending"],
)
def test_a_planted_leak_is_found(planted, share):
    (leak,) = leaks.find({"train": TRAIN, "test": [*CLEAN, planted]})
    assert (leak.split, leak.index, leak.other) == ("test", 1, "train")
    assert leak.share == pytest.approx(share, abs=0.05)
    place = next(
        i for i, text in enumerate(TRAIN) if text[:5].lower() in planted.lower()
    )
    assert leak.other_index == place


def test_texts_of_their_own_are_no_leak():
    assert leaks.find({"train": TRAIN, "test": CLEAN}) == []


def test_every_pair_of_splits_is_compared():
    found = leaks.find({"train": TRAIN, "validation": CLEAN, "test": CLEAN + TRAIN[:1]})
    assert {(leak.split, leak.other) for leak in found} == {
        ("test", "validation"),
        ("test", "train"),
    }


def test_repeats_within_a_split():
    assert list(leaks.repeats(TRAIN)) == []
    assert list(leaks.repeats([*TRAIN, "short, and sweet"])) == [(1, 3)]


@pytest.mark.parametrize("wrong", [{"size": 0}, {"share": 0}, {"share": 1.1}])
def test_bounds(wrong):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} must be"):
        leaks.find({"train": TRAIN}, **wrong)
