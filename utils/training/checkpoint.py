"""A training on disk: whole or not at all, with what makes a resumed one the same."""

from __future__ import annotations

import os
import pickle
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch


def save(path: str | Path, state: dict[str, Any]) -> None:
    """Write a checkpoint so that a kill at any moment leaves the old one or the new.

    Args:
        path: of the file; another beside it is written first and then renamed.
        state: tensors, numbers, strings and containers of them.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.unfinished")
    with unfinished.open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(unfinished, path)


def load(path: str | Path) -> dict[str, Any]:
    """Read a checkpoint, onto the CPU; no code in it is run.

    Raises:
        FileNotFoundError: there is none.
        ValueError: the file is damaged.
    """
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise ValueError(
            f"{path} is damaged; delete it to start anew: {error}"
        ) from error


def random_states(generators: Sequence[torch.Generator] = ()) -> dict[str, Any]:
    """The states of Python's, NumPy's, PyTorch's and the given random generators."""
    states: dict[str, Any] = {
        "python": random.getstate(),
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        "given": [generator.get_state() for generator in generators],
    }
    if "numpy" in sys.modules:
        name, keys, *rest = sys.modules["numpy"].random.get_state()
        states["numpy"] = (name, keys.tolist(), *rest)
    return states


def set_random_states(
    states: dict[str, Any], generators: Sequence[torch.Generator] = ()
) -> None:
    """Put the states back.

    Raises:
        ValueError: for another number of generators.
    """
    random.setstate(states["python"])
    torch.set_rng_state(states["torch"])
    if states["cuda"] and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(states["cuda"])
    for generator, state in zip(generators, states["given"], strict=True):
        generator.set_state(state)
    if "numpy" in states:
        import numpy

        numpy.random.set_state(states["numpy"])
