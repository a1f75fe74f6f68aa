"""RoBERTa equals transformers' RoBERTa, and the comparison can fail."""

import pytest
import torch
import transformers
from models import parity
from torch import nn

from utils.models.roberta import (
    ROBERTA_LARGE,
    RobertaConfig,
    RobertaForMaskedLM,
    RobertaModel,
)
from utils.nn.attention import SelfAttention
from utils.nn.feed_forward import FeedForward, gelu_tanh
from utils.pretrained import Unsupported, from_hf

PADDING = 1
CONFIG = transformers.RobertaConfig(
    vocab_size=parity.VOCABULARY,
    hidden_size=30,
    num_hidden_layers=3,
    num_attention_heads=5,
    intermediate_size=41,
    max_position_embeddings=21,
    type_vocab_size=1,
    layer_norm_eps=1e-5,
    pad_token_id=PADDING,
)
CLASSES = {
    name: getattr(transformers, f"Roberta{name}")
    for name in (
        "Model",
        "ForMaskedLM",
        "ForSequenceClassification",
        "ForTokenClassification",
        "ForQuestionAnswering",
    )
}


@pytest.fixture
def inputs():
    found = parity.tokens()
    found["input_ids"][found["attention_mask"] == 0] = PADDING
    return found


@pytest.mark.parametrize("name", CLASSES)
def test_equals_transformers(name, inputs):
    parity.assert_equal(CLASSES[name], CONFIG, inputs)


def test_other_sizes_and_segments(inputs):
    """Two segments, another padding token, other labels, dropout of its own."""
    config = transformers.RobertaConfig(
        **CONFIG.to_diff_dict()
        | {
            "type_vocab_size": 2,
            "pad_token_id": 5,
            "max_position_embeddings": 25,
            "classifier_dropout": 0.3,
            "num_labels": 7,
        }
    )
    segments = torch.zeros_like(inputs["input_ids"])
    segments[:, 4:] = 1
    found = inputs | {"token_type_ids": segments}
    found["input_ids"] = found["input_ids"].masked_fill(
        found["attention_mask"] == 0, config.pad_token_id
    )
    hf_class = transformers.RobertaForSequenceClassification
    parity.assert_equal(hf_class, config, found)
    ours = from_hf(hf_class(config))
    assert ours.head.dropout.p == 0.3
    assert ours.backbone.config.padding_id == 5


@pytest.mark.parametrize("padded", ["left", "middle", "no mask"])
def test_positions_leave_out_the_padding_token(padded, inputs):
    """By the token, not by the mask."""
    ids, mask = inputs["input_ids"].clone(), torch.ones_like(inputs["input_ids"])
    ids[ids == PADDING] = 9
    where = slice(0, 4) if padded == "left" else slice(3, 6)
    ids[1, where] = PADDING
    mask[1, where] = 0
    found = {"input_ids": ids} | (
        {} if padded == "no mask" else {"attention_mask": mask}
    )
    theirs = parity.make(transformers.RobertaModel, CONFIG, randomised=True)
    ours = from_hf(theirs)
    expected, got = parity.run(theirs, found), parity.run(ours, found)
    assert parity.difference(expected, got, found.get("attention_mask")) < 1e-10
    assert ours.position_ids(ids, None)[0].tolist() == list(range(2, 13))


def counted_as_bert(model):
    model.backbone.position_ids = lambda ids, mask: torch.arange(ids.shape[1])


def counted_through_padding(model):
    model.backbone.position_ids = lambda ids, mask: torch.arange(2, 2 + ids.shape[1])


def counted_from_one(model):
    position_ids = model.backbone.position_ids
    model.backbone.position_ids = lambda *args: position_ids(*args) - 1


def no_segment(model):
    with torch.no_grad():
        model.backbone.embeddings.segment.weight.zero_()


def test_wrong_models_are_caught(inputs):
    parity.assert_caught(
        transformers.RobertaForMaskedLM,
        CONFIG,
        inputs,
        {
            "no bias in attention": parity.zero_("qkv_proj.bias"),
            "no bias on the logits": parity.zero_("head.bias"),
            "no bias in the feed-forward": parity.zero_("fc1.bias"),
            "norms swapped": parity.swap_("norm1", "norm2"),
            "tanh GELU": parity.set_(FeedForward, activation=gelu_tanh),
            "eps 1e-12": parity.set_(nn.LayerNorm, eps=1e-12),
            "no scale": parity.set_(SelfAttention, scale=1.0),
            "positions from 0": counted_as_bert,
            "positions from 1": counted_from_one,
            "no segment vector": no_segment,
            "head untied": parity.untie_,
        },
    )


def test_padding_in_the_middle_tells_counting_apart(inputs):
    ids = inputs["input_ids"].clone()
    ids[0, 5] = PADDING
    found = inputs | {"input_ids": ids}
    found["attention_mask"] = (ids != PADDING).long()
    wrong = {"counted through padding": counted_through_padding}
    parity.assert_caught(transformers.RobertaForMaskedLM, CONFIG, found, wrong)


def test_wrong_classifiers_are_caught(inputs):
    parity.assert_caught(
        transformers.RobertaForSequenceClassification,
        CONFIG,
        inputs,
        {
            "GELU in the head": lambda m: setattr(m.head, "activation", nn.GELU()),
            "no hidden layer": lambda m: setattr(m.head, "dense", None),
            "no bias": parity.zero_("head.out_proj.bias"),
        },
    )


def test_a_file_with_a_pooler_that_no_head_reads(tmp_path):
    """The published roberta-base has one."""
    made = parity.make(transformers.RobertaForMaskedLM, CONFIG, randomised=True)
    extra = {
        "roberta.pooler.dense.weight": torch.zeros(30, 30),
        "roberta.pooler.dense.bias": torch.zeros(30),
    }
    made.save_pretrained(tmp_path, state_dict=made.state_dict() | extra)
    expected, got = made.state_dict(), from_hf(tmp_path).state_dict()
    assert torch.equal(got["head.bias"], expected["lm_head.bias"])


@pytest.mark.parametrize(
    ("model", "config", "count"),
    [
        (RobertaModel, RobertaConfig(), 124_645_632),
        (RobertaForMaskedLM, RobertaConfig(), 124_697_433),
        (RobertaModel, ROBERTA_LARGE, 355_359_744),
    ],
)
def test_published_sizes(model, config, count):
    assert parity.count(lambda: model(config)) == count


def test_bad_input_says_what_is_wrong():
    model = from_hf(parity.make(transformers.RobertaModel, CONFIG, randomised=True))
    parity.assert_refuses_bad_input(model, positions=19)
    assert model(input_ids=torch.full((1, 19), 7)).last_hidden_state.shape[1] == 19
    ids = torch.tensor([[5, 6, 7]])
    with pytest.raises(ValueError, match="segment id 1 is outside the range of 1"):
        model(input_ids=ids, token_type_ids=torch.ones_like(ids))
    with pytest.raises(ValueError, match=r"must be \(batch, key\).*was \(1, 2\)"):
        model(input_ids=ids, attention_mask=torch.ones(1, 2))
    with pytest.raises(Unsupported, match="no model for RobertaForCausalLM"):
        from_hf(transformers.RobertaForCausalLM(CONFIG))
