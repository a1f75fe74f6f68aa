"""SpanBERT: mask whole spans, tell them from their neighbours (Joshi et al. 2020).

arXiv 1907.10529. The encoder is BERT's, without the question about sentence pairs
(§3.3); only pre-training has a head of its own. Afterwards the encoder is used as any
BERT: published weights are BERT's classes, and `from_hf` reads them as such.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from torch import Tensor, nn

from utils.models.bert import BertConfig, BertModel, masked_lm_head
from utils.models.output import ModelOutput
from utils.nn.heads import SpanBoundaryHead
from utils.nn.init import normal_init


@dataclass(frozen=True)
class SpanBertConfig(BertConfig):
    """SpanBERT-base, on BERT's cased vocabulary, unless changed.

    `span_positions` places in a span are told apart, by vectors of
    `span_position_width` (§4.2: 200; the published code has 20 places).
    """

    vocabulary: int = 28_996
    span_positions: int = 20
    span_position_width: int = 200


SPANBERT_LARGE = replace(
    SpanBertConfig(), width=1024, layers=24, heads=16, inner_width=4096
)


class SpanBertForPreTraining(nn.Module):
    """Each masked token twice: from its own vector, and from its span's neighbours."""

    def __init__(self, config: SpanBertConfig):
        super().__init__()
        self.config = config
        self.backbone = BertModel(config, pooler=False)
        self.lm_head = masked_lm_head(config)
        self.boundary_head = SpanBoundaryHead(
            config.width,
            config.vocabulary,
            positions=config.span_positions,
            position_width=config.span_position_width,
            activation=config.activation,
            eps=config.eps,
        )
        for head in (self.lm_head, self.boundary_head):
            head.apply(partial(normal_init, std=config.init_std))

    def forward(
        self,
        input_ids: Tensor,
        masked: Tensor,
        attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
    ) -> ModelOutput:
        """Read a batch whose spans are masked.

        Args:
            input_ids: (batch, time), masked already.
            masked: (batch, time), boolean, True in the spans. Spans side by side are
                one; the first and the last token are neighbours and never masked.
            attention_mask, token_type_ids: as for `BertModel`.

        Returns:
            `prediction_logits` and `boundary_logits`, both (number masked, vocabulary)
            in the order of `ids[masked]`. The loss is the sum of both cross-entropies.

        Raises:
            TypeError: `masked` isn't boolean.
            ValueError: it has another shape, or a span reaches an end of the sequence.
        """
        found = self.backbone(
            input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
        )
        hidden, table = found.last_hidden_state, self.backbone.embeddings.table
        found.boundary_logits = self.boundary_head(hidden, masked, table)
        found.prediction_logits = self.lm_head(hidden[masked], table)
        return found
