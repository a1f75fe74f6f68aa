"""ALBERT equals transformers' ALBERT, and the comparison can fail."""

import pytest
import torch
import transformers
from models import parity
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

from utils.models.albert import (
    ALBERT_XXLARGE,
    AlbertConfig,
    AlbertForPreTraining,
    AlbertModel,
)
from utils.nn.attention import SelfAttention
from utils.nn.feed_forward import FeedForward
from utils.pretrained import Unsupported, from_hf

SIZES = dict(
    vocab_size=parity.VOCABULARY,
    embedding_size=13,
    hidden_size=30,
    num_hidden_layers=5,
    num_hidden_groups=2,
    num_attention_heads=5,
    intermediate_size=41,
    max_position_embeddings=19,
)
CONFIG = transformers.AlbertConfig(**SIZES)
CLASSES = {
    name: getattr(transformers, f"Albert{name}")
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


@pytest.mark.parametrize(
    "changes",
    [
        {"num_hidden_groups": 1, "embedding_size": 30},
        {"num_hidden_groups": 5, "hidden_act": "gelu"},
        {"classifier_dropout_prob": 0.4, "num_labels": 7},
    ],
    ids=["one group, equal widths", "a group a layer, erf", "labels"],
)
def test_other_configurations(changes, inputs):
    config = transformers.AlbertConfig(**SIZES | changes)
    inputs = {"input_ids": inputs["input_ids"]}
    parity.assert_equal(transformers.AlbertForSequenceClassification, config, inputs)


@pytest.mark.parametrize(("layers", "groups"), [(12, 1), (12, 5), (18, 14), (36, 28)])
def test_groups_are_in_transformers_order(layers, groups):
    """18 in 14: its division of floats puts depth 9 in group 6, not 7."""
    model = AlbertModel(AlbertConfig(8, 8, layers, 2, 8, groups=groups))
    assert model.encoder.order == [int(i / (layers / groups)) for i in range(layers)]
    assert len(model.encoder.blocks) == groups


def off_by_one(model):
    model.backbone.position_ids = lambda ids, mask: torch.arange(1, 1 + ids.shape[1])


def no_sharing(model):
    model.backbone.encoder.order = [0, 0, 1, 1, 1]


def in_turn(model):
    model.backbone.encoder.order = [0, 1, 0, 1, 0]


def normalised_twice(model):
    projection = model.backbone.embeddings.projection
    forward = projection.forward
    projection.forward = lambda x: forward(F.layer_norm(x, (13,)))


def test_wrong_models_are_caught(inputs):
    parity.assert_caught(
        transformers.AlbertForMaskedLM,
        CONFIG,
        inputs,
        {
            "no bias in attention": parity.zero_("qkv_proj.bias"),
            "no bias on the logits": parity.zero_("head.bias"),
            "no bias on the projection": parity.zero_("projection.bias"),
            "norms swapped": parity.swap_("norm1", "norm2"),
            "erf GELU": parity.set_(FeedForward, activation=F.gelu),
            "erf GELU in the head": lambda m: setattr(m.head, "activation", F.gelu),
            "eps 1e-5": parity.set_(nn.LayerNorm, eps=1e-5),
            "no scale": parity.set_(SelfAttention, scale=1.0),
            "positions from 1": off_by_one,
            "head untied": parity.untie_,
            "groups cut elsewhere": no_sharing,
            "groups in turn": in_turn,
            "normalised twice": normalised_twice,
        },
    )


def test_wrong_pair_heads_are_caught(inputs):
    def without_tanh(model):
        dense = model.backbone.pooler.dense
        model.backbone.pooler.forward = lambda hidden: dense(hidden[:, 0])

    def last_token(model):
        forward = model.backbone.pooler.forward
        model.backbone.pooler.forward = lambda hidden: forward(hidden.flip(1))

    def classes_swapped(model):
        projection = model.pair_head.out_proj
        with torch.no_grad():
            projection.weight.copy_(projection.weight.flip(0))

    parity.assert_caught(
        transformers.AlbertForPreTraining,
        CONFIG,
        inputs,
        {
            "pooler without tanh": without_tanh,
            "pooler on the last token": last_token,
            "in order and swapped exchanged": classes_swapped,
        },
    )


def test_one_block_runs_at_every_depth():
    """Gradients of all depths add in it, and the work isn't less."""
    config = AlbertConfig(
        97, 30, layers=4, heads=5, inner_width=41, positions=19, embedding_width=13
    )
    torch.manual_seed(0)
    model = AlbertModel(config).double()
    assert len(model.encoder.blocks) == 1
    runs = []
    model.encoder.blocks[0].register_forward_hook(lambda *_: runs.append(1))
    model(**parity.tokens()).last_hidden_state.square().sum().backward()
    assert len(runs) == 4
    assert model.encoder.blocks[0].feed_forward.fc1.weight.grad.abs().sum() > 0


def test_a_file_with_what_no_head_reads(tmp_path):
    """The published albert-base-v2 is a masked LM with a pooler and a pair head."""
    made = parity.make(transformers.AlbertForPreTraining, CONFIG, randomised=True)
    made.config.architectures = ["AlbertForMaskedLM"]
    (tmp_path / "config.json").write_text(made.config.to_json_string())
    save_file(
        {k: v for k, v in made.state_dict().items() if "decoder" not in k},
        tmp_path / "model.safetensors",
    )
    found = parity.tokens()
    expected = parity.run(made, found).prediction_logits
    got = parity.run(from_hf(tmp_path), found).logits
    real = found["attention_mask"].bool()
    assert (expected - got)[real].abs().max() < 1e-10


@pytest.mark.parametrize(
    ("model", "config", "count"),
    [
        (AlbertModel, AlbertConfig(), 11_683_584),
        (AlbertForPreTraining, AlbertConfig(), 11_813_810),
        (AlbertModel, ALBERT_XXLARGE, 222_595_584),
    ],
)
def test_published_sizes(model, config, count):
    assert parity.count(lambda: model(config)) == count


def test_bad_input_says_what_is_wrong():
    model = from_hf(parity.make(transformers.AlbertModel, CONFIG, randomised=True))
    parity.assert_refuses_bad_input(model, positions=19)
    config = transformers.AlbertConfig(**SIZES | {"inner_group_num": 2})
    with pytest.raises(Unsupported, match="inner_group_num=2"):
        from_hf(transformers.AlbertModel(config))
    config = transformers.AlbertConfig(**SIZES | {"num_labels": 3})
    with pytest.raises(Unsupported, match="num_labels=3"):
        from_hf(transformers.AlbertForPreTraining(config))
    with pytest.raises(ValueError, match="2 layers can't be in 3 groups; 1 to 2 can"):
        AlbertModel(AlbertConfig(layers=2, groups=3))
