"""Who sees whom under an order: by hand, as transformers, and without a leak."""

import pytest
import torch
import transformers
from objectives.mutant import assert_caught, assert_share

from utils.objectives import permutation_lm
from utils.objectives.language_modeling import IGNORED

PAD, SEP, CLS, MASK, VOCABULARY = 0, 1, 2, 3, 50


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def batch(rows=400, time=60):
    """XLNet's rows end in <sep> <cls>, and are padded on the left."""
    ids = torch.randint(4, VOCABULARY, (rows, time), generator=rng(9))
    ids[:, -2], ids[:, [20, -1]] = SEP, CLS
    ids[: rows // 2, :6] = PAD
    return ids


def permuted(m, ids, seed=0, **options):
    return m.permute_tokens(ids, special_ids=(PAD, SEP, CLS), rng=rng(seed), **options)


def check_by_hand(m):
    """Figure 4's first order, 3 → 2 → 4 → 1, all tokens being targets."""
    rank = torch.tensor([[2, 1, 3, 0]]).argsort(1)
    everything = torch.ones(1, 4, dtype=torch.bool)
    assert m.permutation_mask(rank, everything)[0].tolist() == [
        [1, 0, 0, 0],  # 1, the last, sees 2, 3, 4
        [1, 1, 0, 1],  # 2 sees 3
        [1, 1, 1, 1],  # 3, the first, sees nothing
        [1, 0, 0, 1],  # 4 sees 3 and 2
    ]
    # With partial prediction, 4 and 1 targets: 2 and 3 see each other, not them.
    targets = torch.tensor([[True, False, False, True]])
    assert m.permutation_mask(rank, targets)[0].tolist() == [
        [1, 0, 0, 0],
        [1, 0, 0, 1],
        [1, 0, 0, 1],
        [1, 0, 0, 1],
    ]


class Tokenizer:
    """What transformers' collator asks of one."""

    mask_token, mask_token_id, pad_token, pad_token_id = "<mask>", MASK, "<pad>", PAD
    padding_side = "right"

    def get_special_tokens_mask(self, ids, already_has_special_tokens):
        return [int(i in (SEP, CLS)) for i in ids]


def check_equals_transformers(m):
    """The collator's mask for ordinary tokens, out of its own order and targets."""
    collator = transformers.DataCollatorForPermutationLanguageModeling(Tokenizer())
    ids = torch.randint(4, VOCABULARY, (5, 40), generator=rng())
    orders, shuffle = [], torch.randperm
    torch.manual_seed(0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            torch, "randperm", lambda n: orders.append(shuffle(n)) or orders[-1]
        )
        theirs = collator([row.tolist() for row in ids])
    # It shuffles both halves of a row alike, the first half before the second.
    halves = torch.arange(40).view(2, 20)
    rank = torch.stack([halves[:, order].flatten() for order in orders])
    targets = theirs["labels"] != IGNORED
    assert targets.sum(1).min() > 1
    assert torch.equal(m.permutation_mask(rank, targets), theirs["perm_mask"])
    mapping, labels = m.map_targets(ids, targets)
    for row in range(5):
        assert (
            labels[row][labels[row] != IGNORED].tolist()
            == ids[row][targets[row]].tolist()
        )
    # Its targets are spread as ours are: a sixth, in spans of at most five.
    many = torch.ones(400, 120, dtype=torch.bool)
    torch.manual_seed(0)
    counted = collator([[5] * 120] * 400)["labels"] != IGNORED
    ours = m.choose_targets(many, rng())
    for found in (ours, counted):
        assert abs(found.double().mean() - 1 / 6) < 0.01
    assert abs(ours.sum(1).double().std() - counted.sum(1).double().std()) < 0.5


def check_targets(m):
    """A sixth of the tokens; one span in each context; nothing special."""
    ids = batch()
    found = permuted(m, ids)
    targets = found.target_mapping.bool() & (found.labels != IGNORED)[..., None]
    targets = targets.any(1)
    assert not torch.isin(ids[targets], torch.tensor([PAD, SEP, CLS])).any()
    assert abs(targets.sum() / (ids > 2).sum() - 1 / 6) < 0.01
    all_of_them = m.choose_targets(torch.ones(2, 17, dtype=torch.bool), share=1.0)
    assert all_of_them.all()
    # With spans of one token a context is six tokens: one target in each.
    single = m.choose_targets(torch.ones(3000, 60, dtype=torch.bool), rng(), longest=1)
    assert (single.view(-1, 10, 6).sum(2) == 1).all()
    for place in range(6):
        assert_share(single.view(-1, 6)[:, place], 30_000, 1 / 6)
    # In six tokens there is room for one context.
    short = m.choose_targets(torch.ones(3000, 6, dtype=torch.bool), rng()).sum(1)
    assert short.unique().tolist() == [0, 1, 2, 3, 4, 5]


def check_labels(m):
    ids = batch()
    found = permuted(m, ids)
    assert torch.equal(found.input_ids, ids)
    mapping, labels = found.target_mapping, found.labels
    assert mapping.shape == (*labels.shape, ids.shape[1])
    assert (mapping.sum(2) == 1).all()
    read = (mapping @ ids[:, :, None].float())[..., 0].long()
    scored = labels != IGNORED
    assert scored.any(0).all() and not scored.all()
    assert torch.equal(read[scored], labels[scored])
    # Each target once: no position is scored twice.
    assert ((mapping * scored[..., None]).sum(1) <= 1).all()


def seen(perm_mask, targets, layers=4):
    """Whose tokens reach each target's prediction, through any number of layers.

    The content stream sees what the mask leaves and itself; the query stream the same
    without itself, and only the last step is its.
    """
    free = perm_mask == 0
    content = free | torch.eye(free.shape[1], dtype=torch.bool)
    reach = content
    for _ in range(layers):
        reach = (reach.float() @ content.float()) > 0
    return (free.float() @ reach.float()) > 0


def check_no_leak(m):
    """Through all layers, a target gets the context and earlier targets, no more."""
    ids = batch(40)
    found = permuted(m, ids, share=0.5)
    scored = found.labels != IGNORED
    targets = (found.target_mapping * scored[..., None]).sum(1).bool()
    reach = seen(found.perm_mask, targets)
    itself = torch.eye(ids.shape[1], dtype=torch.bool)
    assert not (reach & itself)[targets].any(), "a target sees itself"
    # Of any two targets of a row exactly one sees the other.
    pairs = targets[:, :, None] & targets[:, None, :] & ~itself
    assert ((reach ^ reach.mT) | ~pairs).all()
    # And all context is seen, by all.
    assert not found.perm_mask.bool()[~targets[:, None, :].expand(reach.shape)].any()


def check_orders(m):
    """Each of two targets comes first half of the time; seeded; rows differ."""
    ids = torch.randint(4, VOCABULARY, (2000, 2), generator=rng())
    found = permuted(m, ids, share=1.0)
    assert_share(found.perm_mask[:, 0, 1] == 0, 2000, 0.5)
    again, other = permuted(m, ids, share=1.0), permuted(m, ids, 1, share=1.0)
    assert torch.equal(found.perm_mask, again.perm_mask)
    assert not torch.equal(found.perm_mask, other.perm_mask)
    first, same = (permuted(m, batch(9)).labels for _ in range(2))
    assert torch.equal(first, same)


CHECKS = [
    check_by_hand,
    check_equals_transformers,
    check_targets,
    check_labels,
    check_no_leak,
    check_orders,
]


@pytest.mark.parametrize("check", CHECKS)
def test_right(check):
    check(permutation_lm)


LESS = "rank[:, :, None] <= rank[:, None, :]"


@pytest.mark.parametrize(
    ("check", "right", "wrong"),
    [
        (check_by_hand, LESS, LESS.replace("<=", "<")),
        (check_by_hand, LESS, LESS.replace("<=", ">=")),
        (check_by_hand, "return hidden.float()", "return 1 - hidden.float()"),
        (check_equals_transformers, LESS, LESS.replace("<=", ">=")),
        (check_equals_transformers, "& targets[:, None, :]", "& targets[:, :, None]"),
        (check_targets, "return targets & allowed", "return targets"),
        (check_targets, "(length / share).round()", "(length / share / 2).round()"),
        (check_targets, "* (context - length + 1)", "* 0"),
        (check_targets, "(position < start + length)", "(position <= start + length)"),
        (check_labels, "positions, ids.shape[1]", "positions.flip(1), ids.shape[1]"),
        (check_labels, "labels.masked_fill(", "labels.clone().masked_fill_(False & "),
        (check_labels, "descending=True", "descending=False"),
        (check_no_leak, LESS, LESS.replace("<=", "<")),
        (check_no_leak, "rank = rank.masked_fill(~targets, -1)", ""),
        (check_no_leak, " & targets[:, None, :]", ""),
        (check_orders, "torch.rand(ids.shape, generator=rng", "torch.rand(ids.shape"),
        (
            check_orders,
            "permutation_mask(rank, targets), m",
            "permutation_mask(rank * 0 + torch.arange(ids.shape[1]), targets), m",
        ),
        (check_orders, "(batch, 1), generator=rng", "(batch, 1), generator=None"),
    ],
)
def test_wrong(check, right, wrong):
    assert_caught(check, permutation_lm, right, wrong)


def test_transformers_collator_would_leak_on_unmasked_input():
    """Its special tokens see targets and are seen by them, which the <mask> in the
    input hides; ours are context, so the input can stay."""
    collator = transformers.DataCollatorForPermutationLanguageModeling(Tokenizer())
    ids = batch(40)[20:]
    torch.manual_seed(0)
    theirs = collator([row.tolist() for row in ids])
    targets = theirs["labels"] != IGNORED
    assert (theirs["input_ids"][targets] == MASK).all()
    itself = torch.eye(ids.shape[1], dtype=torch.bool)
    assert (seen(theirs["perm_mask"], targets) & itself)[targets].any()


def test_transformers_xlnet_sees_what_the_mask_says():
    """Another token at a place that a target may not see leaves its logits alone."""
    torch.manual_seed(0)
    config = transformers.XLNetConfig(
        vocab_size=VOCABULARY, d_model=16, n_layer=3, n_head=2, d_inner=24, dropout=0.0
    )
    model = transformers.XLNetLMHeadModel(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.3)
    ids = torch.tensor([[*range(10, 22), SEP, CLS]])
    found = permuted(permutation_lm, ids, seed=2, share=0.4)
    names = "perm_mask", "target_mapping"
    assert (found.labels != IGNORED).all() and found.labels.shape[1] > 2
    inputs = {name: getattr(found, name) for name in names}

    def logits(ids):
        with torch.no_grad():
            return model(input_ids=ids, **inputs).logits[0]

    before = logits(ids)
    places = found.target_mapping[0].argmax(1)
    for place in range(14):
        changed = ids.clone()
        changed[0, place] = 40
        moved = (logits(changed) - before).abs().amax(1)
        hidden = found.perm_mask[0, places, place].bool()
        assert (moved[hidden] == 0).all() and (moved[~hidden] > 1e-4).all()


def test_a_row_without_targets_is_scored_nowhere():
    ids = torch.tensor([[SEP, CLS, PAD]])
    found = permuted(permutation_lm, ids)
    assert found.labels.tolist() == [[IGNORED]]
    assert found.target_mapping.shape == (1, 1, 3) and not found.perm_mask.any()


def test_bad_input_says_what_is_wrong():
    with pytest.raises(ValueError, match="share must be above 0 .* were 0 and 5"):
        permuted(permutation_lm, batch(2), share=0)
    with pytest.raises(ValueError, match=r"must be \(batch, time\)"):
        permuted(permutation_lm, batch(2)[0])
