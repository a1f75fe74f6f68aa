"""The loop: accumulation equals the large batch, and a killed training resumes to the
same bits."""

import copy
import json
import math
import os
import random
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy
import pytest
import torch
from torch import nn
from training import tasks

from utils.training import checkpoint, loop, schedules
from utils.training.loop import train
from utils.training.optimizers import adamw, layers_of
from utils.training.transfer import gradual_unfreezing, unfreeze_top

TEXTS = tasks.texts()


# Accumulation


def sgd(model, rate=0.1):
    return torch.optim.SGD(model.parameters(), lr=rate)


def by_hand(batches, *, clip=None, steps=3):
    """Plain PyTorch over large batches, the mean over all tokens of each."""
    model = tasks.model(dropout=0.0).double()
    optimizer, losses = sgd(model), []
    for batch in (batches * steps)[:steps]:
        optimizer.zero_grad()
        summed, count = tasks.loss(model, batch)
        (summed / count).backward()
        if clip is not None:
            nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimizer.step()
        losses.append((summed / count).item())
    return model, losses


def accumulated(loss=tasks.loss, *, clip=None, pieces=(3, 9, 14), steps=3):
    model = tasks.model(dropout=0.0).double()
    batches = [(part,) for part in TEXTS.split(list(pieces))]
    history = train(
        model,
        batches,
        loss,
        sgd(model),
        steps=steps,
        accumulate=len(pieces),
        clip=clip,
    )
    return model, history.losses


def distance(first, second):
    (a, losses_a), (b, losses_b) = first, second
    pairs = zip(a.parameters(), b.parameters(), strict=True)
    parameters = max((p - q).abs().max().item() for p, q in pairs)
    return max(
        parameters, *(abs(x - y) for x, y in zip(losses_a, losses_b, strict=True))
    )


@pytest.mark.parametrize("clip", [None, 0.05])
@pytest.mark.parametrize("pieces", [(26,), (3, 9, 14), (14, 9, 3), (1,) * 26])
def test_accumulation_equals_the_large_batch(pieces, clip):
    large = by_hand([(TEXTS,)], clip=clip)
    assert distance(accumulated(pieces=pieces, clip=clip), large) < 1e-13


def mean_of_means(model, batch):
    summed, count = tasks.loss(model, batch)
    return summed / count, 1


def rows_for_tokens(model, batch):
    summed, count = tasks.loss(model, batch)
    return summed / count * len(batch[0]), len(batch[0])


def without_dividing(model, batch):
    return tasks.loss(model, batch)[0], 1


@pytest.mark.parametrize("wrong", [mean_of_means, rows_for_tokens, without_dividing])
def test_wrong_weights_are_caught(wrong):
    assert distance(accumulated(wrong), by_hand([(TEXTS,)])) > 1e-4


def test_clipping_each_batch_is_caught():
    def clipped(model, batch):
        found = tasks.loss(model, batch)
        nn.utils.clip_grad_norm_(model.parameters(), 0.05)
        return found

    large = by_hand([(TEXTS,)], clip=0.05)
    assert distance(accumulated(clipped, clip=0.05), large) > 1e-4


def test_epochs_follow_without_a_gap():
    """Three batches an epoch, two a step: a step may take from two epochs."""
    seen = []

    def loss(model, batch):
        seen.append(len(batch[0]))
        return tasks.loss(model, batch)

    model = tasks.model()
    batches = [(part,) for part in TEXTS.split([3, 9, 14])]
    train(model, batches, loss, sgd(model), steps=5, accumulate=2)
    assert seen == [3, 9, 14] * 3 + [3]


# What a step does


def test_history_and_schedule():
    model = tasks.model()
    optimizer = adamw(model, {"embeddings": 0.2, "block 1": 0.3, "block 2": 0.4})
    scheduler = schedules.schedule(optimizer, schedules.linear, total=6, warmup=2)
    history = train(
        model,
        [(TEXTS,)],
        tasks.loss,
        optimizer,
        steps=6,
        scheduler=scheduler,
        clip=0.01,
    )
    expected = [schedules.linear(s, total=6, warmup=2) * 0.4 for s in range(6)]
    assert history.rates == pytest.approx(expected)
    assert len(history.losses) == len(history.norms) == 6
    assert min(history.norms) > 0.01  # before clipping


def test_a_schedule_one_step_off_is_caught():
    """The loop's own order of optimizer and scheduler, against transformers'."""

    def weights(early):
        model = tasks.model(dropout=0.0)
        optimizer = sgd(model)
        scheduler = schedules.schedule(optimizer, schedules.linear, total=3, warmup=1)
        if early:
            optimizer.step()
            scheduler.step()
        train(model, [(TEXTS,)], tasks.loss, optimizer, steps=1, scheduler=scheduler)
        return torch.cat([p.flatten() for p in model.parameters()])

    before = torch.cat([p.flatten() for p in tasks.model().parameters()])
    assert torch.equal(weights(early=False), before)  # the first rate is 0
    assert not torch.equal(weights(early=True), before)


def test_evaluation_changes_nothing():
    def evaluate(model):
        assert not model.training and not torch.is_grad_enabled()
        torch.rand(7)
        return {"loss": model(TEXTS[:, :-1]).logits.mean().item()}

    model = tasks.model()
    batches, optimizer = [(TEXTS,)], sgd(model)
    options = {"evaluate": evaluate, "evaluate_every": 2}
    found = train(model, batches, tasks.loss, optimizer, steps=5, **options)
    assert [e["step"] for e in found.evaluations] == [2, 4, 5]
    assert all(module.training for module in model.modules())
    without = tasks.run(None, steps=8, evaluate=None)[2].losses
    assert tasks.run(None, steps=8, evaluate_every=1)[2].losses == without


@dataclass
class Batch:
    ids: torch.Tensor


@pytest.mark.parametrize(
    "pack", [lambda x: x, lambda x: (x,), lambda x: {"ids": [x]}, Batch]
)
def test_batches_of_any_form(pack):
    def loss(model, batch):
        if isinstance(batch, Batch):
            batch = batch.ids
        elif isinstance(batch, dict):
            (batch,) = batch["ids"]
        elif isinstance(batch, tuple):
            (batch,) = batch
        return tasks.loss(model, (batch,))

    model = tasks.model(dropout=0.0)
    history = train(model, [pack(TEXTS)], loss, sgd(model), steps=2)
    assert history.losses[1] < history.losses[0]


def test_learns():
    model = tasks.model(dropout=0.0)
    optimizer = adamw(model, 0.02)
    history = train(model, [(TEXTS,)], tasks.loss, optimizer, steps=60, clip=1.0)
    assert history.losses[-1] < 0.7 * history.losses[0]


# Resuming


def same(first, second) -> bool:
    (a, _, history_a), (b, _, history_b) = first, second
    pairs = zip(a.state_dict().values(), b.state_dict().values(), strict=True)
    return history_a == history_b and all(torch.equal(p, q) for p, q in pairs)


@pytest.mark.parametrize("stop", [4, 5, 7, 13])
def test_resumes_to_the_same_bits(tmp_path, stop):
    """Seven batches an epoch, two a step: stops fall into an epoch and on its end."""
    path = tmp_path / "run" / "checkpoint.pt"
    at_end = {"evaluate_every": None}
    whole = tasks.run(None, **at_end)
    tasks.run(path, steps=stop, evaluate=None)
    torch.rand(11)  # whatever happened in between
    resumed = tasks.run(path, **at_end)
    assert same(resumed, whole)
    assert tasks.run(path, **at_end)[2] == whole[2]  # nothing is left to do


def forget(part):
    """A checkpoint without one of its parts."""

    def perturb(monkeypatch):
        def load(path):
            state = original(path)
            if part == "optimizer":
                state["optimizer"]["state"] = {}
            elif part == "scheduler":
                state["scheduler"]["last_epoch"] -= 1
            elif part == "position":
                state["stream"]["taken"] = 0
            elif part == "order":
                state["stream"]["beginning"] = state["random"]
            else:
                fresh = checkpoint.random_states()
                state["random"][part] = fresh[part]
            return state

        original = checkpoint.load
        monkeypatch.setattr(checkpoint, "load", load)

    return perturb


@pytest.mark.parametrize(
    "part",
    ["optimizer", "scheduler", "position", "order", "python", "numpy", "torch"],
)
def test_what_is_not_restored_is_caught(tmp_path, monkeypatch, part):
    path = tmp_path / "checkpoint.pt"
    whole = tasks.run(None, evaluate=None)
    tasks.run(path, steps=8, evaluate=None)
    forget(part)(monkeypatch)
    assert not same(tasks.run(path, evaluate=None), whole)


def test_generators_of_ones_own(tmp_path):
    """A DataLoader's is found, others are given."""

    def run(path, steps=9):
        order, noise = (torch.Generator().manual_seed(s) for s in (8, 9))

        def loss(model, batch):
            summed, count = tasks.loss(model, batch)
            return summed * (1 + 0.1 * torch.rand((), generator=noise)), count

        model = tasks.model(dropout=0.0)
        data = torch.utils.data.DataLoader(
            torch.utils.data.TensorDataset(TEXTS), 4, shuffle=True, generator=order
        )
        options = {"checkpoint": path, "generators": [noise]}
        return train(model, data, loss, sgd(model), steps=steps, **options)

    whole = run(None)
    run(tmp_path / "c.pt", steps=3)
    assert run(tmp_path / "c.pt") == whole


SCRIPT = Path(tasks.__file__)


def process(path, kill_at, how="training"):
    root = SCRIPT.parents[2]
    return subprocess.run(
        [sys.executable, SCRIPT, path, str(kill_at), how],
        cwd=root,
        env={**os.environ, "PYTHONPATH": f"{root}:{root / 'tests'}"},
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_killed_and_resumed(tmp_path):
    """Killed twice, once in the middle of a step and once half through a checkpoint."""
    whole = process(tmp_path / "whole.pt", 0)
    assert whole.returncode == 0, whole.stderr
    path = tmp_path / "killed.pt"
    killed = process(path, 13)  # batches: in step 7, after the checkpoint at 4
    assert killed.returncode == -9
    steps = len(checkpoint.load(path)["history"]["losses"])
    assert steps == 4
    killed = process(path, 14, "saving")  # the step 11, before the checkpoint at 12
    assert killed.returncode == -9
    assert (tmp_path / "killed.pt.unfinished").exists()
    assert len(checkpoint.load(path)["history"]["losses"]) == 8
    resumed = process(path, 0)
    assert resumed.returncode == 0, resumed.stderr
    assert json.loads(resumed.stdout) == json.loads(whole.stdout)
    assert not (tmp_path / "killed.pt.unfinished").exists()


def test_overwriting_in_place_is_caught(tmp_path, monkeypatch):
    """A checkpoint written over the old one is lost when the writing fails."""
    path = tmp_path / "c.pt"
    checkpoint.save(path, {"step": 1})

    def half(state, file):
        original(state, file)
        file.truncate(file.tell() // 2)
        raise KeyboardInterrupt

    original = torch.save
    monkeypatch.setattr(torch, "save", half)
    with pytest.raises(KeyboardInterrupt):
        checkpoint.save(path, {"step": 2})
    assert checkpoint.load(path) == {"step": 1}
    with pytest.raises(KeyboardInterrupt), path.open("wb") as file:
        torch.save({"step": 2}, file)
    with pytest.raises(ValueError, match=r"c\.pt is damaged; delete it"):
        checkpoint.load(path)


def test_a_checkpoint_of_another_training_is_refused(tmp_path):
    path = tmp_path / "c.pt"
    tasks.run(path, steps=3)
    with pytest.raises(ValueError, match="'accumulate': 2.*this one has.*: 1"):
        tasks.run(path, accumulate=1)
    with pytest.raises(ValueError, match="batches into an epoch, and these .* fewer"):
        model = tasks.model()
        optimizer = adamw(model, 0.01)
        scheduler = schedules.schedule(optimizer, schedules.constant)
        train(
            model,
            [(TEXTS,)],
            tasks.loss,
            optimizer,
            steps=9,
            scheduler=scheduler,
            accumulate=2,
            clip=0.5,
            checkpoint=path,
        )


def test_random_states_come_back(tmp_path):
    own = torch.Generator().manual_seed(1)

    def draw():
        numbers = random.random(), numpy.random.rand(), torch.rand(()).item()
        return (*numbers, torch.rand((), generator=own).item())

    checkpoint.save(tmp_path / "s.pt", checkpoint.random_states([own]))
    first = draw()
    assert draw() != first
    checkpoint.set_random_states(checkpoint.load(tmp_path / "s.pt"), [own])
    assert draw() == first


# Errors


def test_bad_input_says_what_is_wrong():
    model = tasks.model()
    batches = iter([(TEXTS,)])
    with pytest.raises(ValueError, match="an iterator gives its own only once"):
        train(model, batches, tasks.loss, sgd(model), steps=3)
    empty = [(torch.zeros(2, 9, dtype=torch.long),)]
    with pytest.raises(ValueError, match="nothing is scored in the batches of step 0"):
        train(model, empty, tasks.loss, sgd(model), steps=1)
    with pytest.raises(FloatingPointError, match="the loss is nan at step 0"):
        train(
            model,
            [(TEXTS,)],
            lambda *a: (tasks.loss(*a)[0] * math.nan, 1),
            sgd(model),
            steps=1,
        )


# Sixteen bits: a CPU takes them too, though slowly


def in_16_bits(monkeypatch, dtype, loss=tasks.loss, *, steps=5, path=None):
    monkeypatch.setattr(loop, "half_precision", lambda device: dtype)
    model = tasks.model(dropout=0.0)
    optimizer = sgd(model, 0.5)
    scheduler = schedules.schedule(optimizer, schedules.linear, total=20)
    batches = [(part,) for part in TEXTS.split([3, 9, 14])]
    options = {"accumulate": 3, "clip": 1.0, "checkpoint": path}
    history = train(
        model, batches, loss, optimizer, steps=steps, scheduler=scheduler, **options
    )
    assert all(p.dtype == torch.float32 for p in model.parameters())
    return history


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_mixed_precision(monkeypatch, dtype):
    """The losses are the ones of 32 bits but for the rounding; so are the norms."""
    full = in_16_bits(monkeypatch, None)
    half = in_16_bits(monkeypatch, dtype)
    assert half.losses == pytest.approx(full.losses, rel=1e-2)
    assert half.norms == pytest.approx(full.norms, rel=5e-2)
    assert half.losses != full.losses
    assert half.rates == full.rates


def test_a_step_that_overflows_is_left_out(monkeypatch):
    def huge(model, batch):
        summed, count = tasks.loss(model, batch)
        return summed * 30, count

    history = in_16_bits(monkeypatch, torch.float16, huge, steps=9)
    left_out = [i for i, norm in enumerate(history.norms) if not math.isfinite(norm)]
    assert left_out and left_out[0] == 0
    assert history.losses[1] == history.losses[0]
    assert history.rates[1] == history.rates[0]  # the schedule waits with it
    assert history.losses[-1] < history.losses[0]


def test_the_scale_resumes(monkeypatch, tmp_path):
    def huge(model, batch):
        summed, count = tasks.loss(model, batch)
        return summed * 30, count

    whole = in_16_bits(monkeypatch, torch.float16, huge, steps=9)
    path = tmp_path / "c.pt"
    in_16_bits(monkeypatch, torch.float16, huge, steps=4, path=path)
    resumed = in_16_bits(monkeypatch, torch.float16, huge, steps=9, path=path)
    assert str(resumed) == str(whole)  # an overflow is no number, unequal to itself


def test_half_precision_is_the_devices(monkeypatch):
    assert loop.half_precision(torch.device("cpu")) is None
    for native, dtype in (True, torch.bfloat16), (False, torch.float16):
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: native)  # noqa: B023
        assert loop.half_precision(torch.device("cuda")) is dtype


# Transfer


def open_layers(layers):
    return [
        name for name, ps in layers.items() if all(p.requires_grad for p in ps.values())
    ]


def test_gradual_unfreezing():
    """Bit for bit: which layers moved after each phase."""
    model = tasks.model(dropout=0.0)
    layers = layers_of(model)
    optimizer = adamw(model, 0.01, weight_decay=0.1)
    unfreeze = gradual_unfreezing(layers, every=2)
    expected = [["block 2"], ["block 1", "block 2"], list(layers)]
    moved = []

    def before_step(step):
        if step % 2 == 0 and step:
            record()
        unfreeze(step)

    def record():
        before = moved_from["state"]
        now = copy.deepcopy(model.state_dict())
        moved.append(
            [
                name
                for name, ps in layers.items()
                if any(not torch.equal(before[n], now[n]) for n in ps)
            ]
        )
        moved_from["state"] = now

    moved_from = {"state": copy.deepcopy(model.state_dict())}
    data = [(TEXTS,)]
    train(model, data, tasks.loss, optimizer, steps=6, before_step=before_step)
    record()
    assert moved == expected


def test_unfreezing_by_number():
    model = tasks.model()
    layers = layers_of(model)
    for number, names in (0, []), (1, ["block 2"]), (9, list(layers)):
        assert unfreeze_top(layers, number) == names == open_layers(layers)
    model(TEXTS).logits.sum().backward()
    unfreeze_top(layers, 1)
    assert all(p.grad is None for p in layers["block 1"].values())
    with pytest.raises(ValueError, match="number of layers to unfreeze was -1"):
        unfreeze_top(layers, -1)
    with pytest.raises(ValueError, match="every must be at least 1 step, was 0"):
        gradual_unfreezing(layers, 0)


def test_unfreezing_resumes(tmp_path):
    def run(path, steps=6):
        model = tasks.model(dropout=0.0)
        optimizer = adamw(model, 0.01)
        return train(
            model,
            [(TEXTS,)],
            tasks.loss,
            optimizer,
            steps=steps,
            before_step=gradual_unfreezing(layers_of(model), every=2),
            checkpoint=path,
        )

    whole = run(None)
    run(tmp_path / "c.pt", steps=3)
    assert run(tmp_path / "c.pt") == whole
