"""T5 equals transformers' T5, tied and gated, and cached equals uncached.

Transformers takes the variance of a norm in float32 whatever its input. In most tests
here it's made to keep float64, so that the rest can be compared to ten digits.
"""

import pytest
import torch
import transformers
from models import encoder_decoder as both
from models import parity
from torch import nn
from torch.nn import functional as F
from transformers.models.t5.modeling_t5 import T5LayerNorm

from utils.models.t5 import (
    T5_BASE,
    T5_SMALL_1_1,
    T5Config,
    T5EncoderModel,
    T5ForConditionalGeneration,
)
from utils.nn.attention import CrossAttention, SelfAttention
from utils.nn.feed_forward import FeedForward, GatedFeedForward
from utils.nn.normalization import RMSNorm
from utils.nn.positions import RelativePositionBias
from utils.pretrained import from_hf
from utils.pretrained.key_map import WrongKeys

SIZES = {
    "vocab_size": parity.VOCABULARY,
    "d_model": 30,
    "d_kv": 7,
    "d_ff": 41,
    "num_layers": 3,
    "num_decoder_layers": 2,
    "num_heads": 5,
    "relative_attention_num_buckets": 8,
    "relative_attention_max_distance": 9,
    "decoder_start_token_id": 0,
}
CONFIG = transformers.T5Config(**SIZES)
CONFIG_1_1 = transformers.T5Config(
    **SIZES, feed_forward_proj="gated-gelu", tie_word_embeddings=False
)
GENERATION = transformers.T5ForConditionalGeneration


class Untied(GENERATION):
    """Version 1.1 as published: transformers ties it unless its file says otherwise."""

    _tied_weights_keys = transformers.T5Model._tied_weights_keys


Untied.__name__ = GENERATION.__name__
VERSIONS = {"1.0": (GENERATION, CONFIG), "1.1": (Untied, CONFIG_1_1)}


@pytest.fixture
def inputs():
    return both.inputs(start=0, padding=0)


@pytest.fixture
def float64_norms(monkeypatch):
    def forward(self, x):
        return F.rms_norm(x, self.weight.shape, self.weight, self.variance_epsilon)

    monkeypatch.setattr(T5LayerNorm, "forward", forward)


@pytest.mark.parametrize("version", VERSIONS)
def test_generation_equals_transformers(version, inputs, float64_norms):
    parity.assert_equal(*VERSIONS[version], inputs)


@pytest.mark.parametrize("config", [CONFIG, CONFIG_1_1])
def test_model_and_encoder_equal_transformers(config, inputs, float64_norms):
    parity.assert_equal(transformers.T5Model, config, inputs)
    parity.assert_equal(transformers.T5EncoderModel, config, both.source_of(inputs))


@pytest.mark.parametrize("randomised", [False, True])
def test_equals_transformers_as_it_is(randomised, inputs):
    theirs = parity.make(GENERATION, CONFIG, randomised=randomised)
    expected, got = (parity.run(m, inputs).logits for m in (theirs, from_hf(theirs)))
    assert (expected - got).abs().max() < 1e-4


def test_published_buckets(inputs, float64_norms):
    """32 of them up to a distance of 128, over a source longer than that."""
    sizes = SIZES | {
        "relative_attention_num_buckets": 32,
        "relative_attention_max_distance": 128,
    }
    config = transformers.T5Config(**sizes)
    torch.manual_seed(0)
    long = {
        "input_ids": torch.randint(3, parity.VOCABULARY, (1, 300)),
        "decoder_input_ids": torch.randint(3, parity.VOCABULARY, (1, 290)),
    }
    theirs = parity.make(GENERATION, config, randomised=True)
    expected, got = (parity.run(m, long).logits for m in (theirs, from_hf(theirs)))
    assert (expected - got).abs().max() < 1e-10


def test_a_tied_head_of_version_1_1(tmp_path, inputs, float64_norms):
    """Transformers ties a new model's; the file then holds one table for both."""
    theirs = parity.make(GENERATION, CONFIG_1_1, randomised=True)
    theirs.save_pretrained(tmp_path)
    expected = parity.run(theirs, inputs).logits
    for source in (theirs, tmp_path):
        ours = from_hf(source)
        assert (expected - parity.run(ours, inputs).logits).abs().max() < 1e-10
        assert ours.head.weight is not ours.backbone.token.weight


def test_an_untied_head_of_version_1_0_is_noticed():
    theirs = GENERATION(CONFIG)
    theirs.lm_head.weight = nn.Parameter(theirs.lm_head.weight + 1)
    with pytest.raises(WrongKeys, match=r"lm_head.weight isn't tied to shared.weight"):
        from_hf(theirs)


def biases_of_the_other_side(model):
    model = model.backbone
    first, second = model.encoder.relative_positions, model.decoder.relative_positions
    first.bidirectional, second.bidirectional = False, True


def bias_in_the_first_block_only(model):
    for side in (model.backbone.encoder, model.backbone.decoder):
        for block in list(side.stack.blocks)[1:]:
            forward = block.forward
            block.forward = lambda x, f=forward, **o: f(x, **(o | {"bias": None}))


def bias_one_off(model):
    """As if the query stood one place further."""
    for side in (model.backbone.encoder, model.backbone.decoder):
        forward = side.relative_positions.forward
        side.relative_positions.forward = lambda query, key, f=forward: f(
            query, key + 1
        )[..., :-1]


def last_norm_left_out(model):
    model.backbone.encoder.stack.norm = nn.Identity()


def mean_taken_away(model):
    for module in model.modules():
        if isinstance(module, RMSNorm):
            module.forward = lambda x, m=module: F.layer_norm(
                x, m.weight.shape, m.weight, None, m.eps
            )


def scaled(model):
    model.scale = 1.0 if model.scale != 1 else 30**-0.5


COMMON = {
    "scores scaled": parity.set_(SelfAttention, scale=7**-0.5),
    "scores across scaled": parity.set_(CrossAttention, scale=7**-0.5),
    "no relative bias": parity.zero_("relative_positions.weight"),
    "a bias in the first block only": bias_in_the_first_block_only,
    "a bias one off": bias_one_off,
    "both directions exchanged": biases_of_the_other_side,
    "distances too far apart": parity.set_(RelativePositionBias, max_distance=20),
    "norms swapped": parity.swap_("norm1", "norm2"),
    "norms of the decoder swapped": parity.swap_("norm_cross", "norm2"),
    "no norm after the encoder": last_norm_left_out,
    "mean taken away": mean_taken_away,
    "eps 1e-5": parity.set_(RMSNorm, eps=1e-5),
    "keys for values": both.keys_for_values,
    "padding of the source seen": both.memory_unmasked,
    "hidden states scaled the other way": scaled,
    "another head": both.another_head,
    "future seen": both.not_causal,
}
OWN = {
    "1.0": {"GELU": parity.set_(FeedForward, activation=F.gelu)},
    "1.1": {
        "erf GELU": parity.set_(GatedFeedForward, activation=F.gelu),
        "gate and input exchanged": parity.swap_("gate", "fc1"),
    },
}


@pytest.mark.parametrize("version", VERSIONS)
def test_wrong_models_are_caught(version, inputs, float64_norms):
    perturbations = COMMON | OWN[version]
    parity.assert_caught(*VERSIONS[version], inputs, perturbations)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "check",
    [
        both.assert_cached_equals_uncached,
        both.assert_cached_with_padded_target,
        both.assert_rows_can_be_reordered,
        both.assert_future_is_hidden,
        both.assert_refuses_bad_input,
    ],
)
def test_decoding(check, version, inputs):
    hf_class, config = VERSIONS[version]
    check(from_hf(parity.make(hf_class, config, randomised=True)), inputs)


def test_greedy_equals_generate(inputs, float64_norms):
    theirs = parity.make(GENERATION, CONFIG, randomised=True)
    both.assert_greedy_equals_generate(theirs, from_hf(theirs), inputs)


def test_published_sizes():
    assert parity.count(lambda: T5ForConditionalGeneration(T5Config())) == 60_506_624
    assert parity.count(lambda: T5ForConditionalGeneration(T5_BASE)) == 222_903_552
    # 1.1: transformers' class, with the tables untied.
    config = transformers.T5Config(
        d_ff=1024, num_layers=8, num_heads=6, feed_forward_proj="gated-gelu"
    )
    theirs = parity.count(lambda: Untied(config))
    assert parity.count(lambda: T5ForConditionalGeneration(T5_SMALL_1_1)) == theirs
    encoder = parity.count(lambda: T5EncoderModel(T5Config()))
    assert encoder == parity.count(
        lambda: transformers.T5EncoderModel(transformers.T5Config())
    )


def test_new_weights_are_as_large_as_theirs():
    torch.manual_seed(0)
    sizes = {"d_model": 96, "d_kv": 32, "d_ff": 64, "num_layers": 2, "num_heads": 5}
    theirs = GENERATION(transformers.T5Config(vocab_size=500, **sizes))
    expected = from_hf(theirs).state_dict()
    ours = T5ForConditionalGeneration(T5Config(500, 96, 2, 2, 5, 32, 64))
    for name, tensor in ours.state_dict().items():
        if tensor.ndim == 1:
            assert torch.equal(tensor, expected[name])
        for got, wanted in zip(tensor.chunk(3), expected[name].chunk(3), strict=True):
            assert 0.75 < (got.norm() / wanted.norm()).item() < 1.33, name
