"""ALBERT as transformers has it: layers are numbered by group and again inside it.

No published model has more than one in a group, so the second number is always 0.
"""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import Any

from utils.models.albert import (
    AlbertConfig,
    AlbertForMaskedLM,
    AlbertForPreTraining,
    AlbertForQuestionAnswering,
    AlbertForSequenceClassification,
    AlbertForTokenClassification,
    AlbertModel,
)
from utils.pretrained.families import bert
from utils.pretrained.hugging_face import HFModel, builder, require
from utils.pretrained.key_map import Drop, Fuse, KeyMap, Rename, Tie

BLOCK = KeyMap(
    Fuse("attention.{query,key,value}.{p}", "attention.qkv_proj.{p}"),
    Rename("attention.dense.{p}", "attention.out_proj.{p}"),
    Rename("attention.LayerNorm.{p}", "norm1.{p}"),
    Rename("ffn.{p}", "feed_forward.fc1.{p}"),
    Rename("ffn_output.{p}", "feed_forward.fc2.{p}"),
    Rename("full_layer_layer_norm.{p}", "norm2.{p}"),
)
ENCODER = KeyMap(
    Rename("embeddings.word_embeddings.weight", "embeddings.token.weight"),
    Rename("embeddings.position_embeddings.weight", "embeddings.positions.weight"),
    Rename("embeddings.token_type_embeddings.weight", "embeddings.segment.weight"),
    Rename("embeddings.LayerNorm.{p}", "embeddings.norm.{p}"),
    Rename("encoder.embedding_hidden_mapping_in.{p}", "embeddings.projection.{p}"),
    Rename("pooler.{p}", "pooler.dense.{p}"),
    Drop("embeddings.position_ids"),
) + BLOCK.under(
    "encoder.albert_layer_groups.{i}.albert_layers.0.", "encoder.blocks.{i}."
)
ALBERT = ENCODER.under("albert.", "backbone.")
# Published files keep what a model without a pooler doesn't read.
UNREAD = KeyMap(Drop("albert.pooler.{p}"), Drop("sop_classifier.classifier.{p}"))
LM_HEAD = KeyMap(
    Rename("predictions.dense.{p}", "head.dense.{p}"),
    Rename("predictions.LayerNorm.{p}", "head.norm.{p}"),
    Rename("predictions.bias", "head.bias"),
    Tie("predictions.decoder.weight", "albert.embeddings.word_embeddings.weight"),
    Tie("predictions.decoder.bias", "predictions.bias"),
)
PAIR_HEAD = KeyMap(Rename("sop_classifier.classifier.{p}", "pair_head.out_proj.{p}"))


def config_from_hf(hf: Any) -> AlbertConfig:
    """Our configuration from a `transformers.AlbertConfig`.

    Raises:
        Unsupported: several blocks in a group, which no published ALBERT has.
    """
    require(hf, inner_group_num=1)
    shared = asdict(bert.config_from_hf(hf)) | {
        "classifier_dropout": hf.classifier_dropout_prob
    }
    return AlbertConfig(
        **shared, embedding_width=hf.embedding_size, groups=hf.num_hidden_groups
    )


_build = partial(builder, config_from_hf)

HF_MODELS = {
    "AlbertModel": HFModel(_build(AlbertModel), ENCODER),
    "AlbertForPreTraining": HFModel(
        _build(AlbertForPreTraining, num_labels=2),
        ALBERT + LM_HEAD.with_ours("head.", "lm_head.") + PAIR_HEAD,
    ),
    "AlbertForMaskedLM": HFModel(_build(AlbertForMaskedLM), UNREAD + ALBERT + LM_HEAD),
    "AlbertForSequenceClassification": HFModel(
        _build(AlbertForSequenceClassification, classes=True), ALBERT + bert.CLASSIFIER
    ),
    "AlbertForTokenClassification": HFModel(
        _build(AlbertForTokenClassification, classes=True),
        UNREAD + ALBERT + bert.CLASSIFIER,
    ),
    "AlbertForQuestionAnswering": HFModel(
        _build(AlbertForQuestionAnswering, num_labels=2), UNREAD + ALBERT + bert.SPAN
    ),
}
