"""T5: every task as text to text (Raffel et al. 2020, arXiv 1910.10683).

No biases, no scale in attention, and no positions but a learned bias on its scores,
one for all blocks. Version 1.1 (Shazeer 2020) gates the feed-forward and has an
output table of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from torch import Tensor, nn

from utils.models.encoder_decoder import (
    ConditionalGeneration,
    Encoder,
    EncoderDecoder,
    Side,
)
from utils.models.output import ModelOutput
from utils.nn.attention import CrossAttention, SelfAttention
from utils.nn.blocks import CrossAttentionBlock, TransformerBlock, TransformerStack
from utils.nn.embeddings import TokenEmbedding, TransformerEmbeddings
from utils.nn.feed_forward import FeedForward, GatedFeedForward
from utils.nn.init import t5_init
from utils.nn.normalization import RMSNorm
from utils.nn.positions import RelativePositionBias


@dataclass(frozen=True)
class T5Config:
    """T5-small unless changed; others are below.

    `gated` and not `tied` is version 1.1. `buckets` ranges of distances are told apart,
    the last from `max_distance` on. `padding`, `start` and `end` are ids of tokens.
    """

    vocabulary: int = 32_128
    width: int = 512
    layers: int = 6
    decoder_layers: int = 6
    heads: int = 8
    head_width: int = 64
    inner_width: int = 2048
    activation: str = "relu"
    gated: bool = False
    tied: bool = True
    buckets: int = 32
    max_distance: int = 128
    eps: float = 1e-6
    dropout: float = 0.1
    padding: int = 0
    start: int = 0
    end: int = 1


T5_BASE = replace(
    T5Config(), width=768, layers=12, decoder_layers=12, heads=12, inner_width=3072
)
T5_SMALL_1_1 = replace(
    T5Config(),
    layers=8,
    decoder_layers=8,
    heads=6,
    inner_width=1024,
    activation="gelu_tanh",
    gated=True,
    tied=False,
)


def attention(kind: type[nn.Module], config: T5Config) -> nn.Module:
    """Heads as wide as the configuration says, whose scores aren't scaled."""
    return kind(
        config.width,
        config.heads,
        head_width=config.head_width,
        bias=False,
        scale=1.0,
        dropout=config.dropout,
    )


def feed_forward(config: T5Config) -> nn.Module:
    """Gated in version 1.1."""
    sizes = config.width, config.inner_width, config.activation
    if config.gated:
        return GatedFeedForward(*sizes, dropout=config.dropout)
    return FeedForward(*sizes, bias=False, dropout=config.dropout)


def encoder_block(config: T5Config) -> TransformerBlock:
    """One layer of the encoder: self-attention, feed-forward."""
    return TransformerBlock(
        attention(SelfAttention, config),
        feed_forward(config),
        partial(RMSNorm, config.width, config.eps),
        norm_first=True,
        dropout=config.dropout,
    )


def decoder_block(config: T5Config) -> CrossAttentionBlock:
    """One layer of the decoder: between the two, attention to the source."""
    return CrossAttentionBlock(
        attention(SelfAttention, config),
        attention(CrossAttention, config),
        feed_forward(config),
        partial(RMSNorm, config.width, config.eps),
        norm_first=True,
        dropout=config.dropout,
    )


def side(config: T5Config, blocks: Sequence[nn.Module], *, bidirectional: bool) -> Side:
    """Token vectors as they are, blocks with one bias for all, a norm at the end."""
    norm = RMSNorm(config.width, config.eps)
    return Side(
        TransformerEmbeddings(None, dropout=config.dropout),
        TransformerStack(blocks, norm=nn.Sequential(norm, nn.Dropout(config.dropout))),
        RelativePositionBias(
            config.heads,
            config.buckets,
            config.max_distance,
            bidirectional=bidirectional,
        ),
    )


class T5Model(EncoderDecoder):
    """One token table, an encoder and a decoder."""

    def __init__(self, config: T5Config):
        encoder = [encoder_block(config) for _ in range(config.layers)]
        decoder = [decoder_block(config) for _ in range(config.decoder_layers)]
        super().__init__(
            config,
            TokenEmbedding(config.vocabulary, config.width),
            side(config, encoder, bidirectional=True),
            side(config, decoder, bidirectional=False),
        )
        self.apply(partial(t5_init, width=config.width))


class T5ForConditionalGeneration(ConditionalGeneration):
    """Write a text for a text, whatever the task."""

    def __init__(self, config: T5Config):
        # The tied table has a variance of 1, too much for an output layer.
        scale = config.width**-0.5 if config.tied else 1.0
        super().__init__(T5Model(config), scale=scale, tied=config.tied)
        if self.head is not None:
            t5_init(self.head, config.width)


class T5EncoderModel(Encoder):
    """The encoder alone."""

    def __init__(self, config: T5Config):
        encoder = [encoder_block(config) for _ in range(config.layers)]
        token = TokenEmbedding(config.vocabulary, config.width)
        super().__init__(config, token, side(config, encoder, bidirectional=True))
        self.apply(partial(t5_init, width=config.width))

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        output_attentions: bool = False,
    ) -> ModelOutput:
        """As `Encoder.encode`."""
        return self.encode(input_ids, attention_mask, output_attentions)
