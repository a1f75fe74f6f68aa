"""The real local files hold what their authors published, to the unit."""

import os
from collections import Counter
from functools import partial

import pytest
import torch

from utils.data import (
    ag_news,
    cifar10,
    crows_pairs,
    dialogsum,
    glue,
    instruction,
    lambada,
    mnist,
    multi30k,
    squad,
    textfooler,
    tinyshakespeare,
    wikitext,
    wnut17,
)
from utils.data.local import checksums, read_bytes

if not os.environ.get("COURSE_DATA"):
    pytest.skip("COURSE_DATA isn't set: no real data", allow_module_level=True)

COUNTS = [
    (tinyshakespeare.load, {"train": 1_003_854, "validation": 111_540}),
    (partial(glue.load, "sst2"), {"train": 67_349, "validation": 872}),
    (partial(glue.load, "cola"), {"train": 8_551, "validation": 1_043}),
    (ag_news.load, {"train": 10_001, "test": 7_600}),
    (lambada.load, {"test": 5_153}),
    (partial(lambada.load, version="original"), {"validation": 4_869, "test": 5_153}),
    (
        multi30k.load,
        {
            "train": 29_000,
            "validation": 1_014,
            "test2016": 1_000,
            "test2017": 1_000,
            "test2017_coco": 461,
            "test2018": 1_071,
        },
    ),
    (wnut17.load, {"train": 3_394, "validation": 1_009, "test": 1_287}),
    (squad.load, {"validation": 10_570}),
    (partial(squad.load, version="2.0"), {"validation": 11_873}),
    (dialogsum.load, {"validation": 500, "test": 500}),
    (mnist.load, {"test": 10_000}),
    (crows_pairs.load, {"test": 1_508}),
    (instruction.load, {"train": 935, "validation": 55, "test": 110}),
    *[(partial(textfooler.load, task), {"test": 1_000}) for task in textfooler.LABELS],
]


@pytest.mark.parametrize("load, counts", COUNTS)
def test_examples(load, counts):
    data = load()
    assert {split: len(rows) for split, rows in data.splits.items()} == counts


def test_every_file_is_intact():
    for file in checksums():
        assert read_bytes(*file.split("/"))


def test_shakespeare_has_65_characters():
    data = tinyshakespeare.load()
    text = data["train"] + data["validation"]
    assert len(text) == data.bytes == 1_115_394 and len(set(text)) == 65


@pytest.mark.parametrize(
    "load, split, counts",
    [
        (partial(glue.load, "sst2"), "train", [29_780, 37_569]),
        (partial(glue.load, "sst2"), "validation", [428, 444]),
        (partial(glue.load, "cola"), "train", [2_528, 6_023]),
        (partial(glue.load, "cola"), "validation", [324, 719]),
        (ag_news.load, "test", [1_900] * 4),
        (ag_news.load, "train", [2_509, 2_458, 2_496, 2_538]),
        (partial(textfooler.load, "snli"), "test", [367, 322, 311]),
        (partial(textfooler.load, "mnli"), "test", [346, 319, 335]),
        (partial(textfooler.load, "mnli_mismatched"), "test", [346, 319, 335]),
        (partial(textfooler.load, "ag"), "test", [256, 265, 237, 242]),
    ],
)
def test_classes(load, split, counts):
    data = load()
    found = Counter(row.label for row in data[split])
    assert [found[label] for label in range(len(data.labels))] == counts


def test_cola_in_domain_comes_first():
    assert sum(row.label for row in glue.load("cola")["validation"][:527]) == 365


def test_wikitext_tokens():
    data = wikitext.load()
    counts = {
        split: sum(len(wikitext.tokens(line)) for line in lines)
        for split, lines in data.splits.items()
    }
    assert counts == {"validation": 217_646, "test": 245_569}


@pytest.mark.parametrize("version", lambada.VERSIONS)
def test_lambada_asks_for_one_word(version):
    rows = lambada.load(version=version)["test"]
    assert Counter(len(row.word.split()) for row in rows)[1] >= 5_146
    assert not any(row.context.endswith(" ") or " " in row.word for row in rows)


def test_both_lambadas_ask_the_same():
    """But for two words before which OpenAI's has no space."""
    versions = [lambada.load(version=version)["test"] for version in lambada.VERSIONS]

    def letters(row):
        return "".join(filter(str.isalpha, row.word.split()[-1].lower()))

    pairs = zip(*versions, strict=True)
    assert sum(letters(one) == letters(other) for one, other in pairs) == 5_151


def test_wnut17_names():
    data = wnut17.load()
    tokens = {split: sum(len(row.tokens) for row in data[split]) for split in data}
    names = {
        split: sum(tag.startswith("B-") for row in data[split] for tag in row.tags)
        for split in data
    }
    assert tokens == {"train": 62_730, "validation": 15_733, "test": 23_394}
    assert names == {"train": 1_975, "validation": 836, "test": 1_079}
    assert {tag for row in data["train"] for tag in row.tags} == {*data.labels}


@pytest.mark.parametrize(
    "version, articles, passages, answers, unplaced, impossible",
    [("1.1", 48, 2_067, 34_726, 4_162, 0), ("2.0", 35, 1_204, 20_302, 2_666, 5_945)],
)
def test_squad(version, articles, passages, answers, unplaced, impossible):
    rows = squad.load(version=version)["validation"]
    given = [(row.context, answer) for row in rows for answer in row.answers]
    assert len({row.title for row in rows}) == articles
    assert len({row.context for row in rows}) == passages
    assert len(given) == answers
    assert sum(answer.start is None for _, answer in given) == unplaced
    assert sum(row.impossible for row in rows) == impossible
    for context, answer in given:
        start = context.index(answer.text) if answer.start is None else answer.start
        assert context[start : start + len(answer.text)] == answer.text


def test_squad_predictions():
    first, second = squad.predictions("1.1"), squad.predictions("2.0")
    assert (len(first), len(second)) == (5, 3)
    counts = [len(model.answers) for model in first + second]
    assert counts == [10_570, 10_585, 10_570, 10_570, 10_570, 11_873, 11_873, 11_873]
    assert round(first[0].exact_match, 1) == 86.2 and round(first[0].f1, 1) == 92.2


def test_dialogsum_has_three_references():
    data = dialogsum.load()
    assert {len(row.summaries) for row in data["test"]} == {3}
    assert {len(row.summaries) for row in data["validation"]} == {1}
    assert all(row.topic for split in data for row in data[split])
    assert len(dialogsum.baseline()) == 500


def test_mnist_classes():
    counts = mnist.load()["test"].labels.bincount().tolist()
    assert counts == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def test_cifar10_test_images():
    """Both splits take a quarter of a minute: one is read."""
    images = cifar10.unpack("test")
    assert images.images.shape == (10_000, 3, 32, 32)
    assert images.labels.bincount().tolist() == [1_000] * 10
    # Means of the canonical test set; JPEG moves them by less than half a level.
    means = images.images.float().mean((0, 2, 3))
    assert torch.allclose(means, torch.tensor([126.02, 123.71, 114.85]), atol=0.5)


def test_crows_pairs_biases():
    pairs = crows_pairs.load()["test"]
    assert sum(pair.antistereotype for pair in pairs) == 218
    counts = Counter(pair.bias for pair in pairs)
    assert [counts[bias] for bias in crows_pairs.BIASES] == [
        516, 172, 262, 60, 159, 84, 63, 105, 87
    ]  # fmt: skip


def test_languages_are_not_mixed_up():
    rows = multi30k.load(languages=("de", "fr"))["test2018"]
    for word, counts in (("der", (219, 0)), ("les", (0, 99))):
        texts = [row.source for row in rows], [row.target for row in rows]
        assert tuple(sum(f" {word} " in t for t in side) for side in texts) == counts
