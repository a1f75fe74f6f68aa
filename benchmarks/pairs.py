"""A transformers model, ours with its weights, and what both are asked to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import transformers
from contest import Contest
from torch import Tensor, nn

from utils.pretrained import from_hf

TOLERANCE = 1e-3  # float32 through twelve layers, outputs around 1

Loss = Callable[[nn.Module], Tensor]


def build(hf_class: type, config: Any) -> tuple[nn.Module, Any]:
    """Ours and theirs, randomly initialised, in eval mode."""
    transformers.logging.set_verbosity_error()
    theirs = hf_class(config).eval()
    return from_hf(theirs), theirs


def ids(vocabulary: int, *shape: int) -> Tensor:
    """Random tokens, special ones (the first few) left out."""
    return torch.randint(5, vocabulary, shape)


def close(ours: Tensor, theirs: Tensor) -> float:
    """The largest difference.

    Raises:
        AssertionError: it is beyond the tolerance.
    """
    difference = (ours - theirs).abs().max().item()
    assert ours.shape == theirs.shape and difference < TOLERANCE, (
        f"outputs {tuple(ours.shape)} and {tuple(theirs.shape)} "
        f"are {difference:.1e} apart"
    )
    return difference


def forward(
    hf_class: type,
    config: Any,
    inputs: dict[str, Tensor],
    output: str,
    unit: str = "tokens",
    *,
    our_options: dict[str, Any] | None = None,
    their_options: dict[str, Any] | None = None,
    compared: Tensor | None = None,
) -> Contest:
    """A forward pass without gradients.

    Args:
        inputs: for both.
        output: the name of the result that must agree.
        compared: where it must, boolean, (batch, time); everywhere unless given.
    """
    ours, theirs = build(hf_class, config)
    batch = next(iter(inputs.values()))
    work = len(batch) if unit == "images" else batch.numel()

    @torch.inference_mode()
    def run_ours() -> Tensor:
        return getattr(ours(**inputs, **(our_options or {})), output)

    @torch.inference_mode()
    def run_theirs() -> Tensor:
        return getattr(theirs(**inputs, **(their_options or {})), output)

    def agree() -> float:
        where = ... if compared is None else compared
        return close(run_ours()[where], run_theirs()[where])

    sizes = {name: list(value.shape) for name, value in inputs.items()}
    return Contest(run_ours, run_theirs, agree, work, unit, sizes)


def training(
    hf_class: type,
    config: Any,
    our_loss: Loss,
    their_loss: Loss,
    tokens: int,
    sizes: dict[str, Any],
) -> Contest:
    """A step of training: loss, gradients, fused AdamW. Both agree without dropout."""
    ours, theirs = build(hf_class, config)
    sides = []
    for model, loss in (ours, our_loss), (theirs, their_loss):
        model.train()
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5, fused=True)
        sides.append(step(model, loss, optimizer))

    def agree() -> float:
        # The second loss and the third depend on the gradients before.
        found = [torch.tensor([side() for _ in range(3)]) for side in sides]
        return close(*found)

    return Contest(sides[0], sides[1], agree, tokens, "tokens", sizes)


def step(
    model: nn.Module, loss: Loss, optimizer: torch.optim.Optimizer
) -> Callable[[], float]:
    """A function that makes one step and returns the loss before it."""

    def run() -> float:
        found = loss(model)
        found.backward()
        optimizer.step()
        optimizer.zero_grad()
        return found.item()

    return run
