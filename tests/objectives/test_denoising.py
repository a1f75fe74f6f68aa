"""BART's five corruptions: the table, what they keep, and how they are drawn."""

from itertools import permutations, product

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import given, settings
from objectives.mutant import assert_caught, assert_share

from utils.objectives import denoising

SIGNS = "ABCDE._"
STOP, MASK = 5, 6


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def ids(text):
    return torch.tensor([SIGNS.index(sign) for sign in text], dtype=torch.long)


def text(found):
    return "".join(SIGNS[i] for i in found)


def at(document, letters):
    return torch.tensor([sign in letters for sign in document])


def check_table(m):
    """The five rows, each from the choices its explanation names."""
    abc = ids("ABC.DE.")
    assert text(m.mask(abc, at("ABC.DE.", "BD"), MASK)) == "A_C._E."
    assert text(m.delete(abc, at("ABC.DE.", "BD"))) == "AC.E."
    # BC is replaced by one mask, and a span of no token stands between D and E.
    assert text(m.infill(abc, [(1, 2), (5, 0)], MASK)) == "A_.D_E."
    assert text(m.permute_sentences(abc, [1, 0], [STOP])) == "DE.ABC."
    assert text(m.rotate(abc, 2)) == "C.DE.AB"
    # As printed, the first three rows have one full stop more (next test): they are
    # what becomes of A.BC.DE., with the full stop of BC. in the span.
    more = "A.BC.DE."
    assert text(m.mask(ids(more), at(more, "BD"), MASK)) == "A._C._E."
    assert text(m.delete(ids(more), at(more, "BD"))) == "A.C.E."
    assert text(m.infill(ids(more), [(2, 3), (6, 0)], MASK)) == "A._D_E."


def test_three_printed_rows_come_from_no_choice():
    """Every choice there is on ABC.DE. gives something else than the notes print."""
    abc = ids("ABC.DE.")
    chosen = [torch.tensor(c, dtype=torch.bool) for c in product((0, 1), repeat=7)]
    masked = {text(denoising.mask(abc, c, MASK)) for c in chosen}
    deleted = {text(denoising.delete(abc, c)) for c in chosen}
    assert len(masked) == 2**7
    assert "A_C._E." in masked and "A._C._E." not in masked
    assert "AC.E." in deleted and "A.C.E." not in deleted
    spans = [(a, b - a) for a in range(8) for b in range(a, 8)]
    infilled = {
        text(denoising.infill(abc, [one, other], MASK))
        for one, other in product(spans, spans)
        if one[0] + one[1] <= other[0] and one != other
    }
    assert "A_.D_E." in infilled and "A._D_E." not in infilled


def check_infill(m):
    """One mask a span; put its tokens back and the document is as it was."""
    document = torch.arange(10, 60)
    for seed in range(30):
        spans = m.choose_spans(50, rng(seed), share=0.4, mean_length=1.5)
        found = m.infill(document, spans, MASK).tolist()
        assert found.count(MASK) == len(spans)
        assert len(found) == 50 - spans[:, 1].sum() + len(spans)
        cut = iter(sorted(map(tuple, spans.tolist())))
        restored = []
        for token in found:
            if token == MASK:
                start, length = next(cut)
                assert len(restored) == start, "the mask isn't where its span was"
                restored += range(10 + start, 10 + start + length)
            else:
                restored.append(token)
        assert restored == document.tolist()
        shuffled = spans[torch.randperm(len(spans), generator=rng(seed))]
        assert m.infill(document, shuffled, MASK).tolist() == found


def check_spans(m):
    """Poisson lengths, one in twenty empty; the budget to the token; no overlap."""
    spans = m.choose_spans(100_000, rng())
    starts, lengths = spans.unbind(1)
    assert lengths.sum() == 30_000
    chance = torch.distributions.Poisson(3.0)
    for length in range(8):
        share = chance.log_prob(torch.tensor(float(length))).exp().item()
        assert_share(lengths == length, len(spans), share)
    assert (starts[1:] >= (starts + lengths)[:-1]).all()
    assert starts.min() >= 0 and (starts + lengths).max() <= 100_000
    for share, budget in ((0.5, 5), (1.0, 10), (0.0, 0)):
        few = [m.choose_spans(10, rng(seed), share=share) for seed in range(20)]
        assert {int(f[:, 1].sum()) for f in few} == {budget}
        assert all((f[:, 1] > 0).any() or not budget for f in few)
    # The last span is cut, not dropped: here there is one, of two tokens.
    starts = torch.cat(
        [m.choose_spans(4, rng(s), share=0.5, mean_length=99) for s in range(3000)]
    )
    assert (starts[:, 1] == 2).all()
    for place in range(3):
        assert_share(starts[:, 0] == place, 3000, 1 / 3)
    assert torch.equal(spans, m.choose_spans(100_000, rng()))


def check_sentences(m):
    """Each sentence whole, with its stop; what follows the last stop is one too."""
    parts = m.sentences(ids("AB.C.DE"), [STOP])
    assert [text(p) for p in parts] == ["AB.", "C.", "DE"]
    assert [text(p) for p in m.sentences(ids("A.B."), [STOP])] == ["A.", "B."]
    assert [text(p) for p in m.sentences(ids("ABC"), [])] == ["ABC"]
    found = {
        text(m.permute_sentences(ids("AB.C.DE"), order, [STOP]))
        for order in permutations(range(3))
    }
    assert found == {"AB.C.DE", "AB.DEC.", "C.AB.DE", "C.DEAB.", "DEAB.C.", "DEC.AB."}


def check_rotations(m):
    document = ids("ABC.DE.")
    found = [text(m.rotate(document, start)) for start in range(7)]
    assert len(set(found)) == 7
    assert all(rotated in "ABC.DE." * 2 for rotated in found)
    assert all(rotated[0] == "ABC.DE."[i] for i, rotated in enumerate(found))


def check_denoise(m):
    """<s> and </s> stay; the sentences come in any order; 30 % is gone."""
    document = torch.tensor([0, *range(10, 20), STOP, *range(20, 30), STOP, 1])
    before, firsts = document.clone(), []
    for seed in range(200):
        found = m.denoise(
            document, mask_id=MASK, special_ids=(0, 1), stop_ids=(STOP,), rng=rng(seed)
        )
        assert found[0] == 0 and found[-1] == 1
        words = found[(found != MASK) & (found > 1)]
        assert len(words) == 22 - 7
        firsts.append(int(words[words > 9][0] < 20))
    assert torch.equal(document, before)
    assert_share(sum(firsts), 200, 0.5)
    same = [m.denoise(document, mask_id=MASK, rng=rng(1)).tolist() for _ in range(2)]
    assert same[0] == same[1] != m.denoise(document, mask_id=MASK, rng=rng(2)).tolist()


CHECKS = [
    check_table,
    check_infill,
    check_spans,
    check_sentences,
    check_rotations,
    check_denoise,
]


@pytest.mark.parametrize("check", CHECKS)
def test_right(check):
    check(denoising)


@pytest.mark.parametrize(
    ("check", "right", "wrong"),
    [
        (check_table, "ids.roll(-start)", "ids.roll(start)"),
        (check_table, "return ids[~chosen]", "return ids[chosen]"),
        (check_table, "ids.masked_fill(chosen, mask_id)", "ids[~chosen]"),
        # One mask for each token of a span, which is SpanBERT's.
        (
            check_infill,
            "return found[key.argsort(stable=True)]",
            "return ids.masked_fill(inside, mask_id)",
        ),
        # A span of no token is nothing, where it should insert a mask.
        (
            check_infill,
            "    by_start =",
            "    spans = spans[spans[:, 1] > 0]\n    by_start =",
        ),
        (check_infill, "torch.cat([2 * starts,", "torch.cat([2 * starts + 2,"),
        (check_infill, "(spans[:, 0] * (len(ids) + 1) + spans[:, 1])", "spans.sum(1)"),
        (
            check_spans,
            "generator=rng).long()])",
            "generator=rng).long().clamp(min=1)])",
        ),
        (check_spans, "lengths[-1] -= lengths.sum() - budget", "pass"),
        (check_spans, "[:number].sort().values", "[:number]"),
        (check_spans, "lengths.cumsum(0) - lengths,", "lengths.cumsum(0),"),
        (
            check_spans,
            "torch.randperm(length - budget + number, generator=rng, device=device)",
            "torch.arange(length - budget + number)",
        ),
        (check_spans, "means, generator=rng", "means"),
        (check_sentences, ".nonzero()[:, 0] + 1\n", ".nonzero()[:, 0]\n"),
        (check_sentences, "if len(part)]", "if len(part) and part[-1] in stops]"),
        (check_sentences, "found[i] for i in order", "found[i] for i in sorted(order)"),
        (check_rotations, "ids.roll(-start)", "ids.roll(len(ids) // 2)"),
        (check_rotations, "ids.roll(-start)", "ids.roll(-start).flip(0)"),
        (check_denoise, "inner[0], inner[-1] + 1", "0, len(ids)"),
        (check_denoise, "torch.randperm(number, generator=rng", "torch.arange(number"),
        (check_denoise, "len(text), rng, share", "len(text), None, share"),
    ],
)
def test_wrong(check, right, wrong):
    assert_caught(check, denoising, right, wrong)


@settings(max_examples=60, deadline=None)
@given(
    length=st.integers(0, 40),
    share=st.floats(0, 1),
    mean=st.floats(0.2, 9),
    seed=st.integers(0, 2**32),
)
def test_what_is_left_keeps_its_order(length, share, mean, seed):
    document = torch.arange(10, 10 + length)
    options = {"mask_id": MASK, "share": share, "mean_length": mean}
    found = denoising.denoise(document, rng=rng(seed), **options)
    words = found[found != MASK].tolist()
    assert words == sorted(set(words)) and len(words) == length - round(share * length)


def test_bad_input_says_what_is_wrong():
    abc = ids("ABC.DE.")
    with pytest.raises(ValueError, match=r"spans overlap: \[\[1, 3\], \[2, 2\]\]"):
        denoising.infill(abc, [(1, 3), (2, 2)], MASK)
    with pytest.raises(ValueError, match=r"lie in the 7 tokens, were \[\[6, 2\]\]"):
        denoising.infill(abc, [(6, 2)], MASK)
    with pytest.raises(ValueError, match=r"must name 2 sentences, was \[0, 0\]"):
        denoising.permute_sentences(abc, [0, 0], [STOP])
    with pytest.raises(ValueError, match="mean_length must be above 0, was 0"):
        denoising.choose_spans(9, mean_length=0)
    with pytest.raises(ValueError, match=r"one document, were \(1, 7\)"):
        denoising.denoise(abc[None], mask_id=MASK)
    for corrupt in (lambda *a: denoising.mask(*a, MASK), denoising.delete):
        with pytest.raises(TypeError, match="chosen must be boolean, was torch.int64"):
            corrupt(abc, at("ABC.DE.", "BD").long())
