"""SpanBERT's spans: their lengths, their bounds and the pairs that tell them."""

import pytest
import torch
from objectives.mutant import assert_caught, assert_share
from torch.nn import functional as F

from utils.nn.heads import SpanBoundaryHead
from utils.objectives import span_masking
from utils.objectives.language_modeling import IGNORED

CLS, SEP, MASK, PAD, VOCABULARY = 1, 2, 3, 0, 5000
OPTIONS = {"special_ids": (PAD, CLS, SEP), "mask_id": MASK, "vocabulary": VOCABULARY}


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def batch(rows=300, time=130):
    ids = torch.randint(4, VOCABULARY, (rows, time), generator=rng(9))
    ids[:, 0], ids[:, [60, time - 1]] = CLS, SEP
    ids[rows // 2 :, 99], ids[rows // 2 :, 100:] = SEP, PAD
    return ids


def runs(chosen):
    """(row, first, after the last) of each run of True."""
    edges = F.pad(chosen.int(), (1, 1)).diff(dim=1)
    row, first = (edges == 1).nonzero(as_tuple=True)
    last = (edges == -1).nonzero(as_tuple=True)[1]
    return list(zip(row.tolist(), first.tolist(), last.tolist(), strict=True))


def check_lengths(m):
    """Geometric, without the tail beyond 10: 3.8 tokens in the mean (§3.1)."""
    lengths = m.span_lengths(50_000, rng())
    weights = [0.8**k for k in range(10)]
    for k, weight in enumerate(weights):
        assert_share(lengths == k + 1, len(lengths), weight / sum(weights))
    assert abs(lengths.double().mean() - 3.797) < 0.06
    assert m.span_lengths(100, rng(), longest=2).max() == 2


def check_budget(m):
    """15 % of what may be chosen, to the token, row by row; in all of a row's parts."""
    ids = batch()
    chosen = m.choose_spans(ids > 3, rng())
    budget = (0.15 * (ids > 3).sum(1)).round()
    assert (chosen.sum(1) == budget).all()
    few = m.choose_spans(ids > 3, rng(), share=0.001)
    assert (few.sum(1) == 1).all()
    # One token a row, drawn evenly: each of 60 interior positions as often.
    row = torch.ones(30_000, 62, dtype=torch.bool)
    where = m.choose_spans(row, rng(), share=0.001).sum(0)
    assert where[0] == where[-1] == 0
    for count in where[1:-1]:
        assert_share(int(count), 30_000, 1 / 60)


def check_bounds(m):
    """A span is at most 10 long, goes across nothing special and has two neighbours."""
    ids = batch()
    for share in (0.15, 0.6):
        chosen = m.choose_spans(ids > 3, rng(), share=share)
        assert not chosen[ids < 4].any()
        assert max(end - begin for _, begin, end in runs(chosen)) == 10
    whole = m.choose_spans(torch.ones(50, 30, dtype=torch.bool), rng(), share=0.5)
    assert not whole[:, [0, -1]].any()


def check_words(m):
    """Whole words only; the length is counted in words."""
    sizes = [1, 2, 3] * 20
    word = torch.tensor([i for i, size in enumerate(sizes) for _ in range(size)])
    word_ids = word.expand(200, -1)
    allowed = torch.ones_like(word_ids, dtype=torch.bool)
    allowed[:, 7] = False  # in the middle of word 4
    chosen = m.choose_spans(allowed, rng(), word_ids=word_ids)
    assert (chosen.sum(1) <= round(0.15 * 120)).all()
    assert chosen.sum(1).double().mean() > 0.9 * 0.15 * 120
    for number in range(len(sizes)):
        pieces = chosen[:, word == number]
        assert (pieces.any(1) == pieces.all(1)).all(), f"word {number} is torn"
    assert not chosen[:, word == 4].any()
    assert not chosen[:, word == 59].any()  # it reaches the end
    words = max(len(set(word[a:b].tolist())) for _, a, b in runs(chosen))
    tokens = max(b - a for _, a, b in runs(chosen))
    assert words <= 10 < tokens


def check_fates(m):
    """All of a span becomes [MASK], random tokens, or stays; 80, 10, 10 % of spans."""
    ids = batch(2000)
    found = m.mask_spans(ids, rng=rng(), **OPTIONS)
    chosen = found.labels != IGNORED
    assert torch.equal(found.labels[chosen], ids[chosen])
    assert torch.equal(found.input_ids[~chosen], ids[~chosen])
    fates = []
    for row, begin, end in runs(chosen):
        new, old = found.input_ids[row, begin:end], ids[row, begin:end]
        masked, same = new == MASK, new == old
        # A random token may be [MASK], or the same, by chance: hardly two in a span.
        assert masked.all() or same.all() or (masked | same).sum() < 2, (old, new)
        fates.append(0 if masked.all() else 1 if same.all() else 2)
    for fate, share in enumerate((0.8, 0.1, 0.1)):
        hits = sum(f == fate for f in fates)
        assert abs(hits / len(fates) - share) < 5 * (share * 0.9 / len(fates)) ** 0.5


def check_pairs(m):
    chosen = torch.tensor([[0, 1, 1, 0, 0], [0, 0, 1, 0, 0], [0, 1, 1, 1, 0]]).bool()
    pairs = m.boundary_pairs(chosen)
    assert [p.tolist() for p in pairs] == [
        [0, 0, 1, 2, 2, 2],
        [0, 0, 1, 0, 0, 0],
        [3, 3, 3, 4, 4, 4],
        [0, 1, 0, 0, 1, 2],
    ]
    # What the head makes of its hidden states is made of these pairs.
    torch.manual_seed(0)
    head, hidden = SpanBoundaryHead(6, 11), torch.randn(3, 5, 6)
    seen = []
    head.fc1.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    head(hidden, chosen, torch.randn(11, 6))
    sides = hidden[pairs.row, pairs.left], hidden[pairs.row, pairs.right]
    assert torch.equal(seen[0], torch.cat([*sides, head.positions(pairs.place)], 1))


def check_loss(m):
    labels = torch.tensor([[IGNORED, 4, 2, IGNORED]])
    one = torch.randn(2, 7, generator=rng(1))
    other = torch.randn(2, 7, generator=rng(2))
    goal = torch.tensor([4, 2])
    expected = F.cross_entropy(one, goal) + F.cross_entropy(other, goal)
    assert torch.allclose(m.span_loss(one, other, labels), expected)
    assert torch.allclose(
        m.span_loss(one, other, labels, reduction="sum"), 2 * expected
    )


def check_seed(m):
    ids = batch(6)
    first, second = (m.mask_spans(ids, rng=rng(3), **OPTIONS) for _ in range(2))
    assert torch.equal(first.labels, second.labels)
    assert torch.equal(first.input_ids, second.input_ids)
    other = m.mask_spans(ids, rng=rng(4), **OPTIONS)
    assert not torch.equal(first.labels, other.labels)


CHECKS = [
    check_lengths,
    check_budget,
    check_bounds,
    check_words,
    check_fates,
    check_pairs,
    check_loss,
    check_seed,
]


@pytest.mark.parametrize("check", CHECKS)
def test_right(check):
    check(span_masking)


CLIPPED = """weights = torch.ones(10_000)
    u = torch.rand(count, generator=rng).double()
    return (1 + (u.log() / torch.tensor(1 - stop).log()).floor().long()).clamp(
        max=longest
    )
    weights = (1 - stop) ** lengths"""


@pytest.mark.parametrize(
    ("check", "right", "wrong"),
    [
        (check_lengths, "weights = (1 - stop) ** lengths", CLIPPED),
        (check_lengths, "weights = (1 - stop) ** lengths", "weights = lengths * 0 + 1"),
        (check_lengths, "return 1 + torch", "return torch"),
        (check_budget, "cumsum(1) <= left", "cumsum(1) < left + 9"),
        (check_budget, ".round().long()", ".long()"),
        (check_budget, "allowed[:, [0, -1]] = False", "pass"),
        (
            check_budget,
            "torch.multinomial((fits | ~unfinished).float(), 1, generator=rng)",
            "(fits | ~unfinished).long().argmax(1, keepdim=True)",
        ),
        (check_bounds, "(time < start + length", "(time <= start + length"),
        (check_bounds, "span &= (after & ~free).cumsum(1) == 0", "pass"),
        (check_bounds, "free = (size > 0) & ~beside", "free = (size > 0) & ~chosen"),
        (check_bounds, "allowed[:, [0, -1]] = False", "pass"),
        (check_words, '"amin"', '"amax"'),
        (check_words, "word = (starts == time).cumsum(1) - 1", "pass"),
        (check_fates, "starts=word_starts(torch.zeros_like(ids), chosen),", ""),
        (check_fates, "        mask_share=mask_share,", "        mask_share=0.9,"),
        (check_pairs, "time - left - 1", "time - left"),
        (check_pairs, "(row, left, right,", "(row, right, left,"),
        (check_loss, ") + token_loss(", ") + 0 * token_loss("),
        (check_seed, ".float(), 1, generator=rng)", ".float(), 1)"),
        (check_seed, "replacement=True, generator=rng", "replacement=True"),
    ],
)
def test_wrong(check, right, wrong):
    assert_caught(check, span_masking, right, wrong)


def test_rows_too_short_for_a_span_have_none():
    """[CLS] and [SEP] alone, or two tokens: nothing has two neighbours."""
    ids = torch.tensor([[CLS, SEP, PAD], [5, SEP, PAD]])
    found = span_masking.mask_spans(ids, rng=rng(), **OPTIONS)
    assert not found.chosen.any() and torch.equal(found.input_ids, ids)


def test_bad_input_says_what_is_wrong():
    with pytest.raises(ValueError, match="share must be between 0 and 1, was 2"):
        span_masking.choose_spans(torch.ones(2, 9, dtype=torch.bool), share=2)
    with pytest.raises(ValueError, match="a masked span reaches an end"):
        span_masking.boundary_pairs(torch.ones(1, 3, dtype=torch.bool))
