"""BART: repair a damaged text (Lewis et al. 2020, arXiv 1910.13461).

The Transformer of 2017 with GELU, learned positions, and a norm after the embeddings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from utils.models.encoder_decoder import (
    ConditionalGeneration,
    EncoderDecoder,
    Side,
    shift_right,
)
from utils.models.output import ModelOutput
from utils.models.tasks import QuestionAnswering
from utils.nn.attention import CrossAttention, SelfAttention
from utils.nn.blocks import CrossAttentionBlock, TransformerBlock, TransformerStack
from utils.nn.embeddings import TokenEmbedding, TransformerEmbeddings
from utils.nn.feed_forward import FeedForward
from utils.nn.heads import ClassificationHead
from utils.nn.init import normal_init
from utils.nn.masks import last_true
from utils.nn.positions import LearnedPositions


@dataclass(frozen=True)
class BartConfig:
    """BART-base unless changed; `BART_LARGE` is below.

    `scale_embedding` multiplies token vectors by √width and `norm_first` normalises
    before each sublayer: Pegasus does both. `inner_dropout` is the feed-forward's.
    `padding`, `start` and `end` are ids of tokens.
    """

    vocabulary: int = 50_265
    width: int = 768
    layers: int = 6
    decoder_layers: int = 6
    heads: int = 12
    inner_width: int = 3072
    positions: int = 1024
    activation: str = "gelu"
    scale_embedding: bool = False
    norm_first: bool = False
    eps: float = 1e-5
    dropout: float = 0.1
    attention_dropout: float = 0.0
    inner_dropout: float = 0.0
    head_dropout: float = 0.0
    init_std: float = 0.02
    padding: int = 1
    start: int = 2
    end: int = 2


BART_LARGE = replace(
    BartConfig(), width=1024, layers=12, decoder_layers=12, heads=16, inner_width=4096
)


def feed_forward(config: BartConfig) -> FeedForward:
    """The part of both blocks that treats each position on its own."""
    return FeedForward(
        config.width,
        config.inner_width,
        config.activation,
        dropout=config.inner_dropout,
    )


def encoder_block(config: BartConfig) -> TransformerBlock:
    """One layer of the encoder: self-attention, feed-forward."""
    return TransformerBlock(
        SelfAttention(config.width, config.heads, dropout=config.attention_dropout),
        feed_forward(config),
        partial(nn.LayerNorm, config.width, eps=config.eps),
        norm_first=config.norm_first,
        dropout=config.dropout,
    )


def decoder_block(config: BartConfig) -> CrossAttentionBlock:
    """One layer of the decoder: between the two, attention to the source."""
    return CrossAttentionBlock(
        SelfAttention(config.width, config.heads, dropout=config.attention_dropout),
        CrossAttention(config.width, config.heads, dropout=config.attention_dropout),
        feed_forward(config),
        partial(nn.LayerNorm, config.width, eps=config.eps),
        norm_first=config.norm_first,
        dropout=config.dropout,
    )


def side(config: BartConfig, blocks: Sequence[nn.Module]) -> Side:
    """Learned positions are added to the token vectors, the sum is normalised; blocks.

    The token table is shared by both sides, so it stands in the model.
    """
    embeddings = TransformerEmbeddings(
        None,
        LearnedPositions(config.positions, config.width, offset=2),
        norm=nn.LayerNorm(config.width, eps=config.eps),
        scale=config.width**0.5 if config.scale_embedding else 1.0,
        dropout=config.dropout,
    )
    return Side(embeddings, TransformerStack(blocks))


class BartModel(EncoderDecoder):
    """One token table, and an encoder and a decoder with positions of their own."""

    def __init__(self, config: BartConfig):
        encoder = [encoder_block(config) for _ in range(config.layers)]
        decoder = [decoder_block(config) for _ in range(config.decoder_layers)]
        super().__init__(
            config,
            TokenEmbedding(config.vocabulary, config.width, config.padding),
            side(config, encoder),
            side(config, decoder),
        )
        self.apply(partial(normal_init, std=config.init_std))

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        decoder_input_ids: Tensor | None = None,
        *inputs: Any,
        **options: Any,
    ) -> ModelOutput:
        """As `EncoderDecoder`. Without a target the decoder reads the source, shifted:
        so it is asked to write the source again."""
        if decoder_input_ids is None and input_ids is not None:
            config = self.config
            decoder_input_ids = shift_right(input_ids, config.start, config.padding)
        return super().forward(
            input_ids, attention_mask, decoder_input_ids, *inputs, **options
        )


class BartForConditionalGeneration(ConditionalGeneration):
    """Write a text for a text: repair, summarise, translate, answer."""

    def __init__(self, config: BartConfig):
        super().__init__(BartModel(config), bias=True)


class BartForSequenceClassification(nn.Module):
    """One label for a text, from the decoder's vector at its end token (§3.1)."""

    def __init__(self, config: BartConfig, classes: int = 3):
        super().__init__()
        self.backbone, self.config = BartModel(config), config
        self.head = ClassificationHead(
            config.width, classes, hidden=True, dropout=config.head_dropout
        )
        self.head.apply(partial(normal_init, std=config.init_std))

    def forward(self, input_ids: Tensor, *inputs: Any, **options: Any) -> ModelOutput:
        """As `BartModel`, with `logits` (batch, classes).

        Raises:
            ValueError: a sequence without an end token.
        """
        ends = input_ids == self.config.end
        if not ends.any(-1).all():
            raise ValueError(f"every sequence needs the end token {self.config.end}")
        found = self.backbone(input_ids, *inputs, **options)
        # After padding there may be none, before it there may be several (two texts).
        last = last_true(ends)  # (batch,)
        rows = torch.arange(len(last), device=last.device)
        found.logits = self.head(found.last_hidden_state[rows, last])
        return found


class BartForQuestionAnswering(QuestionAnswering):
    """Where the answer starts and where it ends in the passage."""

    def __init__(self, config: BartConfig):
        super().__init__(BartModel(config))
