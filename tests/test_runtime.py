"""What a notebook starts with, and how soon."""

import subprocess
import sys
import time

import pytest
import torch

import utils
from utils import runtime


def test_without_a_gpu_the_notebook_says_so_and_goes_on(monkeypatch, capsys):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    run = runtime.start(use_gpu=True)
    assert run.device.type == "cpu"
    assert "going on with the CPU" in capsys.readouterr().out
    assert run.pick(cpu=4, gpu=400) == 4


def test_a_gpu_is_used_only_when_asked_for(monkeypatch, capsys):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert runtime.start().device.type == "cpu"
    run = runtime.start(use_gpu=True)
    assert run.device.type == "cuda" and run.pick(cpu=4, gpu=400) == 400
    assert capsys.readouterr().out == "Running on the CPU.\nRunning on the GPU.\n"


def test_starting_seeds_everything():
    import random

    import numpy

    def draws():
        return random.random(), numpy.random.rand(), torch.rand(()).item()

    runtime.start(seed=3)
    first = draws()
    runtime.start(seed=3)
    assert draws() == first
    runtime.start(seed=4)
    assert all(a != b for a, b in zip(draws(), first, strict=True))


def test_progress_goes_to_stderr_only(capsys):
    assert list(runtime.progress([1, 2, 3], "training")) == [1, 2, 3]
    captured = capsys.readouterr()
    assert captured.out == "" and "training" in captured.err


def test_importing_the_package_loads_nothing_heavy():
    code = "import utils, sys; print(*sorted({m.split('.')[0] for m in sys.modules}))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert not {"numpy", "transformers", "matplotlib", "nbformat"} & {
        *run.stdout.split()
    }


@pytest.mark.parametrize("part", ["utils", "utils.nn.attention", "utils.grading"])
def test_importing_takes_no_longer_than_torch(part):
    def seconds(module):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", f"import {module}"], check=True)
        return time.perf_counter() - began

    seconds("torch")  # into the disk cache
    ours, torchs = (min(seconds(m) for _ in range(3)) for m in (part, "torch"))
    assert ours < 1.3 * torchs + 0.2, f"{part} {ours:.2f} s, torch {torchs:.2f} s"


def test_the_package_knows_its_version():
    assert utils.__version__
