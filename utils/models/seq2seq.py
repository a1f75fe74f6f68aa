"""Sequence to sequence with GRUs, with and without attention.

Sutskever et al. 2014 (arXiv 1409.3215) and Cho et al. 2014 (1406.1078): the source goes
through one vector. Bahdanau et al. 2015 (1409.0473) and Luong et al. 2015 (1508.04025):
at each step the decoder looks at all of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from utils.models.output import ModelOutput
from utils.nn.alignment import AdditiveAttention, MultiplicativeAttention
from utils.nn.embeddings import TokenEmbedding, batch_and_time
from utils.nn.masks import token_mask
from utils.nn.recurrent import GRU


@dataclass(frozen=True)
class Seq2SeqConfig:
    """A model of lesson size unless changed.

    Args:
        width: of the decoder's states, and of the encoder's, both directions together.
        attention: "additive" (Bahdanau), "dot", "general" or "concat" (Luong); or None
            for the encoder's last state as the context of every step.
        context_first: the state *before* a step is scored and the context goes into the
            step (Bahdanau); else the state *after* it is scored and the context joins
            what comes out (Luong).
    """

    source_vocabulary: int
    target_vocabulary: int
    embedding_width: int = 32
    width: int = 64
    layers: int = 1
    bidirectional: bool = True
    attention: str | None = "additive"
    context_first: bool = False
    dropout: float = 0.0
    padding: int = 0
    start: int = 1
    end: int = 2


def build_attention(
    config: Seq2SeqConfig,
) -> AdditiveAttention | MultiplicativeAttention | None:
    """The score that the configuration names; a ValueError if there is none."""
    if config.attention is None:
        return None
    if config.attention == "additive":
        return AdditiveAttention(config.width, config.width)
    return MultiplicativeAttention(config.width, config.width, config.attention)


class Seq2SeqEncoder(nn.Module):
    """Token vectors through a GRU in one or both directions.

    Raises:
        ValueError: the width can't be shared by two directions.
    """

    def __init__(self, config: Seq2SeqConfig):
        super().__init__()
        directions = 2 if config.bidirectional else 1
        if config.width % directions:
            raise ValueError(
                f"two directions don't share a width of {config.width}: make it even"
            )
        self.layers = config.layers
        self.token = TokenEmbedding(
            config.source_vocabulary, config.embedding_width, config.padding
        )
        self.gru = GRU(
            config.embedding_width,
            config.width // directions,
            config.layers,
            bidirectional=config.bidirectional,
        )
        self.dropout = nn.Dropout(config.dropout)

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor | None = None
    ) -> ModelOutput:
        """Read the source.

        Args:
            input_ids: (batch, source)
            attention_mask: (batch, source), 1 for tokens and 0 for padding.

        Returns:
            `last_hidden_state` (batch, source, width), zeros at padding, and `state`
            (layers, batch, width): both directions have read all tokens, no padding.

        Raises:
            ValueError: an id outside the vocabulary, or a mask of another shape.
        """
        mask = token_mask(attention_mask, batch_and_time(input_ids))
        x = self.dropout(self.token(input_ids))
        x, state = self.gru(x, mask=mask)
        # (layers · directions, batch, …) -> (layers, batch, width)
        state = state.unflatten(0, (self.layers, -1)).transpose(1, 2).flatten(2)
        return ModelOutput(last_hidden_state=x, state=state)


class AttentionDecoder(nn.Module):
    """Token vectors through a GRU that starts with the encoder's last state.

    tanh(W [state; context]) goes to the classifier (Luong, eq. 5; Bahdanau's maxout
    layer has the same place).
    """

    def __init__(self, config: Seq2SeqConfig):
        super().__init__()
        self.context_first = config.context_first
        self.token = TokenEmbedding(
            config.target_vocabulary, config.embedding_width, config.padding
        )
        self.gru = GRU(
            config.embedding_width + config.width * config.context_first,
            config.width,
            config.layers,
        )
        self.attention = build_attention(config)
        self.combine = nn.Linear(2 * config.width, config.width, bias=False)
        self.head = nn.Linear(config.width, config.target_vocabulary)
        self.dropout = nn.Dropout(config.dropout)

    def forward(
        self,
        input_ids: Tensor,
        encoded: ModelOutput,
        mask: Tensor | None = None,
        state: Tensor | None = None,
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """Score the next token at each step.

        Args:
            input_ids: (batch, target): the tokens before the ones to be told, that is
                all of them shifted (teacher forcing), or the one just written.
            encoded: what the encoder returned.
            mask: (batch, source), True for tokens.
            state: (layers, batch, width) after the steps before; at first the
                encoder's.

        Returns:
            logits (batch, target, vocabulary), the state after the last step, and
            weights (batch, target, source), None without attention.
        """
        x = self.dropout(self.token(input_ids))
        state = encoded.state if state is None else state
        look = self._looking_at(encoded, mask)
        if not self.context_first:
            x, state = self.gru(x, state)  # (batch, target, width)
            context, weights = look(x)
        else:
            outputs, contexts, maps = [], [], []
            for token in x.split(1, dim=1):
                context, weights = look(state[-1][:, None])
                output, state = self.gru(torch.cat([token, context], -1), state)
                outputs.append(output)
                contexts.append(context)
                maps += [] if weights is None else [weights]
            x, context = torch.cat(outputs, dim=1), torch.cat(contexts, dim=1)
            weights = torch.cat(maps, dim=1) if maps else None
        x = torch.tanh(self.combine(torch.cat([x, context], dim=-1)))
        return self.head(self.dropout(x)), state, weights

    def _looking_at(
        self, encoded: ModelOutput, mask: Tensor | None
    ) -> Callable[[Tensor], tuple[Tensor, Tensor | None]]:
        """A function from states (batch, steps, width) to contexts and weights."""
        attention = self.attention
        if attention is None:
            fixed = encoded.state[-1][:, None]  # (batch, 1, width)
            return lambda query: (fixed.expand_as(query), None)
        memory = encoded.memory  # (batch, source, width)
        projected = attention.project(memory)
        mask = None if mask is None else mask[:, None]  # (batch, 1, source)
        return lambda query: attention(query, memory, mask=mask, projected=projected)


class Seq2Seq(nn.Module):
    """An encoder and a decoder: the next target token at every step."""

    def __init__(self, config: Seq2SeqConfig):
        super().__init__()
        self.config = config
        self.encoder, self.decoder = Seq2SeqEncoder(config), AttentionDecoder(config)

    def encode(
        self, input_ids: Tensor, attention_mask: Tensor | None = None
    ) -> ModelOutput:
        """Read the source, once for all steps of a generation."""
        return self.encoder(input_ids, attention_mask)

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        decoder_input_ids: Tensor | None = None,
        encoder_outputs: ModelOutput | None = None,
        state: Tensor | None = None,
        output_attentions: bool = False,
    ) -> ModelOutput:
        """Read the source, then the target from left to right.

        Args:
            input_ids: (batch, source); not needed with `encoder_outputs`.
            attention_mask: (batch, source), 1 for tokens and 0 for padding.
            decoder_input_ids: (batch, target): the whole target, shifted (see
                `shift_right`), or with a `state` the tokens after it.
            encoder_outputs: what `encode` returned, so as not to encode again.
            state: (layers, batch, width), as an earlier call returned it.

        Returns:
            `logits` (batch, target, vocabulary), `state` after the last token, and, if
            asked for and there is attention, `cross_attentions` with one tensor
            (batch, 1, target, source).

        Raises:
            ValueError: an id outside the vocabulary, a mask of another shape, or
                nothing to encode or to decode.
        """
        if decoder_input_ids is None:
            raise ValueError("decoder_input_ids are missing; see shift_right")
        batch, _ = batch_and_time(decoder_input_ids, "decoder_input_ids")
        if encoder_outputs is None:
            if input_ids is None:
                raise ValueError("give either input_ids or encoder_outputs")
            encoder_outputs = self.encode(input_ids, attention_mask)
        memory = encoder_outputs.memory
        if memory.shape[0] != batch:
            raise ValueError(f"{batch} targets for {memory.shape[0]} encoded sources")
        mask = token_mask(attention_mask, tuple(memory.shape[:2]))
        logits, state, weights = self.decoder(
            decoder_input_ids, encoder_outputs, mask, state
        )
        maps = None if weights is None else (weights[:, None],)
        return ModelOutput(
            logits=logits,
            state=state,
            cross_attentions=maps if output_attentions else None,
            encoder_last_hidden_state=memory,
        )
