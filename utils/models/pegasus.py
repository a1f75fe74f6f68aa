"""Pegasus: write the sentences left out (Zhang et al. 2020, arXiv 1912.08777).

BART's blocks with the norm before each sublayer, sinusoids for positions, and a norm
after each stack in place of the one after the embeddings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from torch import nn

from utils.models.bart import (
    BartConfig,
    decoder_block,
    encoder_block,
)
from utils.models.encoder_decoder import ConditionalGeneration, EncoderDecoder, Side
from utils.nn.blocks import TransformerStack
from utils.nn.embeddings import TokenEmbedding, TransformerEmbeddings
from utils.nn.init import normal_init
from utils.nn.positions import SinusoidalPositions


@dataclass(frozen=True)
class PegasusConfig(BartConfig):
    """Pegasus-large unless changed."""

    vocabulary: int = 96_103
    width: int = 1024
    layers: int = 16
    decoder_layers: int = 16
    heads: int = 16
    inner_width: int = 4096
    activation: str = "relu"
    scale_embedding: bool = True
    norm_first: bool = True
    attention_dropout: float = 0.1
    inner_dropout: float = 0.1
    padding: int = 0
    start: int = 0
    end: int = 1


def side(config: PegasusConfig, blocks: Sequence[nn.Module]) -> Side:
    """Sinusoids are added to the scaled vectors; a norm follows the blocks."""
    embeddings = TransformerEmbeddings(
        None,
        SinusoidalPositions(config.positions, config.width, layout="halves"),
        scale=config.width**0.5 if config.scale_embedding else 1.0,
        dropout=config.dropout,
    )
    norm = nn.LayerNorm(config.width, eps=config.eps)
    return Side(embeddings, TransformerStack(blocks, norm=norm))


class PegasusModel(EncoderDecoder):
    """One token table, an encoder and a decoder."""

    def __init__(self, config: PegasusConfig):
        encoder = [encoder_block(config) for _ in range(config.layers)]
        decoder = [decoder_block(config) for _ in range(config.decoder_layers)]
        super().__init__(
            config,
            TokenEmbedding(config.vocabulary, config.width, config.padding),
            side(config, encoder),
            side(config, decoder),
        )
        self.apply(partial(normal_init, std=config.init_std))


class PegasusForConditionalGeneration(ConditionalGeneration):
    """Write a summary."""

    def __init__(self, config: PegasusConfig):
        super().__init__(PegasusModel(config), bias=True)
