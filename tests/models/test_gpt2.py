"""GPT-2 equals transformers' GPT-2, cached equals uncached, the future is hidden."""

import dataclasses

import pytest
import torch
import transformers
from models import parity
from torch import nn
from torch.nn import functional as F

from utils.nn.attention import SelfAttention
from utils.nn.feed_forward import FeedForward
from utils.nn.kv_cache import KVCache
from utils.pretrained import from_hf

CONFIG = transformers.GPT2Config(
    vocab_size=parity.VOCABULARY,
    n_embd=30,
    n_layer=3,
    n_head=5,
    n_positions=19,
    bos_token_id=0,
    eos_token_id=0,
)
CLASSES = [transformers.GPT2Model, transformers.GPT2LMHeadModel]


@pytest.mark.parametrize("hf_class", CLASSES)
def test_equals_transformers(hf_class):
    parity.assert_equal(hf_class, CONFIG, parity.tokens())


PADDING = 1
CLASSIFIER = transformers.GPT2Config(
    **CONFIG.to_diff_dict() | {"pad_token_id": PADDING, "num_labels": 4}
)


def classified(side):
    """Two texts of which the second is padded."""
    ids, mask = parity.tokens()["input_ids"], parity.tokens()["attention_mask"]
    mask = mask.flip(1) if side == "left" else mask
    return {"input_ids": ids.where(mask.bool(), PADDING), "attention_mask": mask}


@pytest.mark.parametrize("side", ["right", "left"])
def test_classifier_equals_transformers(side):
    hf_class = transformers.GPT2ForSequenceClassification
    parity.assert_equal(hf_class, CLASSIFIER, classified(side))


@pytest.mark.parametrize("side", ["right", "left"])
def test_the_mask_tells_the_last_token_where_no_id_does(side):
    hf_class = transformers.GPT2ForSequenceClassification
    theirs = parity.make(hf_class, CLASSIFIER, randomised=True)
    inputs = classified(side)
    expected = parity.run(theirs, inputs).logits
    ours = from_hf(theirs)
    ours.config = dataclasses.replace(ours.config, padding=None)
    assert (parity.run(ours, inputs).logits - expected).abs().max() < 1e-10
    whole = parity.run(ours, {"input_ids": inputs["input_ids"]}).logits
    last = parity.run(theirs.transformer, {"input_ids": inputs["input_ids"]})[0][:, -1]
    assert (whole - theirs.score(last)).abs().max() < 1e-10


def reads(position):
    """A perturbation: the vector at another position, or another vector there."""

    def perturb(model):
        forward = model.backbone.forward

        def moved(*inputs, **options):
            found = forward(*inputs, **options)
            found.last_hidden_state = position(found.last_hidden_state)
            return found

        model.backbone.forward = moved

    return perturb


def test_wrong_classifiers_are_caught():
    parity.assert_caught(
        transformers.GPT2ForSequenceClassification,
        CLASSIFIER,
        classified("right"),
        {
            "the last column": reads(lambda x: x[:, -1:].expand_as(x)),
            "the first token": reads(lambda x: x[:, :1].expand_as(x)),
            "one token early": reads(lambda x: x.roll(1, 1)),
            "the mean": reads(lambda x: x.mean(1, keepdim=True).expand_as(x)),
            "a bias": lambda m: setattr(
                m.head, "bias", nn.Parameter(m.head.weight[:, 0])
            ),
        },
    )


def off_by_one(model):
    positions = model.backbone.embeddings.positions
    positions.weight.data = positions.weight.data.roll(1, 0)


def untied(model):
    model.backbone.decoder.norm.register_forward_hook(
        lambda module, args, output: output.roll(1, -1)
    )


def test_wrong_models_are_caught():
    parity.assert_caught(
        transformers.GPT2LMHeadModel,
        CONFIG,
        parity.tokens(),
        {
            "no bias in attention": parity.zero_("qkv_proj.bias"),
            "no bias in the feed-forward": parity.zero_("fc2.bias"),
            "norms swapped": parity.swap_("norm1", "norm2"),
            "erf GELU": parity.set_(FeedForward, activation=F.gelu),
            "eps 1e-12": parity.set_(nn.LayerNorm, eps=1e-12),
            "no scale": parity.set_(SelfAttention, scale=1.0),
            "positions moved": off_by_one,
            "another head": untied,
        },
    )


@pytest.fixture
def model():
    made = parity.make(transformers.GPT2LMHeadModel, CONFIG, randomised=True)
    return from_hf(made)


def test_the_future_is_hidden(model):
    ids = parity.tokens()["input_ids"]
    changed = ids.clone()
    changed[:, 6:] = (ids[:, 6:] + 1) % parity.VOCABULARY
    before, after = (parity.run(model, {"input_ids": x}).logits for x in (ids, changed))
    assert torch.equal(before[:, :6], after[:, :6])
    assert not torch.allclose(before[:, 6:], after[:, 6:])


@pytest.mark.parametrize("chunks", [[1] * 11, [5, 1, 1, 4], [11]])
def test_cached_equals_uncached(model, chunks):
    ids = parity.tokens()["input_ids"]
    whole = parity.run(model, {"input_ids": ids}).logits
    cache = KVCache(layers=3, capacity=11)
    parts = [
        parity.run(model, {"input_ids": part}, cache=cache).logits
        for part in ids.split(chunks, dim=1)
    ]
    assert (torch.cat(parts, dim=1) - whole).abs().max() < 1e-12
    assert cache.length == 11
    assert cache.nbytes() == 2 * 3 * parity.BATCH * 5 * 11 * 6 * 8


def test_padding_on_the_left(model):
    """A sequence gives the same logits alone and padded beside a longer one."""
    ids = parity.tokens()["input_ids"]
    mask = torch.ones_like(ids)
    mask[1, :4] = 0
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    inputs = {"input_ids": ids, "attention_mask": mask, "position_ids": positions}
    padded = parity.run(model, inputs).logits[1, 4:]
    alone = parity.run(model, {"input_ids": ids[1:, 4:]}).logits[0]
    assert (padded - alone).abs().max() < 1e-12


def test_bad_input_says_what_is_wrong(model):
    parity.assert_refuses_bad_input(model, positions=19)
    cache = KVCache(layers=3, capacity=2)
    with pytest.raises(ValueError, match="the cache holds 2 positions"):
        model(input_ids=torch.ones(1, 3, dtype=torch.long), cache=cache)
