"""Pegasus's principal sentences against ROUGE-1 written out."""

from collections import Counter
from itertools import combinations

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import given, settings
from objectives.mutant import assert_caught

from utils.objectives import gap_sentences

MASK = 99
DOCUMENTS = st.lists(st.lists(st.integers(0, 6), max_size=7), min_size=2, max_size=7)


def f1(candidate, reference, unique=False):
    """ROUGE-1 F1 of two lists of words, by its definition."""
    one, other = Counter(candidate), Counter(reference)
    if unique:
        one, other = Counter(one.keys()), Counter(other.keys())
    shared = (one & other).total()
    if not shared:
        return 0.0
    precision, recall = shared / one.total(), shared / other.total()
    return 2 * precision * recall / (precision + recall)


def score(document, taken, unique=False):
    """Of the sentences taken, together, against the others."""
    inside = [w for i, s in enumerate(document) if i in taken for w in s]
    outside = [w for i, s in enumerate(document) if i not in taken for w in s]
    return f1(inside, outside, unique)


def by_definition(document, count, sequential, unique):
    places, taken = range(len(document)), []
    if not sequential:
        scores = [score(document, {i}, unique) for i in places]
        return sorted(sorted(places, key=lambda i: -round(scores[i], 9))[:count])
    for _ in range(count):
        left = [i for i in places if i not in taken]
        scores = {i: round(score(document, {*taken, i}, unique), 9) for i in left}
        taken.append(max(left, key=lambda i: (scores[i], -i)))
    return sorted(taken)


def examples(count=150):
    rng = torch.Generator().manual_seed(0)

    def draw(low, high):
        return int(torch.randint(low, high, (), generator=rng))

    for _ in range(count):
        document = [[draw(0, 9) for _ in range(draw(1, 9))] for _ in range(draw(3, 9))]
        yield document, draw(1, len(document))


def check_scores(m):
    for document, count in examples():
        words = m.word_counts(document)
        for unique in (False, True):
            found = m.rouge1_f1(words, words.sum(0) - words, unique=unique).tolist()
            expected = [score(document, {i}, unique) for i in range(len(document))]
            assert found == pytest.approx(expected, abs=1e-12)
        for sequential in (False, True):
            for unique in (False, True):
                found = m.principal_sentences(
                    document, count, sequential=sequential, unique=unique
                )
                assert found == by_definition(document, count, sequential, unique)


def check_long_and_idle(m):
    """One long sentence that shares little: neither it nor the shortest is taken."""
    lines = [
        "the cat sat on the mat",
        "the weather in the north was on and off as ever it is there in the months "
        "that one calls spring by mere habit",
        "on the mat the cat slept",
        "the cat",
        "a dog sat",
    ]
    document = [line.split() for line in lines]
    assert m.principal_sentences(document, 1) == [0]
    assert m.principal_sentences(document, 2) == [0, 2]


def check_sequential(m):
    """Ind takes both of two equal sentences; Seq, with one taken, another."""
    document = [[1, 2, 3], [1, 2, 3], [1, 4, 5], [4, 5, 6, 7]]
    assert m.principal_sentences(document, 2) == [0, 1]
    together = m.principal_sentences(document, 2, sequential=True)
    assert together == [0, 2]
    best = max(combinations(range(4), 2), key=lambda pair: score(document, pair))
    assert score(document, together) == score(document, best)


def check_unique(m):
    """A repeated word counts each time in Orig and once in Uniq."""
    document = [[1, 1, 1, 2], [3, 4, 5], [1, 1, 1, 6, 7], [3, 4, 8]]
    assert m.principal_sentences(document, 1) == [0]
    assert m.principal_sentences(document, 1, unique=True) == [1]


def check_gaps(m):
    document = [[1, 2], [1, 2, 3], [7, 8], [1, 3, 9]]
    source, target = m.gap_sentences(document, mask_id=MASK, share=0.5)
    assert source == [MASK, MASK, 7, 8, 1, 3, 9]
    assert target == [1, 2, 1, 2, 3]
    assert document == [[1, 2], [1, 2, 3], [7, 8], [1, 3, 9]]
    for sentences, count in ((2, 1), (3, 1), (5, 2), (10, 3), (20, 6)):
        long = [[i, i + 1] for i in range(sentences)]
        source, target = m.gap_sentences(long, mask_id=MASK)
        assert source.count(MASK) == count and len(target) == 2 * count


CHECKS = [
    check_scores,
    check_long_and_idle,
    check_sequential,
    check_unique,
    check_gaps,
]


@pytest.mark.parametrize("check", CHECKS)
def test_right(check):
    check(gap_sentences)


F1 = "2 * shared.double() / both.clamp(min=1)"


MINIMUM = "torch.minimum(candidate, reference)"
ITSELF_TOO = "words, words.sum(0).expand_as(words)"


@pytest.mark.parametrize(
    ("check", "right", "wrong"),
    [
        (check_scores, "words, words.sum(0) - words", ITSELF_TOO),
        (check_scores, "words.sum(0) - together", "words.sum(0) - words"),
        (check_scores, MINIMUM, "(candidate * reference)"),
        (check_scores, F1, "shared.double() / reference.sum(-1).clamp(min=1)"),
        (check_scores, F1, "shared.double() / candidate.sum(-1).clamp(min=1)"),
        (check_scores, F1, "shared.double()"),
        (check_scores, "scores[taken] = -1", "pass"),
        (check_long_and_idle, "words, words.sum(0) - words", ITSELF_TOO),
        (check_long_and_idle, F1, "shared.double() / reference.sum(-1).clamp(min=1)"),
        (check_long_and_idle, F1, "shared.double() / candidate.sum(-1).clamp(min=1)"),
        (check_sequential, "if not sequential:", "if True:"),
        (check_unique, "if unique:", "if False:"),
        (check_unique, "if unique:", "if True:"),
        (check_gaps, "[mask_id] if i in", "[] if i in"),
        (check_gaps, "[mask_id] if i in", "[mask_id] * len(sentence) if i in"),
        (check_gaps, "list(sentence) if i in taken else []", "list(sentence)"),
        (check_gaps, "max(1, round(share * len(document)))", "int(share * 2)"),
    ],
)
def test_wrong(check, right, wrong):
    assert_caught(check, gap_sentences, right, wrong)


@settings(max_examples=60, deadline=None)
@given(document=DOCUMENTS, sequential=st.booleans(), unique=st.booleans())
def test_source_and_target_make_up_the_document(document, sequential, unique):
    source, target = gap_sentences.gap_sentences(
        document, mask_id=MASK, sequential=sequential, unique=unique
    )
    taken = gap_sentences.principal_sentences(
        document, source.count(MASK), sequential=sequential, unique=unique
    )
    left, rest = iter(source), iter(target)
    for i, sentence in enumerate(document):
        if i in taken:
            assert next(left) == MASK
            assert [next(rest) for _ in sentence] == sentence
        else:
            assert [next(left) for _ in sentence] == sentence
    assert not [*left, *rest]


def test_bad_input_says_what_is_wrong():
    with pytest.raises(ValueError, match="1 sentences can't be taken out of 1"):
        gap_sentences.gap_sentences([[1, 2]], mask_id=MASK)
    with pytest.raises(ValueError, match="share must be between 0 and 1, was 3"):
        gap_sentences.gap_sentences([[1], [2]], mask_id=MASK, share=3)
    with pytest.raises(ValueError, match="2 sentences can't be taken out of 2"):
        gap_sentences.principal_sentences([[1], [2]], 2)
