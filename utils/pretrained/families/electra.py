"""ELECTRA as transformers has it: BERT's names, and one for each of the two heads.

Where tables and model are of one width there is no projection between them.
"""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import Any

from utils.models.electra import (
    ElectraConfig,
    ElectraForMaskedLM,
    ElectraForPreTraining,
    ElectraForQuestionAnswering,
    ElectraForSequenceClassification,
    ElectraForTokenClassification,
    ElectraModel,
)
from utils.pretrained.families import bert, roberta
from utils.pretrained.hugging_face import HFModel, builder
from utils.pretrained.key_map import KeyMap, Rename, Tie

ENCODER = bert.ENCODER + KeyMap(
    Rename("embeddings_project.{p}", "embeddings.projection.{p}")
)
ELECTRA = ENCODER.under("electra.", "backbone.")
DISCRIMINATOR = KeyMap(
    Rename("discriminator_predictions.dense.{p}", "head.dense.{p}"),
    Rename("discriminator_predictions.dense_prediction.{p}", "head.out_proj.{p}"),
)
GENERATOR = KeyMap(
    Rename("generator_predictions.dense.{p}", "head.dense.{p}"),
    Rename("generator_predictions.LayerNorm.{p}", "head.norm.{p}"),
    Rename("generator_lm_head.bias", "head.bias"),
    Tie("generator_lm_head.weight", "electra.embeddings.word_embeddings.weight"),
)


def config_from_hf(hf: Any) -> ElectraConfig:
    """Our configuration from a `transformers.ElectraConfig`.

    Raises:
        Unsupported: a decoder or cross-attention.
    """
    shared = asdict(bert.config_from_hf(hf))
    return ElectraConfig(**shared, embedding_width=hf.embedding_size)


_build = partial(builder, config_from_hf)

HF_MODELS = {
    "ElectraModel": HFModel(_build(ElectraModel), ENCODER),
    "ElectraForPreTraining": HFModel(
        _build(ElectraForPreTraining), ELECTRA + DISCRIMINATOR
    ),
    "ElectraForMaskedLM": HFModel(_build(ElectraForMaskedLM), ELECTRA + GENERATOR),
    "ElectraForSequenceClassification": HFModel(
        _build(ElectraForSequenceClassification, classes=True),
        ELECTRA + roberta.CLASSIFIER,
    ),
    "ElectraForTokenClassification": HFModel(
        _build(ElectraForTokenClassification, classes=True), ELECTRA + bert.CLASSIFIER
    ),
    "ElectraForQuestionAnswering": HFModel(
        _build(ElectraForQuestionAnswering, num_labels=2), ELECTRA + bert.SPAN
    ),
}
