"""Every model by its name: its family and its numbers.

A family's defaults are one model's; the others of the family differ in numbers only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from utils.ledger.model_formulas import (
    Parts,
    albert,
    bart,
    bert,
    bloom,
    deberta,
    deberta_v3,
    distilbert,
    electra,
    gpt,
    llama,
    pegasus,
    roberta,
    t5,
    transformer,
    vit,
    xlnet,
)

# The letter of each size in formulas, and what it is.
SIZES = {
    "vocabulary": ("V", "tokens in the vocabulary"),
    "width": ("d", "width of the model"),
    "embedding_width": ("e", "width of the token table"),
    "layers": ("L", "layers"),
    "decoder_layers": ("D", "layers of the decoder"),
    "groups": ("G", "groups of layers that share their parameters"),
    "heads": ("h", "attention heads"),
    "key_value_heads": ("g", "heads of keys and values"),
    "head_width": ("k", "width of a head"),
    "inner_width": ("f", "inner width of the feed-forward"),
    "positions": ("n", "positions"),
    "segments": ("s", "segments"),
    "max_distance": ("r", "distances told apart in each direction"),
    "buckets": ("r", "ranges of distances"),
    "image": ("i", "pixels along an image's side"),
    "patch": ("p", "pixels along a patch's side"),
    "channels": ("c", "colour channels"),
    "classes": ("C", "classes"),
}
# Those that may be 0: then the part isn't there.
OPTIONAL = ("segments", "classes", "layers", "decoder_layers")


@dataclass(frozen=True)
class Family:
    """An architecture: its formulas and the defaults of its sizes and switches.

    Args:
        parts: from sizes and switches to the parts.
        defaults: by name; a function for what follows from other sizes.
        decoder: it generates, so that keys and values are worth keeping.
        two_lengths: it reads one sequence and writes another.
        unused_positions: rows of the position table that no token can have.
        ours: `utils.models` has it, so that what it keeps can be measured.
    """

    parts: Callable[[SimpleNamespace], Parts]
    defaults: dict[str, Any]
    decoder: bool = False
    two_lengths: bool = False
    unused_positions: int = 0
    ours: bool = True


@dataclass(frozen=True)
class Preset:
    """A model: its family and where it differs from the family's defaults."""

    family: Family
    changes: dict[str, Any] = field(default_factory=dict)


def four_times_the_width(sizes: dict[str, Any]) -> Any:
    """A feed-forward that is always four times as wide (GPT, BLOOM)."""
    return 4 * sizes["width"]


def a_heads_share(sizes: dict[str, Any]) -> Any:
    """The width of a head where the heads share the model's width."""
    return sizes["width"] // sizes["heads"]


def as_many_layers(sizes: dict[str, Any]) -> Any:
    """A decoder as deep as its encoder."""
    return sizes["layers"]


BASE = {"width": 768, "layers": 12, "heads": 12, "inner_width": 3072}
LARGE = {"width": 1024, "layers": 12, "heads": 16, "inner_width": 4096}
LM_HEAD = {"lm_head": True, "tied": True, "biases": True}

ENCODER = (
    {"vocabulary": 30_522}
    | BASE
    | {"classes": 0, "masked_lm": False, "tied": True, "biases": True}
)
ABSOLUTE = ENCODER | {"positions": 512, "segments": 2}
BERT = Family(bert, ABSOLUTE | {"pooler": True, "next_sentence": False})
ROBERTA = Family(
    roberta,
    ABSOLUTE | {"vocabulary": 50_265, "positions": 514, "segments": 1, "pooler": True},
    unused_positions=2,
)
DISTILBERT = Family(distilbert, ENCODER | {"layers": 6, "positions": 512})
ALBERT = Family(
    albert,
    ABSOLUTE
    | {
        "vocabulary": 30_000,
        "embedding_width": 128,
        "groups": 1,
        "pooler": True,
        "sentence_order": False,
    },
)
ELECTRA = Family(electra, ABSOLUTE | {"embedding_width": 768, "discriminator": False})
RELATIVE = {k: v for k, v in ENCODER.items() if k != "classes"} | {"segments": 0}
DEBERTA = Family(
    deberta,
    RELATIVE
    | {
        "vocabulary": 50_265,
        "max_distance": 512,
        "content_to_position": True,
        "position_to_content": True,
    },
)
DEBERTA_V3 = Family(deberta_v3, RELATIVE | {"vocabulary": 128_100, "buckets": 256})
XLNET = Family(
    xlnet, {"vocabulary": 32_000} | BASE | {"head_width": a_heads_share} | LM_HEAD
)
VIT = Family(
    vit,
    {"image": 224, "patch": 16, "channels": 3}
    | BASE
    | {"classes": 1000, "pooler": False, "biases": True},
)
DECODER = (
    {"vocabulary": 50_257} | BASE | {"inner_width": four_times_the_width} | LM_HEAD
)
GPT = Family(gpt, DECODER | {"positions": 1024, "last_norm": True}, decoder=True)
BLOOM = Family(bloom, DECODER | {"vocabulary": 250_880}, decoder=True, ours=False)
LLAMA = Family(
    llama,
    DECODER
    | {
        "vocabulary": 32_000,
        "width": 4096,
        "layers": 32,
        "heads": 32,
        "key_value_heads": lambda sizes: sizes["heads"],
        "head_width": a_heads_share,
        "inner_width": 11_008,
        "tied": False,
        "biases": False,
    },
    decoder=True,
    ours=False,
)
ENCODER_DECODER = (
    {"vocabulary": 50_265}
    | BASE
    | {"layers": 6, "decoder_layers": as_many_layers, "relu": False}
    | LM_HEAD
)
TRANSFORMER = Family(
    transformer,
    ENCODER_DECODER
    | {
        "vocabulary": 37_000,
        "width": 512,
        "heads": 8,
        "inner_width": 2048,
        "relu": True,
        "last_norms": False,
    },
    decoder=True,
    two_lengths=True,
)
BART = Family(
    bart, ENCODER_DECODER | {"positions": 1024}, decoder=True, two_lengths=True
)
PEGASUS = Family(
    pegasus,
    ENCODER_DECODER
    | LARGE
    | {
        "vocabulary": 96_103,
        "layers": 16,
        "positions": 1024,
        "relu": True,
        "sinusoids": True,
    },
    decoder=True,
    two_lengths=True,
)
T5 = Family(
    t5,
    {
        "vocabulary": 32_128,
        "width": 512,
        "layers": 6,
        "decoder_layers": as_many_layers,
        "heads": 8,
        "head_width": 64,
        "inner_width": 2048,
        "buckets": 32,
        "gated": False,
        "lm_head": True,
        "tied": True,
    },
    decoder=True,
    two_lengths=True,
)

MLM = {"masked_lm": True}
PRETRAINING = MLM | {"next_sentence": True}
BERT_LARGE = LARGE | {"layers": 24}
XXLARGE = {"width": 4096, "heads": 64, "inner_width": 16_384}
SMALL = {"embedding_width": 128, "width": 256, "heads": 4, "inner_width": 1024}

MODELS = {
    "transformer-base": Preset(TRANSFORMER),
    "transformer-big": Preset(
        TRANSFORMER, {"width": 1024, "heads": 16, "inner_width": 4096}
    ),
    "bert-base": Preset(BERT),
    "bert-base-mlm": Preset(BERT, MLM | {"pooler": False}),
    "bert-base-pretraining": Preset(BERT, PRETRAINING),
    "bert-large": Preset(BERT, BERT_LARGE),
    "bert-large-pretraining": Preset(BERT, BERT_LARGE | PRETRAINING),
    "tinybert-4": Preset(BERT, {"width": 312, "layers": 4, "inner_width": 1200}),
    "minilm-l6": Preset(BERT, {"width": 384, "layers": 6, "inner_width": 1536}),
    "distilbert": Preset(DISTILBERT),
    "distilbert-base": Preset(DISTILBERT),
    "distilbert-base-mlm": Preset(DISTILBERT, MLM),
    "roberta-base": Preset(ROBERTA),
    "roberta-base-mlm": Preset(ROBERTA, MLM | {"pooler": False}),
    "roberta-large": Preset(ROBERTA, BERT_LARGE),
    "albert-base-v2": Preset(ALBERT),
    "albert-base-v2-pretraining": Preset(ALBERT, MLM | {"sentence_order": True}),
    "albert-xxlarge-v2": Preset(ALBERT, XXLARGE),
    "electra-small": Preset(ELECTRA, SMALL),
    "electra-small-discriminator": Preset(ELECTRA, SMALL | {"discriminator": True}),
    "electra-small-generator": Preset(ELECTRA, SMALL | MLM),
    "electra-base": Preset(ELECTRA),
    "electra-base-discriminator": Preset(ELECTRA, {"discriminator": True}),
    "deberta-base": Preset(DEBERTA),
    "deberta-base-mlm": Preset(DEBERTA, MLM),
    "deberta-v3-base": Preset(DEBERTA_V3),
    "xlnet-base": Preset(XLNET),
    "gpt1": Preset(GPT, {"vocabulary": 40_478, "positions": 512, "last_norm": False}),
    "gpt2": Preset(GPT),
    "gpt2-small": Preset(GPT),
    "gpt2-medium": Preset(GPT, {"width": 1024, "layers": 24, "heads": 16}),
    "gpt2-large": Preset(GPT, {"width": 1280, "layers": 36, "heads": 20}),
    "gpt2-xl": Preset(GPT, {"width": 1600, "layers": 48, "heads": 25}),
    "gpt3": Preset(
        GPT, {"width": 12_288, "layers": 96, "heads": 96, "positions": 2048}
    ),
    "bart-base": Preset(BART),
    "bart-large": Preset(BART, LARGE),
    "pegasus-large": Preset(PEGASUS),
    "t5-small": Preset(T5),
    "t5-base": Preset(T5, BASE),
    "vit-b-16": Preset(VIT),
    "vit-b-16-pooler": Preset(VIT, {"classes": 0, "pooler": True}),
    "vit-b-32": Preset(VIT, {"patch": 32}),
    "llama-2-7b": Preset(LLAMA),
    "llama-2-70b": Preset(
        LLAMA,
        {
            "width": 8192,
            "layers": 80,
            "heads": 64,
            "key_value_heads": 8,
            "inner_width": 28_672,
        },
    ),
    "llama-3-8b": Preset(
        LLAMA, {"vocabulary": 128_256, "key_value_heads": 8, "inner_width": 14_336}
    ),
    "bloom-176b": Preset(BLOOM, {"width": 14_336, "layers": 70, "heads": 112}),
}
