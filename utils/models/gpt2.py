"""GPT-2: a decoder that predicts the next token (Radford et al. 2019)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from utils.models.output import ModelOutput
from utils.nn.attention import SelfAttention
from utils.nn.blocks import TransformerBlock, TransformerStack
from utils.nn.embeddings import (
    TokenEmbedding,
    TransformerEmbeddings,
    batch_and_time,
)
from utils.nn.feed_forward import FeedForward
from utils.nn.init import gpt2_residual_init, normal_init
from utils.nn.kv_cache import KVCache
from utils.nn.masks import last_true, padding_mask
from utils.nn.positions import LearnedPositions
from utils.nn.products import large_linear


@dataclass(frozen=True)
class GPT2Config:
    """GPT-2 small, 124M parameters, unless changed; the larger ones are below."""

    vocabulary: int = 50_257
    width: int = 768
    layers: int = 12
    heads: int = 12
    inner_width: int = 3072
    positions: int = 1024
    activation: str = "gelu_tanh"
    eps: float = 1e-5
    dropout: float = 0.1
    attention_dropout: float = 0.1
    init_std: float = 0.02
    padding: int | None = None
    """only the classifier asks: it reads the last token that isn't this one"""

    def sized(self, width: int, layers: int, heads: int) -> GPT2Config:
        """The same at another size, with a feed-forward of four times the width."""
        return replace(
            self, width=width, layers=layers, heads=heads, inner_width=4 * width
        )


GPT2_MEDIUM = GPT2Config().sized(1024, 24, 16)
GPT2_LARGE = GPT2Config().sized(1280, 36, 20)
GPT2_XL = GPT2Config().sized(1600, 48, 25)


def build_block(config: GPT2Config, norm_first: bool = True) -> TransformerBlock:
    """One layer: normalised before attention and feed-forward, or after each sum."""
    return TransformerBlock(
        SelfAttention(config.width, config.heads, dropout=config.attention_dropout),
        FeedForward(config.width, config.inner_width, config.activation),
        partial(nn.LayerNorm, config.width, eps=config.eps),
        norm_first=norm_first,
        dropout=config.dropout,
    )


class GPT2Model(nn.Module):
    """Embeddings, causal blocks and a last normalisation.

    Args:
        config: sizes.
        norm_first: False for GPT-1, which normalises after each sum instead, has no
            last normalisation and starts all matrices alike.
    """

    def __init__(self, config: GPT2Config, *, norm_first: bool = True):
        super().__init__()
        self.config = config
        self.embeddings = TransformerEmbeddings(
            TokenEmbedding(config.vocabulary, config.width),
            LearnedPositions(config.positions, config.width),
            dropout=config.dropout,
        )
        self.decoder = TransformerStack(
            [build_block(config, norm_first) for _ in range(config.layers)],
            norm=nn.LayerNorm(config.width, eps=config.eps) if norm_first else None,
        )
        self.apply(partial(normal_init, std=config.init_std))
        if norm_first:
            gpt2_residual_init(self, config.layers, config.init_std)

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        cache: KVCache | None = None,
        output_attentions: bool = False,
    ) -> ModelOutput:
        """Read a batch from left to right.

        Args:
            input_ids: (batch, time); with a `cache`, only the new tokens.
            attention_mask: (batch, cached + time), 1 for tokens and 0 for padding.
            position_ids: (batch, time) or (time,); counted on from the cache unless
                given. Give them where sequences are padded on the left.
            cache: holds the keys and values of the tokens before, and is added to.

        Raises:
            ValueError: ids not (batch, time) or outside the vocabulary, more tokens
                than positions, or a mask of the wrong shape.
        """
        batch, time = batch_and_time(input_ids)
        before = 0 if cache is None else cache.length
        mask = padding_mask(attention_mask, (batch, before + time))
        if position_ids is None:
            position_ids = torch.arange(before, before + time, device=input_ids.device)
        x = self.embeddings(input_ids, position_ids)  # (batch, time, width)
        x, hidden, weights = self.decoder(
            x,
            mask=mask,
            is_causal=time > 1,
            cache=cache,
            need_weights=output_attentions,
        )
        return ModelOutput(
            last_hidden_state=x,
            hidden_states=tuple(hidden),
            attentions=tuple(w for (w,) in weights) if output_attentions else None,
        )


class GPT2LMHeadModel(nn.Module):
    """The next token at every position, scored by the token table itself."""

    def __init__(self, config: GPT2Config, *, norm_first: bool = True):
        super().__init__()
        self.backbone = GPT2Model(config, norm_first=norm_first)
        self.config = config

    def forward(
        self, input_ids: Tensor, *inputs: Any, last_only: bool = False, **options: Any
    ) -> ModelOutput:
        """As `GPT2Model`, with `logits` (batch, time, vocabulary).

        With `last_only` the last position's only, (batch, 1, vocabulary).
        """
        found = self.backbone(input_ids, *inputs, **options)
        x = found.last_hidden_state
        x = x[:, -1:] if last_only and x.shape[1] > 1 else x
        found.logits = large_linear(x, self.backbone.embeddings.table)
        return found


class GPT2ForSequenceClassification(nn.Module):
    """One label for a text, or one number, from its last token's vector.

    The last is the only one that has seen all (Radford et al. 2018, §3.2). With one
    class it is a reward model.
    """

    def __init__(
        self, config: GPT2Config, classes: int = 2, *, norm_first: bool = True
    ):
        super().__init__()
        self.backbone = GPT2Model(config, norm_first=norm_first)
        self.config = config
        self.head = nn.Linear(config.width, classes, bias=False)
        normal_init(self.head, std=config.init_std)

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        **options: Any,
    ) -> ModelOutput:
        """As `GPT2Model`, with `logits` (batch, classes).

        The last token is the last that isn't padding: by its id if the configuration
        names one, else by the mask.
        """
        found = self.backbone(input_ids, attention_mask, **options)
        last = -torch.ones_like(input_ids[:, 0])  # (batch,)
        if self.config.padding is not None:
            last = last_true(input_ids != self.config.padding)
        elif attention_mask is not None:
            last = last_true(attention_mask.bool())
        rows = torch.arange(len(input_ids), device=input_ids.device)
        found.logits = self.head(found.last_hidden_state[rows, last])
        return found
