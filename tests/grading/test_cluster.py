"""The same tasks over a cluster, of which one worker is killed midway."""

import json
import subprocess
import sys
import time

import pytest
from test_grade import RIGHT, WRONG, reference
from test_regrade import SLOW, hand_in, rows_of

from utils.grading.__main__ import main

__all__ = ["reference"]  # the fixture of the class in test_grade


@pytest.fixture
def cluster(tmp_path):
    """A scheduler and two workers: the address, and their processes."""
    pytest.importorskip("distributed")
    told = tmp_path / "scheduler.json"
    log = (tmp_path / "cluster.log").open("w")
    common = {"stdout": log, "stderr": log, "cwd": tmp_path}
    cli = [sys.executable, "-m"]
    ask = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
    processes = [
        subprocess.Popen(
            [*cli, "distributed.cli.dask_scheduler", *ask, "--scheduler-file", told],
            **common,
        )
    ]
    end = time.monotonic() + 60
    while not told.exists() and time.monotonic() < end:
        time.sleep(0.1)
    for name in ("one", "two"):
        command = [*cli, "distributed.cli.dask_worker", "--scheduler-file", told]
        command += ["--no-nanny", "--nthreads", "1", "--no-dashboard", "--name", name]
        processes.append(subprocess.Popen(command, **common))

    yield json.loads(told.read_text())["address"], processes
    for process in processes:
        process.kill()
        process.wait()
    log.close()


def test_a_lost_workers_tasks_are_done_by_another(reference, tmp_path, cluster):
    address, (_, one, _) = cluster
    answers = {f"s{n}": WRONG if n % 3 == 0 else SLOW for n in range(16)}
    handed_in = hand_in(tmp_path / "in", reference, **answers)
    command = [sys.executable, "-m", "utils.grading", "grade", str(reference)]
    command += [str(handed_in), "--out", str(tmp_path / "out"), "--cluster", address]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    told = []
    for line in process.stdout:
        told.append(line)
        if line.startswith("[3/"):
            one.kill()
    assert process.wait() == 0, told
    found = rows_of(tmp_path / "out")
    assert len(found) == 32
    for student, answer in answers.items():
        right = "wrong" if answer == WRONG else "correct"
        assert found[student, "total"].status == right, told
        assert found[student, "mean"].status == "correct"


def test_no_scheduler_is_a_clear_error(reference, tmp_path, capsys, monkeypatch):
    pytest.importorskip("distributed")
    handed_in = hand_in(tmp_path / "in", reference, ann=RIGHT)
    arguments = ["grade", str(reference), str(handed_in), "--out", str(tmp_path / "o")]
    monkeypatch.setattr("utils.grading.cluster.PATIENCE", 1)
    assert main([*arguments, "--cluster", "tcp://127.0.0.1:9"]) == 1
    assert "tcp://127.0.0.1:9" in capsys.readouterr().err
