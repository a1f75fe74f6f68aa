"""What each architecture of `utils.models` is made of, part by part, as formulas.

A family is a function from sizes (sympy symbols) and switches (True or False) to a
cost for each part, in the order of the model. `presets` has the numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import sympy

from utils.ledger.block_formulas import (
    BATCH,
    LENGTH,
    TARGET,
    TOKENS,
    ZERO,
    Cost,
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
        **_classifier(m, hidden=True),
    }


def distilbert(m: SimpleNamespace) -> Parts:
    """DistilBERT (Sanh et al. 2019): no segments, no pooler."""
    return {
        **_embeddings(m, m.width, m.positions),
        **_layers(m, self_attention(m.width, m.heads, bias=m.biases)),
        **_masked_lm(m, m.width),
        **_classifier(m, hidden=True),
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
        **_classifier(m, hidden=True, gelu=True),
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
    # Layers read the table itself, or if they need less a copy of the rows they need.
    rows = sympy.Piecewise((2 * LENGTH, m.max_distance > LENGTH), (ZERO, sympy.true))
    table = embedding(2 * m.max_distance, m.width)
    return {
        **_embeddings(m, m.width, segments=m.segments),
        "distances": table + Cost(kept=rows * m.width),
        **_layers(m, attention),
        **_masked_lm(m, m.width),
    }


def deberta_v3(m: SimpleNamespace) -> Parts:
    """DeBERTa's third version (He et al. 2023): distances in ranges, which use the
    content's own projections."""
    rows = 2 * m.buckets
    table = embedding(rows, m.width)
    # The norm reads the table, a parameter, and keeps mean and deviation only.
    norm = layer_norm(m.width).only("parameters") + Cost(kept=2 * rows)
    attention = disentangled_self_attention(
        m.width, m.heads, m.buckets, bias=m.biases, shared=True
    )
    needed = Cost(kept=2 * sympy.Min(LENGTH, m.buckets) * m.width)
    return {
        **_embeddings(m, m.width, segments=m.segments),
        "distances": table + norm + needed,
        **_layers(m, attention),
        **_masked_lm(m, m.width),
    }


def xlnet(m: SimpleNamespace) -> Parts:
    """XLNet (Yang et al. 2019), one stream; with the head that predicts tokens."""
    tokens = embedding(m.vocabulary, m.width) + parameter(m.width)
    return {
        "token table, mask vector": tokens,
        "sinusoids": Cost(kept=2 * LENGTH * m.width),
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
        **_layers(m, attention, ffn=ffn, norm=rms_norm(m.width)),
        "last norm": rms_norm(m.width),
        **_lm_head(m),
    }


# Encoder-decoders: t tokens are read, u are written.


def transformer(m: SimpleNamespace) -> Parts:
    """The Transformer (Vaswani et al. 2017): sinusoids, one table for three uses."""
    return _encoder_decoder(m, bias=m.biases, last_norms=m.last_norms)


def bart(m: SimpleNamespace) -> Parts:
    """BART (Lewis et al. 2020): learned positions, two rows more than there are."""
    positions = embedding(m.positions + 2, m.width)
    return _encoder_decoder(m, bias=m.biases, positions=positions, embedding_norms=True)


def pegasus(m: SimpleNamespace) -> Parts:
    """Pegasus (Zhang et al. 2020): sinusoids, which its weights contain."""
    positions = embedding(m.positions, m.width) if m.sinusoids else Cost()
    return _encoder_decoder(m, bias=m.biases, positions=positions, last_norms=True)


def t5(m: SimpleNamespace) -> Parts:
    """T5 (Raffel et al. 2020): no biases, norms without mean, a table of distances for
    each stack; `gated` is version 1.1."""
    plain = partial(feed_forward, bias=False, relu=True)
    parts = _encoder_decoder(
        m,
        positions=embedding(m.buckets, m.heads),
        last_norms=True,
        norm=rms_norm,
        ffn=gated_feed_forward if m.gated else plain,
        head_width=m.head_width,
        bias=False,
        biased=True,
    )
    # Both stacks read the same table, even if the head has one of its own.
    return parts | {"token table": embedding(m.vocabulary, m.width)}


# What several of them have.


def _embeddings(
    m: SimpleNamespace,
    width: sympy.Expr,
    positions: sympy.Expr = ZERO,
    segments: sympy.Expr = ZERO,
    norm: bool = True,
) -> Parts:
    return {
        "token table": embedding(m.vocabulary, width),
        "position table": embedding(positions, width),
        "segment table": embedding(segments, width),
        "embedding norm": layer_norm(width) if norm else Cost(),
    }


def _layers(
    m: SimpleNamespace,
    attention: Cost,
    *,
    ffn: Cost | None = None,
    norm: Cost | None = None,
    shared: sympy.Expr | None = None,
) -> Parts:
    ffn = ffn or feed_forward(m.width, m.inner_width, bias=m.biases)
    norm = norm or layer_norm(m.width)
    return {
        "attention": attention.times(m.layers, shared),
        "feed-forward": ffn.times(m.layers, shared),
        "norms": (norm + norm).times(m.layers, shared),
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


def _classifier(m: SimpleNamespace, *, hidden: bool = False, **options: bool) -> Parts:
    if not m.classes:
        return {}
    rows = BATCH if hidden or m.pooler else TOKENS
    if hidden:
        head = two_layer_classifier(m.width, m.classes, bias=m.biases, **options)
    else:
        head = classifier(m.width, m.classes, bias=m.biases, rows=rows)
    return {"classifier": head, "loss": cross_entropy(m.classes, rows)}


def _encoder_decoder(
    m: SimpleNamespace,
    *,
    bias: bool,
    positions: Cost | None = None,
    embedding_norms: bool = False,
    last_norms: bool = False,
    norm: Callable[..., Cost] = layer_norm,
    ffn: Callable[..., Cost] | None = None,
    head_width: sympy.Expr | None = None,
    biased: bool = False,
) -> Parts:
    target, table = BATCH * TARGET, embedding(m.vocabulary, m.width)
    positions = positions or Cost()
    norms, target_norms = norm(m.width), norm(m.width, target)
    ffn = ffn or partial(feed_forward, bias=bias, relu=m.relu)
    sizes = {"width": m.width, "heads": m.heads, "head_width": head_width, "bias": bias}
    # An encoder runs once: its keys and values aren't needed again.
    reading = replace(self_attention(**sizes, biased=biased), cached=ZERO)
    writing = self_attention(**sizes, biased=biased, length=TARGET, causal=True)
    return {
        "token table": table if m.tied else table + table,
        "position tables": positions + positions,
        "embedding norms": norms + target_norms if embedding_norms else Cost(),
        "encoder attention": reading.times(m.layers),
        "encoder feed-forward": ffn(m.width, m.inner_width).times(m.layers),
        "encoder norms": norms.times(2 * m.layers),
        "memory": Cost(kept=TOKENS * m.width),
        "decoder attention": writing.times(m.decoder_layers),
        "cross-attention": cross_attention(**sizes).times(m.decoder_layers),
        "decoder feed-forward": ffn(m.width, m.inner_width, rows=target).times(
            m.decoder_layers
        ),
        "decoder norms": target_norms.times(3 * m.decoder_layers),
        "last norms": norms + target_norms if last_norms else Cost(),
        **_lm_head(m, rows=target),
    }
