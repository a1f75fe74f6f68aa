"""Short stories for children, in which what someone has on one line they keep.

Ten plots (something is lost, found, swapped, broken, shared …), each a row of events
with several ways to tell them, in stories.toml. Pronouns agree, the two friends of a
story are a girl and a boy so that "he" and "she" are clear, and objects last: who was
given a rope at the door has it at the ditch. That can be measured: `recalls`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from random import Random
from typing import Any

from utils.data.corpora.grammar import read, sentences, with_article
from utils.data.dataset import Dataset, check_source

NAME = "stories"
LICENCE = "CC BY 4.0"
SEED = 7
SIZES = {"train": 2600, "validation": 200, "test": 200}
PLOTS = (
    "lost",
    "finder",
    "rescue",
    "present",
    "swap",
    "share",
    "journey",
    "dark",
    "seed",
    "broken",
)
TAME = ("park", "market", "school yard")
"""Places with no ditch to cross."""
CHOICE = re.compile(r"<([^<>]*)>")
PRONOUNS = {
    "he": {"he": "he", "him": "him", "his": "his", "hers": "his", "himself": "himself"},
    "she": {"he": "she", "him": "her", "his": "her", "hers": "hers"}
    | {"himself": "herself"},
}


@dataclass(frozen=True, slots=True)
class Story:
    """A story, with who and what it is about.

    Attributes:
        text: paragraphs parted by a newline.
        plot: one of `PLOTS`.
        hero: the name.
        objects: those that matter, with their colour: "red ball".
    """

    text: str
    plot: str
    hero: str
    objects: tuple[str, ...]


class Named:
    """Something that a template can name: {toy} and {toy.a}, {spot.Start}."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text

    @cached_property
    def Start(self) -> str:
        return self.text[0].upper() + self.text[1:]


class Thing(Named):
    """An object or an animal: "red ball", `a` "a red ball", `noun` "ball"."""

    def __init__(self, colour: str, noun: str) -> None:
        super().__init__(f"{colour} {noun}" if colour else noun)
        self.colour, self.noun, self.a = colour, noun, with_article(self.text)
        self.A = self.a[0].upper() + self.a[1:]
        self.the, self.The = f"the {noun}", f"The {noun}"


class Person(Named):
    """Someone with pronouns; `intro` is how they come in: "a girl called Mina"."""

    def __init__(self, name: str, gender: str, intro: str = "", noun: str = "") -> None:
        super().__init__(name)
        self.intro, self.gender = intro, gender
        self.Intro = intro[:1].upper() + intro[1:]
        self.noun = Named(noun or name)
        for word, form in PRONOUNS[gender].items():
            setattr(self, word, form)
            setattr(self, word.capitalize(), form.capitalize())


class Place(Named):
    """Somewhere: "park", `at` "in the park"."""

    def __init__(self, name: str, preposition: str) -> None:
        super().__init__(name)
        self.at = f"{preposition} the {name}"
        self.At = self.at[0].upper() + self.at[1:]


def load(source: str = "embedded") -> Dataset[Story]:
    """2,600 stories to train on, 200 for validation and 200 for test: about 2 MB.

    Raises:
        ValueError: another source than "embedded".
    """
    check_source(NAME, source, ("embedded",))
    return _written()


@cache
def _written() -> Dataset[Story]:
    rng = Random(SEED)
    seen: set[str] = set()
    splits: dict[str, list[Story]] = {}
    for split, size in SIZES.items():
        splits[split] = []
        while len(splits[split]) < size:
            story = write(rng)
            if story.text not in seen:
                seen.add(story.text)
                splits[split].append(story)
    size = sum(len(story.text.encode()) for part in splits.values() for story in part)
    return Dataset(NAME, splits, "embedded (written by a grammar)", LICENCE, size)


@cache
def lists() -> dict[str, Any]:
    """What stories.toml holds, with its lines and words parted."""

    def parted(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: parted(part) for name, part in value.items()}
        if isinstance(value, list):
            return [parted(part) for part in value]
        if isinstance(value, str) and "\n" in value:
            return value.strip().split("\n")
        return value

    return parted(read(NAME))


def write(rng: Random, plot: str | None = None) -> Story:
    """One story, of any plot or of the one named.

    Raises:
        ValueError: no such plot.
    """
    if plot is not None and plot not in PLOTS:
        raise ValueError(f"plot must be one of {', '.join(PLOTS)}, was {plot!r}")
    plot = plot or rng.choice(PLOTS)
    words = lists()
    slots, ways, objects = cast(rng, plot)
    paragraphs: list[list[str]] = [[]]
    for event in words[plot]["order"].split():
        if event == "/":
            paragraphs.append([])
        elif not event.endswith("?") or rng.random() < 0.55:
            event = event.removesuffix("?")
            found = words[plot].get(event) or ways.get(event) or words["beats"][event]
            if isinstance(found, str):
                found = ways[found]
            paragraphs[-1].append(told(rng, rng.choice(found), slots))
    text = "\n".join(sentences(" ".join(lines)) for lines in paragraphs)
    return Story(text, plot, str(slots["hero"]), tuple(map(str, objects)))


def told(rng: Random, template: str, slots: dict[str, Any]) -> str:
    """A template with its choices made and its slots filled."""
    chosen = CHOICE.sub(lambda match: rng.choice(match[1].split("|")), template)
    return chosen.format_map(slots)


def cast(
    rng: Random, plot: str
) -> tuple[dict[str, Any], dict[str, list[str]], list[Thing]]:
    """Who and what a story is about.

    Returns:
        The slots of its templates, the ways to tell what depends on them, and the
        objects that last.
    """
    words = lists()
    world = rng.choice(("children", "children", "animals"))
    places = [place for place in words["places"] if place["world"] == world]
    if plot == "journey":
        places = [place for place in places if place["name"] not in TAME]
    place = rng.choice(places)
    gender = rng.choice(("he", "she"))
    hero = person(rng, world, gender)
    friend = person(rng, world, "she" if gender == "he" else "he", hero)
    name, elder_gender = rng.choice(words[world]["elders"]).rsplit(" ", 1)
    first, second = (helper(text) for text in rng.sample(place["helpers"], 2))
    spots = [Named(spot) for spot in rng.sample(place["spots"], 3)]
    colours = rng.sample(words["common"]["colours"].split(), 6)
    kind = rng.choice(list(words["toys"]))
    if plot == "broken":
        kind = rng.choice(words["broken"]["toys"].split())
    noun = kind
    if plot == "present":
        noun = rng.choice(words["swap"]["presents"].split())
    toy = Thing(colours[0], noun)
    gift_kind = rng.choice(list(words["gifts"]))
    gift = Thing(colours[1], rng.choice(words["gifts"][gift_kind]["nouns"]))
    one, two, three = (
        Thing(colour, thing)
        for colour, thing in zip(
            colours[2:5], rng.sample(words["swap"]["things"].split(), 3), strict=True
        )
    )
    fur = rng.choice(words["victims"]["furs"].split())
    animal = Thing(fur, rng.choice(words["victims"][world].split()))
    plant = rng.choice(words["seeds"])
    growing = Named(plant["name"])
    growing.__dict__.update(
        {part: plant[part] for part in ("seed", "blossom", "fruit")}
    )
    vase = Thing(colours[5], rng.choice(words["broken"]["vases"].split()))
    food = Thing("", rng.choice(words["journey"]["foods"]))
    lamp, can = Thing(colours[0], "lamp"), Thing(colours[0], "can")
    slots = {
        "hero": hero, "friend": friend, "elder": Person(name, elder_gender),
        "helper": first, "helper2": second, "place": Place(place["name"], place["at"]),
        "home": rng.choice(words[world]["homes"]), "spot": spots[0], "spot2": spots[1],
        "spot3": spots[2], "toy": toy, "gift": gift, "one": one, "two": two,
        "three": three, "animal": animal, "plant": growing, "vase": vase, "food": food,
        "lamp": lamp, "can": can, "other_colour": colours[1],
        "bed": rng.choice(words[world]["beds"]),
    }  # fmt: skip
    tool, game = words["gifts"][gift_kind], words["toys"][kind]
    ways = {
        "detail": place["details"],
        "play": game["play"],
        "lose": game["lost"],
        "gift.pull": tool["pull"],
        "gift.obstacle": tool["obstacle"],
        "gift.path": tool["path"],
    }
    lasting = {
        "lost": [toy], "finder": [toy], "rescue": [gift], "present": [toy],
        "swap": [one, two, three, toy], "share": [toy], "journey": [gift],
        "dark": [lamp], "seed": [can], "broken": [toy, vase],
    }  # fmt: skip
    return slots, ways, lasting[plot]


def person(rng: Random, world: str, gender: str, other: Person | None = None) -> Person:
    """A child or an animal, of another kind than the other one is."""
    words = lists()[world]
    name = rng.choice(words["girls" if gender == "she" else "boys"].split())
    kinds = [
        k for k in words.get("species", "").split() if not other or k not in other.intro
    ]
    intro = rng.choice(words["intros"]).format(
        name=name,
        girl="girl" if gender == "she" else "boy",
        species=rng.choice(kinds) if kinds else "",
        trait=rng.choice(lists()["common"]["traits"].split()),
    )
    intro = re.sub(r"^a (?=[aeiou])", "an ", intro)
    return Person(name, gender, intro)


def helper(text: str) -> Person:
    """Someone met on the way: "an old man with a newspaper he", later the old man."""
    text, gender = text.rsplit(" ", 1)
    noun = re.sub(r"^an? ", "the ", text)
    noun = re.split(r" with | selling | gathering | at ", noun)[0]
    return Person(text, gender, text, noun)


def recalls(story: Story) -> Iterator[tuple[str, str]]:
    """Each later mention of an object: the text up to its noun, and the noun.

    "… That night Mina went to sleep with the red" must go on with "ball", the only red
    thing that the story has. What a model says there shows how far back it reads.
    """
    for thing in story.objects:
        _, noun = thing.split(" ", 1)
        for match in list(re.finditer(rf"\b{re.escape(thing)}\b", story.text))[1:]:
            yield story.text[: match.end() - len(noun)].rstrip(), noun
