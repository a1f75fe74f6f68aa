"""What each architecture of `utils.models` is made of, part by part, as formulas.

A family is a function from sizes (sympy symbols) and switches (True or False) to a
cost for each part, in the order of the model. `presets` has the numbers.
"""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

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
