"""The benchmarks run end to end, compare the right way round, and can fail."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))


@pytest.mark.parametrize("gpu", [False, True])
def test_every_case_runs(gpu, tmp_path):
    out = tmp_path / "speed.json"
    command = [sys.executable, BENCHMARKS / "speed.py", "--tiny", "--pairs", "2"]
    command += ["--threads", "1", "--out", out] + ["--gpu"] * gpu
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    record = json.loads(out.read_text())
    for key in ("date", "commit", "processor", "cores", "threads", "versions"):
        assert record[key], key
    assert record["tiny"]
    results = record["results"]
    assert len(results) == (5 if gpu else 24)
    for name, result in results.items():
        assert name in done.stdout and result["what"]
        assert result["value"] > 0 and result["target"] > 0
        if "pairs" in result:
            low, high = result["quartiles"]
            assert low <= result["value"] <= high
            assert len(result["ratios"]) == result["pairs"] == 2


@pytest.fixture
def race():
    from contest import Contest, Race

    def make(tiny):
        return Contest(
            lambda: time.sleep(0.002), lambda: time.sleep(0.01), lambda: 0.0, 3, "x"
        )

    return Race("sleep", "five times as long", 2.0, make)


def test_the_figure_is_their_time_over_ours(race):
    result = race.run(pairs=5, tiny=True)
    assert 2 < result["value"] < 5.5
    assert result["reached"]
    rate = result["rate"]
    assert rate["ours"] > rate["transformers"]
    assert rate["ours"] == pytest.approx(3 / result["seconds"]["ours"])


def test_a_pace_is_a_target_of_its_own(race):
    import dataclasses

    for pace, reached in (10.0, True), (1e6, False):
        result = dataclasses.replace(race, pace=pace).run(pairs=3, tiny=True)
        assert result["reached"] is reached and result["pace"] == pace


def test_short_runs_are_repeated(race):
    from contest import SHORTEST

    start = time.perf_counter()
    race.run(pairs=1, tiny=False)
    assert time.perf_counter() - start > 2 * SHORTEST


def test_a_missed_target_shows(race, monkeypatch, tmp_path, capsys):
    import dataclasses

    import speed

    slow = dataclasses.replace(race, target=1000.0)
    monkeypatch.setattr(speed, "load_cases", lambda *_: [slow])
    out = str(tmp_path / "speed.json")
    assert speed.main(["--pairs", "1", "--threads", "1", "--out", out]) == 1
    assert "MISSED" in capsys.readouterr().out
    assert speed.main(["wrong", "--out", out]) == "no case wrong; see above"


@pytest.mark.parametrize("parameter", ["decoder.norm.weight", "fc1.bias"])
def test_another_result_is_no_race(parameter, monkeypatch):
    import decoders
    import gpu
    import pairs
    import torch

    build = pairs.build

    def wrong(*arguments):
        ours, theirs = build(*arguments)
        with torch.no_grad():
            for name, p in ours.named_parameters():
                if name.endswith(parameter):
                    p.add_(0.5)
        return ours, theirs

    monkeypatch.setattr(pairs, "build", wrong)
    for make in (
        decoders.gpt_forward,
        lambda tiny: decoders.gpt_training(tiny, {}, 1, 8),
        lambda tiny: gpu.gpt_decoding(tiny, static=False),
    ):
        with pytest.raises(AssertionError, match="apart"):
            make(True).agree()


def test_quartiles_and_exponents():
    from contest import exponent, quartiles

    assert quartiles([1.0, 2.0, 3.0, 4.0, 5.0]) == (2.0, 3.0, 4.0)
    assert quartiles([7.0]) == (7.0, 7.0, 7.0)
    for power in (1, 2):
        assert exponent([(n, 3.0 * n**power) for n in (1, 4, 10)]) == pytest.approx(
            power
        )


@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's /proc")
def test_memory_of_attention_written_out_is_quadratic(monkeypatch):
    import memory
    from contest import exponent

    monkeypatch.setattr(memory, "TINY_LENGTHS", [2048, 4096])
    fused, causal, plain = (
        memory.measure(True, kind) for kind in ("fused", "causal", "plain")
    )
    assert exponent(plain) > 1.6
    assert max(exponent(fused), exponent(causal)) < 1.3
