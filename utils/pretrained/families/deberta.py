"""DeBERTa as transformers has it: two versions, which differ in attention and LM head.

The first version's attention is one matrix in which query, key and value take turns by
head; the second and third have three, as BERT.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from utils.models.deberta import (
    DebertaConfig,
    DebertaForMaskedLM,
    DebertaForQuestionAnswering,
    DebertaForSequenceClassification,
    DebertaForTokenClassification,
    DebertaModel,
)
from utils.pretrained.families import bert
from utils.pretrained.hugging_face import (
    HFModel,
    Unsupported,
    activation,
    builder,
    require,
)
from utils.pretrained.key_map import Drop, Fuse, KeyMap, Rename, Reshape, Tie

SHARED_ATTENTION = KeyMap(
    Fuse("attention.self.{query,key,value}_proj.{p}", "attention.qkv_proj.{p}"),
)
HEAD = KeyMap(
    Rename("dense.{p}", "head.dense.{p}"),
    Rename("LayerNorm.{p}", "head.norm.{p}"),
)
LEGACY_LM_HEAD = HEAD.under("cls.predictions.transform.", "") + KeyMap(
    Rename("cls.predictions.bias", "head.bias"),
    Tie("cls.predictions.decoder.weight", "deberta.embeddings.word_embeddings.weight"),
    Tie("cls.predictions.decoder.bias", "cls.predictions.bias"),
)
LM_HEAD = HEAD.under("lm_predictions.lm_head.", "") + KeyMap(
    Rename("lm_predictions.lm_head.bias", "head.bias")
)
POOLER = KeyMap(Rename("pooler.dense.{p}", "head.dense.{p}"))


def own_attention(width: int, heads: int) -> KeyMap:
    """The first version's attention: query, key and value take turns by head."""
    return KeyMap(
        Reshape(
            "attention.self.in_proj.weight",
            "attention.qkv_proj.weight",
            shape=(3 * width, width),
            original=(3 * width, width),
            seen=(heads, 3, width // heads, width),
            permute=(1, 0, 2, 3),
        ),
        Rename("attention.self.q_bias", "attention.q_bias"),
        Rename("attention.self.v_bias", "attention.v_bias"),
        Rename("attention.self.pos_proj.{p}", "attention.position_k_proj.{p}"),
        Rename("attention.self.pos_q_proj.{p}", "attention.position_q_proj.{p}"),
    )


def encoder_keys(hf: Any) -> KeyMap:
    """The map of the base model."""
    shared = hf.model_type == "deberta-v2"
    layer = bert.AFTER_ATTENTION + (
        SHARED_ATTENTION
        if shared
        else own_attention(hf.hidden_size, hf.num_attention_heads)
    )
    return KeyMap(
        Rename("embeddings.word_embeddings.weight", "embeddings.token.weight"),
        Rename("embeddings.token_type_embeddings.weight", "embeddings.segment.weight"),
        Rename("embeddings.LayerNorm.{p}", "embeddings.norm.{p}"),
        Rename("encoder.rel_embeddings.weight", "distances.table.weight"),
        Rename("encoder.LayerNorm.{p}", "distances.norm.{p}"),
        Drop("embeddings.position_ids"),
    ) + layer.under("encoder.layer.{i}.", "encoder.blocks.{i}.")


def config_from_hf(hf: Any) -> DebertaConfig:
    """Our configuration from a `transformers.DebertaConfig` or `DebertaV2Config`.

    Raises:
        Unsupported: without relative attention, with absolute positions beside it, or
            one of the variants that no released base model has.
    """
    require(
        hf,
        relative_attention=True,
        position_biased_input=False,
        talking_head=False,
        embedding_size=hf.hidden_size,
        pooler_hidden_size=hf.hidden_size,
    )
    if sorted(hf.pos_att_type or ()) != ["c2p", "p2c"]:
        raise Unsupported(
            f"{type(hf).__name__} with pos_att_type={hf.pos_att_type!r}; "
            "only c2p and p2c together are supported"
        )
    shared = hf.model_type == "deberta-v2"
    if shared:
        released = {"share_att_key": True, "norm_rel_ebd": "layer_norm"}
        found = {name: getattr(hf, name, None) for name in released}
        if found != released:
            raise Unsupported(
                f"{type(hf).__name__} with {found}; only {released} is supported"
            )
        require(hf, conv_kernel_size=0)
    return DebertaConfig(
        vocabulary=hf.vocab_size,
        width=hf.hidden_size,
        layers=hf.num_hidden_layers,
        heads=hf.num_attention_heads,
        inner_width=hf.intermediate_size,
        reach=(
            hf.max_relative_positions
            if hf.max_relative_positions > 0
            else hf.max_position_embeddings
        ),
        buckets=max(getattr(hf, "position_buckets", 0), 0) if shared else 0,
        shared=shared,
        segments=hf.type_vocab_size,
        activation=activation(hf.hidden_act),
        pooler_activation=activation(hf.pooler_hidden_act),
        eps=hf.layer_norm_eps,
        dropout=hf.hidden_dropout_prob,
        attention_dropout=hf.attention_probs_dropout_prob,
        init_std=hf.initializer_range,
    )


def task_keys(head: KeyMap, legacy: KeyMap | None = None) -> Callable[[Any], KeyMap]:
    """The map of the base model and a head, another one in a `legacy` model."""

    def keys(hf: Any) -> KeyMap:
        chosen = legacy if legacy is not None and hf.legacy else head
        return encoder_keys(hf).under("deberta.", "backbone.") + chosen

    return keys


_build = partial(builder, config_from_hf)

_CLASSES = {
    "Model": HFModel(_build(DebertaModel), encoder_keys),
    "ForMaskedLM": HFModel(
        _build(DebertaForMaskedLM), task_keys(LM_HEAD, legacy=LEGACY_LM_HEAD)
    ),
    "ForSequenceClassification": HFModel(
        _build(DebertaForSequenceClassification, classes=True),
        task_keys(POOLER + bert.CLASSIFIER),
    ),
    "ForTokenClassification": HFModel(
        _build(DebertaForTokenClassification, classes=True),
        task_keys(bert.CLASSIFIER),
    ),
    "ForQuestionAnswering": HFModel(
        _build(DebertaForQuestionAnswering, num_labels=2), task_keys(bert.SPAN)
    ),
}
HF_MODELS = {
    version + name: entry
    for version in ("Deberta", "DebertaV2")
    for name, entry in _CLASSES.items()
}
