"""BERT equals transformers' BERT, and the comparison can fail."""

import os

import pytest
import torch
import transformers
from models import parity
from safetensors.torch import save_file
from torch import nn

from utils.data import glue
from utils.models.bert import (
    BERT_LARGE,
    MINILM_L6,
    TINYBERT_4,
    BertConfig,
    BertForPreTraining,
    BertModel,
)
from utils.nn.attention import SelfAttention
from utils.nn.embeddings import TransformerEmbeddings
from utils.nn.feed_forward import FeedForward, gelu_tanh
from utils.pretrained import Unsupported, from_hf, minilm

CONFIG = transformers.BertConfig(
    vocab_size=parity.VOCABULARY,
    hidden_size=30,
    num_hidden_layers=3,
    num_attention_heads=5,
    intermediate_size=41,
    max_position_embeddings=19,
)
CLASSES = {
    name: getattr(transformers, f"Bert{name}")
    for name in (
        "Model",
        "ForPreTraining",
        "ForMaskedLM",
        "ForNextSentencePrediction",
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


def test_without_mask_and_segments(inputs):
    inputs = {"input_ids": inputs["input_ids"]}
    parity.assert_equal(transformers.BertModel, CONFIG, inputs)


def ragged():
    """ids and masks of six sequences, padded on the right and on the left."""
    torch.manual_seed(0)
    ids = torch.randint(3, parity.VOCABULARY, (6, parity.TIME))
    lengths = torch.tensor([4, 11, 1, 7, 9, 3])[:, None]
    right = torch.arange(parity.TIME) < lengths
    return ids, right, right.flip(1)


def randomised(name):
    return from_hf(parity.make(CLASSES[name], CONFIG, randomised=True))


@pytest.mark.parametrize("side", [1, 2], ids=["right", "left"])
def test_packed_equals_padded(side):
    model, (ids, *masks) = randomised("ForPreTraining"), ragged()
    mask = masks[side - 1]
    inputs = {"input_ids": ids, "attention_mask": mask.long()}
    padded, packed = (parity.run(model, inputs, packed=p) for p in (False, True))
    for a, b in zip(padded.hidden_states, packed.hidden_states, strict=True):
        assert (a - b)[mask].abs().max() < 1e-12
        assert (b[~mask] == 0).all()
    if side == 1:  # [CLS] isn't padding
        assert (padded.pooler_output - packed.pooler_output).abs().max() < 1e-12
    with pytest.raises(ValueError, match="no attentions"):
        parity.run(model, inputs, packed=True, output_attentions=True)
    # Nothing to leave out, nothing to pack.
    inputs["attention_mask"] = torch.ones_like(ids)
    assert parity.run(model, inputs, packed=True, output_attentions=True).attentions


def test_packed_gradients_equal_padded():
    model, (ids, mask, _) = randomised("Model"), ragged()
    found = []
    for packed in (False, True):
        model.zero_grad()
        output = model(ids, mask.long(), packed=packed)
        output.last_hidden_state[mask].square().mean().backward()
        found.append([p.grad.clone() for p in model.encoder.parameters()])
    for a, b in zip(*found, strict=True):
        assert (a - b).abs().max() < 1e-11


@pytest.mark.parametrize("name", ["ForPreTraining", "ForMaskedLM"])
def test_scored_positions_are_those_of_all(name):
    model, (ids, mask, _) = randomised(name), ragged()
    chosen = mask & (ids % 3 == 0)
    inputs = {"input_ids": ids, "attention_mask": mask.long()}
    output = "logits" if name == "ForMaskedLM" else "prediction_logits"
    everywhere = getattr(parity.run(model, inputs), output)
    scored = getattr(parity.run(model, inputs, scored=chosen), output)
    assert scored.shape == (chosen.sum(), parity.VOCABULARY)
    assert (scored - everywhere[chosen]).abs().max() < 1e-12


def off_by_one(model):
    model.backbone.position_ids = lambda ids, mask: torch.arange(1, 1 + ids.shape[1])


def untied(model):
    table = model.backbone.embeddings.token.weight
    other = table.detach().roll(1, 0)
    forward = model.head.forward
    model.head.forward = lambda hidden, _: forward(hidden, other)


def test_wrong_models_are_caught(inputs):
    parity.assert_caught(
        transformers.BertForMaskedLM,
        CONFIG,
        inputs,
        {
            "no bias in attention": parity.zero_("qkv_proj.bias"),
            "no bias on the logits": parity.zero_("head.bias"),
            "norms swapped": parity.swap_("norm1", "norm2"),
            "tanh GELU": parity.set_(FeedForward, activation=gelu_tanh),
            "eps 1e-5": parity.set_(nn.LayerNorm, eps=1e-5),
            "no scale": parity.set_(SelfAttention, scale=1.0),
            "scale by the width": parity.set_(SelfAttention, scale=30**-0.5),
            "positions from 1": off_by_one,
            "head untied": untied,
            "embeddings scaled": parity.set_(TransformerEmbeddings, scale=30**0.5),
        },
    )


@pytest.mark.parametrize(
    ("model", "config", "count"),
    [
        (BertModel, BertConfig(), 109_482_240),
        (BertForPreTraining, BertConfig(), 110_106_428),
        (BertModel, BERT_LARGE, 335_141_888),
        (BertForPreTraining, BERT_LARGE, 336_226_108),
        (BertModel, TINYBERT_4, 14_350_248),
        (BertModel, MINILM_L6, 22_713_216),
    ],
)
def test_published_sizes(model, config, count):
    assert parity.count(lambda: model(config)) == count


def test_a_file_with_what_no_head_reads(tmp_path):
    """The published bert-base-uncased is a masked LM with a pooler and a pair head."""
    made = parity.make(transformers.BertForPreTraining, CONFIG, randomised=True)
    made.config.architectures = ["BertForMaskedLM"]
    with open(tmp_path / "config.json", "w") as file:
        file.write(made.config.to_json_string())
    save_file(
        {k: v for k, v in made.state_dict().items() if "decoder" not in k},
        tmp_path / "model.safetensors",
    )
    found = parity.tokens()
    expected = parity.run(made, found).prediction_logits
    got = parity.run(from_hf(tmp_path), found).logits
    real = found["attention_mask"].bool()
    assert (expected - got)[real].abs().max() < 1e-10


def test_bad_input_says_what_is_wrong():
    model = from_hf(parity.make(transformers.BertModel, CONFIG, randomised=True))
    parity.assert_refuses_bad_input(model, positions=19)
    ids = torch.tensor([[5, 6, 7]])
    with pytest.raises(ValueError, match=r"must be \(batch, key\).*was \(1, 2\)"):
        model(input_ids=ids, attention_mask=torch.ones(1, 2))
    with pytest.raises(ValueError, match="segment id 2 is outside the range of 2"):
        model(input_ids=ids, token_type_ids=torch.full_like(ids, 2))
    config = transformers.BertConfig(is_decoder=True)
    with pytest.raises(Unsupported, match="is_decoder=True"):
        from_hf(transformers.BertModel(config))


def test_an_unknown_class_lists_the_known():
    class Other(nn.Module):
        pass

    with pytest.raises(Unsupported, match="no model for Other.*BertForMaskedLM"):
        from_hf(Other())


def test_the_real_weights_on_real_sentences():
    """MiniLM through our BERT, layer by layer and head by head."""
    theirs = minilm.reference_model().double()
    sentences = [
        "He went to the bank to deposit money.",
        "She ate the soup and he read a book, which took the whole evening.",
    ]
    inputs = minilm.tokenizer()(sentences, padding=True, return_tensors="pt")
    ours = from_hf(theirs)
    assert sum(p.numel() for p in ours.parameters()) == 22_713_216
    expected = parity.run(
        theirs, inputs, output_hidden_states=True, output_attentions=True
    )
    got = parity.run(ours, inputs, output_attentions=True)
    assert parity.difference(expected, got, inputs["attention_mask"]) < 1e-10
    wrong = from_hf(theirs)
    parity.set_(FeedForward, activation=gelu_tanh)(wrong)
    got = parity.run(wrong, inputs, output_attentions=True)
    assert parity.difference(expected, got, inputs["attention_mask"]) > 1e-4


def test_the_real_weights_on_film_reviews():
    """Thirty-two sentences of SST-2 as they stand, in padded batches of all lengths."""
    if not os.environ.get("COURSE_DATA"):
        pytest.skip("COURSE_DATA isn't set: no real sentences")
    theirs = minilm.reference_model().double()
    ours, tokenizer = from_hf(theirs), minilm.tokenizer()
    reviews = [example.text for example in glue.load("sst2")["validation"][:32]]
    for begin in range(0, 32, 16):
        batch = reviews[begin : begin + 16]
        inputs = tokenizer(batch, padding=True, return_tensors="pt")
        expected = parity.run(theirs, inputs, output_hidden_states=True)
        got = parity.run(ours, inputs)
        assert not inputs["attention_mask"].all()
        assert parity.difference(expected, got, inputs["attention_mask"]) < 1e-10
