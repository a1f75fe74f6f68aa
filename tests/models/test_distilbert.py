"""DistilBERT equals transformers' DistilBERT, and the comparison can fail."""

import pytest
import torch
import transformers
from models import parity
from torch import nn

from utils.models.bert import BertConfig, BertModel
from utils.models.distilbert import (
    DistilBertConfig,
    DistilBertForMaskedLM,
    DistilBertModel,
    student_of,
)
from utils.nn.attention import SelfAttention
from utils.nn.feed_forward import FeedForward, gelu_tanh
from utils.pretrained import from_hf

CONFIG = transformers.DistilBertConfig(
    vocab_size=parity.VOCABULARY,
    dim=30,
    n_layers=3,
    n_heads=5,
    hidden_dim=41,
    max_position_embeddings=19,
)
CLASSES = {
    name: getattr(transformers, f"DistilBert{name}")
    for name in (
        "Model",
        "ForMaskedLM",
        "ForSequenceClassification",
        "ForTokenClassification",
        "ForQuestionAnswering",
    )
}


@pytest.mark.parametrize("name", CLASSES)
def test_equals_transformers(name):
    parity.assert_equal(CLASSES[name], CONFIG, parity.tokens())


def test_sinusoids_relu_and_labels():
    """The sinusoids are in the table of positions, in the file as well."""
    config = transformers.DistilBertConfig(
        **CONFIG.to_diff_dict()
        | {"sinusoidal_pos_embds": True, "activation": "relu", "num_labels": 7}
    )
    hf_class = transformers.DistilBertForTokenClassification
    parity.assert_equal(hf_class, config, parity.tokens())


def test_without_mask():
    inputs = {"input_ids": parity.tokens()["input_ids"]}
    parity.assert_equal(transformers.DistilBertModel, CONFIG, inputs)


def test_dropout_where_transformers_has_it():
    config = transformers.DistilBertConfig(
        **CONFIG.to_diff_dict()
        | {"dropout": 0.1, "seq_classif_dropout": 0.3, "qa_dropout": 0.4}
    )
    rates = [
        from_hf(CLASSES[name](config)).head.dropout.p
        for name in (
            "ForSequenceClassification",
            "ForTokenClassification",
            "ForQuestionAnswering",
        )
    ]
    assert rates == [0.3, 0.1, 0.4]
    assert not from_hf(CLASSES["ForSequenceClassification"](config)).head.drop_first


def off_by_one(model):
    model.backbone.position_ids = lambda ids, mask: torch.arange(1, 1 + ids.shape[1])


def test_wrong_models_are_caught():
    parity.assert_caught(
        transformers.DistilBertForMaskedLM,
        CONFIG,
        parity.tokens(),
        {
            "no bias in attention": parity.zero_("qkv_proj.bias"),
            "no bias on the logits": parity.zero_("head.bias"),
            "no bias in the feed-forward": parity.zero_("fc2.bias"),
            "norms swapped": parity.swap_("norm1", "norm2"),
            "tanh GELU": parity.set_(FeedForward, activation=gelu_tanh),
            "tanh GELU in the head": lambda m: setattr(m.head, "activation", gelu_tanh),
            "eps 1e-5": parity.set_(nn.LayerNorm, eps=1e-5),
            "no scale": parity.set_(SelfAttention, scale=1.0),
            "positions from 1": off_by_one,
            "head untied": parity.untie_,
        },
    )


def test_wrong_classifiers_are_caught():
    parity.assert_caught(
        transformers.DistilBertForSequenceClassification,
        CONFIG,
        parity.tokens(),
        {
            "BERT's tanh": lambda m: setattr(m.head, "activation", torch.tanh),
            "no hidden layer": lambda m: setattr(m.head, "dense", None),
            "no bias": parity.zero_("head.dense.bias"),
        },
    )


def test_a_student_of_all_layers_equals_its_teacher():
    sizes = dict(vocabulary=97, width=30, layers=4, heads=5, inner_width=41)
    torch.manual_seed(0)
    teacher = BertModel(BertConfig(**sizes, positions=19)).double().eval()
    with torch.no_grad():
        for p in teacher.parameters():
            p.add_(0.3 * torch.randn_like(p))
    inputs = parity.tokens()
    expected = parity.run(teacher, inputs).last_hidden_state
    got = parity.run(student_of(teacher, range(4)).eval(), inputs).last_hidden_state
    assert (expected - got).abs().max() < 1e-12
    half = student_of(teacher)
    assert len(half.encoder.blocks) == 2
    for mine, depth in zip(half.encoder.blocks, (0, 2), strict=True):
        theirs = teacher.encoder.blocks[depth].state_dict()
        assert all(torch.equal(v, theirs[k]) for k, v in mine.state_dict().items())
    assert not torch.equal(
        half.encoder.blocks[1].norm1.bias, teacher.encoder.blocks[1].norm1.bias
    )
    # A copy: the student's training leaves the teacher alone.
    with torch.no_grad():
        half.embeddings.token.weight.zero_()
    assert teacher.embeddings.token.weight.abs().sum() > 0
    with pytest.raises(IndexError):
        student_of(teacher, [0, 4])


@pytest.mark.parametrize(
    ("model", "count"),
    [(DistilBertModel, 66_362_880), (DistilBertForMaskedLM, 66_985_530)],
)
def test_published_sizes(model, count):
    assert parity.count(lambda: model(DistilBertConfig())) == count


def test_bad_input_says_what_is_wrong():
    model = from_hf(parity.make(transformers.DistilBertModel, CONFIG, randomised=True))
    parity.assert_refuses_bad_input(model, positions=19)
    ids = torch.tensor([[5, 6, 7]])
    with pytest.raises(TypeError, match="token_type_ids"):
        model(input_ids=ids, token_type_ids=torch.zeros_like(ids))
