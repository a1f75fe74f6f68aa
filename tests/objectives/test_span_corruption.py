"""T5's spans: the paper's figure, its lengths, and every text put back together."""

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import given, settings
from objectives.mutant import assert_caught, assert_share

from utils.objectives import span_corruption

SENTINELS = [*range(999, 899, -1)]
END = 1


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def check_figure(m):
    """Figure 2: Thank you for inviting me to your party last week ."""
    words = ["Thank", "you", "for", "inviting", "me", "to", "your", "party"]
    words += ["last", "week", "."]
    ids = torch.arange(10, 21)[None]
    noise = torch.tensor([[w in ("for", "inviting", "last") for w in words]])
    names = ["<X>", "<Y>", "<Z>"]
    signs = dict(zip(ids[0].tolist(), words, strict=True))
    signs |= dict(zip(SENTINELS[:3], names, strict=True)) | {END: "</s>"}
    found = m.replace_spans(ids, noise, SENTINELS, END)
    source, target = (" ".join(signs[i] for i in row[0].tolist()) for row in found)
    assert source == "Thank you <X> me to your party <Y> week . </s>"
    assert target == "<X> for inviting <Y> last <Z> </s>"
    # At the edges: a span first, and one last, after which no text goes on.
    edges = torch.zeros(1, 11, dtype=torch.bool)
    edges[0, [0, -2, -1]] = True
    found = m.replace_spans(ids, edges, SENTINELS)
    source, target = (" ".join(signs[i] for i in row[0].tolist()) for row in found)
    assert source == "<X> you for inviting me to your party last <Y>"
    assert target == "<X> Thank <Y> week ."


def check_counts(m):
    """15 % of the tokens in spans of three in the mean, the same in every row."""
    noise = m.noise_mask(300, 200, rng())
    assert (noise.sum(1) == 30).all()
    starts = noise[:, 1:] & ~noise[:, :-1]
    assert (starts.sum(1) == 10).all()
    assert not noise[:, 0].any() and noise[:, -1].all()  # as T5's code has it
    lengths = m.noise_mask(50, 200, rng(), share=0.5, mean_length=5.0)
    assert (lengths.sum(1) == 100).all()
    assert ((lengths[:, 1:] & ~lengths[:, :-1]).sum(1) == 20).all()
    crowded = m.noise_mask(50, 20, rng(), share=0.9, mean_length=1.0)
    assert (crowded.sum(1) == 18).all()


def check_cuts(m):
    """Four corrupted tokens in two spans: 1 + 3, 2 + 2 and 3 + 1 as often; and so the
    clean ones."""
    noise = m.noise_mask(9000, 9, rng(), share=4 / 9, mean_length=2.0)
    last = noise.flip(1).long().cumprod(1).sum(1)  # the second span's length
    first = (~noise).long().cumprod(1).sum(1)  # the first clean part's
    for length in (1, 2, 3):
        assert_share(last == length, 9000, 1 / 3)
    for length in (1, 2, 3, 4):
        assert_share(first == length, 9000, 1 / 4)
    both = (last == 1) & (first == 1)
    assert_share(both, 9000, 1 / 12)  # drawn apart from one another
    assert torch.equal(noise, m.noise_mask(9000, 9, rng(), share=4 / 9, mean_length=2))


def check_restored(m):
    ids = torch.randint(10, 800, (20, 120), generator=rng(7))
    found = m.corrupt_spans(ids, sentinels=SENTINELS, end_id=END, rng=rng())
    assert found.input_ids.shape == (20, 120 - 18 + 6 + 1)
    assert found.labels.shape == (20, 18 + 6 + 1)
    assert tuple(x.shape[1] for x in found) == m.corrupted_lengths(120)
    for row in range(20):
        source, target = found.input_ids[row].tolist(), found.labels[row].tolist()
        for side in (source, target):
            assert [i for i in side if i > 899] == SENTINELS[:6]
        assert m.restore(source, target[:-1], SENTINELS) == [*ids[row].tolist(), END]


def check_lengths(m):
    """512 and 114 out of 568 tokens (§3.1.4 gives about 114 for targets)."""
    assert m.text_length(512) == 568
    assert m.corrupted_lengths(568) == (512, 114)
    found = m.corrupt_spans(
        torch.full((2, 568), 7), sentinels=SENTINELS, end_id=END, rng=rng()
    )
    assert (found.input_ids.shape, found.labels.shape) == ((2, 512), (2, 114))
    assert m.corrupted_lengths(569)[0] > 512


CHECKS = [check_figure, check_counts, check_cuts, check_restored, check_lengths]


@pytest.mark.parametrize("check", CHECKS)
def test_right(check):
    check(span_corruption)


@pytest.mark.parametrize(
    ("check", "right", "wrong"),
    [
        # The same sentinel for all holes, which is BART's mask.
        (check_figure, "(starts.cumsum(1) - 1).clamp(min=0)", "starts.long() * 0"),
        (check_figure, "starts[:, -1:] = (number > 0) & ~noise[:, -1:]", "pass"),
        (check_figure, "(number > 0) & ~noise[:, -1:]", "number > 0"),
        (check_figure, "noise & ~before[:, :-1]", "noise & before[:, :-1]"),
        (check_figure, "~noise | starts[:, :-1]", "~noise"),
        (check_counts, "round(length * share)", "round(length * share) - 1"),
        (check_counts, "round(tokens / mean_length)", "round(tokens / 2)"),
        (check_counts, "right=True) % 2 == 1", "right=True) % 2 == 0"),
        (check_counts, "right=True)", "right=False)"),
        (check_counts, "1 + order[:, : spans - 1]", "order[:, : spans - 1]"),
        (check_cuts, "batch, items - 1, generator=rng", "batch, items - 1"),
        (
            check_cuts,
            "torch.rand(batch, items - 1, generator=rng, device=device).argsort(1)",
            "torch.arange(items - 1).expand(batch, -1)",
        ),
        (
            check_cuts,
            "1 + order[:, : spans",
            "1 + order[:1].expand(batch, -1)[:, : spans",
        ),
        (check_restored, "(starts.cumsum(1) - 1)", "(starts.cumsum(1) - 2)"),
        (check_restored, "stack([name, padded], 2)", "stack([padded, name], 2)"),
        (check_restored, "text += spans.get(token, [])", "text += []"),
        (check_lengths, "length - tokens + spans + 1,", "length - tokens + spans,"),
        (check_lengths, "tokens + spans + 1\n\n", "tokens + spans + 2\n\n"),
    ],
)
def test_wrong(check, right, wrong):
    assert_caught(check, span_corruption, right, wrong)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 50), st.booleans()), min_size=1, max_size=40),
)
def test_any_text_comes_back_from_any_spans(tokens):
    ids = torch.tensor([[token for token, _ in tokens]])
    noise = torch.tensor([[corrupted for _, corrupted in tokens]])
    found = span_corruption.replace_spans(ids, noise, SENTINELS)
    source, target = found.input_ids[0].tolist(), found.labels[0].tolist()
    assert span_corruption.restore(source, target, SENTINELS) == ids[0].tolist()
    assert len(set(target) & set(SENTINELS)) == sum(t in SENTINELS for t in target)


@settings(max_examples=60, deadline=None)
@given(
    length=st.integers(2, 90),
    share=st.floats(0, 1),
    mean=st.floats(1, 9),
    seed=st.integers(0, 2**32),
)
def test_any_share_and_length(length, share, mean, seed):
    ids = torch.arange(length).expand(3, -1)
    found = span_corruption.corrupt_spans(
        ids, sentinels=SENTINELS, rng=rng(seed), share=share, mean_length=mean
    )
    for source, target in zip(*found, strict=True):
        text = span_corruption.restore(source.tolist(), target.tolist(), SENTINELS)
        assert text == ids[0].tolist()


def test_bad_input_says_what_is_wrong():
    ids = torch.arange(40)[None]
    with pytest.raises(ValueError, match="2 sentinels are needed, there are 1"):
        span_corruption.corrupt_spans(ids, sentinels=[99])
    with pytest.raises(ValueError, match="the text has a sentinel in it"):
        span_corruption.corrupt_spans(ids, sentinels=[99, 98, 5])
    with pytest.raises(ValueError, match="length must be at least 2"):
        span_corruption.corrupt_spans(ids[:, :1], sentinels=SENTINELS)
    with pytest.raises(ValueError, match="no text fits an input of 2"):
        span_corruption.text_length(2)
    noise = torch.zeros(2, 40, dtype=torch.bool)
    noise[0, 3:5] = noise[1, 7] = True
    with pytest.raises(ValueError, match=r"the rows' inputs have \[39, 40\] tokens"):
        span_corruption.replace_spans(ids.expand(2, -1), noise, SENTINELS)
