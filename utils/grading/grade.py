"""Grading: answers into the reference, a run of nbval, points for equal values.

`Reference` knows the exercises, `grade` takes one submission to one `Grade` an
exercise, `run` is the only place where a learner's code is let loose.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from utils.grading.check import VALUE_MIME
from utils.grading.submission import (
    NotANotebook,
    find_answer,
    neutralised,
    read_cells,
    same_code,
    syntax_error,
)
from utils.notebooks import files
from utils.notebooks.release import stub

CORRECT, PARTLY, WRONG = "correct", "partly correct", "wrong"
NOT_ATTEMPTED, MISSING = "not attempted", "missing answer"
SYNTAX, ERROR = "syntax error", "error"
OUT_OF_TIME, DIED = "out of time", "kernel died"
NOT_A_NOTEBOOK, UNGRADED = "not a notebook", "ungraded"
STATUSES = (
    *(CORRECT, PARTLY, WRONG, NOT_ATTEMPTED, MISSING, SYNTAX, ERROR),
    *(OUT_OF_TIME, DIED, NOT_A_NOTEBOOK, UNGRADED),
)
# A kernel that does not start, because another program took its ports say, is given
# another try.
STARTS = 3
# What of the environment a learner's kernel may see.
ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "OMP_NUM_THREADS", "COURSE_DATA")


@dataclass(frozen=True)
class Limits:
    """Seconds a cell and a run may take, characters a cell may show,
    bytes the kernel may hold."""

    cell_timeout: float = 60.0
    wall: float = 600.0
    output: int = 5_000_000
    memory: int = 4_000_000_000


@dataclass(frozen=True)
class Exercise:
    name: str
    title: str
    points: float
    answer: str  # id of the answer's cell
    checks: tuple[str, ...]
    hidden: dict[str, float]  # cell id -> points
    stub: str
    hints: tuple[str, ...]


@dataclass(frozen=True)
class Grade:
    """A student's result in one exercise; ``points`` is None where nobody graded it."""

    exercise: Exercise
    points: float | None
    status: str
    note: str = ""
    feedback: str = ""  # the message of the check that failed


class Reference:
    """A solution notebook, read for grading.

    Raises ValueError naming what keeps a notebook from being a reference.
    """

    def __init__(self, path: Path):
        self.notebook = files.read(path)
        answers = files.graded(self.notebook, "answer")
        names = [files.grade(cell).get("id", "") for cell in answers]
        if not names:
            raise ValueError(f"{path} has no answer cells: is it a solution notebook?")
        title = self.notebook.cells[0].source.split("\n")[0].lstrip("# ")
        self.title = title.replace("Solutions", "Exercises")
        self.exercises = [self._exercise(name) for name in names]
        for exercise in self.exercises:
            shown = [c for c in self.notebook.cells if c.id in exercise.hidden]
            for cell in shown:
                if not _values(cell):
                    raise ValueError(
                        f"{path}: hidden cell '{cell.id}' shows no value: "
                        "run the notebook first (python -m utils.notebooks run)"
                    )

    def merged(self, answers: dict[str, str]) -> dict:
        """A notebook of the ungraded cells and the exercises in ``answers``.

        It holds the answers' sources, the reference's checks, and as outputs nothing
        but the values of hidden cells.
        """
        cells = []
        for cell in files.code_cells(self.notebook):
            role, name = (files.grade(cell).get(key, "") for key in ("role", "id"))
            if role and name not in answers:
                continue
            source = cell.source
            if role == "answer":
                source = neutralised(answers[name])
            elif role and "utils.grading" not in source:
                # An answer may have used these names for something else.
                source = f"from utils.grading import check, value\n{source}"
            kept = {"tags", "compare"} & cell.metadata.keys()
            values = (
                [{VALUE_MIME: v} for v in _values(cell)] if role == "hidden" else []
            )
            cells.append(
                {
                    "cell_type": "code",
                    "id": cell.id,
                    "execution_count": 1,
                    "metadata": {key: cell.metadata[key] for key in kept}
                    | {"own": not role},
                    "outputs": [
                        {"output_type": "display_data", "data": v, "metadata": {}}
                        for v in values
                    ],
                    "source": source,
                }
            )
        return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}

    def problem(self, result: Run) -> str | None:
        """Why a run says nothing about the exercises that it did not reach."""
        if result.problem:
            return result.problem
        for cell in files.code_cells(self.notebook):
            record = result.records.get(cell.id)
            if files.grade(cell).get("role"):
                continue
            if result.ended_in == cell.id:
                return f"the run ended in the reference's own cell '{cell.id}'"
            if record and not record["passed"]:
                return f"the reference's own cell '{cell.id}' failed: {record['error']}"
        return None if result.ended else "the run reported nothing"

    def solutions(self) -> dict[str, str]:
        cells = files.graded(self.notebook, "answer")
        return {files.grade(cell)["id"]: cell.source for cell in cells}

    def _exercise(self, name: str) -> Exercise:
        own = [c for c in self.notebook.cells if files.grade(c).get("id") == name]

        def role(which: str) -> list:
            return [cell for cell in own if files.grade(cell).get("role") == which]

        answers, task = role("answer"), "\n".join(cell.source for cell in role("task"))
        if len(answers) != 1:
            raise ValueError(f"exercise {name}: {len(answers)} answer cells, not one")
        hidden = {c.id: files.grade(c).get("points", 0) for c in role("hidden")}
        title = re.search(r"^#+\s*(.+)$", task, re.M)
        return Exercise(
            name=name,
            title=title[1] if title else name,
            points=sum(hidden.values()),
            answer=answers[0].id,
            checks=tuple(cell.id for cell in role("check")),
            hidden=hidden,
            stub=stub(answers[0].source, name),
            hints=tuple(self._hints(name)),
        )

    def _hints(self, name: str) -> list[str]:
        """The folded hints from the exercise's task to the next one."""
        text, inside = "", False
        for cell in self.notebook.cells:
            if files.grade(cell).get("role") == "task":
                inside = files.grade(cell).get("id") == name
            if inside and cell.cell_type == "markdown":
                text += cell.source + "\n"
        pattern = r"<summary>\s*Hint.*?</summary>(.*?)</details>"
        return [hint.strip() for hint in re.findall(pattern, text, re.S)]


@dataclass
class Run:
    """What a run reported: each cell's record, and where and why it ended early."""

    records: dict[str, dict] = field(default_factory=dict)
    ended_in: str | None = None
    ended: str | None = None
    problem: str = ""  # of the grader, not of the answers


def grade(
    reference: Reference, path: Path, limits: Limits, home: Path | None = None
) -> list[Grade]:
    """Grade one submission; a `Grade` for each exercise of the reference, in order.

    An answer that ends the run (endless, or the kernel dies) costs its own exercise
    only: the others are graded in a further run without it.
    """
    try:
        cells = read_cells(path)
    except NotANotebook as error:
        note = str(error)
        return [Grade(e, 0, NOT_A_NOTEBOOK, note) for e in reference.exercises]
    grades: dict[str, Grade] = {}
    notes: dict[str, str] = {}
    pending: dict[str, str] = {}
    for exercise in reference.exercises:
        name = exercise.name
        answer = find_answer(cells, name, exercise.answer, exercise.stub)
        notes[name] = answer.note
        if answer.source is None:
            grades[name] = Grade(exercise, 0, MISSING, "no cell with this answer's id")
        elif any(same_code(answer.source, empty) for empty in (exercise.stub, "")):
            grades[name] = Grade(exercise, 0, NOT_ATTEMPTED)
        elif why := syntax_error(answer.source):
            grades[name] = Grade(exercise, 0, SYNTAX, why)
        else:
            pending[name] = answer.source
    while pending:
        result = run(reference.merged(pending), limits, home)
        problem = reference.problem(result)
        for exercise in reference.exercises:
            if exercise.name not in pending:
                continue
            judged = None
            if not result.problem:
                judged = judge(exercise, result, notes[exercise.name])
            if judged is None and problem:
                judged = Grade(exercise, None, UNGRADED, problem)
            if judged is not None:
                grades[exercise.name] = judged
                del pending[exercise.name]
    return [grades[exercise.name] for exercise in reference.exercises]


def judge(exercise: Exercise, result: Run, note: str = "") -> Grade | None:
    """The grade that a run's records give an exercise, None if it was not reached."""
    own = (exercise.answer, *exercise.checks, *exercise.hidden)
    if result.ended_in in own:
        status = result.ended if result.ended in (OUT_OF_TIME, DIED) else ERROR
        why = "" if status == result.ended else result.ended
        return Grade(exercise, 0, status, _join(why, note))
    if any(cell not in result.records for cell in own):
        return None
    records = result.records
    passed = [cell for cell in exercise.hidden if records[cell]["passed"]]
    points = sum(exercise.hidden[cell] for cell in passed)
    seen = [records[cell]["error"] for cell in (exercise.answer, *exercise.checks)]
    unseen = [records[cell]["error"] for cell in exercise.hidden]
    first = next(filter(None, seen), "")
    if points == exercise.points:
        # Visible checks can fail where the answer is right: its own prints, a patched
        # `check`. Values decide.
        return Grade(exercise, points, CORRECT, note)
    if points:
        status = PARTLY
        note = _join(f"{len(passed)} of {len(unseen)} hidden checks passed", note)
    elif first.startswith("NotImplementedError"):
        status = NOT_ATTEMPTED
    else:
        status = ERROR if seen[0] or all(unseen) else WRONG
    # What a hidden check raised would show its inputs.
    hidden = "The visible checks pass, hidden ones on other inputs do not."
    return Grade(exercise, points, status, note, _message(first) or hidden)


def verify(reference: Reference, limits: Limits, keep: Path | None = None) -> None:
    """Grade the reference's own answers, which must earn every point.

    ``keep``: where the home that this trusted run leaves is put, for later runs.

    Raises ValueError with the first exercise that falls short.
    """
    result = run(reference.merged(reference.solutions()), limits, keep=keep)
    problem = reference.problem(result)
    for exercise in reference.exercises:
        own = judge(exercise, result)
        if own is None or own.status != CORRECT:
            what = f"{own.status}: {own.note} {own.feedback}" if own else problem
            raise ValueError(
                f"the reference fails its own exercise '{exercise.name}', {what}; "
                "run it again (python -m utils.notebooks run)"
            )


def run(
    notebook: dict, limits: Limits, home: Path | None = None, keep: Path | None = None
) -> Run:
    """Run a merged notebook in a worker process, in a temporary folder of its own.

    ``home``: a folder to begin with as the kernel's home, ``keep``: where to put a
    copy of it afterwards. Worker and kernel are killed when the run is over or has
    used up its wall time.
    """
    for _ in range(STARTS):
        result = _run(notebook, limits, home, keep)
        if not result.problem.startswith("the kernel did not start"):
            break
    return result


def _run(notebook: dict, limits: Limits, home: Path | None, keep: Path | None) -> Run:
    task = {
        "notebook": notebook,
        "cell_timeout": limits.cell_timeout,
        "output_limit": limits.output,
        "memory_limit": limits.memory,
    }
    with tempfile.TemporaryDirectory(
        prefix="grading-", ignore_cleanup_errors=True
    ) as folder:
        work, own_home, temporary = (Path(folder, n) for n in ("work", "home", "tmp"))
        work.mkdir()
        temporary.mkdir()
        own_home.mkdir()
        if home:
            shutil.copytree(home, own_home, dirs_exist_ok=True)
        process = subprocess.Popen(
            [sys.executable, "-m", "utils.grading.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=work,
            env=environment(own_home, temporary),
            start_new_session=True,
            text=True,
            encoding="utf-8",
        )
        timed_out = False
        try:
            out, errors = process.communicate(json.dumps(task), limits.wall)
        except subprocess.TimeoutExpired:
            timed_out = True
            _kill(process.pid)
            out, errors = process.communicate()
        lines = [json.loads(line) for line in out.splitlines() if line.endswith("}")]
        for line in lines:  # a kernel has a process group of its own
            if "kernel" in line:
                _kill(line["kernel"])
        if keep:
            shutil.copytree(own_home, keep, dirs_exist_ok=True)
    result = Run({line["cell"]: line for line in lines if "cell" in line})
    begun = [line["begin"] for line in lines if "begin" in line]
    for cell, record in result.records.items():
        if record["ended"]:
            result.ended, result.ended_in = record["ended"], cell
    problems = [line["problem"] for line in lines if "problem" in line]
    if problems:
        result.problem = problems[0]
    elif timed_out:
        result.ended, result.ended_in = OUT_OF_TIME, begun[-1] if begun else None
    elif result.ended is None and process.returncode not in (0, 1):
        last = (errors.strip().splitlines() or ["it said nothing"])[-1]
        result.problem = f"the grader stopped with status {process.returncode}: {last}"
    return result


def environment(home: Path, temporary: Path) -> dict[str, str]:
    """The environment of a worker and its kernel: nothing of the grader's own."""
    kept = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
    own = {
        "HOME": home,
        "USERPROFILE": home,
        "TMPDIR": temporary,
        "TEMP": temporary,
        "IPYTHONDIR": temporary / "ipython",
        "JUPYTER_RUNTIME_DIR": temporary / "runtime",
        "MPLCONFIGDIR": home / "matplotlib",
        "PYTHONPATH": files.ROOT,
        "PYTHONUTF8": 1,
        "PYTHONDONTWRITEBYTECODE": 1,
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": 1,
    }
    return kept | {name: str(value) for name, value in own.items()}


def _kill(pid: int) -> None:
    """Kill a process that leads a group, and the group, if it is still there."""
    try:
        if os.name == "nt":
            os.kill(pid, signal.SIGTERM)
        else:
            os.killpg(pid, signal.SIGKILL)
    except OSError:
        pass


def _values(cell: NotebookNode) -> list[Any]:
    data = [output.get("data", {}) for output in cell.get("outputs", [])]
    return [content[VALUE_MIME] for content in data if VALUE_MIME in content]


def _message(error: str) -> str:
    """A check's own message without its class, any other error with it."""
    return error.removeprefix("CheckFailed: ")


def _join(*parts: str | None) -> str:
    return "; ".join(part for part in parts if part)
