"""Parameter groups: what decays, and how fast each layer learns."""

import copy

import pytest
import torch
import transformers
from torch import nn
from transformers import Trainer

from utils.models.albert import AlbertConfig, AlbertModel
from utils.models.bart import BartConfig, BartForConditionalGeneration
from utils.models.bert import BertConfig, BertForSequenceClassification, BertModel
from utils.models.gpt2 import GPT2Config, GPT2LMHeadModel
from utils.models.seq2seq import Seq2Seq, Seq2SeqConfig
from utils.models.t5 import T5Config, T5ForConditionalGeneration
from utils.models.ulmfit import AWDLSTMConfig, ULMFiTClassifier
from utils.models.xlnet import XLNetConfig, XLNetLMHeadModel
from utils.pretrained import from_hf
from utils.training import optimizers
from utils.training.optimizers import (
    adamw,
    discriminative_rates,
    layer_wise_rates,
    layers_of,
    named_layers,
    parameter_groups,
)

SMALL = {"vocabulary": 40, "width": 12, "heads": 2, "inner_width": 16}


def bert(layers: int = 12) -> nn.Module:
    torch.manual_seed(0)
    return BertForSequenceClassification(BertConfig(**SMALL, layers=layers))


def undecayed(groups) -> set[str]:
    return {n for g in groups if not g["weight_decay"] for n in g["names"]}


MODELS = {
    "bert": lambda: bert(2),
    "gpt2": lambda: GPT2LMHeadModel(GPT2Config(**SMALL, layers=2)),
    "albert": lambda: AlbertModel(AlbertConfig(**SMALL, layers=3)),
    "xlnet": lambda: XLNetLMHeadModel(XLNetConfig(**SMALL, layers=2)),
    "bart": lambda: BartForConditionalGeneration(
        BartConfig(**SMALL, layers=2, decoder_layers=3)
    ),
    "t5": lambda: T5ForConditionalGeneration(
        T5Config(**SMALL, layers=2, decoder_layers=2)
    ),
    "ulmfit": lambda: ULMFiTClassifier(AWDLSTMConfig(40, 8, 10)),
}


@pytest.mark.parametrize("name", MODELS)
def test_every_parameter_is_in_one_group_once(name):
    model = MODELS[name]()
    expected = {n: id(p) for n, p in model.named_parameters()}
    layers = layers_of(model)
    for groups in (
        parameter_groups(model, 1e-3),
        parameter_groups(layers, layer_wise_rates(layers, 1e-3)),
    ):
        names = [n for g in groups for n in g["names"]]
        assert len(names) == len(expected)
        assert {
            n: id(p)
            for g in groups
            for n, p in zip(g["names"], g["params"], strict=True)
        } == expected


@pytest.mark.parametrize("name", MODELS)
def test_norms_and_biases_do_not_decay(name):
    model = MODELS[name]()
    norms = (nn.LayerNorm, nn.BatchNorm1d, nn.RMSNorm)
    expected = {
        f"{path}.{n}".lstrip(".")
        for path, module in model.named_modules()
        for n, _ in module.named_parameters(recurse=False)
        if isinstance(module, norms)
        or type(module).__name__ == "RMSNorm"
        or "bias" in n.split("_")
    }
    # A single vector that is neither of both: XLNet's query.
    lone = {n for n, p in model.named_parameters() if n.endswith("query_vector")}
    assert undecayed(parameter_groups(model, 1e-3)) == expected | lone


@pytest.mark.parametrize(
    ("hf_class", "config"),
    [
        (
            transformers.BertForSequenceClassification,
            transformers.BertConfig(
                vocab_size=40,
                hidden_size=12,
                num_attention_heads=2,
                num_hidden_layers=2,
                intermediate_size=16,
            ),
        ),
        (
            transformers.GPT2LMHeadModel,
            transformers.GPT2Config(vocab_size=40, n_embd=12, n_layer=2, n_head=2),
        ),
    ],
)
def test_decays_what_trainer_decays(hf_class, config):
    theirs = hf_class(config)
    decayed = Trainer.get_decay_parameter_names(None, theirs)
    expected = sum(p.numel() for n, p in theirs.named_parameters() if n in decayed)
    groups = parameter_groups(from_hf(theirs), 1e-3)
    got = sum(p.numel() for g in groups if g["weight_decay"] for p in g["params"])
    assert got == expected


def test_decay_on_biases_is_caught(monkeypatch):
    monkeypatch.setattr(optimizers, "_decays", lambda name, parameter: True)
    with pytest.raises(AssertionError):
        test_norms_and_biases_do_not_decay("bert")


def test_the_layers():
    assert list(layers_of(bert(2))) == ["embeddings", "block 1", "block 2", "head"]
    head = layers_of(bert(2))["head"]
    assert {n.split(".")[-2] for n in head} == {"dense", "out_proj"}  # pooler, classes
    assert "head" in layers_of(BertModel(BertConfig(**SMALL, layers=1)))
    gpt = layers_of(MODELS["gpt2"]())
    assert list(gpt) == ["embeddings", "block 1", "block 2"]
    assert "backbone.decoder.norm.weight" in gpt["block 2"]
    assert list(layers_of(MODELS["albert"]())) == ["embeddings", "block 1", "head"]
    bart = layers_of(MODELS["bart"]())
    assert list(bart) == ["embeddings", *(f"block {i}" for i in range(1, 6))]
    assert "backbone.decoder.embeddings.positions.weight" in bart["embeddings"]
    assert all(n.startswith("backbone.decoder.stack") for n in bart["block 3"])
    t5 = layers_of(MODELS["t5"]())
    assert "backbone.decoder.relative_positions.weight" in t5["embeddings"]
    assert "backbone.encoder.stack.norm.0.weight" in t5["block 2"]
    xlnet = layers_of(MODELS["xlnet"]())
    assert list(xlnet["head"]) == ["bias"]
    assert "backbone.query_vector" in xlnet["embeddings"]
    assert list(layers_of(MODELS["ulmfit"]())) == [
        "embeddings",
        "block 1",
        "block 2",
        "block 3",
        "head",
    ]
    with pytest.raises(ValueError, match="Seq2Seq has no blocks or layers"):
        layers_of(Seq2Seq(Seq2SeqConfig(20, 20)))


def check_layer_wise(rates) -> None:
    """The figures for a 12-layer BERT at 2e-5 and 0.95."""
    assert len(rates) == 14
    assert rates["block 12"] == rates["head"] == 2e-5
    assert f"{rates['block 1']:.3g}" == "1.14e-05"
    assert f"{rates['embeddings']:.3g}" == "1.08e-05"
    for i in range(1, 12):
        assert rates[f"block {i}"] == pytest.approx(0.95 * rates[f"block {i + 1}"])


def test_layer_wise_rates():
    model = bert()
    layers = layers_of(model)
    check_layer_wise(layer_wise_rates(layers, 2e-5, 0.95))
    rates = layer_wise_rates(layers, 2e-5, head_rate=1e-3)
    assert rates["head"] == 1e-3 and rates["block 12"] == 2e-5
    # They reach the optimizer.
    optimizer = adamw(model, rates)
    for group in optimizer.param_groups:
        layer = next(n for n, ps in layers.items() if group["names"][0] in ps)
        assert group["lr"] == rates[layer]


def upside_down(layers):
    rates = layer_wise_rates(layers, 2e-5)
    return dict(zip(rates, reversed(rates.values()), strict=True))


WRONG = {
    "the embeddings learn fastest": upside_down,
    "the head is a block": lambda layers: discriminative_rates(layers, 2e-5, 1 / 0.95),
    "one step too many": lambda layers: layer_wise_rates(layers, 2e-5 * 0.95),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_wrong_rates_are_caught(mistake):
    with pytest.raises(AssertionError):
        check_layer_wise(WRONG[mistake](layers_of(bert())))


def test_discriminative_rates():
    rates = discriminative_rates(layers_of(MODELS["ulmfit"]()), 0.01)
    expected = [0.01 / 2.6**below for below in (4, 3, 2, 1, 0)]
    assert list(rates.values()) == pytest.approx(expected)


def test_one_step_is_decoupled_decay_and_adam():
    """By hand: decay on the matrix only, then a first step of the rate's size."""
    model = nn.Linear(3, 2).double()
    before = copy.deepcopy(model)
    optimizer = adamw(model, 0.1, weight_decay=0.5, eps=0.0)
    model(torch.ones(1, 3, dtype=torch.float64)).sum().backward()
    optimizer.step()
    assert torch.allclose(model.weight, before.weight * (1 - 0.1 * 0.5) - 0.1)
    assert torch.allclose(model.bias, before.bias - 0.1)


def test_layers_by_hand():
    model = Seq2Seq(Seq2SeqConfig(20, 20))
    layers = named_layers(model, ["encoder.token", ("encoder.gru",), "decoder"])
    assert list(layers) == ["encoder.token", "encoder.gru", "decoder"]
    groups = parameter_groups(layers, discriminative_rates(layers, 1.0))
    assert sum(len(g["names"]) for g in groups) == len(list(model.parameters()))
    with pytest.raises(ValueError, match="encoder.gru.* is in 0 of the layers"):
        named_layers(model, ["encoder.token", "decoder"])
    with pytest.raises(ValueError, match="encoder.token.weight is in 2 of the layers"):
        named_layers(model, ["encoder.token", "encoder", "decoder"])
    with pytest.raises(ValueError, match=r"rates for \['head'\], but the layers are"):
        parameter_groups(layers, {"head": 1.0})
