"""Our recurrent layers, which loop over time in Python, and PyTorch's, which don't."""

from __future__ import annotations

from functools import partial
from typing import Any

import pairs
import torch
from contest import Contest, Race
from torch import Tensor, nn

from utils.nn.recurrent import GRU, LSTM


def layer(ours: type, theirs: type, train: bool, tiny: bool) -> Contest:
    """One layer over a batch of sequences; with gradients of all, where it trains."""
    batch, time, size = (2, 3, 4) if tiny else (16, 64, 256)
    x = torch.randn(batch, time, size)
    models = [ours(size, size), theirs(size, size, batch_first=True)]
    models[0].load_state_dict(models[1].state_dict())

    def run(model: nn.Module) -> Tensor:
        with torch.set_grad_enabled(train):
            output = model(x)[0]
            if train:
                model.zero_grad()
                output.square().mean().backward()
        return output.detach()

    def agree() -> float:
        found = [run(model) for model in models]
        gradients: list[Any] = [model.weight_hh_l0.grad for model in models]
        return max(pairs.close(*found), pairs.close(*gradients) if train else 0.0)

    return Contest(
        lambda: run(models[0]),
        lambda: run(models[1]),
        agree,
        batch * time,
        "tokens",
        {"batch": batch, "time": time, "input": size, "hidden": size},
    )


CASES = [
    Race(
        f"{ours.__name__.lower()}-{'train' if train else 'forward'}",
        f"our {ours.__name__}: {'forward and backward' if train else 'forward'}",
        0.5,
        partial(layer, ours, theirs, train),
        theirs=f"nn.{theirs.__name__}",
    )
    for ours, theirs in ((LSTM, nn.LSTM), (GRU, nn.GRU))
    for train in (False, True)
]
