"""Scaled dot-product attention: the one core that every architecture here calls."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    *,
    mask: Tensor | None = None,
    bias: Tensor | None = None,
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
        scale: factor on the scores; 1/√width unless given.
        dropout_p: share of the weights to drop. Give 0 outside training.
        need_weights: return the weights too. They are then computed plainly; without
            them PyTorch's fused kernel does the work.

    Returns:
        output (..., query, value width) and weights (..., query, key) or None.

    Raises:
        TypeError: the mask isn't boolean. (A float mask of ones and zeros would be
            added to the scores and hide nothing.)
    """
    if mask is not None and mask.dtype != torch.bool:
        raise TypeError(
            f"mask must be boolean with True = may attend, was {mask.dtype}"
        )
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    if not need_weights:
        hidden = _as_one_bias(mask, bias)
        output = F.scaled_dot_product_attention(
            query, key, value, attn_mask=hidden, dropout_p=dropout_p, scale=scale
        )
        if mask is not None and bias is not None:
            # A bias of -inf in every column gives NaN in some kernels, zero in others.
            output = output.masked_fill(~mask.any(-1, keepdim=True), 0.0)
        return output, None

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


def _as_one_bias(mask: Tensor | None, bias: Tensor | None) -> Tensor | None:
    if bias is None or mask is None:
        return mask if bias is None else bias
    return bias.masked_fill(~mask, -math.inf)
