"""What each architecture of `utils.models` is made of, part by part, as formulas.

A family is a function from sizes (sympy symbols) and switches (True or False) to a
cost for each part, in the order of the model. Its defaults are one model's; the others
of the family differ in numbers only and are listed in `MODELS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import sympy

from utils.ledger.block_formulas import (
    BATCH,
    LENGTH,
    TARGET,
    TOKENS,
    ZERO,
    Cost,
    attention_core,
    classifier,
    cross_attention,
    cross_entropy,
    disentangled_self_attention,
    embedding,
    feed_forward,
    gated_feed_forward,
    layer_norm,
    linear,
    masked_lm_transform,
    parameter,
    patch_embedding,
    pooler,
    relative_attention,
    rms_norm,
    self_attention,
    two_layer_classifier,
    vocabulary_scores,
)

Parts = dict[str, Cost]

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
        uncounted: why what it keeps for the backward pass isn't counted, if it isn't.
    """

    parts: Callable[[SimpleNamespace], Parts]
    defaults: dict[str, Any]
    decoder: bool = False
    two_lengths: bool = False
    uncounted: str = ""


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


# Encoders.


def bert(m: SimpleNamespace) -> Parts:
    """BERT (Devlin et al. 2019), and TinyBERT and MiniLM, which are smaller ones."""
    return {
        **_embeddings(m, m.width, m.positions, m.segments),
        **_layers(m, self_attention(m.width, m.heads, bias=m.biases)),
        **_pooler(m),
        **_masked_lm(m, m.width),
        **_pair_head(m, "next-sentence head", m.next_sentence),
        **_classifier(m),
    }


def roberta(m: SimpleNamespace) -> Parts:
    """RoBERTa (Liu et al. 2019): two rows of the position table are for padding."""
    return {
        **_embeddings(m, m.width, m.positions, m.segments),
        **_layers(m, self_attention(m.width, m.heads, bias=m.biases)),
        **_pooler(m),
        **_masked_lm(m, m.width),
        **_two_layer_classifier(m),
    }


def distilbert(m: SimpleNamespace) -> Parts:
    """DistilBERT (Sanh et al. 2019): no segments, no pooler."""
    return {
        **_embeddings(m, m.width, m.positions),
        **_layers(m, self_attention(m.width, m.heads, bias=m.biases)),
        **_masked_lm(m, m.width),
        **_two_layer_classifier(m),
    }


def albert(m: SimpleNamespace) -> Parts:
    """ALBERT (Lan et al. 2020): narrow tables, and layers that share parameters."""
    attention = self_attention(m.width, m.heads, bias=m.biases)
    return {
        **_embeddings(m, m.embedding_width, m.positions, m.segments),
        "projection": linear(m.embedding_width, m.width, bias=m.biases),
        **_layers(m, attention, shared=m.groups),
        **_pooler(m),
        **_masked_lm(m, m.embedding_width),
        **_pair_head(m, "sentence-order head", m.sentence_order),
        **_classifier(m),
    }


def electra(m: SimpleNamespace) -> Parts:
    """ELECTRA (Clark et al. 2020): the discriminator, or with `masked_lm` a generator.

    There is a projection only where the tables are narrower than the model.
    """
    narrow = m.sizes["embedding_width"] != m.sizes["width"]
    width = m.embedding_width if narrow else m.width
    discriminator = (
        linear(m.width, m.width, bias=m.biases)
        + Cost(kept=TOKENS * m.width)
        + linear(m.width, 1, bias=m.biases)
    )
    return {
        **_embeddings(m, width, m.positions, m.segments),
        "projection": linear(width, m.width, bias=m.biases) if narrow else Cost(),
        **_layers(m, self_attention(m.width, m.heads, bias=m.biases)),
        "discriminator head": discriminator if m.discriminator else Cost(),
        **_masked_lm(m, width),
        **_two_layer_classifier(m),
    }


def deberta(m: SimpleNamespace) -> Parts:
    """DeBERTa (He et al. 2021), version 1: positions only as distances in attention."""
    attention = disentangled_self_attention(
        m.width,
        m.heads,
        sympy.Min(LENGTH, m.max_distance),
        content_to_position=m.content_to_position,
        position_to_content=m.position_to_content,
        bias=m.biases,
    )
    return {
        **_embeddings(m, m.width, segments=m.segments),
        "distances": embedding(2 * m.max_distance, m.width),
        **_layers(m, attention),
        **_masked_lm(m, m.width),
    }


def deberta_v3(m: SimpleNamespace) -> Parts:
    """DeBERTa's third version (He et al. 2023): distances use the content's own
    projections."""
    attention = self_attention(m.width, m.heads, bias=m.biases)
    # Queries and keys of the distances, and both products with the content.
    vectors = 2 * m.buckets
    distances = linear(m.width, m.width, rows=vectors).only("forward", "backward")
    scores = attention_core(m.heads, m.width / m.heads, LENGTH, vectors)
    scores = scores.only("forward", "backward")
    return {
        **_embeddings(m, m.width, segments=m.segments),
        "distances": embedding(vectors, m.width) + layer_norm(m.width, vectors),
        **_layers(m, attention + distances + distances + scores),
        **_masked_lm(m, m.width),
    }


def xlnet(m: SimpleNamespace) -> Parts:
    """XLNet (Yang et al. 2019), one stream; with the head that predicts tokens."""
    tokens = embedding(m.vocabulary, m.width) + parameter(m.width)
    return {
        "token table, mask vector": tokens,
        **_layers(m, relative_attention(m.width, m.heads, m.head_width)),
        **_lm_head(m, bias=m.biases),
    }


def vit(m: SimpleNamespace) -> Parts:
    """ViT (Dosovitskiy et al. 2021): patches and [CLS] instead of tokens."""
    patches = sympy.floor(m.image / m.patch) ** 2
    vectors = {LENGTH: patches + 1}
    layers = {
        **_layers(m, self_attention(m.width, m.heads, bias=m.biases)),
        "last norm": layer_norm(m.width),
        **_pooler(m),
    }
    if m.classes:
        # It reads [CLS] only, but as a view of the whole last hidden state.
        head = classifier(m.width, m.classes, bias=m.biases)
        layers["classifier"] = head + Cost(kept=TOKENS * m.width)
        layers["loss"] = cross_entropy(m.classes, BATCH)
    return {
        "patches": patch_embedding(
            patches, m.patch, m.channels, m.width, bias=m.biases
        ),
        "[CLS]": parameter(m.width),
        "positions": parameter(patches + 1, m.width),
        **{name: cost.at(vectors) for name, cost in layers.items()},
    }


# Decoders.


def gpt(m: SimpleNamespace) -> Parts:
    """GPT-1, GPT-2 and GPT-3; the first has no norm after the last block."""
    return {
        **_embeddings(m, m.width, m.positions, norm=False),
        **_layers(m, self_attention(m.width, m.heads, bias=m.biases, causal=True)),
        "last norm": layer_norm(m.width) if m.last_norm else Cost(),
        **_lm_head(m),
    }


def bloom(m: SimpleNamespace) -> Parts:
    """BLOOM (BigScience 2022): a norm after the embeddings, positions as biases that
    aren't learned."""
    return {
        **_embeddings(m, m.width),
        **_layers(m, self_attention(m.width, m.heads, bias=m.biases, causal=True)),
        "last norm": layer_norm(m.width),
        **_lm_head(m),
    }


def llama(m: SimpleNamespace) -> Parts:
    """Llama (Touvron et al. 2023): rotary positions, gated feed-forward, own head."""
    attention = self_attention(
        m.width,
        m.heads,
        head_width=m.head_width,
        key_value_heads=m.key_value_heads,
        bias=m.biases,
        causal=True,
    )
    ffn = gated_feed_forward(m.width, m.inner_width, bias=m.biases)
    return {
        "token table": embedding(m.vocabulary, m.width),
        "attention": attention.times(m.layers),
        "feed-forward": ffn.times(m.layers),
        "norms": (rms_norm(m.width) + rms_norm(m.width)).times(m.layers),
        "last norm": rms_norm(m.width),
        **_lm_head(m),
    }


# Encoder-decoders: t tokens are read, u are written.


def transformer(m: SimpleNamespace) -> Parts:
    """The Transformer (Vaswani et al. 2017): sinusoids, one table for three uses."""
    return _encoder_decoder(m, last_norms=m.last_norms)


def bart(m: SimpleNamespace) -> Parts:
    """BART (Lewis et al. 2020): learned positions, two rows more than there are."""
    return _encoder_decoder(
        m, positions=embedding(m.positions + 2, m.width), embedding_norms=True
    )


def pegasus(m: SimpleNamespace) -> Parts:
    """Pegasus (Zhang et al. 2020): sinusoids, which its weights contain."""
    positions = embedding(m.positions, m.width) if m.sinusoids else Cost()
    return _encoder_decoder(m, positions=positions, last_norms=True)


def t5(m: SimpleNamespace) -> Parts:
    """T5 (Raffel et al. 2020): no biases, norms without mean, a table of distances for
    each stack; `gated` is version 1.1."""
    attention = {"head_width": m.head_width, "bias": False}
    target = BATCH * TARGET

    def ffn(rows: sympy.Expr) -> Cost:
        if m.gated:
            return gated_feed_forward(m.width, m.inner_width, rows=rows)
        return feed_forward(m.width, m.inner_width, bias=False, relu=True, rows=rows)

    norm, target_norm = rms_norm(m.width), rms_norm(m.width, target)
    cross = cross_attention(m.width, m.heads, **attention)
    own = self_attention(m.width, m.heads, length=TARGET, causal=True, **attention)
    encoder, decoder = m.layers, m.decoder_layers
    return {
        "token table": embedding(m.vocabulary, m.width),
        "distances": embedding(m.buckets, m.heads) + embedding(m.buckets, m.heads),
        "encoder attention": _uncached(
            self_attention(m.width, m.heads, **attention).times(encoder)
        ),
        "encoder feed-forward": ffn(TOKENS).times(encoder),
        "encoder norms": (norm + norm).times(encoder) + norm,
        "memory": Cost(kept=TOKENS * m.width),
        "decoder attention": own.times(decoder),
        "cross-attention": cross.times(decoder),
        "decoder feed-forward": ffn(target).times(decoder),
        "decoder norms": (target_norm + target_norm + target_norm).times(decoder)
        + target_norm,
        **_lm_head(m, rows=target),
    }


# What several of them have.


def _embeddings(
    m: SimpleNamespace,
    width: sympy.Expr,
    positions: sympy.Expr = 0,
    segments: sympy.Expr = 0,
    norm: bool = True,
) -> Parts:
    return {
        "token table": embedding(m.vocabulary, width),
        "position table": embedding(positions, width),
        "segment table": embedding(segments, width),
        "embedding norm": layer_norm(width) if norm else Cost(),
    }


def _layers(
    m: SimpleNamespace, attention: Cost, shared: sympy.Expr | None = None
) -> Parts:
    ffn = feed_forward(m.width, m.inner_width, bias=m.biases)
    norms = layer_norm(m.width) + layer_norm(m.width)
    return {
        "attention": attention.times(m.layers, shared),
        "feed-forward": ffn.times(m.layers, shared),
        "norms": norms.times(m.layers, shared),
    }


def _masked_lm(m: SimpleNamespace, width: sympy.Expr) -> Parts:
    if not m.masked_lm:
        return {}
    return {
        "masked-LM head": masked_lm_transform(m.width, width, bias=m.biases),
        "token scores": vocabulary_scores(
            width, m.vocabulary, tied=m.tied, bias=m.biases
        ),
        "loss": cross_entropy(m.vocabulary, TOKENS),
    }


def _lm_head(
    m: SimpleNamespace, *, bias: bool = False, rows: sympy.Expr = TOKENS
) -> Parts:
    if not m.lm_head:
        return {}
    return {
        "token scores": vocabulary_scores(
            m.width, m.vocabulary, tied=m.tied, bias=bias, rows=rows
        ),
        "loss": cross_entropy(m.vocabulary, rows),
    }


def _pooler(m: SimpleNamespace) -> Parts:
    if not m.pooler:
        return {}
    # The masked-LM head reads the same hidden state: it is kept once.
    keeps_input = not getattr(m, "masked_lm", False)
    return {"pooler": pooler(m.width, bias=m.biases, keeps_input=keeps_input)}


def _pair_head(m: SimpleNamespace, name: str, wanted: bool) -> Parts:
    return {name: classifier(m.width, 2, bias=m.biases) if wanted else Cost()}


def _classifier(m: SimpleNamespace) -> Parts:
    if not m.classes:
        return {}
    rows = BATCH if m.pooler else TOKENS
    return {
        "classifier": classifier(m.width, m.classes, bias=m.biases, rows=rows),
        "loss": cross_entropy(m.classes, rows),
    }


def _two_layer_classifier(m: SimpleNamespace) -> Parts:
    if not m.classes:
        return {}
    return {
        "classifier": two_layer_classifier(m.width, m.classes, bias=m.biases),
        "loss": cross_entropy(m.classes, BATCH),
    }


def _encoder_decoder(
    m: SimpleNamespace,
    *,
    positions: Cost | None = None,
    embedding_norms: bool = False,
    last_norms: bool = False,
) -> Parts:
    target, tables = BATCH * TARGET, embedding(m.vocabulary, m.width)
    norm, target_norm = layer_norm(m.width), layer_norm(m.width, target)
    positions = positions or Cost()
    bias = {"bias": m.biases}
    sizes, relu = (m.width, m.inner_width), m.relu
    own = self_attention(m.width, m.heads, length=TARGET, causal=True, **bias)
    cross = cross_attention(m.width, m.heads, **bias)
    return {
        "token table": tables if m.tied else tables + tables,
        "position tables": positions + positions,
        "embedding norms": norm + target_norm if embedding_norms else Cost(),
        "encoder attention": _uncached(
            self_attention(m.width, m.heads, **bias).times(m.layers)
        ),
        "encoder feed-forward": feed_forward(*sizes, relu=relu, **bias).times(m.layers),
        "encoder norms": (norm + norm).times(m.layers),
        "memory": Cost(kept=TOKENS * m.width),
        "decoder attention": own.times(m.decoder_layers),
        "cross-attention": cross.times(m.decoder_layers),
        "decoder feed-forward": feed_forward(
            *sizes, relu=relu, rows=target, **bias
        ).times(m.decoder_layers),
        "decoder norms": (target_norm + target_norm + target_norm).times(
            m.decoder_layers
        ),
        "last norms": norm + target_norm if last_norms else Cost(),
        **_lm_head(m, rows=target),
    }


def _uncached(cost: Cost) -> Cost:
    # An encoder runs once: its keys and values aren't needed again.
    return replace(cost, cached=ZERO)


# Every model by its name.

LEARNED_BIAS = "a learned bias on its scores keeps them in ways that kernels differ in"
NOT_OURS = "this package has no model of it to measure"

ENCODER = {
    "vocabulary": 30_522,
    "width": 768,
    "layers": 12,
    "heads": 12,
    "inner_width": 3072,
    "classes": 0,
    "masked_lm": False,
    "tied": True,
    "biases": True,
}
ABSOLUTE = ENCODER | {"positions": 512, "segments": 2}
BERT = Family(bert, ABSOLUTE | {"pooler": True, "next_sentence": False})
ROBERTA = Family(
    roberta,
    ABSOLUTE | {"vocabulary": 50_265, "positions": 514, "segments": 1, "pooler": True},
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
    uncounted=LEARNED_BIAS,
)
DEBERTA_V3 = Family(
    deberta_v3,
    RELATIVE | {"vocabulary": 128_100, "buckets": 256},
    uncounted=LEARNED_BIAS,
)
XLNET = Family(
    xlnet,
    {
        "vocabulary": 32_000,
        "width": 768,
        "layers": 12,
        "heads": 12,
        "head_width": a_heads_share,
        "inner_width": 3072,
        "lm_head": True,
        "tied": True,
        "biases": True,
    },
    uncounted=LEARNED_BIAS,
)
VIT = Family(
    vit,
    {
        "image": 224,
        "patch": 16,
        "channels": 3,
        "width": 768,
        "layers": 12,
        "heads": 12,
        "inner_width": 3072,
        "classes": 1000,
        "pooler": False,
        "biases": True,
    },
)
DECODER = {
    "vocabulary": 50_257,
    "width": 768,
    "layers": 12,
    "heads": 12,
    "inner_width": four_times_the_width,
    "lm_head": True,
    "tied": True,
    "biases": True,
}
GPT = Family(gpt, DECODER | {"positions": 1024, "last_norm": True}, decoder=True)
BLOOM = Family(
    bloom, DECODER | {"vocabulary": 250_880}, decoder=True, uncounted=NOT_OURS
)
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
    uncounted=NOT_OURS,
)
ENCODER_DECODER = {
    "vocabulary": 50_265,
    "width": 768,
    "layers": 6,
    "decoder_layers": as_many_layers,
    "heads": 12,
    "inner_width": 3072,
    "positions": 1024,
    "relu": False,
    "lm_head": True,
    "tied": True,
    "biases": True,
}
WITHOUT_POSITIONS = {k: v for k, v in ENCODER_DECODER.items() if k != "positions"}
TRANSFORMER = Family(
    transformer,
    WITHOUT_POSITIONS
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
BART = Family(bart, ENCODER_DECODER, decoder=True, two_lengths=True)
LARGE = {"width": 1024, "layers": 12, "heads": 16, "inner_width": 4096}
PEGASUS = Family(
    pegasus,
    ENCODER_DECODER
    | LARGE
    | {"vocabulary": 96_103, "layers": 16, "relu": True, "sinusoids": True},
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
    uncounted=LEARNED_BIAS,
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
    "t5-base": Preset(
        T5, {"width": 768, "layers": 12, "heads": 12, "inner_width": 3072}
    ),
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
