"""The Transformer: attention without recurrence (Vaswani et al. 2017, 1706.03762)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from torch import nn

from utils.models.encoder_decoder import ConditionalGeneration, EncoderDecoder, Side
from utils.nn.attention import CrossAttention, SelfAttention
from utils.nn.blocks import CrossAttentionBlock, TransformerBlock, TransformerStack
from utils.nn.embeddings import TokenEmbedding, TransformerEmbeddings
from utils.nn.feed_forward import FeedForward
from utils.nn.init import xavier_init
from utils.nn.positions import SinusoidalPositions


@dataclass(frozen=True)
class TransformerConfig:
    """The base model of table 3 unless changed; `TRANSFORMER_BIG` is below.

    `norm_first` is what nearly all did later; the paper normalises after each sum.
    """

    vocabulary: int = 37_000
    width: int = 512
    layers: int = 6
    decoder_layers: int = 6
    heads: int = 8
    inner_width: int = 2048
    positions: int = 1024
    norm_first: bool = False
    eps: float = 1e-5
    dropout: float = 0.1


TRANSFORMER_BIG = replace(
    TransformerConfig(), width=1024, heads=16, inner_width=4096, dropout=0.3
)


def encoder_block(config: TransformerConfig) -> TransformerBlock:
    """One layer of the encoder (§3.1): self-attention, feed-forward."""
    return TransformerBlock(
        SelfAttention(config.width, config.heads),
        FeedForward(config.width, config.inner_width, "relu"),
        partial(nn.LayerNorm, config.width, eps=config.eps),
        norm_first=config.norm_first,
        dropout=config.dropout,
    )


def decoder_block(config: TransformerConfig) -> CrossAttentionBlock:
    """One layer of the decoder: between the two, attention to the source."""
    return CrossAttentionBlock(
        SelfAttention(config.width, config.heads),
        CrossAttention(config.width, config.heads),
        FeedForward(config.width, config.inner_width, "relu"),
        partial(nn.LayerNorm, config.width, eps=config.eps),
        norm_first=config.norm_first,
        dropout=config.dropout,
    )


def side(config: TransformerConfig, blocks: Sequence[nn.Module]) -> Side:
    """Sinusoids are added to the scaled token vectors (§3.4, §3.5), then blocks."""
    embeddings = TransformerEmbeddings(
        None,
        SinusoidalPositions(config.positions, config.width),
        scale=config.width**0.5,
        dropout=config.dropout,
    )
    # What goes from block to block is normalised in the paper's order only.
    norm = nn.LayerNorm(config.width, config.eps) if config.norm_first else None
    return Side(embeddings, TransformerStack(blocks, norm=norm))


class TransformerModel(EncoderDecoder):
    """One token table, an encoder and a decoder."""

    def __init__(self, config: TransformerConfig):
        encoder = [encoder_block(config) for _ in range(config.layers)]
        decoder = [decoder_block(config) for _ in range(config.decoder_layers)]
        super().__init__(
            config,
            TokenEmbedding(config.vocabulary, config.width),
            side(config, encoder),
            side(config, decoder),
        )
        self.apply(xavier_init)
        # So that token vectors times √width are as large as the sinusoids (§3.4).
        nn.init.normal_(self.token.weight, std=config.width**-0.5)


class Transformer(ConditionalGeneration):
    """The whole: a target token at every position, scored by the shared token table."""

    def __init__(self, config: TransformerConfig):
        super().__init__(TransformerModel(config))
