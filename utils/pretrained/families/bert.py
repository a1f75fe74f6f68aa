"""BERT as transformers has it: query, key and value are layers of their own.

A masked-LM head's table is named a second time, and the first published files call a
norm's parameters gamma and beta (`hugging_face` reads those).
"""

from __future__ import annotations

from functools import partial
from typing import Any

from utils.models.bert import (
    BertConfig,
    BertForMaskedLM,
    BertForNextSentencePrediction,
    BertForPreTraining,
    BertForQuestionAnswering,
    BertForSequenceClassification,
    BertForTokenClassification,
    BertModel,
)
from utils.pretrained.hugging_face import HFModel, activation, builder, require
from utils.pretrained.key_map import Drop, Fuse, KeyMap, Rename, Tie

AFTER_ATTENTION = KeyMap(
    Rename("attention.output.dense.{p}", "attention.out_proj.{p}"),
    Rename("attention.output.LayerNorm.{p}", "norm1.{p}"),
    Rename("intermediate.dense.{p}", "feed_forward.fc1.{p}"),
    Rename("output.dense.{p}", "feed_forward.fc2.{p}"),
    Rename("output.LayerNorm.{p}", "norm2.{p}"),
)
LAYER = AFTER_ATTENTION + KeyMap(
    Fuse("attention.self.{query,key,value}.{p}", "attention.qkv_proj.{p}")
)
ENCODER = KeyMap(
    Rename("embeddings.word_embeddings.weight", "embeddings.token.weight"),
    Rename("embeddings.position_embeddings.weight", "embeddings.positions.weight"),
    Rename("embeddings.token_type_embeddings.weight", "embeddings.segment.weight"),
    Rename("embeddings.LayerNorm.{p}", "embeddings.norm.{p}"),
    Rename("pooler.dense.{p}", "pooler.dense.{p}"),
    Drop("embeddings.position_ids"),
) + LAYER.under("encoder.layer.{i}.", "encoder.blocks.{i}.")
BERT = ENCODER.under("bert.", "backbone.")
# Published files keep what a model without a pooler doesn't read.
UNREAD = KeyMap(Drop("bert.pooler.dense.{p}"), Drop("cls.seq_relationship.{p}"))
WORDS = "bert.embeddings.word_embeddings.weight"
LM_HEAD = KeyMap(
    Rename("cls.predictions.transform.dense.{p}", "head.dense.{p}"),
    Rename("cls.predictions.transform.LayerNorm.{p}", "head.norm.{p}"),
    Rename("cls.predictions.bias", "head.bias"),
    Tie("cls.predictions.decoder.weight", WORDS),
    Tie("cls.predictions.decoder.bias", "cls.predictions.bias"),
)
PAIR_HEAD = KeyMap(Rename("cls.seq_relationship.{p}", "head.out_proj.{p}"))
CLASSIFIER = KeyMap(Rename("classifier.{p}", "head.out_proj.{p}"))
SPAN = KeyMap(Rename("qa_outputs.{p}", "head.out_proj.{p}"))


def config_from_hf(hf: Any) -> BertConfig:
    """Our configuration from a `transformers.BertConfig`.

    Raises:
        Unsupported: a decoder, cross-attention or other positions than BERT's.
    """
    require(hf, is_decoder=False, add_cross_attention=False)
    return BertConfig(
        vocabulary=hf.vocab_size,
        width=hf.hidden_size,
        layers=hf.num_hidden_layers,
        heads=hf.num_attention_heads,
        inner_width=hf.intermediate_size,
        positions=hf.max_position_embeddings,
        segments=hf.type_vocab_size,
        activation=activation(hf.hidden_act),
        eps=hf.layer_norm_eps,
        dropout=hf.hidden_dropout_prob,
        attention_dropout=hf.attention_probs_dropout_prob,
        classifier_dropout=(
            hf.hidden_dropout_prob
            if getattr(hf, "classifier_dropout", None) is None
            else hf.classifier_dropout
        ),
        init_std=hf.initializer_range,
    )


_build = partial(builder, config_from_hf)

HF_MODELS = {
    "BertModel": HFModel(_build(BertModel), ENCODER),
    "BertForPreTraining": HFModel(
        _build(BertForPreTraining),
        BERT
        + LM_HEAD.with_ours("head.", "lm_head.")
        + PAIR_HEAD.with_ours("head.", "pair_head."),
    ),
    "BertForMaskedLM": HFModel(_build(BertForMaskedLM), UNREAD + BERT + LM_HEAD),
    "BertForNextSentencePrediction": HFModel(
        _build(BertForNextSentencePrediction), BERT + PAIR_HEAD
    ),
    "BertForSequenceClassification": HFModel(
        _build(BertForSequenceClassification, classes=True), BERT + CLASSIFIER
    ),
    "BertForTokenClassification": HFModel(
        _build(BertForTokenClassification, classes=True), UNREAD + BERT + CLASSIFIER
    ),
    "BertForQuestionAnswering": HFModel(
        _build(BertForQuestionAnswering, num_labels=2), UNREAD + BERT + SPAN
    ),
}
