"""Initial values, as functions for `Module.apply`."""

from __future__ import annotations

import math

from torch import nn


def normal_init(module: nn.Module, std: float = 0.02) -> None:
    """N(0, std²) for every matrix and table, zero biases (BERT, GPT)."""
    if isinstance(module, nn.Linear | nn.Embedding | nn.Conv2d):
        nn.init.normal_(module.weight, std=std)
        if getattr(module, "bias", None) is not None:
            nn.init.zeros_(module.bias)


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
