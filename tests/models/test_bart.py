"""BART equals transformers' BART, cached equals uncached, the future is hidden."""

from functools import partial

import pytest
import torch
import transformers
from models import encoder_decoder as both
from models import parity
from torch import nn

from utils.models.bart import BART_LARGE, BartConfig, BartForConditionalGeneration
from utils.models.encoder_decoder import shift_right
from utils.nn.attention import CrossAttention, SelfAttention
from utils.nn.blocks import CrossAttentionBlock, TransformerBlock
from utils.nn.embeddings import TransformerEmbeddings
from utils.nn.feed_forward import FeedForward, gelu_tanh
from utils.nn.normalization import pre_norm
from utils.nn.positions import LearnedPositions
from utils.pretrained import Unsupported, from_hf
from utils.pretrained.families.bart import GENERATION

SIZES = {
    "vocab_size": parity.VOCABULARY,
    "d_model": 30,
    "encoder_layers": 3,
    "decoder_layers": 2,
    "encoder_attention_heads": 5,
    "decoder_attention_heads": 5,
    "encoder_ffn_dim": 41,
    "decoder_ffn_dim": 41,
    "max_position_embeddings": both.POSITIONS,
}
CONFIG = transformers.BartConfig(**SIZES)
PADDING, END = CONFIG.pad_token_id, CONFIG.eos_token_id


@pytest.fixture
def inputs():
    found = both.inputs(CONFIG.decoder_start_token_id, PADDING)
    found["input_ids"][:, [2, 6]] = END
    return found


@pytest.mark.parametrize("name", ["Model", "ForConditionalGeneration"])
def test_equals_transformers(name, inputs):
    parity.assert_equal(getattr(transformers, f"Bart{name}"), CONFIG, inputs)


@pytest.mark.parametrize("name", ["ForSequenceClassification", "ForQuestionAnswering"])
def test_heads_equal_transformers_without_a_target(name, inputs):
    """The decoder then reads the source, shifted; the label is at its last end."""
    hf_class, source = getattr(transformers, f"Bart{name}"), both.without_target(inputs)
    parity.assert_equal(hf_class, CONFIG, source)


def test_scaled_embeddings_and_no_masks(inputs):
    """As mBART scales; and nothing is padded unless a mask says so."""
    config = transformers.BartConfig(**SIZES, scale_embedding=True)
    inputs = {n: t for n, t in inputs.items() if n.endswith("ids")}
    parity.assert_equal(transformers.BartForConditionalGeneration, config, inputs)


def make():
    """Theirs with every parameter randomised, and the number added to each logit."""
    theirs = parity.make(
        transformers.BartForConditionalGeneration, CONFIG, randomised=True
    )
    theirs.final_logits_bias.normal_()
    return theirs


def test_the_bias_of_the_logits(inputs):
    theirs = make()
    ours = from_hf(theirs)
    expected = parity.run(theirs, inputs).logits
    assert (expected - parity.run(ours, inputs).logits).abs().max() < 1e-10
    ours.bias.zero_()
    assert (expected - parity.run(ours, inputs).logits).abs().max() > 1


def set_residual(model):
    for module in model.modules():
        if isinstance(module, TransformerBlock | CrossAttentionBlock):
            module.residual = pre_norm


def exchange_positions(model):
    sides = model.backbone.encoder.embeddings, model.backbone.decoder.embeddings
    first, second = (side.positions for side in sides)
    sides[0].positions, sides[1].positions = second, first


def no_embedding_norm(model):
    model.backbone.decoder.embeddings.norm = nn.Identity()


def test_wrong_models_are_caught(inputs):
    source = both.without_target(inputs)
    caught = partial(parity.assert_caught, transformers.BartForConditionalGeneration)
    caught(
        CONFIG,
        inputs,
        {
            "no bias in attention": parity.zero_("qkv_proj.bias"),
            "no bias on the queries": parity.zero_("q_proj.bias"),
            "no bias on the source": parity.zero_("kv_proj.bias"),
            "no bias in the feed-forward": parity.zero_("fc1.bias"),
            "norms swapped": parity.swap_("norm1", "norm2"),
            "norms of the decoder swapped": parity.swap_("norm_cross", "norm2"),
            "norm first": set_residual,
            "no norm of the embeddings": no_embedding_norm,
            "tanh GELU": parity.set_(FeedForward, activation=gelu_tanh),
            "eps 1e-12": parity.set_(nn.LayerNorm, eps=1e-12),
            "no scale": parity.set_(SelfAttention, scale=1.0),
            "no scale across": parity.set_(CrossAttention, scale=1.0),
            "no offset": parity.set_(LearnedPositions, offset=0),
            "offset one short": parity.set_(LearnedPositions, offset=1),
            "positions of the other side": exchange_positions,
            "embeddings scaled": parity.set_(TransformerEmbeddings, scale=30**0.5),
            "keys for values": both.keys_for_values,
            "padding of the source seen": both.memory_unmasked,
            "head untied": both.another_head,
            "future seen": both.not_causal,
        },
    )

    def start_with_padding(model):
        vars(model.backbone)["config"] = BartConfig(start=PADDING)

    caught(CONFIG, source, {"shifted onto padding": start_with_padding})


def test_wrong_classifiers_are_caught(inputs):
    def first_end(model):
        forward = model.forward

        def perturbed(input_ids, **options):
            ids = input_ids.clone()
            ids[:, 6] = 3
            found = model.backbone(input_ids, **options)
            model.backbone.forward = lambda *args, **options: found
            return forward(ids)

        model.forward = perturbed

    def no_tanh(model):
        model.head.activation = lambda x: x

    parity.assert_caught(
        transformers.BartForSequenceClassification,
        CONFIG,
        both.without_target(inputs),
        {
            "the first end token": first_end,
            "no tanh": no_tanh,
            "no bias in the head": parity.zero_("head.dense.bias"),
        },
    )


@pytest.fixture
def model():
    return from_hf(make())


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
def test_decoding(check, model, inputs):
    check(model, inputs)


def test_greedy_equals_generate(inputs):
    theirs = make()
    both.assert_greedy_equals_generate(theirs, from_hf(theirs), inputs)


def test_encoder_outputs_of_transformers_are_taken(model, inputs):
    expected = parity.run(model, inputs).logits
    encoded = model.encode(**both.source_of(inputs)).last_hidden_state
    given = inputs | {"encoder_outputs": (encoded,)}
    del given["input_ids"]
    assert torch.equal(parity.run(model, given).logits, expected)


def test_files_may_hold_the_table_under_any_of_its_names():
    state = make().state_dict()
    names = [n for n in state if n.endswith(("shared.weight", "tokens.weight"))]
    expected = GENERATION.apply(state)
    rest = {n: t for n, t in state.items() if n not in names}
    assert (len(names), "lm_head.weight" in rest) == (3, True)
    found = GENERATION.apply(rest)
    assert found.keys() == expected.keys()
    assert torch.equal(found["backbone.token.weight"], state["model.shared.weight"])


def test_shift_right():
    labels = torch.tensor([[5, 6, 7], [8, -100, -100]])
    assert shift_right(labels, start=2, padding=1).tolist() == [[2, 5, 6], [2, 8, 1]]
    assert labels[1, 1] == -100


def test_published_sizes():
    for config, parameters in (BartConfig(), 139_420_416), (BART_LARGE, 406_291_456):
        assert parity.count(lambda: BartForConditionalGeneration(config)) == parameters  # noqa: B023


def test_what_is_not_supported_says_so(inputs):
    for option in {"decoder_ffn_dim": 40}, {"encoder_layerdrop": 0.1}:
        name = next(iter(option))
        with pytest.raises(Unsupported, match=name):
            from_hf(transformers.BartModel(transformers.BartConfig(**SIZES | option)))
    hf_class = transformers.BartForSequenceClassification
    model = from_hf(parity.make(hf_class, CONFIG, randomised=True))
    with pytest.raises(ValueError, match=f"every sequence needs the end token {END}"):
        model(inputs["decoder_input_ids"][:, 1:])
