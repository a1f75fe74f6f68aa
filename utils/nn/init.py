"""Initial values, as functions for `Module.apply`."""

from __future__ import annotations

import math

from torch import nn

from utils.nn.attention import CrossAttention, SelfAttention
from utils.nn.positions import RelativePositionBias


def normal_init(module: nn.Module, std: float = 0.02) -> None:
    """N(0, std²) for every matrix and table, zero biases (BERT, GPT)."""
    if isinstance(module, nn.Linear | nn.Embedding | nn.Conv2d):
        nn.init.normal_(module.weight, std=std)
        bias = getattr(module, "bias", None)
        if bias is not None:
            nn.init.zeros_(bias)


def xavier_init(module: nn.Module) -> None:
    """Xavier's uniform for every matrix (Glorot and Bengio 2010), zero biases."""
    if isinstance(module, nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def gpt2_residual_init(model: nn.Module, layers: int, std: float = 0.02) -> None:
    """Divide what a residual branch adds by √(2 · layers) (Radford et al. 2019, §2.3).

    So that the sum over all branches starts with the same variance at any depth.
    """
    for name, parameter in model.named_parameters():
        if name.endswith(("out_proj.weight", "fc2.weight")):
            nn.init.normal_(parameter, std=std / math.sqrt(2 * layers))


def t5_init(module: nn.Module, width: int) -> None:
    """Variances of one over the fan-in (Raffel et al. 2020's code), tables of one.

    T5 doesn't scale its scores: 1/√head width is in the queries' first values instead.

    Args:
        module: as `Module.apply` gives it.
        width: of the model.
    """
    if isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, std=module.in_features**-0.5)
    elif isinstance(module, nn.Embedding):
        nn.init.normal_(module.weight)
    elif isinstance(module, RelativePositionBias):
        nn.init.normal_(module.weight, std=width**-0.5)
    elif isinstance(module, SelfAttention | CrossAttention):
        inner = module.out_proj.in_features
        # Its matrices come before it: `apply` visits the children first.
        projection = (
            module.qkv_proj if isinstance(module, SelfAttention) else module.q_proj
        )
        query = projection.weight[:inner]
        nn.init.normal_(query, std=(width * inner / module.heads) ** -0.5)
