"""A class graded, the verdicts held against the truth: python benchmarks/grading.py

The class is made from a seed: right answers, the mutants of the solution notebook,
answers that hang, die, flood, forge or cannot be parsed, files that are none. With
--cluster the same class goes through a dask scheduler and two workers, one of which is
killed when a third is graded. --nbgrader PYTHON compares the rate with nbgrader's,
installed beside that Python: right answers to the same notebook, in turns.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from nbformat import NotebookNode

from utils.grading import sandbox
from utils.grading.store import Row, Store
from utils.notebooks.files import ROOT, grade, graded, read
from utils.notebooks.prove import mutate
from utils.notebooks.release import exercise

RESULTS = Path(__file__).resolve().parent / "results" / "grading.json"
HOSTILE = {
    "hangs": "while True: pass",
    "dies": "import os\nos._exit(0)",
    "kills": "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\n1 / 0",
    "floods": "while True: print('x' * 999)",
    "eats": "x = []\nwhile True: x.append(bytearray(10**7))",
    "forges": "import utils.grading.check as c\nc.check = c.value = lambda *a, **k: 1",
    "forks": "import os, time\nfor _ in range(99): os.fork() or time.sleep(99)",
    "writes": "open('/tmp/grading-canary', 'w').write('x')",
    "unparsable": "def answer(:",
    "imports": "import no_such_module",
}
BROKEN = (b"{", b"[" * 200_000, b"", b'{"cells": 3}')


def make(
    folder: Path, reference: Path, students: int, names: list[str]
) -> dict[tuple[str, str], str]:
    """Write a class; the kind of each answer by student and exercise."""
    notebook, rng = read(reference), random.Random(0)
    right = {grade(c)["id"]: c.source for c in graded(notebook, "answer")}
    mutants: dict[str, list[str]] = {}
    for cell in graded(notebook, "mutant"):
        name = grade(cell)["id"]
        mutants.setdefault(name, []).append(mutate(right[name], cell.source, name))
    empty = exercise(notebook)
    truth: dict[tuple[str, str], str] = {}
    for number in range(students):
        student = f"student-{number:04}"
        if rng.random() < 0.02:
            (folder / f"{student}.ipynb").write_bytes(rng.choice(BROKEN))
            truth |= {(student, name): "file" for name in right}
            continue
        own = copy.deepcopy(empty)
        for cell in graded(own, "answer"):
            name = grade(cell)["id"]
            kind = rng.choices(
                ("right", "mutant", "hostile", "untouched"), (50, 30, 12, 8)
            )[0]
            if name not in names:
                kind = "untouched"
            if kind == "right":
                cell.source = f"{right[name]}\n# {student}"
            elif kind == "mutant":
                cell.source = rng.choice(mutants[name])
            elif kind == "hostile":
                cell.source = HOSTILE[rng.choice(list(HOSTILE))]
            truth[student, name] = kind
        (folder / f"{student}.ipynb").write_text(json.dumps(own))
    return truth


def agrees(kind: str, row: Row) -> bool:
    """Whether a verdict is what the kind of answer must get."""
    if kind == "right":
        return row.status == "correct" and row.points == row.of
    if kind == "mutant":
        return row.points is not None and row.points < row.of
    if kind == "untouched":
        return row.status == "not attempted" and row.points == 0
    return row.points == 0 and row.status not in ("correct", "ungraded")


def watched(
    command: list[str], lines: list[str], found: Callable[[str], None] | None = None
) -> tuple[int, float, int]:
    """Run a command: its status, seconds, and the most memory that its family held."""
    began, peak, over = time.monotonic(), [0], threading.Event()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)

    def look() -> None:
        while not over.wait(0.5):
            try:
                one = psutil.Process(process.pid)
                family = [one, *one.children(recursive=True)]
                held = sum(p.memory_full_info().pss for p in family)
                peak[0] = max(peak[0], held)
            except psutil.Error:
                continue

    thread = threading.Thread(target=look)
    thread.start()
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line.rstrip())
        if found:
            found(line)
    status = process.wait()
    over.set()
    thread.join()
    return status, time.monotonic() - began, peak[0]


def cluster(folder: Path) -> tuple[str, list[subprocess.Popen[bytes]]]:
    """A dask scheduler and two workers: the address, the processes."""
    told = folder / "scheduler.json"
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "cwd": folder}
    quiet["stderr"] = subprocess.DEVNULL
    start = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--no-dashboard"]
    start += ["--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(told)]
    processes = [subprocess.Popen(start, **quiet)]
    while not told.exists():
        time.sleep(0.2)
    for _ in range(2):
        start = [sys.executable, "-m", "distributed.cli.dask_worker", "--no-nanny"]
        start += ["--scheduler-file", str(told), "--nthreads", "1", "--no-dashboard"]
        processes.append(subprocess.Popen(start, **quiet))
    return json.loads(told.read_text())["address"], processes


def rates(python: Path, reference: Path, students: int) -> dict[str, Any]:
    """Seconds a submission, nbgrader's autograde and ours, three times in turns."""
    notebook = read(reference)
    found: dict[str, list[float]] = {"nbgrader": [], "ours": []}
    answers = {grade(c)["id"]: c.source for c in graded(notebook, "answer")}
    for turn in range(3):
        with tempfile.TemporaryDirectory() as name:
            course, own = Path(name), Path("ps1", reference.name)
            for folder in ("source", "in", "kernels/python3"):
                (course / folder).mkdir(parents=True)
            argv = [sys.executable, "-m", "ipykernel_launcher", "-f"]
            kernel = {"argv": [*argv, "{connection_file}"], "language": "python"}
            kernel["display_name"] = "Python 3"
            (course / "kernels/python3/kernel.json").write_text(json.dumps(kernel))
            source = for_nbgrader(notebook)
            (course / "source" / "ps1").mkdir()
            (course / "source" / own).write_text(json.dumps(source))
            empty = exercise(notebook)
            for number in range(students):
                student = f"student-{number}"
                handed_in = course / "submitted" / student / own
                handed_in.parent.mkdir(parents=True)
                handed_in.write_text(json.dumps(source))
                for cell in graded(empty, "answer"):
                    cell.source = f"{answers[grade(cell)['id']]}\n# {student}, {turn}"
                (course / "in" / f"{student}.ipynb").write_text(json.dumps(empty))
            environ = os.environ | {"JUPYTER_PATH": str(course)}
            environ |= {"PYTHONPATH": str(ROOT), "JUPYTER_PREFER_ENV_PATH": "0"}
            environ["PATH"] = f"{python.parent}{os.pathsep}{environ['PATH']}"
            call = [str(python), "-m", "nbgrader"]
            quiet: dict[str, Any] = {"cwd": course, "env": environ}
            quiet["capture_output"] = True
            made = subprocess.run(
                [*call, "generate_assignment", "ps1"], **quiet, text=True
            )
            if made.returncode:
                raise SystemExit(made.stderr[-2000:])
            began = time.monotonic()
            options = ["--ExecutePreprocessor.timeout=120"]
            out = subprocess.run(
                [*call, "autograde", "ps1", *options], **quiet, text=True
            )
            seconds = time.monotonic() - began
            graded_there = len(list((course / "autograded").rglob("*.ipynb")))
            if out.returncode or graded_there != students:
                raise SystemExit(out.stderr[-2000:])
            found["nbgrader"].append(round(seconds / students, 2))
            command = [sys.executable, "-m", "utils.grading", "grade", str(reference)]
            command += [str(course / "in"), "--out", str(course / "out")]
            began = time.monotonic()
            subprocess.run([*command, "--jobs", "2"], check=True, capture_output=True)
            found["ours"].append(round((time.monotonic() - began) / students, 2))
        print(found)
    best = {name: sorted(times)[1] for name, times in found.items()}
    return {
        "seconds_a_submission": found,
        "students": students,
        "reference": reference.stem,
        "times": round(best["nbgrader"] / best["ours"], 1),
    }


def for_nbgrader(notebook: NotebookNode) -> NotebookNode:
    """The solution notebook with nbgrader's metadata: answers, and checks to run."""
    made = copy.deepcopy(notebook)
    made.cells = [c for c in made.cells if grade(c).get("role") != "mutant"]
    for cell in made.cells:
        role, points = grade(cell).get("role"), grade(cell).get("points", 1)
        cell.pop("outputs", None)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        if role not in ("answer", "check", "hidden"):
            continue
        test = role != "answer"
        cell.metadata["nbgrader"] = {
            "schema_version": 3,
            "grade_id": cell.id,
            "grade": test,
            "solution": not test,
            "locked": test,
            "task": False,
            **({"points": points} if test else {}),
        }
        cell.source = cell.source.replace("# BEGIN SOLUTION", "### BEGIN SOLUTION")
        cell.source = cell.source.replace("# END SOLUTION", "### END SOLUTION")
    return made


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reference", default="06_attention", help="in solutions/")
    parser.add_argument("--exercises", nargs="*", default=["mask", "heads", "empty"])
    parser.add_argument("--students", type=int, default=300)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--cluster", action="store_true")
    parser.add_argument("--nbgrader", type=Path, help="a Python that has nbgrader")
    parser.add_argument("--keep", type=Path, help="folder of the class and its results")
    options = parser.parse_args()
    reference = ROOT / "solutions" / f"{options.reference}.ipynb"
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    load = os.getloadavg()[0]
    if options.nbgrader:
        found = rates(options.nbgrader, reference, min(options.students, 20))
        kept["nbgrader"] = found | {"load_before": load, "cores": os.cpu_count()}
        RESULTS.write_text(json.dumps(kept, indent=1) + "\n")
        return 0
    with tempfile.TemporaryDirectory() as name:
        folder = options.keep or Path(name)
        (folder / "in").mkdir(parents=True, exist_ok=True)
        truth = make(folder / "in", reference, options.students, options.exercises)
        command = [sys.executable, "-m", "utils.grading", "grade", str(reference)]
        command += [str(folder / "in"), "--out", str(folder / "out")]
        command += ["--jobs", str(options.jobs), "--cell-timeout", "5"]
        command += ["--memory-gb", "1"]
        lines: list[str] = []
        processes: list[subprocess.Popen[bytes]] = []

        def kill_one(line: str) -> None:
            if line.startswith(f"[{options.students // 3}/"):
                processes[1].kill()

        if options.cluster:
            address, processes = cluster(folder)
            command += ["--cluster", address]
        status, seconds, peak = watched(command, lines, kill_one if processes else None)
        for process in processes:
            process.kill()
        with Store(folder / "out") as store:
            rows = {(row.student, row.exercise): row for row in store.rows()}
        wrong = [
            (*key, kind, rows[key].status, rows[key].points)
            for key, kind in truth.items()
            if key not in rows or not agrees(kind, rows[key])
        ]
        run = {
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "reference": options.reference,
            "exercises": options.exercises,
            "students": options.students,
            "answers_run": sum(row.engine != "" for row in rows.values()),
            "cluster": options.cluster,
            "jobs": 2 if options.cluster else options.jobs,
            "cores": os.cpu_count(),
            "load_before": load,
            "isolation": str(sandbox.probe()),
            "seconds": round(seconds, 1),
            "seconds_a_submission": round(seconds / options.students, 3),
            "peak_memory_mb": round(peak / 1e6),
            "verdicts": len(truth),
            "verdicts_wrong": wrong,
            "status": status,
        }
    print(lines[-1])
    print(json.dumps(run, indent=1))
    kept["cluster" if options.cluster else "local"] = run
    RESULTS.write_text(json.dumps(kept, indent=1) + "\n")
    return 0 if not wrong and status == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
