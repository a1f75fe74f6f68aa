"""A small task whose every source of chance matters: order, dropout, noise, weights.

Run as a script it trains with a checkpoint and prints its history, and is killed on the
way if asked to.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
from pathlib import Path
from typing import Any

import numpy
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from utils.models.gpt2 import GPT2Config, GPT2LMHeadModel
from utils.training import checkpoint, schedules
from utils.training.loop import train
from utils.training.optimizers import adamw

STEPS, SAVE_EVERY = 17, 4


def model(dropout: float = 0.1) -> nn.Module:
    torch.manual_seed(0)
    config = GPT2Config(
        vocabulary=23,
        width=12,
        layers=2,
        heads=2,
        inner_width=16,
        positions=9,
        dropout=dropout,
        attention_dropout=dropout,
    )
    return GPT2LMHeadModel(config)


def texts() -> Tensor:
    """(26, 9); 0 is padding, and there is more of it in some rows than in others."""
    rng = torch.Generator().manual_seed(1)
    ids = torch.randint(1, 23, (26, 9), generator=rng)
    lengths = torch.randint(2, 10, (26, 1), generator=rng)
    return ids.masked_fill(torch.arange(9) >= lengths, 0)


def loss(model: nn.Module, batch: list[Tensor]) -> tuple[Tensor, Tensor]:
    """The sum over the next tokens that there are, and their number."""
    (ids,) = batch
    labels = ids[:, 1:]
    logits = model(ids[:, :-1]).logits
    summed = F.cross_entropy(
        logits.flatten(0, 1), labels.flatten(), ignore_index=0, reduction="sum"
    )
    return summed, (labels != 0).sum()


def noisy_loss(model: nn.Module, batch: list[Tensor]) -> tuple[Tensor, Tensor]:
    """With random numbers of Python's and NumPy's in it."""
    summed, count = loss(model, batch)
    return summed * (1 + 0.1 * random.random() + 0.1 * numpy.random.rand()), count


def run(path: str | Path | None, *, steps: int = STEPS, loss=noisy_loss, **options):
    """Train from fresh objects, as a process does that starts again."""
    random.seed(3)
    numpy.random.seed(4)
    network = model()
    optimizer = adamw(network, 0.01)
    scheduler = schedules.schedule(optimizer, schedules.cosine, total=STEPS, warmup=3)
    torch.manual_seed(5)
    data = DataLoader(TensorDataset(texts()), batch_size=4, shuffle=True)
    given: dict[str, Any] = {
        "steps": steps,
        "scheduler": scheduler,
        "accumulate": 2,
        "clip": 0.5,
        "evaluate": lambda model: {"noise": torch.rand(()).item()},
        "evaluate_every": 5,
        "checkpoint": path,
        "save_every": SAVE_EVERY,
    }
    history = train(network, data, loss, optimizer, **(given | options))
    return network, optimizer, history


def main(path: str, kill_at: int, while_saving: bool) -> None:
    """Die after `kill_at` batches, or at the checkpoint then due, half written."""
    seen = 0

    def deadly(model: nn.Module, batch: list[Tensor]) -> tuple[Tensor, Tensor]:
        nonlocal seen
        seen += 1
        if seen == kill_at:
            if not while_saving:
                os.kill(os.getpid(), signal.SIGKILL)
            checkpoint.torch.save = half
        return noisy_loss(model, batch)

    def half(state: Any, file: Any) -> None:
        save(state, file)
        file.truncate(file.tell() // 2)
        file.flush()
        os.kill(os.getpid(), signal.SIGKILL)

    save = torch.save
    torch.set_num_threads(1)
    network, _, history = run(path, loss=deadly)
    total = sum(p.double().sum().item() for p in network.parameters())
    print(json.dumps({"history": vars(history), "weights": total}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3] == "saving")
