import hashlib
import re
from dataclasses import replace
from random import Random

import pytest

from utils.data.corpora import leaks, summaries

SHA256 = {
    "train": "15ccfe180ee5c5bee2d2148a8312ce8cad9658278cd4e92f54babb7a7618e38c",
    "validation": "b09d66153c0e964278355095741ff54c25b905268c9a4123215db7b4a2a5c8e1",
    "test": "a7b1122d8ee7eebd88d12f21f3083cd21e3d161c200da93232775daa21047d22",
}
TOWNS = summaries.lists()["towns"].split()


@pytest.fixture(scope="module")
def data():
    return summaries.load()


@pytest.fixture(scope="module")
def everything(data):
    return [pair for split in data for pair in data[split]]


def unsupported(document: str, summary: str) -> list[str]:
    """Numbers and towns of the summary that the report doesn't have.

    A score of 4-3 is 4 to 3 in the report.
    """
    facts = re.findall(r"\d+(?:,\d+)?", summary)
    facts += [town for town in TOWNS if town in summary]
    return [fact for fact in facts if not re.search(rf"\b{fact}\b", document)]


def test_counts_and_lengths(data, everything):
    assert {name: len(data[name]) for name in data} == {
        "train": 600,
        "validation": 100,
        "test": 100,
    }
    for pair in everything:
        assert 5 <= len(summaries.parts(pair.document)) <= 9, pair.document
        (summary,) = pair.summaries
        assert len(summary) < 0.5 * len(pair.document)


def test_the_text_is_the_same_everywhere(data):
    for name in data:
        text = "\n\n".join(f"{p.document}\n{p.summaries[0]}" for p in data[name])
        assert hashlib.sha256(text.encode()).hexdigest() == SHA256[name], name


def test_no_slot_or_choice_is_left(everything):
    for pair in everything:
        for text in (pair.document, *pair.summaries):
            assert not re.search(r"[{}<>|]|\ba [aeio]|\s\s| [.,?!]", text), text


def test_a_summary_has_no_fact_of_its_own(everything):
    for pair in everything:
        assert unsupported(pair.document, pair.summaries[0]) == [], pair
    assert unsupported("3 trees fell in Oakham.", "4 trees fell in Harwick.") == [
        "4",
        "Harwick",
    ]


def test_no_split_leaks(data):
    documents = {name: [pair.document for pair in data[name]] for name in data}
    assert leaks.find(documents, size=8, share=0.9) == []
    texts = [pair.summaries[0] for name in data for pair in data[name]]
    assert not list(leaks.repeats(texts))


def test_no_sentence_of_a_report_is_its_summary(data):
    """Lead, a sentence by chance, and the best there is: none comes near."""
    found = summaries.baselines(data["test"])
    copied = [replace(pair, document=pair.summaries[0]) for pair in data["test"]]
    assert summaries.baselines(copied)["oracle"]["rouge1"] > 0.75
    assert found["random"]["rouge1"] < found["oracle"]["rouge1"] < 0.5
    assert found["lead"]["rouge1"] < 0.35
    assert found["lead"]["rouge2"] < 0.1
    assert found["oracle"]["rouge2"] < 0.25


def test_an_unknown_event_is_named():
    with pytest.raises(ValueError, match="one of fire, vote.*'wedding'"):
        summaries.write(Random(0), "wedding")
