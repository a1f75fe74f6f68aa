"""Pairs that don't leak: no negative follows, and no sentence alone tells the label."""

import pytest
import torch
import transformers
from objectives.mutant import assert_caught, assert_share

from utils.objectives import next_sentence
from utils.objectives.language_modeling import IGNORED
from utils.objectives.next_sentence import Pair


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def documents(count=60, length=10):
    """Sentences as ids that say where they stand: [document, place]."""
    return [[[d, s] for s in range(length)] for d in range(count)]


REPEATING = [[f"{'abcdefgh'[(i * k + d) % 8]}" for i in range(9)]
             for d in range(12) for k in (1, 3)]  # fmt: skip
"""Twenty-four documents of the same eight sentences in several orders."""


def check_next(m):
    """Half are pairs as they stand (label 0), half from elsewhere (label 1)."""
    pairs = m.next_sentence_pairs(documents(), rng())
    assert len(pairs) == 60 * 9
    for i, pair in enumerate(pairs):
        here, place = divmod(i, 9)
        assert pair.first == [here, place]
        if pair.label == 0:
            assert pair.second == [here, place + 1]
        else:
            assert pair.second[0] != here, "out of the same document"
    assert_share(sum(p.label for p in pairs), len(pairs), 0.5)
    few = m.next_sentence_pairs(documents(), rng(), negative_share=0.1)
    assert_share(sum(p.label for p in few), len(pairs), 0.1)


def check_next_never_follows(m):
    """A sentence may stand in many documents: what follows it in any is no negative."""
    follows = {
        pair
        for document in REPEATING
        for pair in zip(document, document[1:], strict=False)
    }
    assert len(follows) < 8 * 7
    for seed in range(5):
        for pair in m.next_sentence_pairs(REPEATING, rng(seed)):
            assert ((pair.first, pair.second) in follows) == (pair.label == 0)


def check_openings(m):
    """No document's first sentence is a second one: only a negative could be."""
    pairs = m.next_sentence_pairs(documents(40, 3), rng())
    assert {p.second[1] for p in pairs if p.label} == {1, 2}
    negatives = [p for p in pairs if p.label]
    assert_share(sum(p.second[1] == 1 for p in negatives), len(negatives), 0.5)


def check_rare_negatives(m):
    """Where nearly all sentences follow, the one that doesn't is found; or an error."""
    many = [["a", "b"]] * 60 + [["x", "c"]]
    pairs = m.next_sentence_pairs(many, rng())
    found = {p.second for p in pairs if p.first == "a" and p.label}
    assert found == {"c"}
    for none in (documents(1), [["a", "b"], ["c", "b"]]):
        try:
            m.next_sentence_pairs(none, rng(), negative_share=1.0)
        except ValueError as error:
            assert "no negative for" in str(error)
        else:
            raise AssertionError("a negative was found where there is none")


def check_order(m):
    """Neighbours of one document, in order (0) or swapped (1)."""
    pairs = m.sentence_order_pairs(documents(), rng())
    assert len(pairs) == 60 * 9
    for pair in pairs:
        (one, first), (other, second) = pair.first, pair.second
        assert one == other and second - first == (-1 if pair.label else 1)
    assert_share(sum(p.label for p in pairs), len(pairs), 0.5)


def check_order_is_clear(m):
    """Two that stand in the other order elsewhere, or are the same, are no pair."""
    twice = [["a", "b", "c", "c", "d"], ["x", "b", "a", "y"]]
    for seed in range(5):
        pairs = m.sentence_order_pairs(twice, rng(seed))
        found = {tuple(sorted((p.first, p.second))) for p in pairs}
        assert found == {("b", "c"), ("c", "d"), ("b", "x"), ("a", "y")}


def check_seed(m):
    for make in (m.next_sentence_pairs, m.sentence_order_pairs):
        first, again, other = (make(documents(6), rng(s)) for s in (1, 1, 2))
        plain = [
            [(p.first, p.second, p.label) for p in x] for x in (first, again, other)
        ]
        assert plain[0] == plain[1] != plain[2]


CHECKS = [
    check_next,
    check_next_never_follows,
    check_openings,
    check_rare_negatives,
    check_order,
    check_order_is_clear,
    check_seed,
]


@pytest.mark.parametrize("check", CHECKS)
def test_right(check):
    check(next_sentence)


@pytest.mark.parametrize(
    ("check", "right", "wrong"),
    [
        (check_next, "there != here and", ""),
        (check_next, "pairs.append(Pair(first, second, 0))", "pass"),
        (check_next, "(Pair(first, second, 0))", "(Pair(first, second, 1))"),
        (check_next, "if not _chance(negative_share, rng)", "if not _chance(0.5, rng)"),
        (check_next_never_follows, "and _key(second) not in follows[_key(first)]", ""),
        (
            check_next_never_follows,
            "found.setdefault(_key(first), set()).add(_key(second))",
            "found[_key(first)] = {_key(second)}  # the last only",
        ),
        (check_openings, "for s in document[1:]]", "for s in document]"),
        (check_openings, "for s in document[1:]]", "for s in document[1:2]]"),
        (check_rare_negatives, "drawn = left[_below(len(left), rng)]", ""),
        (check_order, "Pair(second, first, 1) if", "Pair(second, first, 0) if"),
        (check_order, "Pair(second, first, 1) if", "Pair(first, second, 1) if"),
        (check_order_is_clear, "in follows.get(_key(second), ()):", "in ():"),
        (check_seed, "torch.rand((), generator=rng)", "torch.rand(())"),
        (check_seed, "(count, (), generator=rng)", "(count, ())"),
    ],
)
def test_wrong(check, right, wrong):
    assert_caught(check, next_sentence, right, wrong)


def losses(name):
    """transformers' pre-training loss and ours, of the same logits and labels."""
    torch.manual_seed(0)
    sizes = {"vocab_size": 23, "hidden_size": 12, "num_hidden_layers": 1}
    sizes |= {"num_attention_heads": 2, "intermediate_size": 8}
    config = getattr(transformers, f"{name}Config")(**sizes)
    model = getattr(transformers, f"{name}ForPreTraining")(config).eval()
    ids, labels = torch.randint(23, (3, 7)), torch.full((3, 7), IGNORED)
    labels[:, 2:4] = ids[:, 2:4]
    pairs = torch.tensor([0, 1, 1])
    pair = {"Bert": "next_sentence_label", "Albert": "sentence_order_label"}[name]
    found = model(input_ids=ids, labels=labels, **{pair: pairs})
    logits = found.get("seq_relationship_logits", found.get("sop_logits"))
    return found, (found.prediction_logits, labels, logits, pairs)


@pytest.mark.parametrize("name", ["Bert", "Albert"])
def test_loss_equals_transformers(name):
    theirs, inputs = losses(name)
    ours = next_sentence.pair_pre_training_loss(*inputs)
    assert (ours - theirs.loss).abs() < 1e-6
    prediction, labels, logits, pairs = inputs
    masked_only = next_sentence.pair_pre_training_loss(
        prediction[labels != IGNORED], *inputs[1:]
    )
    assert (masked_only - theirs.loss).abs() < 1e-6
    swapped = next_sentence.pair_pre_training_loss(*inputs[:3], 1 - pairs)
    assert (swapped - theirs.loss).abs() > 1e-4


def test_a_document_of_one_sentence_has_no_pair():
    assert next_sentence.next_sentence_pairs([["a"], []]) == []
    pairs = next_sentence.sentence_order_pairs([["a", "b"]], negative_share=0.0)
    assert pairs == [Pair("a", "b", 0)]


def test_bad_input_says_what_is_wrong():
    with pytest.raises(ValueError, match="negative_share must be between 0 and 1"):
        next_sentence.next_sentence_pairs(documents(), negative_share=-1)
    with pytest.raises(ValueError, match=r"no negative for \[0, \d\]: of 1 documents"):
        next_sentence.next_sentence_pairs(documents(1), negative_share=1)
