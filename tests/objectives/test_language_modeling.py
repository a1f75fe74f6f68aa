"""Labels and cross-entropy, against transformers' and by hand."""

import math

import pytest
import torch
import transformers
from objectives.mutant import assert_caught
from torch.nn import functional as F

from utils.objectives import language_modeling
from utils.objectives.language_modeling import IGNORED, causal_labels, token_loss

IDS = torch.tensor([[5, 6, 7, 8, 2], [9, 4, 2, 2, 2]])
MASK = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])


def logits(*shape, seed=0):
    return torch.randn(*shape, 11, generator=torch.manual_seed(seed)).double()


def check_loss(m):
    """Cross-entropy where there is a label, however the logits are given."""
    scores, labels = logits(2, 5), IDS.masked_fill(IDS == 6, IGNORED)
    chances = scores.softmax(-1)
    each = [
        -chances[b, t, labels[b, t]].log()
        for b in range(2)
        for t in range(5)
        if labels[b, t] != IGNORED
    ]
    expected = sum(each) / 9
    chosen = labels != IGNORED
    assert torch.allclose(m.token_loss(scores, labels), expected, rtol=1e-12)
    assert torch.allclose(m.token_loss(scores[chosen], labels), expected, rtol=1e-12)
    both = m.token_loss(scores, labels, reduction="sum")
    assert torch.allclose(both, 9 * expected, rtol=1e-12)
    smooth = m.token_loss(scores, labels, label_smoothing=0.1)
    even = -chances.log().mean(-1)[chosen].mean()
    assert torch.allclose(smooth, 0.9 * expected + 0.1 * even, rtol=1e-12)


def check_nothing_labelled(m):
    """A short row may have no mask: its loss is 0 and so is its gradient, not nan."""
    scores = logits(2, 5).requires_grad_()
    loss = m.token_loss(scores, torch.full((2, 5), IGNORED))
    loss.backward()
    assert loss == 0 and (scores.grad == 0).all()


def check_labels(m):
    assert m.causal_labels(IDS, MASK).tolist() == [
        [5, 6, 7, 8, 2],
        [9, 4, 2, -100, -100],
    ]
    left = m.causal_labels(IDS.flip(1), MASK.flip(1), torch.tensor([2, 1]))
    assert left.tolist() == [[-100, -100, 7, 6, 5], [-100, -100, -100, 4, 9]]
    right = m.causal_labels(IDS, MASK, torch.tensor([0, 2]))
    assert right.tolist() == [[5, 6, 7, 8, 2], [-100, -100, 2, -100, -100]]
    assert m.causal_labels(IDS).tolist() == IDS.tolist()


def check_causal_loss(m):
    """Equal to the loss that transformers' GPT-2 gives with the same labels."""
    torch.manual_seed(0)
    config = transformers.GPT2Config(
        vocab_size=11, n_positions=8, n_embd=8, n_layer=1, n_head=2
    )
    model = transformers.GPT2LMHeadModel(config).double().eval()
    labels = causal_labels(IDS, MASK, torch.tensor([1, 0]))
    theirs = model(input_ids=IDS, attention_mask=MASK, labels=labels)
    ours = m.causal_loss(theirs.logits, labels)
    assert (ours - theirs.loss).abs() < 1e-6  # theirs is cast to float32


CHECKS = [check_loss, check_nothing_labelled, check_labels, check_causal_loss]


@pytest.mark.parametrize("check", CHECKS)
def test_right(check):
    check(language_modeling)


@pytest.mark.parametrize(
    ("check", "right", "wrong"),
    [
        (check_loss, "scored.sum().clamp(min=1)", "labels.numel()"),
        (check_loss, "labels[scored]", "labels.flatten()[: len(logits)]"),
        (check_loss, "label_smoothing=label_smoothing,", ""),
        (check_nothing_labelled, ".clamp(min=1)", ""),
        (check_labels, "> prompt_lengths", ">= prompt_lengths"),
        (check_labels, "attention_mask.cumsum(1)", "attention_mask.cumsum(1) * 0 + 1"),
        (check_labels, "~scored, IGNORED", "input_ids == 2, IGNORED"),
        (check_causal_loss, "labels[:, 1:]", "labels[:, :-1]"),
        (check_causal_loss, "labels[:, 1:], (0, 1)", "labels, (0, 0)"),
    ],
)
def test_wrong(check, right, wrong):
    assert_caught(check, language_modeling, right, wrong)


def test_accumulated_sums_equal_the_large_batch():
    """Means of micro-batches would give short ones too much weight."""
    scores, labels = 3 * logits(6), torch.tensor([1, IGNORED, IGNORED, 3, 4, 5])
    parts = [
        token_loss(scores[part], labels[part], reduction="sum")
        for part in (slice(0, 3), slice(3, 6))
    ]
    whole = token_loss(scores, labels)
    assert torch.allclose(sum(parts) / (labels != IGNORED).sum(), whole)
    means = [token_loss(scores[:3], labels[:3]), token_loss(scores[3:], labels[3:])]
    assert not torch.allclose(sum(means) / 2, whole, rtol=1e-2)


def test_equal_chances_cost_the_log_of_the_vocabulary():
    loss = token_loss(torch.zeros(3, 7, 11), torch.randint(11, (3, 7)))
    assert math.isclose(loss, math.log(11), rel_tol=1e-6)
    assert math.isclose(loss, F.cross_entropy(torch.zeros(1, 11), torch.tensor([0])))


def test_bad_input_says_what_is_wrong():
    with pytest.raises(ValueError, match=r"logits \(4, 11\) fit neither .* \(2, 5\)"):
        token_loss(logits(4), IDS)
    with pytest.raises(ValueError, match="'mean' or 'sum', was 'none'"):
        token_loss(logits(2, 5), IDS, reduction="none")
    with pytest.raises(ValueError, match="don't fit labels"):
        language_modeling.causal_loss(logits(2, 4), IDS)
