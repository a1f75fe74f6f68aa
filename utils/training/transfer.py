"""Putting a trained model to a new use: which layers learn, and from when on.

Rates that differ from layer to layer are in `utils.training.optimizers`.
"""

from __future__ import annotations

from collections.abc import Callable

from utils.training.optimizers import Layers


def unfreeze_top(layers: Layers, number: int) -> list[str]:
    """Let the topmost layers learn and no others; return their names.

    Make the optimizer of all parameters, before or after: it passes over those that
    are frozen and takes them up when they no longer are.

    Raises:
        ValueError: a number below 0.
    """
    if number < 0:
        raise ValueError(f"number of layers to unfreeze was {number}")
    names = list(layers)
    open_ = names[max(0, len(names) - number) :]
    for name, parameters in layers.items():
        for parameter in parameters.values():
            parameter.requires_grad_(name in open_)
            if name not in open_:
                parameter.grad = None
    return open_


def gradual_unfreezing(layers: Layers, every: int) -> Callable[[int], list[str]]:
    """Open the head first, then a layer more each `every` steps, from the top down.

    Howard and Ruder 2018 (arXiv 1801.06146), §3.3, where `every` is an epoch.

    Returns:
        What `train` takes as `before_step`. It depends on the step only, so a training
        that is resumed has the same layers open.

    Raises:
        ValueError: `every` is no number of steps.
    """
    if every < 1:
        raise ValueError(f"every must be at least 1 step, was {every}")

    return lambda step: unfreeze_top(layers, 1 + step // every)
