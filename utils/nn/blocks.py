"""Blocks of attention and feed-forward, and stacks of blocks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor, nn

from utils.nn.kv_cache import KVCache, LayerCache
from utils.nn.normalization import post_norm, pre_norm


class TransformerBlock(nn.Module):
    """Self-attention and feed-forward, each with a residual and a normalisation.

    Args:
        attention: called as `attention(x, mask=…, bias=…, cache=…, need_weights=…)`,
            plus whatever more the stack is given; returns output and weights.
        feed_forward: a function of each position.
        norm: makes one normalisation.
        norm_first: normalise what goes into a sublayer (GPT-2, ViT) rather than the
            sum that comes out (the paper, BERT).
        dropout: on each sublayer's output.
    """

    def __init__(
        self,
        attention: nn.Module,
        feed_forward: nn.Module,
        norm: Callable[[], nn.Module],
        *,
        norm_first: bool,
        dropout: float = 0.0,
    ):
        super().__init__()
        self.attention, self.feed_forward = attention, feed_forward
        self.norm1, self.norm2 = norm(), norm()
        self.dropout = nn.Dropout(dropout)
        self.residual = pre_norm if norm_first else post_norm

    def forward(self, x: Tensor, **attention: Any) -> tuple[Tensor, Tensor | None]:
        """x (batch, time, width) -> the same shape, and attention weights or None."""
        weights = None

        def attend(x: Tensor) -> Tensor:
            nonlocal weights
            output, weights = self.attention(x, **attention)
            return output

        x = self.residual(x, attend, self.norm1, self.dropout)
        x = self.residual(x, self.feed_forward, self.norm2, self.dropout)
        return x, weights


class CrossAttentionBlock(nn.Module):
    """A decoder's block: attend to what was written, to the memory, then feed forward.

    Arguments as in `TransformerBlock`; `cross_attention` is called with x and memory.
    """

    def __init__(
        self,
        attention: nn.Module,
        cross_attention: nn.Module,
        feed_forward: nn.Module,
        norm: Callable[[], nn.Module],
        *,
        norm_first: bool,
        dropout: float = 0.0,
    ):
        super().__init__()
        self.attention, self.cross_attention = attention, cross_attention
        self.feed_forward = feed_forward
        self.norm1, self.norm_cross, self.norm2 = norm(), norm(), norm()
        self.dropout = nn.Dropout(dropout)
        self.residual = pre_norm if norm_first else post_norm

    def forward(
        self,
        x: Tensor,
        memory: Tensor,
        *,
        memory_mask: Tensor | None = None,
        cross_cache: LayerCache | None = None,
        need_weights: bool = False,
        **attention: Any,
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """(batch, time, width) -> the same shape, weights of both attentions."""
        weights = cross_weights = None

        def attend(x: Tensor) -> Tensor:
            nonlocal weights
            output, weights = self.attention(x, need_weights=need_weights, **attention)
            return output

        def attend_to_memory(x: Tensor) -> Tensor:
            nonlocal cross_weights
            output, cross_weights = self.cross_attention(
                x,
                memory,
                mask=memory_mask,
                cache=cross_cache,
                need_weights=need_weights,
            )
            return output

        x = self.residual(x, attend, self.norm1, self.dropout)
        x = self.residual(x, attend_to_memory, self.norm_cross, self.dropout)
        x = self.residual(x, self.feed_forward, self.norm2, self.dropout)
        return x, weights, cross_weights


class TransformerStack(nn.Module):
    """Blocks one after the other.

    Args:
        blocks: in order.
        order: which block runs at each depth; each once unless given. ALBERT runs one
            block twelve times: sharing is an order, not copies.
        norm: after the last block, as pre-norm stacks need it.
    """

    def __init__(
        self,
        blocks: Sequence[nn.Module],
        order: Sequence[int] | None = None,
        norm: nn.Module | None = None,
    ):
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        self.order = list(range(len(blocks)) if order is None else order)
        self.norm = norm or nn.Identity()

    def forward(
        self, x: Tensor, *, cache: KVCache | None = None, **options: Any
    ) -> tuple[Tensor, list[Tensor], list[tuple[Tensor | None, ...]]]:
        """Run x (batch, time, width) through the blocks.

        Returns:
            the output; the hidden states, input first and output last (so one more
            than there are depths); the weights of each depth, one tensor or None for
            each attention in the block.
        """
        hidden, weights, blocks = [x], [], list(self.blocks)
        for depth, index in enumerate(self.order):
            if cache is not None:
                options["cache"] = cache.self_attention[depth]
                if cache.cross_attention:
                    options["cross_cache"] = cache.cross_attention[depth]
            x, *attended = blocks[index](x, **options)
            hidden.append(x)
            weights.append(tuple(attended))
        hidden[-1] = x = self.norm(x)
        return x, hidden, weights
