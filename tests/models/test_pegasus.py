"""Pegasus equals transformers' Pegasus, cached equals uncached."""

import pytest
import torch
import transformers
from models import encoder_decoder as both
from models import parity
from torch import nn
from torch.nn import functional as F
from transformers.models.pegasus.modeling_pegasus import (
    PegasusSinusoidalPositionalEmbedding,
)

from utils.models.pegasus import PegasusConfig, PegasusForConditionalGeneration
from utils.nn.attention import CrossAttention, SelfAttention
from utils.nn.blocks import CrossAttentionBlock, TransformerBlock
from utils.nn.embeddings import TransformerEmbeddings
from utils.nn.feed_forward import FeedForward
from utils.nn.normalization import post_norm
from utils.nn.positions import sinusoids
from utils.pretrained import from_hf

CONFIG = transformers.PegasusConfig(
    vocab_size=parity.VOCABULARY,
    d_model=30,
    encoder_layers=3,
    decoder_layers=2,
    encoder_attention_heads=5,
    decoder_attention_heads=5,
    encoder_ffn_dim=41,
    decoder_ffn_dim=41,
    max_position_embeddings=both.POSITIONS,
    activation_function="relu",
    scale_embedding=True,
)
GENERATION = transformers.PegasusForConditionalGeneration


@pytest.fixture
def inputs():
    return both.inputs(CONFIG.decoder_start_token_id, CONFIG.pad_token_id)


@pytest.mark.parametrize("hf_class", [transformers.PegasusModel, GENERATION])
def test_equals_transformers(hf_class, inputs):
    parity.assert_equal(hf_class, CONFIG, inputs)


def interleaved(model):
    for side in (model.backbone.encoder, model.backbone.decoder):
        table = side.embeddings.positions.weight
        table.copy_(sinusoids(torch.arange(len(table)).double(), 30, "interleaved"))


def off_by_one(model):
    positions = model.backbone.decoder.embeddings.positions
    positions.weight = positions.weight.roll(1, 0)


def norm_last(model):
    for module in model.modules():
        if isinstance(module, TransformerBlock | CrossAttentionBlock):
            module.residual = post_norm


def no_last_norm(side):
    def perturb(model):
        getattr(model.backbone, side).stack.norm = nn.Identity()

    return perturb


def test_wrong_models_are_caught(inputs):
    perturbations = {
        "no bias in attention": parity.zero_("qkv_proj.bias"),
        "no bias on the source": parity.zero_("kv_proj.bias"),
        "no bias in the feed-forward": parity.zero_("fc2.bias"),
        "norms swapped": parity.swap_("norm1", "norm2"),
        "norms of the decoder swapped": parity.swap_("norm_cross", "norm2"),
        "norm last": norm_last,
        "no norm after the encoder": no_last_norm("encoder"),
        "no norm after the decoder": no_last_norm("decoder"),
        "GELU": parity.set_(FeedForward, activation=F.gelu),
        "eps 1e-6": parity.set_(nn.LayerNorm, eps=1e-6),
        "no scale": parity.set_(SelfAttention, scale=1.0),
        "no scale across": parity.set_(CrossAttention, scale=1.0),
        "embeddings not scaled": parity.set_(TransformerEmbeddings, scale=1.0),
        "sines and cosines in turn": interleaved,
        "positions moved": off_by_one,
        "keys for values": both.keys_for_values,
        "padding of the source seen": both.memory_unmasked,
        "head untied": both.another_head,
        "future seen": both.not_causal,
    }
    parity.assert_caught(GENERATION, CONFIG, inputs, perturbations)


def test_our_own_sinusoids_are_theirs():
    """What a model trained from the start adds to its embeddings."""
    theirs = PegasusSinusoidalPositionalEmbedding(1024, 30).create_weight()
    model = PegasusForConditionalGeneration(PegasusConfig(97, 30, 1, 1, 5, 41))
    for side in (model.backbone.encoder, model.backbone.decoder):
        assert (theirs - side.embeddings.positions.weight).abs().max() < 1e-6


@pytest.mark.parametrize(
    "check",
    [
        both.assert_cached_equals_uncached,
        both.assert_cached_with_padded_target,
        both.assert_rows_can_be_reordered,
        both.assert_future_is_hidden,
        both.assert_refuses_bad_input,
        both.assert_refuses_long_input,
    ],
)
def test_decoding(check, inputs):
    check(from_hf(parity.make(GENERATION, CONFIG, randomised=True)), inputs)


def test_greedy_equals_generate(inputs):
    theirs = parity.make(GENERATION, CONFIG, randomised=True)
    both.assert_greedy_equals_generate(theirs, from_hf(theirs), inputs)


def test_a_target_is_needed(inputs):
    model = from_hf(parity.make(transformers.PegasusModel, CONFIG, randomised=True))
    with pytest.raises(ValueError, match="decoder_input_ids are missing"):
        model(**both.source_of(inputs))


def test_published_size():
    """Transformers counts the sinusoids, one table on each side, as parameters."""
    config = PegasusConfig()
    learned = parity.count(lambda: PegasusForConditionalGeneration(config))
    assert learned + 2 * config.positions * config.width == 570_797_056
