"""ELECTRA's samples, labels and losses, against transformers' two models."""

import pytest
import torch
import transformers
from objectives.mutant import assert_caught, assert_share

from utils.objectives import replaced_token
from utils.objectives.masked_lm import mask_tokens

VOCABULARY = 23


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def check_sample(m):
    """By the generator's own chances, not the likeliest; no gradient, and seeded."""
    logits = torch.tensor([0.5, 0.3, 0.2]).log().expand(20_000, 3).clone()
    logits.requires_grad_()
    found = m.sample(logits, rng())
    for token, share in enumerate((0.5, 0.3, 0.2)):
        assert_share(found == token, 20_000, share)
    assert not found.requires_grad and found.shape == (20_000,)
    assert torch.equal(found, m.sample(logits, rng()))
    assert not torch.equal(found, m.sample(logits, rng(1)))


def check_replace(m):
    """Each sample goes to its own position, and nothing else changes."""
    ids = torch.randint(VOCABULARY, (4, 9), generator=rng())
    chosen = torch.rand(4, 9, generator=rng(1)) < 0.4
    wanted = torch.randint(VOCABULARY, (4, 9), generator=rng(2))
    logits = 100.0 * torch.nn.functional.one_hot(wanted, VOCABULARY)
    before = ids.clone()
    for given in (logits, logits[chosen]):
        found = m.replace_tokens(ids, chosen, given)
        assert torch.equal(found[chosen], wanted[chosen])
        assert torch.equal(found[~chosen], ids[~chosen])
    assert torch.equal(ids, before)


def check_loss(m):
    """Equal to transformers': the generator's on masks, the discriminator's on all
    tokens but padding, a lucky sample being an original."""
    torch.manual_seed(0)
    sizes = {"vocab_size": VOCABULARY, "embedding_size": 8, "hidden_size": 12}
    sizes |= {"num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
    config = transformers.ElectraConfig(**sizes)
    ids = torch.randint(4, VOCABULARY, (6, 9), generator=rng())
    mask = torch.ones_like(ids)
    ids[3:, 6:], mask[3:, 6:] = 0, 0
    batch = mask_tokens(
        ids, special_ids=(0,), mask_id=3, vocabulary=VOCABULARY, rng=rng(), share=0.5,
        mask_share=1.0, random_share=0.0,
    )  # fmt: skip
    inputs = {"attention_mask": mask}
    generator = transformers.ElectraForMaskedLM(config).eval()
    judge = transformers.ElectraForPreTraining(config).eval()
    with torch.no_grad():  # at first all chances are one half, whatever is judged
        for parameter in judge.discriminator_predictions.parameters():
            parameter.normal_()
    filled = generator(input_ids=batch.input_ids, labels=batch.labels, **inputs)
    corrupted = m.replace_tokens(batch.input_ids, batch.chosen, filled.logits, rng())
    replaced = corrupted != ids
    lucky = batch.chosen & ~replaced
    assert lucky.any() and replaced.any()
    judged = judge(input_ids=corrupted, labels=replaced.long(), **inputs)
    for logits in (filled.logits, filled.logits[batch.chosen]):
        loss = m.electra_loss(logits, judged.logits, batch.labels, replaced, mask)
        assert (loss.generator - filled.loss).abs() < 1e-6
        assert (loss.discriminator - judged.loss).abs() < 1e-6
        assert (loss.total - filled.loss - 50 * judged.loss).abs() < 1e-4
    other = m.electra_loss(
        filled.logits, judged.logits, batch.labels, batch.chosen, mask
    )
    assert (other.discriminator - judged.loss).abs() > 1e-4, "lucky samples count"
    unpadded = m.electra_loss(filled.logits, judged.logits, batch.labels, replaced)
    assert (unpadded.discriminator - judged.loss).abs() > 1e-4, "padding counts"


CHECKS = [check_sample, check_replace, check_loss]


@pytest.mark.parametrize("check", CHECKS)
def test_right(check):
    check(replaced_token)


@pytest.mark.parametrize(
    ("check", "right", "wrong"),
    [
        (
            check_sample,
            "torch.multinomial(chances, 1, generator=rng)[:, 0]",
            "chances.argmax(-1)",
        ),
        (check_sample, ".softmax(-1)", ".softmax(0)"),
        (check_sample, ".float().softmax", ".float().div(2).softmax"),
        (check_sample, ", generator=rng)", ")"),
        (check_replace, "logits[chosen]", "logits.flatten(0, 1)[: chosen.sum()]"),
        (check_replace, "input_ids.masked_scatter(", "input_ids.masked_scatter_("),
        (check_replace, "sample(logits, rng))", "sample(logits.flip(0), rng))"),
        (check_loss, "weight: float = 50.0", "weight: float = 1.0"),
        (
            check_loss,
            "(each * judged).sum() / judged.sum()",
            "each.mean() / each[0, 0]",
        ),
        (check_loss, "/ judged.sum().clamp(min=1)", "/ each.numel()"),
        (check_loss, "replaced.to(", "(~replaced).to("),
        (check_loss, "generator + weight * dis", "weight * generator + dis"),
    ],
)
def test_wrong(check, right, wrong):
    assert_caught(check, replaced_token, right, wrong)


def test_the_generator_learns_by_likelihood_only():
    """No gradient comes back from the discriminator through the sample."""
    logits = torch.randn(2, 3, VOCABULARY, requires_grad=True)
    ids, chosen = torch.ones(2, 3, dtype=torch.long), torch.ones(2, 3).bool()
    corrupted = replaced_token.replace_tokens(ids, chosen, logits)
    assert not corrupted.requires_grad
    loss = replaced_token.electra_loss(
        logits, torch.zeros(2, 3, requires_grad=True), ids, corrupted != ids
    )
    whole = torch.autograd.grad(loss.total, logits, retain_graph=True)[0]
    alone = torch.autograd.grad(loss.generator, logits)[0]
    assert torch.equal(whole, alone) and whole.abs().max() > 0


def test_bad_input_says_what_is_wrong():
    ids, chosen = torch.ones(2, 3, dtype=torch.long), torch.ones(2, 3).bool()
    with pytest.raises(
        ValueError, match=r"logits \(5, 23\) fit neither .* the 6 chosen"
    ):
        replaced_token.replace_tokens(ids, chosen, torch.zeros(5, VOCABULARY))
