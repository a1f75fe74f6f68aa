"""GPT-1 equals transformers' OpenAI GPT, and what holds for a decoder holds for it."""

import pytest
import torch
import transformers
from models import parity
from torch import nn
from torch.nn import functional as F

from utils.models import gpt1
from utils.nn.attention import SelfAttention
from utils.nn.blocks import TransformerBlock
from utils.nn.feed_forward import FeedForward
from utils.nn.kv_cache import KVCache
from utils.nn.normalization import pre_norm
from utils.pretrained import from_hf

CONFIG = transformers.OpenAIGPTConfig(
    vocab_size=parity.VOCABULARY, n_embd=30, n_layer=3, n_head=5, n_positions=19
)
CLASSES = [transformers.OpenAIGPTModel, transformers.OpenAIGPTLMHeadModel]


@pytest.mark.parametrize("hf_class", CLASSES)
def test_equals_transformers(hf_class):
    parity.assert_equal(hf_class, CONFIG, parity.tokens())


def test_classifier_equals_transformers():
    options = {"pad_token_id": 1, "num_labels": 4}
    config = transformers.OpenAIGPTConfig(**CONFIG.to_diff_dict() | options)
    inputs = parity.tokens()
    inputs["input_ids"][inputs["attention_mask"] == 0] = 1
    hf_class = transformers.OpenAIGPTForSequenceClassification
    parity.assert_equal(hf_class, config, inputs)


@pytest.mark.parametrize("options", [{"afn": "relu"}, {"layer_norm_epsilon": 1e-3}])
def test_other_options(options):
    config = transformers.OpenAIGPTConfig(**CONFIG.to_diff_dict() | options)
    given = {"input_ids": parity.tokens()["input_ids"]}
    parity.assert_equal(transformers.OpenAIGPTModel, config, given)


def off_by_one(model):
    positions = model.backbone.embeddings.positions
    positions.weight.data = positions.weight.data.roll(1, 0)


def last_norm(model):
    model.backbone.decoder.norm = nn.LayerNorm(30).double()


def untied(model):
    model.backbone.decoder.norm.register_forward_hook(
        lambda module, args, output: output.roll(1, -1)
    )


def test_wrong_models_are_caught():
    parity.assert_caught(
        transformers.OpenAIGPTLMHeadModel,
        CONFIG,
        parity.tokens(),
        {
            "no bias in attention": parity.zero_("qkv_proj.bias"),
            "no bias in the feed-forward": parity.zero_("fc2.bias"),
            "norms swapped": parity.swap_("norm1", "norm2"),
            "norms first": parity.set_(TransformerBlock, residual=pre_norm),
            "a norm at the end": last_norm,
            "erf GELU": parity.set_(FeedForward, activation=F.gelu),
            "eps 1e-12": parity.set_(nn.LayerNorm, eps=1e-12),
            "no scale": parity.set_(SelfAttention, scale=1.0),
            "positions moved": off_by_one,
            "another head": untied,
        },
    )


@pytest.fixture
def model():
    made = parity.make(transformers.OpenAIGPTLMHeadModel, CONFIG, randomised=True)
    return from_hf(made)


def test_the_future_is_hidden(model):
    ids = parity.tokens()["input_ids"]
    changed = ids.clone()
    changed[:, 6:] = (ids[:, 6:] + 1) % parity.VOCABULARY
    before, after = (parity.run(model, {"input_ids": x}).logits for x in (ids, changed))
    assert torch.equal(before[:, :6], after[:, :6])
    assert not torch.allclose(before[:, 6:], after[:, 6:])


def test_cached_equals_uncached(model):
    ids = parity.tokens()["input_ids"]
    whole = parity.run(model, {"input_ids": ids}).logits
    cache = KVCache(layers=3, capacity=11)
    parts = [
        parity.run(model, {"input_ids": part}, cache=cache).logits
        for part in ids.split([5, 1, 1, 4], dim=1)
    ]
    assert (torch.cat(parts, dim=1) - whole).abs().max() < 1e-12


def test_published_size():
    with torch.device("meta"):
        model = gpt1.GPT1LMHeadModel(gpt1.GPT1)
    assert sum(p.numel() for p in model.parameters()) == 116_534_784


def test_bad_input_says_what_is_wrong(model):
    parity.assert_refuses_bad_input(model, positions=19)
