"""Streams that can only be answered from memory, drawn at random and without end.

Each function returns `x` (batch, time, symbols), one-hot float32, and `y` (batch,
time), the class to name at each step; steps without an answer carry -100, which
`torch.nn.functional.cross_entropy` leaves out. Two calls with generators of the same
seed give the same streams; without one PyTorch's global generator is used.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

NO_ANSWER = -100


def latch(
    batch: int, time: int, generator: Generator | None = None, *, letters: int = 4
) -> tuple[Tensor, Tensor]:
    """Keep the letter that follows each sign; name the kept one at every step.

    Symbols 0 … letters-1 are letters, `letters` is the sign ("@" in the lessons), all
    equally likely.

    Returns:
        x (batch, time, letters + 1), y (batch, time) in 0 … letters-1.
    """
    _check(batch=batch, time=time)
    stream = torch.randint(letters + 1, (batch, time), generator=generator)
    kept = torch.full((batch,), NO_ANSWER)
    answers = [kept]
    for before, now in zip(stream.T[:-1], stream.T[1:], strict=True):
        kept = torch.where((before == letters) & (now != letters), now, kept)
        answers.append(kept)
    return F.one_hot(stream, letters + 1).float(), torch.stack(answers, dim=1)


def recall(
    batch: int,
    time: int,
    generator: Generator | None = None,
    *,
    symbols: int = 8,
    distractors: int = 4,
) -> tuple[Tensor, Tensor]:
    """Name the first symbol after the last of time - 1 distractors.

    Returns:
        x (batch, time, symbols + distractors), y (batch, time), an answer at the last
        step only, in 0 … symbols-1.
    """
    _check(batch=batch, time=time)
    first = torch.randint(symbols, (batch,), generator=generator)
    size = (batch, time)
    stream = symbols + torch.randint(distractors, size, generator=generator)
    stream[:, 0] = first
    x = F.one_hot(stream, symbols + distractors).float()
    return x, at_last_step(first, time)


def at_last_step(labels: Tensor, time: int) -> Tensor:
    """Labels (batch,) -> targets (batch, time) with an answer at the last step only."""
    targets = torch.full((len(labels), time), NO_ANSWER)
    targets[:, -1] = labels
    return targets


def _check(**sizes: int) -> None:
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"{name} must be at least 1, was {size}")
