"""What every recipe has: a run with its seed and its time, and a training in it."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from utils.data.dataset import Dataset
from utils.pretrained import course_weights
from utils.tokenizers.base import Tokenizer
from utils.training import checkpoint, schedules
from utils.training.averaging import Averaged, Model
from utils.training.loop import History, Loss, train

FIRST = 5
"""Steps after which a training with a time limit looks how fast it is."""


@dataclass
class Run:
    """One training of a recipe.

    Attributes:
        preset: sizes and rates, the recipe's own names.
        work: a folder for checkpoints; what is there is gone on with.
        minutes: for training, all processes of a resumed run together; None for as
            long as its steps take.
        report: called with what is known so far; the results file is written.
        weights: where trained weights are saved, or None.
    """

    name: str
    seed: int
    device: torch.device
    preset: dict[str, Any]
    work: Path
    report: Callable[[Mapping[str, Any]], None] = lambda found: None
    minutes: float | None = None
    weights: Path | None = None
    parts: dict[str, dict[str, Any]] = field(default_factory=dict)

    def save(
        self,
        name: str,
        model: nn.Module,
        tokenizer: Tokenizer | None,
        found: Mapping[str, Any],
        data: Dataset[Any],
        **options: Any,
    ) -> None:
        """Write the weights, if they are wanted, with a card of how they were made."""
        if self.weights is not None:
            last = found.get("best", found.get("final"))
            facts = {
                "recipe": f"python benchmarks/quality.py {self.name}",
                "settings": self.preset,
                "data": data.name,
                "data_source": data.source,
                "licence": data.licence,
                "seed": self.seed,
                "steps": last["step"],
                "loss": last.get("validation_loss", last.get("loss")),
                "device": self.device.type,
            }
            course_weights.save(name, model, tokenizer, facts, self.weights, **options)

    def part(self, name: str, share: float = 1.0, **changes: Any) -> Run:
        """A training that is a part of this one, with a share of its time."""

        def report(found: Mapping[str, Any]) -> None:
            self.parts[name] = dict(found)
            self.report({"parts": self.parts})

        return replace(
            self,
            preset=self.preset | changes,
            work=self.work / name,
            report=report,
            minutes=None if self.minutes is None else self.minutes * share,
            parts={},
        )


class Budget:
    """Steps, or minutes, whichever is used up first."""

    def __init__(self, steps: int, minutes: float | None, spent: float = 0.0):
        self.steps = steps
        self.seconds = math.inf if minutes is None else 60 * minutes
        self.began = time.monotonic() - spent

    @property
    def spent(self) -> float:
        """Seconds."""
        return time.monotonic() - self.began

    def position(self, step: int) -> float:
        """Where a schedule of `steps` is: at its end when the time is."""
        return min(self.steps, max(step, self.steps * self.spent / self.seconds))

    def leg(self, done: int, speed: float | None, every: int) -> int:
        """How many steps to take before the next evaluation; 0 at the end."""
        left = min(every - done % every, self.steps - done)
        if math.isinf(self.seconds):
            return left
        if speed is None:
            return min(left, FIRST) if self.spent < self.seconds else 0
        return max(0, min(left, int(speed * (self.seconds - self.spent))))


def rate(step: int, *, budget: Budget, warmup: int, floor: float = 0.0) -> float:
    """Up over the warm-up, then half a cosine that ends when the budget does.

    Args:
        warmup: steps.
        floor: the share of the rate at the end.
    """
    if step < warmup:
        return (step + 1) / warmup
    position = int(budget.position(step))
    share = schedules.cosine(position, total=budget.steps, warmup=warmup)
    return floor + (1 - floor) * share


def fit(
    run: Run,
    model: Averaged[Model],
    batches: Iterable[Any],
    loss: Loss,
    optimizer: Optimizer,
    evaluate: Callable[[Averaged[Model]], Mapping[str, float]],
    *,
    best: str | None = None,
    generators: tuple[torch.Generator, ...] = (),
) -> dict[str, Any]:
    """Train by the run's preset: `steps`, `every`, `warmup`, and `floor`, `clip`.

    With `best`, a name among what `evaluate` returns, the weights with the least of it
    at an evaluation are kept, and are the model's average afterwards. Without, the last
    ones are: where what is evaluated on is the test set, there must be no choice by it.

    Returns:
        steps, planned_steps, seconds, curve, train_loss, final and best evaluation.
    """
    preset, path = run.preset, run.work / "checkpoint.pt"
    run.work.mkdir(parents=True, exist_ok=True)
    clock = run.work / "seconds.json"
    spent = json.loads(clock.read_text()) if clock.exists() else 0.0
    budget = Budget(preset["steps"], run.minutes, spent)
    scheduler = schedules.schedule(
        optimizer,
        rate,
        budget=budget,
        warmup=preset["warmup"],
        floor=preset.get("floor", 0.0),
    )
    leader = None if best is None else Leader(run.work / "best.pt", best)

    def judge(_: nn.Module) -> Mapping[str, float]:
        found = evaluate(model)
        if leader is not None:
            leader.consider(found, model.average)
        return {**found, "seconds": round(budget.spent, 2)}

    history, speed = History(), None
    done = _steps_of(path)
    while True:
        taken = len(history.losses) or done
        steps = taken + budget.leg(taken, speed, preset["every"])
        ends = steps % preset["every"] == 0 or steps == preset["steps"]
        last = steps == taken
        start = budget.spent
        history = train(
            model,
            batches,
            loss,
            optimizer,
            steps=steps,
            scheduler=scheduler,
            clip=preset.get("clip", 1.0),
            before_step=model.update,
            evaluate=judge if ends else None,
            checkpoint=path,
            save_every=preset["steps"],
            generators=generators,
        )
        if steps > taken:
            speed = (steps - taken) / (budget.spent - start)
        clock.write_text(json.dumps(budget.spent))
        curve = history.evaluations
        found = {
            "steps": len(history.losses),
            "planned_steps": preset["steps"],
            "seconds": round(budget.spent, 1),
            "curve": curve,
            "train_loss": _thinned(history.losses),
        }
        run.report(found)
        if last or steps == preset["steps"]:
            break
    if not curve or curve[-1]["step"] != len(history.losses):
        model.eval()
        with torch.no_grad():
            curve.append({"step": len(history.losses), **judge(model)})
    found["final"] = curve[-1]
    if leader is not None:
        leader.restore(model.average)
        found["best"] = min(curve, key=lambda found: found[leader.figure])
    run.report(found)
    return found


class Leader:
    """The weights with the least of a figure so far, in a file."""

    def __init__(self, path: Path, figure: str):
        self.path, self.figure = path, figure
        self.least = checkpoint.load(path)["figure"] if path.exists() else math.inf

    def consider(self, found: Mapping[str, float], model: nn.Module) -> None:
        """Keep the weights if they are better."""
        if found[self.figure] < self.least:
            self.least = found[self.figure]
            state = {"figure": self.least, "model": model.state_dict()}
            checkpoint.save(self.path, state)

    def restore(self, model: nn.Module) -> None:
        """Put the best weights into the model."""
        model.load_state_dict(checkpoint.load(self.path)["model"])


def _steps_of(path: Path) -> int:
    return len(checkpoint.load(path)["history"]["losses"]) if path.exists() else 0


def _thinned(losses: list[float], points: int = 100) -> list[list[float]]:
    """Means over stretches of steps: the last step of each, the mean."""
    size = max(1, -(-len(losses) // points))
    stretches = [losses[i : i + size] for i in range(0, len(losses), size)]
    return [
        [min(size * (i + 1), len(losses)), round(sum(part) / len(part), 4)]
        for i, part in enumerate(stretches)
    ]


def described(data: Dataset[Any]) -> dict[str, Any]:
    """A data set, for the results file."""
    return {
        "name": data.name,
        "source": data.source,
        "licence": data.licence,
        "splits": {split: len(data[split]) for split in data},
        "bytes": data.bytes,
    }


def parameters(model: nn.Module) -> int:
    """How many, shared ones once."""
    return sum(p.numel() for p in model.parameters())
