"""An encoder that reads and a decoder that writes, looking back at what was read: the
plan of the Transformer (Vaswani et al. 2017, figure 1), BART, Pegasus and T5."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from utils.models.output import ModelOutput
from utils.nn.blocks import TransformerStack
from utils.nn.embeddings import (
    TokenEmbedding,
    TransformerEmbeddings,
    batch_and_time,
)
from utils.nn.kv_cache import KVCache
from utils.nn.masks import padding_mask
from utils.nn.positions import RelativePositionBias
from utils.nn.products import large_linear


def shift_right(ids: Tensor, start: int, padding: int) -> Tensor:
    """What a decoder reads to write `ids`: `start`, then all but the last of them.

    ids (batch, time) -> (batch, time). Labels of -100, which no loss counts, become
    `padding`.
    """
    shifted = ids.roll(1, dims=-1)
    shifted[..., 0] = start
    return shifted.masked_fill(shifted == -100, padding)


class Side(nn.Module):
    """The encoder or the decoder: positions added to token vectors, then blocks.

    Args:
        embeddings: without a token table, which both sides share.
        stack: of `TransformerBlock`s, or of `CrossAttentionBlock`s in a decoder.
        relative_positions: one bias for the self-attention of every block (T5).
    """

    def __init__(
        self,
        embeddings: TransformerEmbeddings,
        stack: TransformerStack,
        relative_positions: RelativePositionBias | None = None,
    ):
        super().__init__()
        self.embeddings, self.stack = embeddings, stack
        self.relative_positions = relative_positions

    def forward(
        self, vectors: Tensor, before: int = 0, **options: Any
    ) -> tuple[Tensor, list[Tensor], list[tuple[Tensor | None, ...]]]:
        """vectors (batch, time, width), `before` of them already in the cache.

        The options, and what is returned, are those of `TransformerStack`.
        """
        time = vectors.shape[1]
        positions = torch.arange(before, before + time, device=vectors.device)
        if self.relative_positions is not None:
            options["bias"] = self.relative_positions(time, before + time)
        return self.stack(self.embeddings(vectors, positions), **options)


class Encoder(nn.Module):
    """The side that reads, and the token table.

    Args:
        config: is kept.
        token: the table; heads read it too.
        encoder: the side.
    """

    def __init__(self, config: Any, token: TokenEmbedding, encoder: Side):
        super().__init__()
        self.config, self.token, self.encoder = config, token, encoder

    def encode(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        output_attentions: bool = False,
    ) -> ModelOutput:
        """Read input_ids (batch, source) -> `last_hidden_state` (batch, source, width).

        Raises:
            ValueError: ids not (batch, time) or outside the vocabulary, more tokens
                than positions, or a mask of the wrong shape.
        """
        # (batch, 1, 1, source), for all heads and queries
        mask = padding_mask(attention_mask, batch_and_time(input_ids))
        x, hidden, weights = self.encoder(
            self.token(input_ids), mask=mask, need_weights=output_attentions
        )
        return ModelOutput(
            last_hidden_state=x,
            hidden_states=tuple(hidden),
            attentions=tuple(w for (w,) in weights) if output_attentions else None,
        )


class EncoderDecoder(Encoder):
    """Both sides and the token table that they share; arguments as in `Encoder`."""

    def __init__(
        self, config: Any, token: TokenEmbedding, encoder: Side, decoder: Side
    ):
        super().__init__(config, token, encoder)
        self.decoder = decoder

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        decoder_input_ids: Tensor | None = None,
        decoder_attention_mask: Tensor | None = None,
        encoder_outputs: ModelOutput | tuple[Tensor, ...] | None = None,
        cache: KVCache | None = None,
        output_attentions: bool = False,
    ) -> ModelOutput:
        """Read the source, then the target from left to right.

        Args:
            input_ids: (batch, source); not needed with `encoder_outputs`.
            attention_mask: (batch, source), 1 for tokens and 0 for padding.
            decoder_input_ids: (batch, target); with a `cache`, only the new tokens.
            decoder_attention_mask: (batch, cached + target), as `attention_mask`.
            encoder_outputs: what `encode` returned, so as not to encode again.
            cache: keys and values of the target so far, and of the source; added to.

        Raises:
            ValueError: ids not (batch, time) or outside the vocabulary, more tokens
                than positions, a mask of the wrong shape, or nothing to encode or to
                decode.
        """
        if decoder_input_ids is None:
            raise ValueError("decoder_input_ids are missing; see shift_right")
        batch, time = batch_and_time(decoder_input_ids, "decoder_input_ids")
        if encoder_outputs is None:
            if input_ids is None:
                raise ValueError("give either input_ids or encoder_outputs")
            encoder_outputs = self.encode(input_ids, attention_mask, output_attentions)
        elif isinstance(encoder_outputs, tuple):
            encoder_outputs = ModelOutput(last_hidden_state=encoder_outputs[0])
        memory = encoder_outputs.memory  # (batch, source, width)
        if memory.shape[0] != batch:
            raise ValueError(f"{batch} targets for {memory.shape[0]} encoded sources")

        before = 0 if cache is None else cache.length
        mask = padding_mask(
            decoder_attention_mask, (batch, before + time), "decoder_attention_mask"
        )
        memory_mask = padding_mask(attention_mask, tuple(memory.shape[:2]))
        x, hidden, weights = self.decoder(
            self.token(decoder_input_ids),
            before,
            memory=memory,
            mask=mask,
            is_causal=time > 1,
            memory_mask=memory_mask,
            cache=cache,
            need_weights=output_attentions,
        )
        # A block's weights are a pair; here all first ones, all second ones.
        own, cross = zip(*weights, strict=True) if output_attentions else (None, None)
        return ModelOutput(
            last_hidden_state=x,
            decoder_hidden_states=tuple(hidden),
            decoder_attentions=own,
            cross_attentions=cross,
            encoder_last_hidden_state=memory,
            encoder_hidden_states=encoder_outputs.hidden_states,
            encoder_attentions=encoder_outputs.attentions,
        )


class ConditionalGeneration(nn.Module):
    """The next token at every position of the target, scored by the token table.

    Args:
        backbone: an `EncoderDecoder`.
        bias: a number added to each token's score, not learned (BART, Pegasus).
        scale: factor on the hidden states before they are scored (T5).
        tied: score by the token table; else by a table of the head's own (T5 1.1).
    """

    def __init__(
        self,
        backbone: EncoderDecoder,
        *,
        bias: bool = False,
        scale: float = 1.0,
        tied: bool = True,
    ):
        super().__init__()
        self.backbone, self.config, self.scale = backbone, backbone.config, scale
        self.bias: Tensor | None
        vocabulary, width = backbone.token.weight.shape
        self.register_buffer("bias", torch.zeros(vocabulary) if bias else None)
        self.head = None if tied else nn.Linear(width, vocabulary, bias=False)

    def encode(self, *inputs: Any, **options: Any) -> ModelOutput:
        """As `Encoder.encode`, once for all steps of a generation."""
        return self.backbone.encode(*inputs, **options)

    def forward(
        self, *inputs: Any, last_only: bool = False, **options: Any
    ) -> ModelOutput:
        """As the backbone, with `logits` (batch, target, vocabulary).

        With `last_only` the last position's only, (batch, 1, vocabulary).
        """
        found = self.backbone(*inputs, **options)
        x = found.last_hidden_state
        x = x[:, -1:] if last_only else x
        x = x if self.scale == 1 else x * self.scale
        table = (self.backbone.token if self.head is None else self.head).weight
        found.logits = large_linear(x, table, self.bias)
        return found
