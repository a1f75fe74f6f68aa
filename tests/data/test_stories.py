import hashlib
import re
from collections import Counter
from itertools import chain
from random import Random

import pytest

from utils.data.corpora import leaks, stories

SHA256 = {
    "train": "5ff0c362f8136c4cc1408d02e2d217fa1710a459b44a20154dce98d5c69ae4b0",
    "validation": "61ac90ccf2608895eb299fe806eaea63ac2a0d749f4a36f8baeba68a21802cc7",
    "test": "2fa63a7ce93639e581a1409295f979a29a80ea7e5975b736d1de1515057e1ef5",
}
COLOURS = stories.lists()["common"]["colours"].split()
OBJECTS = re.compile(
    rf"\b({'|'.join(COLOURS)}) "
    r"(ball|kite|hat|drum|boat|lantern|whistle|scarf|marble|bell|rope|washing line"
    r"|blanket|shawl|cloak|umbrella|basket|bucket|walking stick|pole|staff|lamp|can"
    r"|jug|bowl|teapot|vase|mug|plate)\b"
)
SENTENCE = re.compile(r'(?<=[.!?])"?\s+(?=["A-Z])')


@pytest.fixture(scope="module")
def data():
    return stories.load()


@pytest.fixture(scope="module")
def everything(data):
    return [story for split in data for story in data[split]]


def sentences(text: str) -> list[str]:
    return SENTENCE.split(text)


def contradictions(text: str) -> list[str]:
    """Nouns that have two colours in one story."""
    colours: dict[str, set[str]] = {}
    for colour, noun in OBJECTS.findall(text):
        colours.setdefault(noun, set()).add(colour)
    return [noun for noun, found in colours.items() if len(found) > 1]


def gendered() -> dict[str, str]:
    """Everyone's pronoun: children, animals, elders, those met on the way."""
    found = {"Mr Reed": "he", "ferryman": "he"}
    for world in ("children", "animals"):
        words = stories.lists()[world]
        found |= dict.fromkeys(words["girls"].split(), "she")
        found |= dict.fromkeys(words["boys"].split(), "he")
        found |= dict(elder.rsplit(" ", 1) for elder in words["elders"])
    for place in stories.lists()["places"]:
        for helper in place["helpers"]:
            met, pronoun = helper.rsplit(" ", 1)
            found[
                re.split(r"^an? |^the | with | selling | gathering | at ", met)[1]
            ] = pronoun
    return found


GENDERS = gendered()
HERS = ("she", "her", "hers", "herself")


def genders(text: str) -> set[str]:
    """Of all who are named in a story."""
    return {g for who, g in GENDERS.items() if re.search(rf"\b{who}\b", text)}


def pronouns(text: str) -> set[str]:
    """The genders of the pronouns in a story."""
    found = re.findall(r"\b(?:she|her|hers|herself|he|him|his|himself)\b", text.lower())
    return {"she" if word in HERS else "he" for word in found}


def test_a_megabyte_of_different_stories(data, everything):
    assert len(data["train"]) == 2600
    assert len(data["validation"]) == len(data["test"]) == 200
    assert sum(len(story.text) for story in data["train"]) > 1_000_000
    assert not list(leaks.repeats([story.text for story in everything]))
    assert {story.plot for story in everything} == set(stories.PLOTS)


def test_the_text_is_the_same_everywhere(data):
    for name in data:
        text = "\n\n".join(story.text for story in data[name])
        assert hashlib.sha256(text.encode()).hexdigest() == SHA256[name], name


def test_sentences_seldom_come_again(everything):
    counts = Counter(chain.from_iterable(sentences(s.text) for s in everything))
    assert len(counts) > 20_000
    assert max(counts.values()) < 0.005 * counts.total()


def test_splits_share_no_story_not_even_nearly(data):
    texts = {name: [story.text for story in data[name]] for name in ("train", "test")}
    assert leaks.find(texts, size=8, share=0.6) == []
    planted = texts["train"][3].replace("\n", " ") + " And that was that."
    (leak,) = leaks.find(
        {"train": texts["train"], "test": [planted]}, size=8, share=0.6
    )
    assert leak.other_index == 3


def test_no_slot_or_choice_is_left(everything):
    for story in everything:
        assert not re.search(r"[{}<>|]|\ba [aeio]|\s\s| [.,?!]", story.text), story.text


def test_objects_keep_their_colour(everything):
    for story in everything:
        assert contradictions(story.text) == [], story.text


def test_a_planted_contradiction_is_found(data):
    story = next(s for s in data["test"] if s.plot == "lost")
    colour, noun = story.objects[0].split(" ", 1)
    other = "green" if colour != "green" else "blue"
    end = story.text.rindex(f"{colour} {noun}")
    broken = story.text[:end] + story.text[end:].replace(colour, other, 1)
    assert contradictions(broken) == [noun]


def test_pronouns_agree(everything):
    """Where all who are named are women or girls there is no he, and the other way."""
    one = [s.text for s in everything if len(genders(s.text)) == 1]
    assert len(one) > 300
    for text in one:
        assert pronouns(text) <= genders(text), text
    assert pronouns("Mina took his hat.") == {"he"} != genders("Mina took his hat.")


def test_a_gift_is_used_and_brought_home(everything):
    """Who is given a rope at the door has it at the ditch and in the evening."""
    for story in everything:
        if story.plot in ("rescue", "journey"):
            (gift,) = story.objects
            places = [
                m.start() / len(story.text)
                for m in re.finditer(gift.split(" ", 1)[1], story.text)
            ]
            assert len(places) >= 3, story.text
            assert places[0] < 0.6 < places[-1]


def test_recalls_ask_for_what_was_there(data):
    asked = 0
    for story in data["test"]:
        for context, noun in stories.recalls(story):
            asked += 1
            assert story.text.startswith(context)
            assert story.text[len(context) :].lstrip().startswith(noun)
            colour = context.rsplit(" ", 1)[1]
            assert f"{colour} {noun}" in story.objects
            assert f"{colour} {noun}" in context  # it has been there before
    assert asked > 600


def test_a_colour_alone_does_not_tell_the_noun(data):
    """The noun that most often follows a colour in training is seldom right."""
    following: dict[str, Counter[str]] = {}
    for story in data["train"]:
        for colour, noun in OBJECTS.findall(story.text):
            following.setdefault(colour, Counter())[noun] += 1
    hits = [
        following[context.rsplit(" ", 1)[1]].most_common(1)[0][0] == noun
        for story in data["test"]
        for context, noun in stories.recalls(story)
    ]
    assert sum(hits) / len(hits) < 0.2


def test_an_unknown_plot_is_named():
    with pytest.raises(ValueError, match="one of lost, finder.*'romance'"):
        stories.write(Random(0), "romance")
