"""DeBERTa v1 and v3 equal transformers', in float64 throughout."""

import pytest
import torch
import transformers
from models import parity
from torch import nn
from transformers.models.deberta import modeling_deberta as theirs_v1
from transformers.models.deberta_v2 import modeling_deberta_v2 as theirs_v2

from utils.models import deberta
from utils.nn import relative_attention
from utils.nn.feed_forward import FeedForward, gelu_tanh
from utils.nn.relative_attention import (
    DisentangledSelfAttention,
    DistanceTable,
    by_distance,
    distance_scores,
    distances,
)
from utils.pretrained import Unsupported, from_hf
from utils.pretrained.families.deberta import config_from_hf

SIZES = dict(
    vocab_size=parity.VOCABULARY,
    hidden_size=30,
    num_hidden_layers=3,
    num_attention_heads=5,
    intermediate_size=41,
    relative_attention=True,
    position_biased_input=False,
    pos_att_type=["p2c", "c2p"],
)
# Sequences are 11 long: the first table is longer than their distances, the second is
# shorter, so that distances are clamped.
V1 = transformers.DebertaConfig(**SIZES, max_relative_positions=19)
CLAMPED = transformers.DebertaConfig(**SIZES, max_relative_positions=7)
V3_OPTIONS = dict(share_att_key=True, norm_rel_ebd="layer_norm")
# 8 buckets on either side, logarithmic beyond a distance of 4.
V3 = transformers.DebertaV2Config(
    **SIZES, **V3_OPTIONS, max_relative_positions=19, position_buckets=8
)
TASKS = (
    "Model",
    "ForMaskedLM",
    "ForSequenceClassification",
    "ForTokenClassification",
    "ForQuestionAnswering",
)


@pytest.fixture
def in_float64(monkeypatch):
    """Theirs without the two places where it goes through float32."""

    def root(query, factor):
        return torch.tensor(query.size(-1), dtype=torch.float64).mul(factor).sqrt()

    for module in (theirs_v1, theirs_v2):
        monkeypatch.setattr(module, "scaled_size_sqrt", root)
    monkeypatch.setattr(
        theirs_v1, "DebertaLayerNorm", lambda size, eps: nn.LayerNorm(size, eps=eps)
    )


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("config", [V1, V3], ids=["v1", "v3"])
def test_equals_transformers(task, config, in_float64):
    version = "Deberta" if config is V1 else "DebertaV2"
    hf_class = getattr(transformers, version + task)
    parity.assert_equal(hf_class, config, parity.tokens())


@pytest.mark.parametrize("config", [V1, V3], ids=["v1", "v3"])
def test_equals_transformers_as_it_stands(config):
    version = "Deberta" if config is V1 else "DebertaV2"
    hf_class = getattr(transformers, version + "Model")
    parity.assert_equal(hf_class, config, parity.tokens(), atol=1e-5)


@pytest.mark.parametrize(
    "options",
    [
        {"max_relative_positions": 7},
        {"max_relative_positions": 11},
        {"max_relative_positions": -1, "max_position_embeddings": 13},
        {"max_relative_positions": 19, "type_vocab_size": 2},
    ],
    ids=["clamped", "exact", "by default", "segments"],
)
def test_other_tables(options, in_float64):
    config = transformers.DebertaConfig(**SIZES, **options)
    inputs = parity.tokens()
    inputs["token_type_ids"] = inputs["input_ids"] % 2
    parity.assert_equal(transformers.DebertaModel, config, inputs)


@pytest.mark.parametrize("buckets", [-1, 4, 30])
def test_other_buckets(buckets, in_float64):
    options = V3_OPTIONS | {"max_relative_positions": 9, "position_buckets": buckets}
    config = transformers.DebertaV2Config(**SIZES, **options)
    inputs = {"input_ids": parity.tokens()["input_ids"]}
    parity.assert_equal(transformers.DebertaV2Model, config, inputs)


@pytest.mark.parametrize("version", ["Deberta", "DebertaV2"])
def test_the_newer_head(version, in_float64):
    """`legacy=False` has other names and no second copy of the token table."""
    config = V1 if version == "Deberta" else V3
    config = type(config)(**(config.to_dict() | {"legacy": False}))
    hf_class = getattr(transformers, f"{version}ForMaskedLM")
    parity.assert_equal(hf_class, config, parity.tokens())


def untied(model):
    table = model.backbone.embeddings.token.weight
    other = table.detach().roll(1, 0)
    forward = model.head.forward
    model.head.forward = lambda hidden, _: forward(hidden, other)


def change_rows(change):
    """A perturbation of which row of the table each distance reads."""

    def perturb(model):
        forward = model.backbone.distances.forward
        model.backbone.distances.forward = lambda time: change(*forward(time))

    return perturb


def order_by_head(model):
    """Queries, keys and values left as v1's file has them, in turns by head."""
    for block in model.backbone.encoder.blocks:
        weight = block.attention.qkv_proj.weight
        weight.data = weight.data.unflatten(0, (3, 5, 6)).transpose(0, 1).flatten(0, 2)


def key_with_bias(model):
    """The query's bias given to the keys as well."""
    for block in model.backbone.encoder.blocks:
        attention = block.attention
        attention.project = lambda x, own=attention: torch.nn.functional.linear(
            x,
            own.qkv_proj.weight,
            torch.cat([own.q_bias, own.q_bias, own.v_bias]),
        ).chunk(3, dim=-1)


def no_position_to_content(model):
    parity.zero_("position_q_proj.weight")(model)
    parity.zero_("position_q_proj.bias")(model)


WRONG = {
    "no bias in the feed-forward": parity.zero_("fc1.bias"),
    "no bias on the logits": parity.zero_("head.bias"),
    "norms swapped": parity.swap_("norm1", "norm2"),
    "tanh GELU": parity.set_(FeedForward, activation=gelu_tanh),
    "eps 1e-12": parity.set_(nn.LayerNorm, eps=1e-12),
    "scale of one term": parity.set_(DisentangledSelfAttention, scale=6**-0.5),
    "scale of two terms": parity.set_(DisentangledSelfAttention, scale=12**-0.5),
    "distances reversed": change_rows(lambda table, rows: (table, rows.flip(0))),
    "distances moved by one": change_rows(lambda table, rows: (table, rows.roll(1))),
    "head untied": untied,
}
WRONG_V1 = {
    "no bias of queries": parity.zero_("q_bias"),
    "no bias of values": parity.zero_("v_bias"),
    "a bias of keys": key_with_bias,
    "no bias of the distances' queries": parity.zero_("position_q_proj.bias"),
    "no content to position": parity.zero_("position_k_proj.weight"),
    "no position to content": no_position_to_content,
    "the two terms swapped": parity.swap_("position_q_proj", "position_k_proj"),
    "weights in turns by head": order_by_head,
}
WRONG_V3 = {
    "no bias in attention": parity.zero_("qkv_proj.bias"),
    "table not normalised": parity.set_(DistanceTable, norm=nn.Identity()),
    "no buckets": parity.set_(DistanceTable, buckets=0),
    "another reach": parity.set_(DistanceTable, reach=12),
}


def test_wrong_models_are_caught(in_float64):
    inputs = parity.tokens()
    parity.assert_caught(transformers.DebertaForMaskedLM, V1, inputs, WRONG | WRONG_V1)
    parity.assert_caught(
        transformers.DebertaV2ForMaskedLM, V3, inputs, WRONG | WRONG_V3
    )


def test_buckets_rounded_down_are_caught(monkeypatch):
    theirs = parity.make(transformers.DebertaV2Model, V3, randomised=True)
    expected = parity.run(theirs, parity.tokens())
    ours = from_hf(theirs)
    monkeypatch.setattr(torch, "ceil", torch.floor)
    got = parity.run(ours, parity.tokens())
    assert parity.difference(expected, got, parity.tokens()["attention_mask"]) > 1e-2


@pytest.mark.parametrize("buckets, reach", [(256, 512), (8, 19), (32, 128)])
def test_log_buckets_are_theirs(buckets, reach):
    distance = torch.arange(-2 * reach, 2 * reach)
    expected = theirs_v2.make_log_bucket_position(distance, buckets, reach).long()
    assert torch.equal(
        relative_attention.log_bucket(distance, buckets, reach), expected
    )


@pytest.mark.parametrize("queries, keys", [(1, 1), (1, 4), (3, 5), (7, 7)])
@pytest.mark.parametrize("block", [1, 3, 128])
def test_scores_by_distance_equal_those_gathered(queries, keys, block):
    query, vectors = torch.randn(2, queries, 6), torch.randn(queries + keys, 6)
    place = torch.arange(keys - queries, keys)[:, None]
    column = (
        distances(queries, keys)[:, None, None] == place - torch.arange(keys)
    ).int()
    column = column.argmax(0).expand(2, -1, -1)  # of each query and key
    scores = query @ vectors.mT
    expected = scores.gather(-1, column)
    view = by_distance(scores, keys)
    assert torch.equal(view, expected)
    assert view.untyped_storage().data_ptr() == scores.untyped_storage().data_ptr()
    got = distance_scores(query, vectors, keys, block)
    assert (got - expected).abs().max() < 1e-5


@pytest.mark.parametrize("config", [V1, CLAMPED, V3], ids=["v1", "clamped", "v3"])
def test_padding_and_place_change_nothing(config):
    """Only distances count: tokens give the same after padding on the left."""
    version = "DebertaV2" if config is V3 else "Deberta"
    made = parity.make(
        getattr(transformers, version + "Model"), config, randomised=True
    )
    model = from_hf(made)
    ids = parity.tokens()["input_ids"]
    mask = torch.ones_like(ids)
    mask[:, :4] = 0
    padded = parity.run(model, {"input_ids": ids, "attention_mask": mask})
    alone = parity.run(model, {"input_ids": ids[:, 4:]})
    difference = padded.last_hidden_state[:, 4:] - alone.last_hidden_state
    assert difference.abs().max() < 1e-12


def test_published_sizes():
    with torch.device("meta"):
        models = [
            deberta.DebertaModel(deberta.DebertaConfig()),
            deberta.DebertaModel(deberta.DEBERTA_V3_BASE),
        ]
    counts = [sum(p.numel() for p in model.parameters()) for model in models]
    assert counts == [138_601_728, 183_831_552]


def test_bad_input_says_what_is_wrong():
    model = from_hf(parity.make(transformers.DebertaModel, V1, randomised=True))
    with pytest.raises(ValueError, match="token id 97 is outside the vocabulary of 97"):
        model(input_ids=torch.tensor([[1, parity.VOCABULARY]]))
    with pytest.raises(ValueError, match=r"attention_mask .*\(1, 4\).*\(1, 3\)"):
        model(torch.ones(1, 4, dtype=torch.long), torch.ones(1, 3))
    with pytest.raises(ValueError, match="7 heads don't divide a width of 30"):
        DisentangledSelfAttention(30, 7)


@pytest.mark.parametrize(
    "config, message",
    [
        (transformers.DebertaConfig(), "relative_attention=False"),
        (transformers.DebertaConfig(**SIZES | {"pos_att_type": ["c2p"]}), "c2p"),
        (transformers.DebertaV2Config(**SIZES), "share_att_key"),
        (
            transformers.DebertaV2Config(**SIZES, **V3_OPTIONS, conv_kernel_size=3),
            "conv_kernel_size=3",
        ),
    ],
)
def test_other_variants_are_refused(config, message):
    with pytest.raises(Unsupported, match=message):
        config_from_hf(config)
