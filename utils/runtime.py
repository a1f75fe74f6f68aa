"""What a notebook starts with: device, preset sizes, seed, progress bar."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import torch

T = TypeVar("T")


@dataclass(frozen=True)
class Runtime:
    """Where the cells of a notebook run."""

    device: torch.device

    def pick(self, *, cpu: T, gpu: T) -> T:
        """Return the preset for this device: `gpu` on an accelerator, else `cpu`."""
        return cpu if self.device.type == "cpu" else gpu


def start(use_gpu: bool = False, seed: int = 0) -> Runtime:
    """Choose the device, seed every generator and set the figures' style.

    With `use_gpu` and no CUDA device the notebook says so and goes on with the CPU.
    Stored outputs were made on the CPU.
    """
    found = torch.cuda.is_available()
    device = torch.device("cuda" if use_gpu and found else "cpu")
    if use_gpu and not found:
        print("USE_GPU is on, but PyTorch finds no GPU here: going on with the CPU.")
    else:
        print(f"Running on the {'GPU' if device.type == 'cuda' else 'CPU'}.")
    seed_everything(seed)

    from utils import viz

    viz.use_style()
    return Runtime(device)


def seed_everything(seed: int) -> None:
    """Seed Python's, NumPy's (where it is loaded) and PyTorch's generators."""
    random.seed(seed)
    torch.manual_seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed % 2**32)


def progress(steps: Iterable[T], description: str = "") -> Iterator[T]:
    """Iterate with a progress bar on stderr, which stored notebooks leave out."""
    from tqdm import tqdm

    return iter(tqdm(steps, desc=description, file=sys.stderr, leave=False))
