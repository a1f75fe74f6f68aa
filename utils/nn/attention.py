"""Scaled dot-product attention, the one core that every architecture here calls, and
the two layers made of it: a sequence attending to itself and to another."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from utils.nn.kv_cache import LayerCache
from utils.nn.masks import causal_mask, combine_masks


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    *,
    mask: Tensor | None = None,
    bias: Tensor | None = None,
    is_causal: bool = False,
    scale: float | None = None,
    dropout_p: float = 0.0,
    need_weights: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """Mix the values by how well each key answers the query.

    softmax(query keyᵀ · scale + bias) value, row by row (Vaswani et al. 2017, §3.2.1).

    Args:
        query: (..., query, width)
        key: (..., key, width)
        value: (..., key, value width)
        mask: boolean, broadcast to (..., query, key); True = may attend. A query with
            no key that it may attend to gets weights and output of zero.
        bias: added to the scaled scores, broadcast like the mask (relative positions).
        is_causal: hide what comes after each query, as `causal_mask` does. With nothing
            else to hide or add, no mask is made: memory grows with the length, not with
            its square.
        scale: factor on the scores; 1/√width unless given.
        dropout_p: share of the weights to drop. Give 0 outside training.
        need_weights: return the weights too. They are then computed plainly; without
            them PyTorch's fused kernel does the work.

    Returns:
        output (..., query, value width) and weights (..., query, key) or None.

    Raises:
        TypeError: the mask isn't boolean. (A float mask of ones and zeros would be
            added to the scores and hide nothing.)
        ValueError: the mask can't be broadcast to (..., query, key), as (batch, key)
            can't: it needs axes for heads and queries, see `padding_mask`.
    """
    if mask is not None:
        _check_mask(mask, query, key)
    if is_causal:
        queries, keys = query.shape[-2], key.shape[-2]
        # The kernel takes the queries for the first positions, not the last.
        plain = mask is None and bias is None and queries == keys
        if need_weights or not plain:
            mask = combine_masks(mask, causal_mask(queries, keys, query.device))
            is_causal = False
    if not need_weights:
        hidden = _as_one_bias(mask, bias)
        if hidden is not None and hidden.ndim == 1:
            hidden = hidden[None]  # the kernel wants an axis of queries
        output = F.scaled_dot_product_attention(
            query, key, value, hidden, dropout_p, is_causal, scale=scale
        )
        if mask is not None and bias is not None:
            # A bias of -inf in every column gives NaN in some kernels, zero in others.
            output = output.masked_fill(~mask.any(-1, keepdim=True), 0.0)
        return output, None

    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    scores = query @ key.transpose(-2, -1) * scale  # (..., query, key)
    if bias is not None:
        scores = scores + bias
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    weights = scores.softmax(-1)
    if mask is not None:
        # A row of nothing but -inf came out as NaN.
        weights = weights.masked_fill(~mask, 0.0)
    output = F.dropout(weights, dropout_p) @ value  # (..., query, value width)
    return output, weights


def _check_mask(mask: Tensor, query: Tensor, key: Tensor) -> None:
    if mask.dtype != torch.bool:
        raise TypeError(
            f"mask must be boolean with True = may attend, was {mask.dtype}"
        )
    shape = (*query.shape[:-1], key.shape[-2])
    for axis, (found, size) in enumerate(
        zip(reversed(mask.shape), reversed(shape), strict=False)
    ):
        # A mask may have more heads or rows than queries that they share.
        if found not in (1, size) and (axis < 2 or size != 1):
            raise ValueError(
                f"mask must be broadcast to (..., query, key) = {shape}, "
                f"was {tuple(mask.shape)}"
            )


def _as_one_bias(mask: Tensor | None, bias: Tensor | None) -> Tensor | None:
    if bias is None or mask is None:
        return mask if bias is None else bias
    return bias.masked_fill(~mask, -math.inf)


def split_heads(x: Tensor, heads: int) -> Tensor:
    """(batch, time, heads · head width) -> (batch, heads, time, head width)."""
    return x.view(*x.shape[:-1], heads, -1).transpose(-3, -2)


def split_parts(x: Tensor, parts: int, heads: int) -> Tensor:
    """A fused projection apart: (batch, time, parts · heads · head width) ->
    (batch, parts, heads, time, head width)."""
    return x.view(*x.shape[:-1], parts, heads, -1).movedim(-4, -2)


def merge_heads(x: Tensor) -> Tensor:
    """(batch, heads, time, head width) -> (batch, time, heads · head width)."""
    return x.transpose(-3, -2).flatten(-2)


class SelfAttention(nn.Module):
    """Multi-head attention of a sequence to itself (Vaswani et al. 2017, §3.2.2).

    Args:
        width: of the input and the output.
        heads: number of heads.
        head_width: of each head; `width / heads` unless given.
        bias: on the four projections.
        scale: factor on the scores; 1/√head_width unless given.
        dropout: share of attention weights dropped in training.

    Raises:
        ValueError: `heads` doesn't divide `width` and no `head_width` is given.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        *,
        head_width: int | None = None,
        bias: bool = True,
        scale: float | None = None,
        dropout: float = 0.0,
    ):
        super().__init__()
        inner = heads * _head_width(width, heads, head_width)
        self.heads, self.scale, self.dropout = heads, scale, dropout
        self.qkv_proj = nn.Linear(width, 3 * inner, bias=bias)
        self.out_proj = nn.Linear(inner, width, bias=bias)

    def forward(
        self,
        x: Tensor,
        *,
        mask: Tensor | None = None,
        bias: Tensor | None = None,
        is_causal: bool = False,
        cache: LayerCache | None = None,
        need_weights: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """(batch, query, width) -> the same shape, weights (batch, heads, query, key).

        `mask` and `bias` are broadcast to the weights. With a `cache`, keys and values
        of earlier calls come before those of `x`.
        """
        parts = split_parts(self.qkv_proj(x), 3, self.heads)
        if cache is None:
            query, key, value = parts.unbind(-4)
        else:
            query = parts.select(-4, 0)
            key, value = cache.append(parts.narrow(-4, 1, 2))
        output, weights = scaled_dot_product_attention(
            query,
            key,
            value,
            mask=mask,
            bias=bias,
            is_causal=is_causal,
            scale=self.scale,
            dropout_p=self.dropout if self.training else 0.0,
            need_weights=need_weights,
        )
        return self.out_proj(merge_heads(output)), weights


class CrossAttention(nn.Module):
    """Multi-head attention of a sequence to another, the memory; as `SelfAttention`."""

    def __init__(
        self,
        width: int,
        heads: int,
        *,
        head_width: int | None = None,
        bias: bool = True,
        scale: float | None = None,
        dropout: float = 0.0,
    ):
        super().__init__()
        inner = heads * _head_width(width, heads, head_width)
        self.heads, self.scale, self.dropout = heads, scale, dropout
        self.q_proj = nn.Linear(width, inner, bias=bias)
        self.kv_proj = nn.Linear(width, 2 * inner, bias=bias)
        self.out_proj = nn.Linear(inner, width, bias=bias)

    def forward(
        self,
        x: Tensor,
        memory: Tensor,
        *,
        mask: Tensor | None = None,
        cache: LayerCache | None = None,
        need_weights: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """x (batch, query, width), memory (batch, key, width) -> (batch, query, width).

        With a `cache` the memory is projected at the first call and read afterwards.
        """
        query = split_heads(self.q_proj(x), self.heads)
        if cache is not None and cache.length:
            key, value = cache.read()
        else:
            parts = split_parts(self.kv_proj(memory), 2, self.heads)
            key, value = parts.unbind(-4) if cache is None else cache.append(parts)
        output, weights = scaled_dot_product_attention(
            query,
            key,
            value,
            mask=mask,
            scale=self.scale,
            dropout_p=self.dropout if self.training else 0.0,
            need_weights=need_weights,
        )
        return self.out_proj(merge_heads(output)), weights


def _head_width(width: int, heads: int, head_width: int | None) -> int:
    if head_width is None and width % heads:
        raise ValueError(f"{heads} heads don't divide a width of {width}")
    return head_width or width // heads
