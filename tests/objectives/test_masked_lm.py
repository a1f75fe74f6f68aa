"""Whom BERT's masks choose and what becomes of them; seed for seed as transformers."""

import hypothesis.strategies as st
import pytest
import torch
import transformers
from hypothesis import given, settings
from objectives.mutant import assert_caught, assert_share

from utils.objectives import masked_lm
from utils.objectives.language_modeling import IGNORED
from utils.pretrained import minilm

CLS, SEP, MASK, PAD, VOCABULARY = 1, 2, 3, 0, 5000
OPTIONS = {"special_ids": (PAD, CLS, SEP), "mask_id": MASK, "vocabulary": VOCABULARY}


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def batch(rows=500, time=100):
    """[CLS] words [SEP] words [SEP] and, in the second half of the rows, padding."""
    ids = torch.randint(4, VOCABULARY, (rows, time), generator=rng(9))
    ids[:, 0] = CLS
    ids[:, [40, time - 1]] = SEP
    ids[rows // 2 :, 79] = SEP
    ids[rows // 2 :, 80:] = PAD
    return ids


def check_shares(m):
    """15 % chosen; of these 80 % [MASK], 10 % random, 10 % as they were."""
    ids = batch()
    found = m.mask_tokens(ids, rng=rng(), **OPTIONS)
    chosen, hidden = found.labels != IGNORED, found.input_ids
    assert_share(chosen, ids > 3, 0.15)
    one = 1 / VOCABULARY  # a random token may be [MASK], or the same
    assert_share(chosen & (hidden == MASK), chosen, 0.8 + 0.1 * one)
    assert_share(chosen & (hidden == ids), chosen, 0.1 + 0.1 * one)
    other = m.mask_tokens(
        ids, rng=rng(), share=0.4, mask_share=0.5, random_share=0.5, **OPTIONS
    )
    chosen = other.labels != IGNORED
    assert_share(chosen, ids > 3, 0.4)
    assert_share(chosen & (other.input_ids == ids), chosen, 0.5 * one)


def check_random_tokens(m):
    """Every token of the vocabulary is as likely, the first and the last too."""
    ids = torch.full((300, 300), 5)
    found = m.mask_tokens(
        ids,
        special_ids=(),
        mask_id=0,
        vocabulary=10,
        rng=rng(),
        share=1.0,
        mask_share=0.0,
        random_share=1.0,
    )
    for token in range(10):
        assert_share(found.input_ids == token, ids.numel(), 0.1)


def check_labels(m):
    ids = batch()
    before = ids.clone()
    found = m.mask_tokens(ids, rng=rng(), **OPTIONS)
    chosen = found.labels != IGNORED
    assert torch.equal(ids, before), "the ids given were changed"
    assert chosen.any() and not chosen.all()
    assert torch.equal(found.labels[chosen], ids[chosen])
    assert torch.equal(found.input_ids[~chosen], ids[~chosen])
    assert torch.equal(found.chosen, chosen)


def check_special(m):
    """Nothing special is ever chosen, at any share."""
    ids = batch(40)
    special = ids < 3
    for share in (0.15, 0.9, 1.0):
        found = m.mask_tokens(ids, rng=rng(), share=share, **OPTIONS)
        assert (found.labels[special] == IGNORED).all()
        assert torch.equal(found.input_ids[special], ids[special])
    assert (found.labels[~special] != IGNORED).all()


def check_dynamic(m):
    """A seed repeats; the next call with the same generator chooses anew."""
    ids, same, again = batch(8), rng(3), rng(3)
    first, second = (m.mask_tokens(ids, rng=same, **OPTIONS) for _ in range(2))
    repeated = m.mask_tokens(ids, rng=again, **OPTIONS)
    assert torch.equal(first.input_ids, repeated.input_ids)
    assert torch.equal(first.labels, repeated.labels)
    assert not torch.equal(first.labels, second.labels)


def words():
    """Words of 1, 2 and 3 pieces in two segments that both count from 0; two loose
    tokens that are no word's."""
    sizes = [1, 2, 3] * 5
    one = [i for i, size in enumerate(sizes) for _ in range(size)]
    row = [-1, *one, -1, *one, -1, -1, -1]
    ids = torch.full((1000, len(row)), 7)
    ids[:, 0], ids[:, [31, 62]] = CLS, SEP  # two tokens at the end are loose
    return ids, torch.tensor(row).expand(ids.shape)


def check_words(m):
    """All of a word or none of it; long words no more often than short ones."""
    ids, word_ids = words()
    found = m.mask_tokens(ids, word_ids=word_ids, rng=rng(), **OPTIONS)
    chosen = found.labels != IGNORED
    for segment in (slice(1, 31), slice(32, 62)):
        for word in range(15):
            pieces = chosen[:, segment][:, word_ids[0, segment] == word]
            assert (pieces.any(1) == pieces.all(1)).all(), f"word {word} is torn"
            assert_share(pieces.all(1), 1000, 0.15)
    assert not torch.equal(chosen[:, 1:31], chosen[:, 32:62])
    loose = chosen[:, 63:]
    assert_share(loose, loose.numel(), 0.15)
    assert not torch.equal(loose[:, 0], loose[:, 1])


def check_equals_transformers(m):
    """The collator with the same seed chooses and replaces the same tokens."""
    tokenizer = minilm.tokenizer()
    sentences = [
        "He went to the bank to deposit money.",
        "Unquestionably, pretraining transformers necessitates tokenisation.",
    ] * 20
    rows = tokenizer(sentences, return_offsets_mapping=True, padding=True)
    ids = torch.tensor(rows["input_ids"])
    special = tokenizer.all_special_ids
    options = {"mask_id": tokenizer.mask_token_id, "vocabulary": len(tokenizer)}
    for words in (False, True):
        shares = {"mask_share": 1.0, "random_share": 0.0} if words else {}
        collator = transformers.DataCollatorForLanguageModeling(
            tokenizer,
            seed=5,
            whole_word_mask=words,
            mask_replace_prob=1.0 if words else 0.8,
            random_replace_prob=0.0 if words else 0.1,
        )
        names = ("input_ids", "attention_mask", "offset_mapping")
        features = [
            {name: rows[name][i] for name in names[: 3 if words else 2]}
            | {"special_tokens_mask": [int(t in special) for t in row]}
            for i, row in enumerate(ids.tolist())
        ]
        theirs = collator(features)
        # The collator's words are what stands without a gap in the text.
        offsets = torch.tensor(rows["offset_mapping"])
        gap = torch.ones_like(ids, dtype=torch.bool)
        gap[:, 1:] = offsets[:, 1:, 0] != offsets[:, :-1, 1]
        ours = m.mask_tokens(
            ids,
            special_ids=special,
            rng=rng(5),
            word_ids=gap.cumsum(1) if words else None,
            **options,
            **shares,
        )
        assert (ours.labels != IGNORED).sum() > 30
        assert torch.equal(ours.input_ids, theirs["input_ids"])
        assert torch.equal(ours.labels, theirs["labels"])


CHECKS = [
    check_shares,
    check_random_tokens,
    check_labels,
    check_special,
    check_dynamic,
    check_words,
    check_equals_transformers,
]


@pytest.mark.parametrize("check", CHECKS)
def test_right(check):
    check(masked_lm)


@pytest.mark.parametrize(
    ("check", "right", "wrong"),
    [
        (check_shares, "random_share / (1 - mask_share)", "random_share"),
        (check_shares, "replaced = draw(", "replaced = True | draw("),
        (check_shares, " & ~masked", ""),
        (check_shares, "share * allowed.float()", "share / 2 * allowed.float()"),
        (
            check_random_tokens,
            "torch.randint(vocabulary,",
            "torch.randint(1, vocabulary,",
        ),
        (
            check_random_tokens,
            "torch.randint(vocabulary,",
            "torch.randint(vocabulary - 1,",
        ),
        (check_labels, "labels = ids.masked_fill(~chosen, IGNORED)", "labels = ids"),
        (
            check_labels,
            "return MaskedTokens(hidden, labels)",
            "return MaskedTokens(hidden, hidden.masked_fill(~chosen, IGNORED))",
        ),
        (check_labels, "hidden = ids.masked_fill(", "hidden = ids.masked_fill_("),
        (check_labels, "return chosen & (drawn", "return (drawn"),
        (check_special, "share * allowed.float()", "allowed.float() * 0 + share"),
        (check_dynamic, "(chances, generator=rng)", "(chances)"),
        (check_dynamic, "(shares, generator=rng)", "(shares)"),
        (
            check_dynamic,
            "(chances, generator=rng)",
            "(chances, generator=torch.Generator().manual_seed(0))",
        ),
        (check_words, "chosen.gather(1, starts) & allowed", "chosen"),
        (check_words, " | (words[:, 1:] < 0)", ""),
        (check_words, ".cummax(1).values", ""),
        (check_equals_transformers, " & ~masked", ""),
        (check_equals_transformers, "chosen.gather(1, starts) & allowed", "chosen"),
    ],
)
def test_wrong(check, right, wrong):
    assert_caught(check, masked_lm, right, wrong)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.lists(st.integers(0, 20), min_size=6, max_size=6), min_size=1, max_size=5
    ),
    special=st.sets(st.integers(0, 20), max_size=6),
    share=st.floats(0, 1),
    mask_share=st.floats(0, 1),
    seed=st.integers(0, 2**32),
)
def test_invariants(rows, special, share, mask_share, seed):
    ids = torch.tensor(rows)
    found = masked_lm.mask_tokens(
        ids,
        special_ids=special,
        mask_id=20,
        vocabulary=21,
        rng=rng(seed),
        share=share,
        mask_share=mask_share,
        random_share=1 - mask_share,
    )
    assert not torch.isin(ids[found.chosen], torch.tensor(sorted(special))).any()
    assert torch.equal(torch.where(found.chosen, found.labels, ids), ids)
    assert torch.equal(torch.where(found.chosen, ids, found.input_ids), ids)


def test_shares_may_be_whole_numbers():
    ids = batch(20)
    found = masked_lm.mask_tokens(
        ids, rng=rng(), mask_share=1, random_share=0, **OPTIONS
    )
    same = masked_lm.mask_tokens(
        ids, rng=rng(), mask_share=1.0, random_share=0.0, **OPTIONS
    )
    assert torch.equal(found.input_ids, same.input_ids)
    assert (found.input_ids[found.chosen] == MASK).all()


def test_bad_input_says_what_is_wrong():
    ids = batch(2)
    with pytest.raises(ValueError, match="share must be between 0 and 1, was 1.5"):
        masked_lm.mask_tokens(ids, share=1.5, **OPTIONS)
    with pytest.raises(ValueError, match="at most 1 together, were 0.8 and 0.3"):
        masked_lm.mask_tokens(ids, random_share=0.3, **OPTIONS)
    with pytest.raises(ValueError, match="mask_id 5000 is outside the vocabulary"):
        masked_lm.mask_tokens(ids, **OPTIONS | {"mask_id": VOCABULARY})
    with pytest.raises(ValueError, match=r"must be \(batch, time\), were \(100,\)"):
        masked_lm.mask_tokens(ids[0], **OPTIONS)
    with pytest.raises(ValueError, match=r"word_ids must be \(2, 100\)"):
        masked_lm.mask_tokens(ids, word_ids=ids[:, 1:], **OPTIONS)
