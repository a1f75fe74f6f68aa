"""DistilBERT as transformers has it: BERT's layer under shorter names."""

from __future__ import annotations

from functools import partial
from typing import Any

from utils.models.distilbert import (
    DistilBertConfig,
    DistilBertForMaskedLM,
    DistilBertForQuestionAnswering,
    DistilBertForSequenceClassification,
    DistilBertForTokenClassification,
    DistilBertModel,
)
from utils.pretrained.families import bert
from utils.pretrained.hugging_face import HFModel, activation, builder
from utils.pretrained.key_map import Drop, Fuse, KeyMap, Rename, Tie

LAYER = KeyMap(
    Fuse("attention.{q_lin,k_lin,v_lin}.{p}", "attention.qkv_proj.{p}"),
    Rename("attention.out_lin.{p}", "attention.out_proj.{p}"),
    Rename("sa_layer_norm.{p}", "norm1.{p}"),
    Rename("ffn.lin1.{p}", "feed_forward.fc1.{p}"),
    Rename("ffn.lin2.{p}", "feed_forward.fc2.{p}"),
    Rename("output_layer_norm.{p}", "norm2.{p}"),
)
ENCODER = KeyMap(
    Rename("embeddings.word_embeddings.weight", "embeddings.token.weight"),
    Rename("embeddings.position_embeddings.weight", "embeddings.positions.weight"),
    Rename("embeddings.LayerNorm.{p}", "embeddings.norm.{p}"),
    Drop("embeddings.position_ids"),
) + LAYER.under("transformer.layer.{i}.", "encoder.blocks.{i}.")
DISTILBERT = ENCODER.under("distilbert.", "backbone.")
LM_HEAD = KeyMap(
    Rename("vocab_transform.{p}", "head.dense.{p}"),
    Rename("vocab_layer_norm.{p}", "head.norm.{p}"),
    Rename("vocab_projector.bias", "head.bias"),
    Tie("vocab_projector.weight", "distilbert.embeddings.word_embeddings.weight"),
)
PRE_CLASSIFIER = KeyMap(Rename("pre_classifier.{p}", "head.dense.{p}"))


def config_from_hf(hf: Any) -> DistilBertConfig:
    """Our configuration from a `transformers.DistilBertConfig`."""
    return DistilBertConfig(
        vocabulary=hf.vocab_size,
        width=hf.dim,
        layers=hf.n_layers,
        heads=hf.n_heads,
        inner_width=hf.hidden_dim,
        positions=hf.max_position_embeddings,
        activation=activation(hf.activation),
        dropout=hf.dropout,
        attention_dropout=hf.attention_dropout,
        classifier_dropout=hf.seq_classif_dropout,
        answer_dropout=hf.qa_dropout,
        init_std=hf.initializer_range,
    )


_build = partial(builder, config_from_hf)

HF_MODELS = {
    "DistilBertModel": HFModel(_build(DistilBertModel), ENCODER),
    "DistilBertForMaskedLM": HFModel(
        _build(DistilBertForMaskedLM), DISTILBERT + LM_HEAD
    ),
    "DistilBertForSequenceClassification": HFModel(
        _build(DistilBertForSequenceClassification, classes=True),
        DISTILBERT + PRE_CLASSIFIER + bert.CLASSIFIER,
    ),
    "DistilBertForTokenClassification": HFModel(
        _build(DistilBertForTokenClassification, classes=True),
        DISTILBERT + bert.CLASSIFIER,
    ),
    "DistilBertForQuestionAnswering": HFModel(
        _build(DistilBertForQuestionAnswering, num_labels=2), DISTILBERT + bert.SPAN
    ),
}
