"""The learning rate over time, as a share of the optimizer's: plain functions of the
number of steps taken, and one way to attach them.

The first three equal transformers' `get_…_schedule_with_warmup`. As there, the first
of the warm-up's steps has rate 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR


def constant(step: int, *, warmup: int = 0) -> float:
    """Up to 1 over the warm-up, then 1."""
    _check(warmup=warmup)
    return step / warmup if step < warmup else 1.0


def linear(step: int, *, total: int, warmup: int = 0) -> float:
    """Up to 1 over the warm-up, then down to 0 at `total` (Devlin et al. 2019, A.2)."""
    _check(total=total, warmup=warmup)
    if step < warmup:
        return step / warmup
    return max(0.0, (total - step) / max(1, total - warmup))


def cosine(step: int, *, total: int, warmup: int = 0) -> float:
    """Up to 1 over the warm-up, then half a cosine down to 0 (Radford et al. 2018, §4).

    At `total` it is over: a step beyond would go up again and is held at 0.
    """
    _check(total=total, warmup=warmup)
    if step < warmup:
        return step / warmup
    way = min(1.0, (step - warmup) / max(1, total - warmup))
    return 0.5 * (1 + math.cos(math.pi * way))


def inverse_square_root(step: int, *, warmup: int) -> float:
    """Up to 1 over the warm-up, then √(warmup / step).

    Vaswani et al. 2017, eq. 3: theirs is this times (width · warmup)^-0.5.
    """
    _check(warmup=warmup)
    if step < warmup:
        return step / warmup
    return math.sqrt(warmup / step) if step else 1.0


def slanted_triangular(
    step: int, *, total: int, cut: float = 0.1, ratio: float = 32.0
) -> float:
    """A short way up from 1 / ratio to 1 and a long one down to it again.

    Howard and Ruder 2018, eq. 3. `total` is exactly the end here: the paper's formula
    rounds the length of the way up and measures the way down by it, so that the rate
    can fall below its least, and below 0 in a short training.

    Args:
        total: steps of the training, over all epochs.
        cut: share of them on the way up.
        ratio: of the largest rate to the smallest.
    """
    _check(total=total)
    top = math.floor(total * cut)
    way = step / top if step < top else (total - step) / max(1, total - top)
    return (1 + max(0.0, way) * (ratio - 1)) / ratio


def schedule(
    optimizer: Optimizer, function: Callable[..., float], **sizes: Any
) -> LambdaLR:
    """Attach a function of this module: each group's rate times its value.

    So groups keep their ratios. Call `step()` after each step of the optimizer.

    Example: `schedule(optimizer, linear, warmup=100, total=1000)`.
    """
    return LambdaLR(optimizer, partial(function, **sizes))


def _check(**sizes: int) -> None:
    for name, size in sizes.items():
        if size < 0:
            raise ValueError(f"{name} is a number of steps, was {size}")
    if sizes.get("warmup", 0) > sizes.get("total", math.inf):
        raise ValueError(f"a warm-up of {sizes['warmup']} in {sizes['total']} steps")
