"""RoBERTa as transformers has it: BERT's names, with heads named otherwise.

Files of a pre-trained model keep a pooler that none of its heads reads.
"""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import Any

from utils.models.roberta import (
    RobertaConfig,
    RobertaForMaskedLM,
    RobertaForQuestionAnswering,
    RobertaForSequenceClassification,
    RobertaForTokenClassification,
    RobertaModel,
)
from utils.pretrained.families import bert
from utils.pretrained.hugging_face import HFModel, builder
from utils.pretrained.key_map import Drop, KeyMap, Rename, Tie

# Published files keep a pooler that these heads don't read.
ROBERTA = KeyMap(Drop("roberta.pooler.dense.{p}")) + bert.ENCODER.under(
    "roberta.", "backbone."
)
LM_HEAD = KeyMap(
    Rename("lm_head.dense.{p}", "head.dense.{p}"),
    Rename("lm_head.layer_norm.{p}", "head.norm.{p}"),
    Rename("lm_head.bias", "head.bias"),
    Tie("lm_head.decoder.weight", "roberta.embeddings.word_embeddings.weight"),
    Tie("lm_head.decoder.bias", "lm_head.bias"),
)
CLASSIFIER = KeyMap(
    Rename("classifier.dense.{p}", "head.dense.{p}"),
    Rename("classifier.out_proj.{p}", "head.out_proj.{p}"),
)


def config_from_hf(hf: Any) -> RobertaConfig:
    """Our configuration from a `transformers.RobertaConfig`.

    Raises:
        Unsupported: a decoder or cross-attention.
    """
    return RobertaConfig(**asdict(bert.config_from_hf(hf)), padding_id=hf.pad_token_id)


_build = partial(builder, config_from_hf)

HF_MODELS = {
    "RobertaModel": HFModel(_build(RobertaModel), bert.ENCODER),
    "RobertaForMaskedLM": HFModel(_build(RobertaForMaskedLM), ROBERTA + LM_HEAD),
    "RobertaForSequenceClassification": HFModel(
        _build(RobertaForSequenceClassification, classes=True), ROBERTA + CLASSIFIER
    ),
    "RobertaForTokenClassification": HFModel(
        _build(RobertaForTokenClassification, classes=True), ROBERTA + bert.CLASSIFIER
    ),
    "RobertaForQuestionAnswering": HFModel(
        _build(RobertaForQuestionAnswering, num_labels=2), ROBERTA + bert.SPAN
    ),
}
