"""One training loop: accumulation, clipping, mixed precision, evaluation, resuming."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, is_dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from utils import runtime
from utils.training import checkpoint as disk

Loss = Callable[[nn.Module, Any], tuple[Tensor, int | Tensor]]


@dataclass
class History:
    """What happened at each step of the optimizer, and at each evaluation."""

    losses: list[float] = field(default_factory=list)
    """the mean over all that was scored in the step"""
    norms: list[float] = field(default_factory=list)
    """of the gradient, before clipping"""
    rates: list[float] = field(default_factory=list)
    """the highest of the groups' learning rates"""
    evaluations: list[dict[str, float]] = field(default_factory=list)
    """`step`, the number of steps taken, and what `evaluate` returned"""


def train(
    model: nn.Module,
    batches: Iterable[Any],
    loss: Loss,
    optimizer: Optimizer,
    *,
    steps: int,
    scheduler: LRScheduler | None = None,
    accumulate: int = 1,
    clip: float | None = None,
    mixed_precision: bool = True,
    before_step: Callable[[int], Any] | None = None,
    evaluate: Callable[[nn.Module], Mapping[str, float]] | None = None,
    evaluate_every: int | None = None,
    checkpoint: str | Path | None = None,
    save_every: int = 100,
    generators: Sequence[torch.Generator] = (),
) -> History:
    """Train a model, from the beginning or from where a checkpoint is.

    Args:
        model: on its device; batches are brought there.
        batches: gone through again and again; a `DataLoader`, a list.
        loss: of model and batch: the *sum* over all that is scored (tokens, rows) and
            how many there are. Sums can be accumulated: the gradient is that of one
            large batch. A mean of means would give short batches too much weight.
        optimizer: of the model's parameters.
        steps: of the optimizer, all in all.
        scheduler: stepped after the optimizer.
        accumulate: batches to a step.
        clip: longest gradient, all parameters together (Pascanu et al. 2013).
        mixed_precision: compute in 16 bits where the device has it: bfloat16 on newer
            GPUs, float16 with a scaled loss on older ones, nothing of it on a CPU.
        before_step: called with the number of steps taken, as `gradual_unfreezing` is.
        evaluate: called with the model in eval mode, every `evaluate_every` steps and
            at the end. Whatever random numbers it draws, training goes on the same.
        checkpoint: a file that is written every `save_every` steps and at the end. If
            it is there, training resumes from it and goes exactly as it would have.
        generators: random generators of your own that the batches depend on. Python's,
            NumPy's, PyTorch's and a `DataLoader`'s are thought of.

    Returns:
        The history from the first step on, that of resumed trainings included.

    Raises:
        ValueError: no batches, nothing scored, or a checkpoint that is damaged or of a
            training with other settings.
        FloatingPointError: the loss is no longer a number.
    """
    own = getattr(batches, "generator", None)
    generators = [*generators, *([own] if isinstance(own, torch.Generator) else [])]
    device = next(model.parameters()).device
    dtype = half_precision(device) if mixed_precision else None
    scaler = torch.amp.GradScaler(device.type, enabled=dtype is torch.float16)
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    stream, history = _Stream(batches, generators), History()

    parts: dict[str, Any] = {}  # each with state_dict and load_state_dict
    parts |= {"model": model, "optimizer": optimizer, "scaler": scaler}
    parts |= {} if scheduler is None else {"scheduler": scheduler}
    settings = {
        "accumulate": accumulate,
        "clip": clip,
        "scheduled": scheduler is not None,
    }
    if checkpoint is not None and Path(checkpoint).exists():
        state = disk.load(checkpoint)
        if state["settings"] != settings:
            raise ValueError(
                f"{checkpoint} is of a training with {state['settings']}, "
                f"this one has {settings}"
            )
        for name, part in parts.items():
            part.load_state_dict(state[name])
        history = History(**state["history"])
        stream.resume(state["stream"])
        disk.set_random_states(state["random"], generators)

    model.train()
    for step in runtime.progress(range(len(history.losses), steps), "training"):
        if before_step is not None:
            before_step(step)
        optimizer.zero_grad()
        total, count, unit = 0.0, 0, 1
        for _ in range(accumulate):
            batch = _to(next(stream), device)
            with torch.autocast(device.type, dtype, enabled=dtype is not None):
                summed, scored = loss(model, batch)
            if count == 0:
                # A guess at the step's count keeps gradients of a sum in range.
                unit = max(1, int(scored)) * accumulate
            scaler.scale(summed / unit).backward()
            total, count = total + summed.item(), count + int(scored)
        if count == 0:
            raise ValueError(f"nothing is scored in the batches of step {step}")
        if not math.isfinite(total):
            raise FloatingPointError(f"the loss is {total} at step {step}")
        scaler.unscale_(optimizer)
        if unit != count:
            for parameter in parameters:
                if parameter.grad is not None:
                    parameter.grad.mul_(unit / count)
        norm = nn.utils.clip_grad_norm_(parameters, math.inf if clip is None else clip)
        history.losses.append(total / count)
        history.norms.append(norm.item())
        history.rates.append(max(group["lr"] for group in optimizer.param_groups))
        scale = scaler.get_scale()
        scaler.step(optimizer)
        scaler.update()
        # With a loss scaled too far the optimizer left the step out.
        if scheduler is not None and scaler.get_scale() >= scale:
            scheduler.step()

        done = step + 1
        if evaluate is not None and _due(done, evaluate_every, steps):
            with _evaluating(model, generators):
                history.evaluations.append({"step": done, **evaluate(model)})
        if checkpoint is not None and _due(done, save_every, steps):
            state = {name: part.state_dict() for name, part in parts.items()}
            state |= {"settings": settings, "history": asdict(history)}
            state |= {"stream": stream.position()}
            state |= {"random": disk.random_states(generators)}
            disk.save(checkpoint, state)
    return history


def half_precision(device: torch.device) -> torch.dtype | None:
    """The 16-bit type that a device computes in; None for a CPU, where it is slow."""
    if device.type != "cuda":
        return None
    native = torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.bfloat16 if native else torch.float16


def _due(done: int, every: int | None, steps: int) -> bool:
    return done == steps or (every is not None and done % every == 0)


class _Stream:
    """Batches without end, and where one is in them.

    The order in an epoch comes from random states at its beginning. To resume, those
    are put back and what was taken is taken again.
    """

    def __init__(self, batches: Iterable[Any], generators: Sequence[torch.Generator]):
        self.batches, self.generators = batches, generators
        self.iterator: Iterator[Any] | None = None
        self.taken = 0
        self.beginning: dict[str, Any] = {}

    def __next__(self) -> Any:
        iterator = self._begin() if self.iterator is None else self.iterator
        try:
            batch = next(iterator)
        except StopIteration:
            if not self.taken:
                raise ValueError(
                    "batches gave none; an iterator gives its own only once: give a "
                    "list or a DataLoader"
                ) from None
            self._begin()
            return next(self)
        self.taken += 1
        return batch

    def _begin(self) -> Iterator[Any]:
        self.beginning = disk.random_states(self.generators)
        self.iterator, self.taken = iter(self.batches), 0
        return self.iterator

    def position(self) -> dict[str, Any]:
        return {"beginning": self.beginning, "taken": self.taken}

    def resume(self, position: dict[str, Any]) -> None:
        disk.set_random_states(position["beginning"], self.generators)
        self._begin()
        for _ in range(position["taken"]):
            next(self)
        if self.taken != position["taken"]:
            raise ValueError(
                f"the checkpoint is {position['taken']} batches into an epoch, and "
                "these batches are fewer"
            )


@contextmanager
def _evaluating(
    model: nn.Module, generators: Sequence[torch.Generator]
) -> Iterator[None]:
    states = disk.random_states(generators)
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for module, training in modes.items():
            module.training = training
        disk.set_random_states(states, generators)


def _to(batch: Any, device: torch.device) -> Any:
    """The tensors of a batch, in whatever containers, on the device."""
    if isinstance(batch, Tensor):
        return batch.to(device, non_blocking=True)
    if isinstance(batch, Mapping):
        return {name: _to(part, device) for name, part in batch.items()}
    if isinstance(batch, tuple) and hasattr(batch, "_fields"):
        return type(batch)(*(_to(part, device) for part in batch))
    if isinstance(batch, list | tuple):
        return type(batch)(_to(part, device) for part in batch)
    if is_dataclass(batch) and not isinstance(batch, type):
        return replace(batch, **_to(vars(batch), device))
    return batch
