"""Layer normalisation written out, and where it stands around a sublayer."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class LayerNorm(nn.Module):
    """Each vector to mean 0 and variance 1, then scaled and shifted (Ba et al. 2016).

    The variance divides by the width, and `eps` is added inside the root. Equal to
    `torch.nn.LayerNorm`, which the models use; this one is for reading.
    """

    def __init__(self, width: int, eps: float = 1e-5):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.bias = nn.Parameter(torch.zeros(width))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """(..., width) -> (..., width)."""
        centred = x - x.mean(-1, keepdim=True)
        variance = centred.square().mean(-1, keepdim=True)
        return centred / torch.sqrt(variance + self.eps) * self.weight + self.bias


class RMSNorm(nn.Module):
    """Each vector divided by its root mean square and scaled (Zhang and Sennrich 2019).

    No mean is taken away and there is no bias. T5's normalisation.
    """

    def __init__(self, width: int, eps: float = 1e-6):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """(..., width) -> (..., width)."""
        return F.rms_norm(x, self.weight.shape, self.weight, self.eps)


def pre_norm(
    x: Tensor, sublayer: Callable[[Tensor], Tensor], norm: nn.Module, dropout: nn.Module
) -> Tensor:
    """x + dropout(sublayer(norm(x))): the residual path is untouched (GPT-2, ViT)."""
    change = sublayer(norm(x))
    return x + (dropout(change) if dropout.training else change)


def post_norm(
    x: Tensor, sublayer: Callable[[Tensor], Tensor], norm: nn.Module, dropout: nn.Module
) -> Tensor:
    """norm(x + dropout(sublayer(x))): the paper's order (Transformer, BERT, BART)."""
    change = sublayer(x)
    return norm(x + (dropout(change) if dropout.training else change))
