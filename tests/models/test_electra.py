"""ELECTRA equals transformers' ELECTRA, both models of the pair, and shares tables."""

import pytest
import torch
import transformers
from models import parity
from torch import nn
from torch.nn import functional as F

from utils.models.electra import (
    ELECTRA_BASE,
    ElectraConfig,
    ElectraForMaskedLM,
    ElectraForPreTraining,
    ElectraModel,
    ElectraPreTraining,
)
from utils.nn.attention import SelfAttention
from utils.nn.feed_forward import FeedForward, gelu_tanh
from utils.pretrained import from_hf

SIZES = dict(
    vocab_size=parity.VOCABULARY,
    embedding_size=13,
    hidden_size=30,
    num_hidden_layers=3,
    num_attention_heads=5,
    intermediate_size=41,
    max_position_embeddings=19,
)
CONFIG = transformers.ElectraConfig(**SIZES)
CLASSES = {
    name: getattr(transformers, f"Electra{name}")
    for name in (
        "Model",
        "ForPreTraining",
        "ForMaskedLM",
        "ForSequenceClassification",
        "ForTokenClassification",
        "ForQuestionAnswering",
    )
}


@pytest.fixture
def inputs():
    segments = torch.zeros(parity.BATCH, parity.TIME, dtype=torch.long)
    segments[:, 4:] = 1
    return parity.tokens() | {"token_type_ids": segments}


@pytest.mark.parametrize("name", CLASSES)
def test_equals_transformers(name, inputs):
    parity.assert_equal(CLASSES[name], CONFIG, inputs)


@pytest.mark.parametrize("name", ["ForPreTraining", "ForMaskedLM"])
def test_equal_widths_have_no_projection(name, inputs):
    config = transformers.ElectraConfig(**SIZES | {"embedding_size": 30})
    parity.assert_equal(CLASSES[name], config, inputs)
    names = from_hf(CLASSES[name](config)).state_dict()
    assert not any("projection" in name for name in names)


def test_other_activation(inputs):
    """The discriminator's head has the blocks' activation, the generator's has GELU."""
    config = transformers.ElectraConfig(**SIZES | {"hidden_act": "relu"})
    parity.assert_equal(transformers.ElectraForPreTraining, config, inputs)
    parity.assert_equal(transformers.ElectraForMaskedLM, config, inputs)


def off_by_one(model):
    model.backbone.position_ids = lambda ids, mask: torch.arange(1, 1 + ids.shape[1])


PERTURBATIONS = {
    "no bias in attention": parity.zero_("qkv_proj.bias"),
    "no bias on the projection": parity.zero_("projection.bias"),
    "norms swapped": parity.swap_("norm1", "norm2"),
    "tanh GELU": parity.set_(FeedForward, activation=gelu_tanh),
    "eps 1e-5": parity.set_(nn.LayerNorm, eps=1e-5),
    "no scale": parity.set_(SelfAttention, scale=1.0),
    "positions from 1": off_by_one,
}


def test_wrong_generators_are_caught(inputs):
    parity.assert_caught(
        transformers.ElectraForMaskedLM,
        CONFIG,
        inputs,
        PERTURBATIONS
        | {
            "no bias on the logits": parity.zero_("head.bias"),
            "no norm in the head": lambda m: setattr(m.head, "norm", nn.Identity()),
            "head untied": parity.untie_,
        },
    )


def test_wrong_discriminators_are_caught(inputs):
    parity.assert_caught(
        transformers.ElectraForPreTraining,
        CONFIG,
        inputs,
        PERTURBATIONS
        | {
            "no bias on the score": parity.zero_("head.out_proj.bias"),
            "tanh in the head": lambda m: setattr(m.head, "activation", torch.tanh),
            "no hidden layer": lambda m: setattr(m.head, "dense", nn.Identity()),
        },
    )


def test_wrong_classifiers_are_caught(inputs):
    parity.assert_caught(
        transformers.ElectraForSequenceClassification,
        CONFIG,
        inputs,
        {
            "BERT's tanh": lambda m: setattr(m.head, "activation", torch.tanh),
            "tanh GELU": lambda m: setattr(m.head, "activation", gelu_tanh),
        },
    )


@pytest.fixture
def pair():
    torch.manual_seed(0)
    large = ElectraConfig(97, 32, 2, 4, 48, positions=19, embedding_width=13)
    return ElectraPreTraining(large.generator(1 / 2), large).double().eval()


@pytest.fixture
def corrupted(inputs):
    masked = torch.zeros(parity.BATCH, parity.TIME, dtype=torch.bool)
    masked[0, [1, 4, 5]] = masked[1, [2, 6]] = True
    ids = inputs["input_ids"]
    return ids, inputs | {"input_ids": ids.masked_fill(masked, 2), "masked": masked}


def test_the_pair_shares_its_tables(pair):
    ours, theirs = (m.backbone.embeddings for m in (pair.generator, pair.discriminator))
    for name in ("token", "positions", "segment"):
        assert getattr(ours, name).weight is getattr(theirs, name).weight, name
    assert ours.norm is not theirs.norm
    assert ours.projection is not theirs.projection
    alone = [
        sum(p.numel() for p in model.parameters())
        for model in (pair.generator, pair.discriminator)
    ]
    tables = (97 + 19 + 2) * 13
    together = sum(p.numel() for p in pair.parameters())
    assert together == sum(alone) - tables


def test_the_pair_is_its_two_models(pair, corrupted):
    """The generator scores the masked places; the discriminator reads its samples."""
    _, inputs = corrupted
    rng = torch.Generator().manual_seed(1)
    found = parity.run(pair, inputs, rng=rng)
    masked = inputs.pop("masked")
    whole = parity.run(pair.generator, inputs).logits
    assert (found.generator_logits - whole[masked]).abs().max() < 1e-12
    assert torch.equal(found.corrupted_ids[~masked], inputs["input_ids"][~masked])
    judged = parity.run(
        pair.discriminator, inputs | {"input_ids": found.corrupted_ids}
    ).logits
    assert (found.discriminator_logits - judged).abs().max() < 1e-12


def test_samples_follow_the_generator_and_repeat(pair, corrupted):
    _, inputs = corrupted
    with torch.no_grad():  # one token has a chance of two thirds, another of one third
        pair.generator.head.bias.fill_(-1e4)
        pair.generator.head.bias[50], pair.generator.head.bias[60] = 0, 0
        pair.generator.head.dense.weight.zero_()
        pair.generator.head.norm.weight.zero_()
        pair.generator.head.bias[50] = torch.log(torch.tensor(2.0))
    many = {k: v.repeat(400, 1) for k, v in inputs.items()}
    first, again, other = (
        parity.run(pair, many, rng=torch.Generator().manual_seed(seed)).corrupted_ids
        for seed in (1, 1, 2)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    sampled = first[many["masked"]]
    assert set(sampled.tolist()) == {50, 60}
    share = (sampled == 50).double().mean().item()
    assert abs(share - 2 / 3) < 0.06  # 2,000 samples: over five standard deviations


def test_no_gradient_through_the_sample(pair, corrupted):
    ids, inputs = corrupted
    found = pair(**inputs)
    labels = (found.corrupted_ids != ids).double()
    F.binary_cross_entropy_with_logits(found.discriminator_logits, labels).backward()
    tables = {id(p) for p in pair.discriminator.parameters()}
    own = [p for p in pair.generator.parameters() if id(p) not in tables]
    assert own
    assert all(p.grad is None for p in own)
    assert pair.discriminator.head.dense.weight.grad.abs().sum() > 0


def test_one_step_teaches_both(pair, corrupted):
    """Every parameter gets a gradient from the sum of the two losses."""
    ids, inputs = corrupted
    found = pair(**inputs)
    loss = F.cross_entropy(found.generator_logits, ids[inputs["masked"]])
    labels = (found.corrupted_ids != ids).double()
    loss = loss + 50 * F.binary_cross_entropy_with_logits(
        found.discriminator_logits, labels
    )
    loss.backward()
    without = [n for n, p in pair.named_parameters() if p.grad is None]
    assert without == []


def test_a_fresh_pair_keeps_its_tables_when_saved(pair, corrupted):
    torch.manual_seed(5)
    config = pair.discriminator.backbone.config
    other = ElectraPreTraining(config.generator(1 / 2), config).double().eval()
    other.load_state_dict(pair.state_dict())
    _, inputs = corrupted
    a, b = (
        parity.run(m, inputs, rng=torch.Generator().manual_seed(0))
        for m in (pair, other)
    )
    assert torch.equal(a.discriminator_logits, b.discriminator_logits)
    assert torch.equal(a.generator_logits, b.generator_logits)


@pytest.mark.parametrize(
    ("model", "config", "count"),
    [
        (ElectraModel, ElectraConfig(), 13_483_008),
        (ElectraForPreTraining, ElectraConfig(), 13_549_057),
        (ElectraForMaskedLM, ElectraConfig(), 13_546_682),
        (ElectraModel, ELECTRA_BASE, 108_891_648),
        (ElectraForPreTraining, ELECTRA_BASE, 109_483_009),
    ],
)
def test_published_sizes(model, config, count):
    assert parity.count(lambda: model(config)) == count


def test_published_generators():
    small, base = ElectraConfig().generator(), ELECTRA_BASE.generator(1 / 3)
    assert (small.width, small.heads, small.inner_width) == (64, 1, 256)
    assert (base.width, base.heads, base.inner_width) == (256, 4, 1024)
    assert (small.embedding_width, base.embedding_width) == (128, 768)


def test_bad_input_says_what_is_wrong(pair, corrupted):
    model = from_hf(parity.make(transformers.ElectraModel, CONFIG, randomised=True))
    parity.assert_refuses_bad_input(model, positions=19)
    _, inputs = corrupted
    with pytest.raises(TypeError, match="masked must be boolean, was torch.int64"):
        pair(**inputs | {"masked": inputs["masked"].long()})
    with pytest.raises(ValueError, match=r"masked must be \(2, 11\).*was \(2, 10\)"):
        pair(**inputs | {"masked": inputs["masked"][:, 1:]})
    config = ElectraConfig(97, 32, 2, 4, 48, positions=19, embedding_width=13)
    other = ElectraConfig(97, 16, 2, 4, 48, positions=19, embedding_width=16)
    with pytest.raises(ValueError, match="embedding_width is 16 and 13"):
        ElectraPreTraining(other, config)
