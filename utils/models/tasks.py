"""An encoder with a head for a task: the same few lines for every family."""

from __future__ import annotations

from functools import partial
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from utils.models.output import ModelOutput
from utils.nn.embeddings import TransformerEmbeddings
from utils.nn.heads import ClassificationHead, SpanHead, TokenClassificationHead
from utils.nn.init import normal_init


class Backbone(Protocol):
    """What a head asks of the model below it: its sizes, and to be called."""

    config: Any

    def __call__(self, *inputs: Any, **options: Any) -> Any: ...


class TokenBackbone(Backbone, Protocol):
    """One whose token table a head can share."""

    embeddings: TransformerEmbeddings


class _Task(nn.Module):
    """A backbone, called with whatever the task is called with, and its head."""

    def __init__(self, backbone: Backbone, head: nn.Module):
        super().__init__()
        self.backbone, self.head = backbone, head
        head.apply(partial(normal_init, std=backbone.config.init_std))


class MaskedLM(_Task):
    """The token at each position; the head shares the backbone's table."""

    backbone: TokenBackbone

    def __init__(self, backbone: TokenBackbone, head: nn.Module):
        super().__init__(backbone, head)

    def forward(
        self, *inputs: Any, scored: Tensor | None = None, **options: Any
    ) -> ModelOutput:
        """As the backbone, with `logits` (batch, time, vocabulary).

        With `scored`, boolean (batch, time), only those where it is True, (number,
        vocabulary), in the order of `ids[scored]`: a loss asks for no more.

        Raises:
            TypeError: `scored` isn't boolean.
            ValueError: it isn't (batch, time), or as the backbone.
        """
        found = self.backbone(*inputs, **options)
        hidden = _at(scored, found.last_hidden_state)
        found.logits = self.head(hidden, self.backbone.embeddings.table)
        return found


def _at(scored: Tensor | None, hidden: Tensor) -> Tensor:
    """hidden[scored]; a 0 and a 1 that aren't boolean would be numbers of rows."""
    if scored is None:
        return hidden
    if scored.dtype != torch.bool:
        raise TypeError(f"scored must be boolean, was {scored.dtype}")
    if scored.shape != hidden.shape[:2]:
        raise ValueError(
            f"scored must be {tuple(hidden.shape[:2])} as the ids, "
            f"was {tuple(scored.shape)}"
        )
    return hidden[scored]


class SequenceClassification(_Task):
    """One label for a sentence or a pair.

    Args:
        backbone, head: as they say.
        position: of the vector that is read; the pooler's output unless given.
    """

    def __init__(
        self,
        backbone: Backbone,
        head: ClassificationHead,
        *,
        position: int | None = None,
    ):
        super().__init__(backbone, head)
        self.position = position

    def forward(self, *inputs: Any, **options: Any) -> ModelOutput:
        """As the backbone, with `logits` (batch, classes)."""
        found = self.backbone(*inputs, **options)
        found.logits = self.head(
            found.pooler_output
            if self.position is None
            else found.last_hidden_state[:, self.position]
        )
        return found


class TokenClassification(_Task):
    """One label for each token."""

    def __init__(self, backbone: Backbone, classes: int, dropout: float | None = None):
        head = TokenClassificationHead(
            backbone.config.width,
            classes,
            backbone.config.dropout if dropout is None else dropout,
        )
        super().__init__(backbone, head)

    def forward(self, *inputs: Any, **options: Any) -> ModelOutput:
        """As the backbone, with `logits` (batch, time, classes)."""
        found = self.backbone(*inputs, **options)
        found.logits = self.head(found.last_hidden_state)
        return found


class QuestionAnswering(_Task):
    """Where the answer starts and where it ends in the passage."""

    def __init__(self, backbone: Backbone, dropout: float = 0.0):
        super().__init__(backbone, SpanHead(backbone.config.width, dropout))

    def forward(self, *inputs: Any, **options: Any) -> ModelOutput:
        """As the backbone, with `start_logits` and `end_logits` (batch, time)."""
        found = self.backbone(*inputs, **options)
        found.start_logits, found.end_logits = self.head(found.last_hidden_state)
        return found


class PairPreTraining(nn.Module):
    """Masked tokens and a question about the pair: BERT's and ALBERT's pre-training.

    Args:
        backbone: with a pooler.
        lm_head: reads every position, shares the backbone's table.
        pair_head: reads the pooler's output.
        pair_logits: the name of its result, `seq_relationship_logits` or `sop_logits`.
    """

    def __init__(
        self,
        backbone: TokenBackbone,
        lm_head: nn.Module,
        pair_head: nn.Module,
        pair_logits: str,
    ):
        super().__init__()
        self.backbone, self.lm_head, self.pair_head = backbone, lm_head, pair_head
        self.pair_logits = pair_logits
        for head in (lm_head, pair_head):
            head.apply(partial(normal_init, std=backbone.config.init_std))

    def forward(
        self, *inputs: Any, scored: Tensor | None = None, **options: Any
    ) -> ModelOutput:
        """As the backbone, with `prediction_logits` and the pair's.

        `scored` says where tokens are predicted, as in `MaskedLM`.
        """
        found = self.backbone(*inputs, **options)
        hidden = _at(scored, found.last_hidden_state)
        table = self.backbone.embeddings.table
        found.prediction_logits = self.lm_head(hidden, table)
        setattr(found, self.pair_logits, self.pair_head(found.pooler_output))
        return found
