"""Which classes are taken, and what a folder says that isn't as it should be."""

import json
import re

import pytest
import torch
import transformers
from models import parity

from utils.pretrained import Unsupported, from_hf
from utils.pretrained.hugging_face import supported
from utils.pretrained.key_map import WrongKeys

HEADS = ("SequenceClassification", "TokenClassification", "QuestionAnswering")
TAKEN = {
    "Bert": ("Model", "PreTraining", "MaskedLM", "NextSentencePrediction", *HEADS),
    "Roberta": ("Model", "MaskedLM", *HEADS),
    "DistilBert": ("Model", "MaskedLM", *HEADS),
    "Albert": ("Model", "PreTraining", "MaskedLM", *HEADS),
    "Electra": ("Model", "PreTraining", "MaskedLM", *HEADS),
    "Deberta": ("Model", "MaskedLM", *HEADS),
    "DebertaV2": ("Model", "MaskedLM", *HEADS),
    "XLNet": ("Model", "LMHeadModel", *HEADS[:2], "QuestionAnsweringSimple"),
    "OpenAIGPT": ("Model", "LMHeadModel", "SequenceClassification"),
    "GPT2": ("Model", "LMHeadModel", "SequenceClassification"),
    "Bart": ("Model", "ConditionalGeneration", HEADS[0], HEADS[2]),
    "Pegasus": ("Model", "ConditionalGeneration"),
    "T5": ("Model", "EncoderModel", "ConditionalGeneration"),
    "ViT": ("Model", "ImageClassification"),
}


def class_name(family: str, task: str) -> str:
    return family + (task if task.endswith("Model") else f"For{task}")


def test_the_classes_of_the_course_are_taken():
    names = {class_name(f, task) for f, tasks in TAKEN.items() for task in tasks}
    assert all(hasattr(transformers, name) for name in names)
    with pytest.raises(Unsupported) as raised:
        supported("LlamaModel")
    listed = str(raised.value).partition("supported are ")[2].split(", ")
    assert set(listed) == names


SIZES = {
    "vocab_size": parity.VOCABULARY,
    "hidden_size": 30,
    "num_hidden_layers": 2,
    "num_attention_heads": 5,
    "intermediate_size": 41,
}
DISENTANGLED = {
    "relative_attention": True,
    "position_biased_input": False,
    "pos_att_type": ["p2c", "c2p"],
}
MODELS = {
    "bert": transformers.BertForMaskedLM(transformers.BertConfig(**SIZES)),
    "deberta": transformers.DebertaForMaskedLM(
        transformers.DebertaConfig(**SIZES, **DISENTANGLED)
    ),
    "xlnet": transformers.XLNetLMHeadModel(
        transformers.XLNetConfig(
            vocab_size=parity.VOCABULARY, d_model=30, n_layer=2, n_head=5, d_inner=41
        )
    ),
    "gpt2": transformers.GPT2LMHeadModel(
        transformers.GPT2Config(
            vocab_size=parity.VOCABULARY, n_embd=30, n_layer=2, n_head=5
        )
    ),
    "bart": transformers.BartForConditionalGeneration(
        transformers.BartConfig(
            vocab_size=parity.VOCABULARY,
            d_model=30,
            encoder_layers=2,
            decoder_layers=2,
            encoder_attention_heads=5,
            decoder_attention_heads=5,
            encoder_ffn_dim=41,
            decoder_ffn_dim=41,
        )
    ),
    "t5": transformers.T5ForConditionalGeneration(
        transformers.T5Config(
            vocab_size=parity.VOCABULARY, d_model=30, num_layers=2, num_heads=5
        )
    ),
    "vit": transformers.ViTForImageClassification(
        transformers.ViTConfig(
            image_size=8,
            patch_size=4,
            **{k: v for k, v in SIZES.items() if k != "vocab_size"},
        )
    ),
}


@pytest.fixture
def folder(name, tmp_path):
    MODELS[name].save_pretrained(tmp_path)
    from_hf(tmp_path)
    return tmp_path


@pytest.mark.parametrize("damage", ["cut", "empty", "a web page"])
@pytest.mark.parametrize("name", MODELS)
def test_damaged_weights(name, damage, folder):
    file = folder / "model.safetensors"
    whole = file.read_bytes()
    left = {"cut": whole[: len(whole) // 2], "empty": b"", "a web page": b"<html>" * 99}
    file.write_bytes(left[damage])
    message = re.escape(str(file)) + " is damaged, fetch it again: "
    with pytest.raises(ValueError, match=message):
        from_hf(folder)


def rewrite(folder, **changes):
    file = folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


NAMES = r"backbone\.encoder\.blocks\.\d\.\S+"


@pytest.mark.parametrize("name", ["bert"])
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"vocab_size": 99},
            r"the weights' \S+ is \(97,?.*\), the configuration asks for \(99",
        ),
        (
            {"num_hidden_layers": 3},
            f"the weights have no {NAMES}, the configuration asks for it",
        ),
        (
            {"num_hidden_layers": 1},
            f"the weights have {NAMES}, the configuration doesn't",
        ),
        (
            {"architectures": ["BertForTokenClassification"]},
            r"no place for \['cls\.predictions",
        ),
    ],
)
def test_weights_of_another_configuration(changes, message, folder):
    rewrite(folder, **changes)
    with pytest.raises(WrongKeys, match=message):
        from_hf(folder)


@pytest.mark.parametrize("name", ["gpt2"])
def test_folders_that_are_not_a_models(name, folder, tmp_path):
    with pytest.raises(FileNotFoundError, match="no folder bert-base.*from_pretrained"):
        from_hf("bert-base-uncased")
    config = folder / "config.json"
    text = config.read_text()
    for damaged in (text[:50], "[]"):
        config.write_text(damaged)
        with pytest.raises(
            ValueError, match=r"config\.json is damaged, fetch it again"
        ):
            from_hf(folder)
    config.write_text(text)
    rewrite(folder, architectures=None)
    with pytest.raises(Unsupported, match="names no architecture"):
        from_hf(folder)
    config.unlink()
    with pytest.raises(FileNotFoundError, match=r"config\.json is missing"):
        from_hf(folder)
    config.write_text(text)
    (folder / "model.safetensors").unlink()
    with pytest.raises(FileNotFoundError, match=r"no \.safetensors file in"):
        from_hf(folder)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_weights_keep_their_type(dtype, tmp_path):
    model = MODELS["gpt2"].to(dtype)
    model.save_pretrained(tmp_path)
    MODELS["gpt2"].float()
    assert {p.dtype for p in from_hf(tmp_path).parameters()} == {dtype}
