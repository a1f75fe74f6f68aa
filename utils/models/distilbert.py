"""DistilBERT: half of BERT's layers, taught by BERT (Sanh et al. 2019, 1910.01108).

The blocks are BERT's; segments and pooler are gone (§3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from utils.models.bert import BertConfig, BertModel, masked_lm_head
from utils.models.output import ModelOutput
from utils.models.tasks import (
    MaskedLM,
    QuestionAnswering,
    SequenceClassification,
    TokenClassification,
)
from utils.nn.heads import ClassificationHead


@dataclass(frozen=True)
class DistilBertConfig(BertConfig):
    """DistilBERT-base unless changed."""

    layers: int = 6
    segments: int = 0
    classifier_dropout: float = 0.2
    answer_dropout: float = 0.1


class DistilBertModel(BertModel):
    """Token and position embeddings and a stack of BERT's blocks."""

    config: DistilBertConfig

    def __init__(self, config: DistilBertConfig):
        super().__init__(config, pooler=False)

    def forward(  # type: ignore[override]  # as transformers has it: no segments
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        output_attentions: bool = False,
    ) -> ModelOutput:
        """As `BertModel`, without `token_type_ids`: it tells no segments apart."""
        return super().forward(
            input_ids,
            attention_mask,
            position_ids=position_ids,
            output_attentions=output_attentions,
        )


class DistilBertForMaskedLM(MaskedLM):
    """The masked tokens."""

    def __init__(self, config: DistilBertConfig):
        super().__init__(DistilBertModel(config), masked_lm_head(config))


class DistilBertForSequenceClassification(SequenceClassification):
    """One label for a sentence or a pair, from [CLS] through a ReLU layer."""

    def __init__(self, config: DistilBertConfig, classes: int = 2):
        head = ClassificationHead(
            config.width,
            classes,
            hidden=True,
            activation="relu",
            dropout=config.classifier_dropout,
            drop_first=False,
        )
        super().__init__(DistilBertModel(config), head, position=0)


class DistilBertForTokenClassification(TokenClassification):
    """One label for each token."""

    def __init__(self, config: DistilBertConfig, classes: int = 2):
        super().__init__(DistilBertModel(config), classes)


class DistilBertForQuestionAnswering(QuestionAnswering):
    """Where the answer starts and where it ends in the passage."""

    def __init__(self, config: DistilBertConfig):
        super().__init__(DistilBertModel(config), config.answer_dropout)


@torch.no_grad()
def student_of(
    teacher: BertModel, layers: Sequence[int] | None = None
) -> DistilBertModel:
    """A student that starts from its teacher's weights (§3, "Student initialization").

    Args:
        teacher: a BERT.
        layers: which of its blocks to copy; every second one unless given.

    Returns:
        a model with the teacher's tables and those blocks. What the teacher adds for
        the first segment goes into the positions, so that nothing is lost.

    Raises:
        IndexError: the teacher has no such block.
    """
    layers = range(0, teacher.config.layers, 2) if layers is None else layers
    sizes = {**vars(teacher.config), "layers": len(layers), "segments": 0}
    student = DistilBertModel(DistilBertConfig(**sizes))
    student.to(teacher.embeddings.table)  # its device and its precision
    tables = teacher.embeddings.state_dict()
    segments = tables.pop("segment.weight")
    positions = tables["positions.weight"] + segments[0]
    student.embeddings.load_state_dict({**tables, "positions.weight": positions})
    for block, layer in zip(student.encoder.blocks, layers, strict=True):
        block.load_state_dict(teacher.encoder.blocks[layer].state_dict())
    return student
