"""Each filter equals transformers' logits processor, and does what its name says."""

import pytest
import torch
from transformers.generation import logits_process as theirs

from utils.generation import sampling

torch.manual_seed(0)
LOGITS = 3 * torch.randn(60, 23, dtype=torch.float64)
LOGITS[:20, ::3] = -torch.inf  # as an earlier filter leaves them
IDS = torch.randint(0, 23, (60, 9))  # some come twice

PAIRS = {
    "temperature": (
        sampling.temperature,
        theirs.TemperatureLogitsWarper,
        (0.3, 1.0, 2.5),
    ),
    "top_k": (sampling.top_k, theirs.TopKLogitsWarper, (1, 2, 5, 23, 40)),
    "top_p": (sampling.top_p, theirs.TopPLogitsWarper, (0.001, 0.3, 0.8, 0.99, 1.0)),
    "min_p": (sampling.min_p, theirs.MinPLogitsWarper, (0.0, 0.05, 0.5, 1.0)),
    "repetition_penalty": (
        lambda logits, penalty: sampling.repetition_penalty(logits, IDS, penalty),
        theirs.RepetitionPenaltyLogitsProcessor,
        (0.7, 1.3, 2.0),
    ),
}


def same(name, function) -> bool:
    _, processor, values = PAIRS[name]
    return all(
        torch.equal(function(LOGITS, value), processor(value)(IDS, LOGITS.clone()))
        for value in values
    )


@pytest.mark.parametrize("name", PAIRS)
def test_equals_transformers(name):
    before = LOGITS.clone()
    assert same(name, PAIRS[name][0])
    assert torch.equal(LOGITS, before)


def top_p_without_crossing(logits, p):
    falling, order = logits.sort(descending=True)
    out = falling.softmax(-1).cumsum(-1) > p
    out[..., 0] = False
    return logits.masked_fill(out.scatter(-1, order, out), -torch.inf)


def top_p_unsorted(logits, p):
    out = logits.sort().values.softmax(-1).cumsum(-1) <= 1 - p
    return logits.masked_fill(out, -torch.inf)


def penalty_that_rewards(logits, penalty):
    changed = logits.gather(-1, IDS) / penalty
    return logits.scatter(-1, IDS, changed)


def penalty_for_each_time(logits, penalty):
    logits = logits.clone()
    for column in IDS.split(1, dim=-1):
        logits = sampling.repetition_penalty(logits, column, penalty)
    return logits


WRONG = {
    "temperature that multiplies": ("temperature", lambda x, t: x * t),
    "temperature of probabilities": (
        "temperature",
        lambda x, t: (x.softmax(-1) / t).log(),
    ),
    "one token too many": ("top_k", lambda x, k: sampling.top_k(x, k + 1)),
    "one token too few": ("top_k", lambda x, k: sampling.top_k(x, max(1, k - 1))),
    "the crossing token dropped": ("top_p", top_p_without_crossing),
    "the order not undone": ("top_p", top_p_unsorted),
    "min-p not relative": (
        "min_p",
        lambda x, p: x.masked_fill(x.softmax(-1) < p, -torch.inf),
    ),
    "negative logits divided": ("repetition_penalty", penalty_that_rewards),
    "penalised each time": ("repetition_penalty", penalty_for_each_time),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_mistakes_are_caught(mistake):
    name, function = WRONG[mistake]
    assert not same(name, function)


def test_the_nucleus_reaches_p():
    logits = torch.tensor([[0.09, 0.41, 0.5]]).log()
    assert sampling.top_p(logits, 0.9).isfinite().tolist() == [[False, True, True]]
    for p in (0.2, 0.5, 0.9):
        kept = sampling.top_p(LOGITS, p).isfinite()
        probabilities = LOGITS.softmax(-1)
        mass = (probabilities * kept).sum(-1)
        least = probabilities.masked_fill(~kept, 1).amin(-1)
        assert (mass >= p - 1e-12).all()
        assert (mass - least < p).all()  # and no smaller set does


def test_ties_of_the_last_stay():
    logits = torch.tensor([[1.0, 3.0, 2.0, 2.0]])
    assert sampling.top_k(logits, 2).isfinite().sum() == 3


def test_order_of_temperature_and_nucleus_counts():
    logits = torch.tensor([[3.0, 2.0, 1.0]])
    first = sampling.top_p(sampling.temperature(logits, 0.5), 0.8)
    last = sampling.temperature(sampling.top_p(logits, 0.8), 0.5)
    assert (first.isfinite().sum(), last.isfinite().sum()) == (1, 2)


def test_draws_follow_the_distribution():
    logits = torch.tensor([0.1, 0.2, 0.7]).log().expand(20_000, -1)
    rng = torch.Generator().manual_seed(3)
    counts = sampling.draw(logits, rng)[:, 0].bincount() / len(logits)
    # Four standard deviations of a share of 20,000 draws are below 0.014.
    assert (counts - torch.tensor([0.1, 0.2, 0.7])).abs().max() < 0.014


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("temperature", 0.0, "above 0, was 0.0; for 0 there is greedy"),
        ("top_k", 0, "k must be at least 1, was 0"),
        ("top_p", 0.0, "p must be above 0 and at most 1, was 0.0"),
        ("top_p", 1.1, "was 1.1"),
        ("min_p", -0.1, "p must be between 0 and 1, was -0.1"),
        ("repetition_penalty", 0.0, "penalty must be above 0, was 0.0"),
    ],
)
def test_bad_values_say_what_is_wrong(name, value, message):
    with pytest.raises(ValueError, match=message):
        PAIRS[name][0](LOGITS, value)
