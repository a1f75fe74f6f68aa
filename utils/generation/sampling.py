"""Which next tokens may be drawn, and how likely: functions of the logits.

Each takes logits (..., vocabulary) and returns logits of the same shape; a token that
is out gets -inf. Equal to transformers' logits processors. `sample` applies them in
transformers' order: repetition penalty, temperature, top-k, top-p, min-p. The order
counts: a low temperature first leaves fewer tokens in the nucleus.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def temperature(logits: Tensor, value: float) -> Tensor:
    """Divide by the temperature: below 1 sharper, above 1 flatter.

    Raises:
        ValueError: a temperature of 0 or less (at 0 nothing is random: `greedy`).
    """
    if value <= 0:
        raise ValueError(
            f"temperature must be above 0, was {value}; for 0 there is greedy"
        )
    return logits / value


def top_k(logits: Tensor, k: int) -> Tensor:
    """Keep the k most likely tokens (Fan et al. 2018, §5.4), and any as likely as the
    last of them.

    Raises:
        ValueError: k below 1.
    """
    if k < 1:
        raise ValueError(f"k must be at least 1, was {k}")
    last = logits.topk(min(k, logits.shape[-1])).values[..., -1:]
    return logits.masked_fill(logits < last, -math.inf)


def top_p(logits: Tensor, p: float) -> Tensor:
    """Keep the nucleus: the fewest tokens whose probability together *reaches* p.

    Holtzman et al. 2020 (arXiv 1904.09751), §3.1. The token that crosses p is in.

    Raises:
        ValueError: p outside (0, 1].
    """
    if not 0 < p <= 1:
        raise ValueError(f"p must be above 0 and at most 1, was {p}")
    rising, order = logits.sort()
    # What a token and all less likely ones have together: they can go if the rest, the
    # more likely ones, reach p without them.
    out = rising.softmax(-1).cumsum(-1) <= 1 - p
    out[..., -1] = False
    return logits.masked_fill(out.scatter(-1, order, out), -math.inf)


def min_p(logits: Tensor, p: float) -> Tensor:
    """Keep tokens at least p times as likely as the likeliest (Nguyen et al. 2024,
    arXiv 2407.01082).

    Raises:
        ValueError: p outside [0, 1].
    """
    if not 0 <= p <= 1:
        raise ValueError(f"p must be between 0 and 1, was {p}")
    probabilities = logits.softmax(-1)
    least = p * probabilities.amax(-1, keepdim=True)
    return logits.masked_fill(probabilities < least, -math.inf)


def repetition_penalty(logits: Tensor, ids: Tensor, penalty: float) -> Tensor:
    """Make tokens less likely that were there before (Keskar et al. 2019, §4.1).

    Positive logits are divided by the penalty. Negative ones are multiplied: dividing,
    as the paper has it, would make these tokens more likely.

    Args:
        logits: (batch, vocabulary)
        ids: (batch, time), all tokens before.
        penalty: above 1 against repetition; 1 does nothing.

    Raises:
        ValueError: a penalty of 0 or less.
    """
    if penalty <= 0:
        raise ValueError(f"penalty must be above 0, was {penalty}")
    found = logits.gather(-1, ids)
    changed = torch.where(found < 0, found * penalty, found / penalty)
    return logits.scatter(-1, ids, changed)


def draw(logits: Tensor, rng: torch.Generator | None = None) -> Tensor:
    """Draw a token of each row: (batch, vocabulary) -> (batch, 1)."""
    return torch.multinomial(logits.softmax(-1), 1, generator=rng)
