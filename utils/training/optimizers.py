"""AdamW, its parameter groups, and rates that differ from layer to layer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn

Layers = dict[str, dict[str, nn.Parameter]]
"""A model's parameters by their names, layer by layer from the bottom to the top."""

_BLOCK = re.compile(r"(?:^|\.)(?:blocks|layers)\.\d+(?=\.)")
_EMBEDDINGS = re.compile(r"(?:^|\.)(?:embeddings|token|\w*positions)\.")


def layers_of(model: nn.Module) -> Layers:
    """Split a model of this package: "embeddings", "block 1", …, "head".

    The head is all above the last block: poolers and what a task has outside of
    `backbone`; it is left out where there is none. A normalisation after the last block
    goes with it. In an encoder-decoder the decoder's blocks follow the encoder's. Of
    other models give the layers yourself: `named_layers`.

    Raises:
        ValueError: the model has no `blocks` or `layers`.
    """
    has_head = hasattr(model, "backbone")
    embeddings: dict[str, nn.Parameter] = {}
    head: dict[str, nn.Parameter] = {}
    blocks: dict[str, dict[str, nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        outside = has_head and not name.startswith("backbone.")
        found = _BLOCK.search(name)
        if outside or ".pooler." in f".{name}":
            layer = head
        elif found:
            layer = blocks.setdefault(name[: found.end()], {})
        elif not blocks or _EMBEDDINGS.search(name):
            layer = embeddings
        else:
            layer = list(blocks.values())[-1]
        layer[name] = parameter
    if not blocks:
        raise ValueError(
            f"{type(model).__name__} has no blocks or layers: give named_layers"
        )
    layers = {"embeddings": embeddings}
    layers |= {f"block {i}": block for i, block in enumerate(blocks.values(), 1)}
    return layers | ({"head": head} if head else {})


def named_layers(model: nn.Module, parts: Sequence[Sequence[str] | str]) -> Layers:
    """Split a model by hand.

    Args:
        parts: from the bottom to the top, the names of the modules of each layer
            ("encoder", or ("token", "encoder.layers.0")).

    Raises:
        ValueError: a parameter is in no layer, or in two.
    """
    layers: Layers = {}
    for part in parts:
        names = (part,) if isinstance(part, str) else tuple(part)
        layers[", ".join(names)] = {
            name: parameter
            for name, parameter in model.named_parameters()
            if f"{name}.".startswith(tuple(f"{module}." for module in names))
        }
    for name, _ in model.named_parameters():
        count = sum(name in layer for layer in layers.values())
        if count != 1:
            raise ValueError(f"{name} is in {count} of the layers, not in one")
    return layers


def layer_wise_rates(
    layers: Layers, rate: float, decay: float = 0.95, head_rate: float | None = None
) -> dict[str, float]:
    """The top block learns at `rate`, each one below at `decay` of the one above.

    Sun et al. 2019 (arXiv 1905.05583), §5.3.4. The embeddings are one step below the
    first block: from 2e-5 at 0.95 a 12-layer BERT has 1.14e-5 in its first block and
    1.08e-5 in its embeddings.

    Args:
        head_rate: of a new head; `rate` unless given.
    """
    top = len(layers) - ("head" in layers) - 1
    rates = {name: rate * decay ** (top - i) for i, name in enumerate(layers)}
    if "head" in layers:
        rates["head"] = rate if head_rate is None else head_rate
    return rates


def discriminative_rates(
    layers: Layers, rate: float, factor: float = 2.6
) -> dict[str, float]:
    """The topmost layer, the head, learns at `rate`, each one below `factor` slower.

    Howard and Ruder 2018 (arXiv 1801.06146), §3.2.
    """
    top = len(layers) - 1
    return {name: rate / factor ** (top - i) for i, name in enumerate(layers)}


def parameter_groups(
    model: nn.Module | Layers,
    rate: float | Mapping[str, float],
    weight_decay: float = 0.01,
) -> list[dict[str, Any]]:
    """Groups for an optimizer: matrices decay, biases and normalisations don't.

    A bias or a norm's scale has no excess to be kept small; shrinking it only moves
    the function (Devlin et al.'s code leaves them out, and so did all after it). Told
    by shape and name: less than two axes, or a name that ends in "bias".

    Args:
        model: or its layers, for rates of their own.
        rate: of all, or of each layer by its name.
        weight_decay: of the matrices.

    Returns:
        Groups with `params`, `names`, `lr`, `weight_decay`; every parameter is in one
        of them once, the frozen ones too: when they are unfrozen, they learn.

    Raises:
        ValueError: the rates' names aren't the layers'.
    """
    if isinstance(model, nn.Module):
        # A single rate needs no layers, and a model of any kind has parameters.
        by_layer = isinstance(rate, Mapping)
        layers = layers_of(model) if by_layer else {"": dict(model.named_parameters())}
    else:
        layers = model
    rates = rate if isinstance(rate, Mapping) else dict.fromkeys(layers, rate)
    if rates.keys() != layers.keys():
        raise ValueError(f"rates for {list(rates)}, but the layers are {list(layers)}")
    groups = []
    for layer, parameters in layers.items():
        for decays in True, False:
            chosen = {n: p for n, p in parameters.items() if _decays(n, p) == decays}
            if chosen:
                groups.append(
                    {
                        "params": list(chosen.values()),
                        "names": list(chosen),
                        "lr": rates[layer],
                        "weight_decay": weight_decay if decays else 0.0,
                    }
                )
    return groups


def _decays(name: str, parameter: nn.Parameter) -> bool:
    return parameter.ndim >= 2 and not name.endswith("bias")


def adamw(
    model: nn.Module | Layers,
    rate: float | Mapping[str, float],
    *,
    weight_decay: float = 0.01,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
) -> torch.optim.AdamW:
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019, 1711.05101).

    The first three arguments are those of `parameter_groups`. All parameters are
    updated in one fused kernel.
    """
    groups = parameter_groups(model, rate, weight_decay)
    return torch.optim.AdamW(groups, betas=betas, eps=eps, fused=True)
