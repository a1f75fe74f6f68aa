"""What a model's forward returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor


@dataclass
class ModelOutput:
    """The results that a model has, under Hugging Face's names; the rest is None."""

    last_hidden_state: Tensor | None = None
    """(batch, time, width)"""
    pooler_output: Tensor | None = None
    """(batch, width)"""
    logits: Tensor | None = None
    """(batch, [time,] classes or vocabulary)"""
    prediction_logits: Tensor | None = None
    """(batch, time, vocabulary), or (number scored, vocabulary)"""
    boundary_logits: Tensor | None = None
    """(number masked, vocabulary): SpanBERT's tokens from their span's neighbours"""
    seq_relationship_logits: Tensor | None = None
    """(batch, 2): B follows A, B doesn't"""
    sop_logits: Tensor | None = None
    """(batch, 2): in order, swapped"""
    start_logits: Tensor | None = None
    """(batch, time)"""
    end_logits: Tensor | None = None
    """(batch, time)"""
    hidden_states: tuple[Tensor, ...] | None = None
    """depth + 1 of (batch, time, width), the embeddings first"""
    attentions: tuple[Tensor, ...] | None = None
    """depth of (batch, heads, query, key), if asked for"""
    state: Any = None
    """of a recurrent model after the last token, a tensor or a tuple of its layers';
    given back, it goes on from there"""
    encoder_last_hidden_state: Tensor | None = None
    encoder_hidden_states: tuple[Tensor, ...] | None = None
    encoder_attentions: tuple[Tensor, ...] | None = None
    decoder_hidden_states: tuple[Tensor, ...] | None = None
    decoder_attentions: tuple[Tensor, ...] | None = None
    cross_attentions: tuple[Tensor, ...] | None = None

    @property
    def memory(self) -> Tensor:
        """`last_hidden_state` of an encoder: what its decoder looks at.

        Raises:
            ValueError: there is none.
        """
        if self.last_hidden_state is None:
            raise ValueError("encoder_outputs has no last_hidden_state")
        return self.last_hidden_state
