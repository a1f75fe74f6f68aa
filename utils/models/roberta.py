"""RoBERTa: BERT, trained longer on more text (Liu et al. 2019, arXiv 1907.11692).

The network is BERT's. Positions are counted otherwise, there is one segment and no
question about sentence pairs (§4.2), and the tokens are byte pairs (§4.4). What made
it better is the training.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from torch import Tensor

from utils.models.bert import BertConfig, BertModel
from utils.models.tasks import (
    MaskedLM,
    QuestionAnswering,
    SequenceClassification,
    TokenClassification,
)
from utils.nn.heads import ClassificationHead, MaskedLMHead


@dataclass(frozen=True)
class RobertaConfig(BertConfig):
    """RoBERTa-base unless changed; `ROBERTA_LARGE` is below.

    `positions` counts the rows of the table: the first `padding_id + 1` are for
    padding, so that 514 rows are enough for 512 tokens.
    """

    vocabulary: int = 50_265
    positions: int = 514
    segments: int = 1
    eps: float = 1e-5
    padding_id: int = 1


ROBERTA_LARGE = replace(
    RobertaConfig(), width=1024, layers=24, heads=16, inner_width=4096
)


class RobertaModel(BertModel):
    """BERT's encoder, with positions counted from `padding_id + 1` on."""

    config: RobertaConfig

    def position_ids(self, input_ids: Tensor, attention_mask: Tensor | None) -> Tensor:
        """2, 3, 4, … over the tokens and 1 for padding: (batch, time).

        It is the padding token that is left out, whatever the mask says.

        Raises:
            ValueError: more tokens than positions.
        """
        padding, time = self.config.padding_id, input_ids.shape[1]
        limit = self.config.positions - padding - 1
        if time > limit:
            raise ValueError(
                f"a sequence of {time} goes beyond the {limit} positions that this "
                "model has"
            )
        tokens = input_ids != padding
        return tokens.cumsum(1) * tokens + padding


class RobertaForMaskedLM(MaskedLM):
    """The masked tokens."""

    def __init__(self, config: RobertaConfig):
        head = MaskedLMHead(config.width, config.vocabulary, eps=config.eps)
        super().__init__(RobertaModel(config, pooler=False), head)


class RobertaForSequenceClassification(SequenceClassification):
    """One label for a sentence or a pair, from the first token's vector."""

    def __init__(self, config: RobertaConfig, classes: int = 2):
        head = ClassificationHead(
            config.width, classes, hidden=True, dropout=config.classifier_dropout
        )
        super().__init__(RobertaModel(config, pooler=False), head, position=0)


class RobertaForTokenClassification(TokenClassification):
    """One label for each token."""

    def __init__(self, config: RobertaConfig, classes: int = 2):
        backbone = RobertaModel(config, pooler=False)
        super().__init__(backbone, classes, config.classifier_dropout)


class RobertaForQuestionAnswering(QuestionAnswering):
    """Where the answer starts and where it ends in the passage."""

    def __init__(self, config: RobertaConfig):
        super().__init__(RobertaModel(config, pooler=False))
