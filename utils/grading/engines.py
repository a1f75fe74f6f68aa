"""The two ways to run an answer: pytest with nbval, and the fast one by fork.

Both run one exercise at a time, so no answer can spoil another, both confine the
answer as `utils.grading.sandbox` says, and both leave the comparison of values to a
process that the answer is not in. Their verdicts are equal, case by case, in the tests.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import psutil
from nbformat import NotebookNode

from utils.grading import wire, zygote
from utils.grading.check import SEED, VALUE_MIME
from utils.grading.reference import Exercise, Reference, Values, source_of
from utils.grading.sandbox import Sandbox
from utils.grading.submission import neutralised
from utils.notebooks import compare, files

OUT_OF_TIME, DIED = "out of time", "kernel died"
TOLERANCE = {"rtol": 1e-4, "atol": 1e-6}  # as `check` has them
# What of the environment a learner's code may see.
ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "OMP_NUM_THREADS", "COURSE_DATA")
START = 300.0  # seconds that the reference's own cells may take
LEAVE = 3.0  # seconds that an answer may take to end after its last cell


@dataclass(frozen=True)
class Limits:
    """Seconds a cell and a run may take, characters a run may show, bytes of memory."""

    cell_timeout: float = 60.0
    wall: float = 600.0
    output: int = 5_000_000
    memory: int = 4_000_000_000


@dataclass
class Run:
    """What came of one answer: each cell's record, where and why it ended early."""

    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    ended_in: str | None = None
    ended: str | None = None
    problem: str = ""  # of the grader, not of the answer


class Circumstances(Protocol):
    """What a grade was made with."""

    @property
    def name(self) -> str: ...
    @property
    def reference(self) -> Reference: ...
    @property
    def limits(self) -> Limits: ...
    @property
    def sandbox(self) -> Sandbox: ...


class Engine(Circumstances, Protocol):
    def run(
        self, exercise: Exercise, answer: str, seed: str, expected: Values | None
    ) -> Run:
        """Run an answer; ``expected``: what hidden cells must show to have passed."""

    def close(self) -> None: ...


class Fork:
    """Answers in forks of a process that has run the reference's own cells."""

    name = "fork"

    def __init__(self, reference: Reference, limits: Limits, sandbox: Sandbox):
        self.reference, self.limits, self.sandbox = reference, limits, sandbox
        counts = sorted({len(exercise.before) for exercise in reference.exercises})
        self.stages = dict(zip(counts, range(len(counts)), strict=True))
        self.process: subprocess.Popen[bytes] | None = None

    def run(
        self, exercise: Exercise, answer: str, seed: str, expected: Values | None
    ) -> Run:
        if self.process is None and (problem := self._start()):
            return Run(problem=problem)
        control = self.controls[self.stages[len(exercise.before)]]
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        if self.sandbox.user is not None:
            os.chown(folder, self.sandbox.user, self.sandbox.user)
        ours, theirs = socket.socketpair()
        task = json.dumps({"folder": str(folder), "seed": seed}).encode()
        try:
            socket.send_fds(control, [task], [theirs.fileno()])
            theirs.close()
            result = self._talk(ours, exercise, answer, expected)
            modules = []
            if answer == exercise.solution and exercise.name not in self.warm:
                modules = self._modules(ours)
            ours.close()
            # It has nothing more to do; if it goes on all the same, it is stopped.
            patience = 0 if result.ended == OUT_OF_TIME else LEAVE
            if not select.select([control], [], [], patience)[0]:
                control.sendall(zygote.STOP)
            told = wire.receive(control, 30)
            if modules:
                ours, theirs = socket.socketpair()
                socket.send_fds(control, [b'{"import": true}'], [theirs.fileno()])
                wire.send(ours, {"modules": modules})
                wire.receive(control, START)
                self.warm.add(exercise.name)
        except (OSError, wire.BadMessage) as error:
            self.close()
            return Run(problem=f"the process that runs answers is gone: {error}")
        finally:
            theirs.close()
            ours.close()
            shutil.rmtree(folder, ignore_errors=True)
        if told is None:  # killed from within, or by the machine
            self.close()
            if result.ended is None:
                result.problem = "the process that runs answers is gone"
        elif result.ended == DIED and told["ended"]:
            result.ended = told["ended"]
        return result

    def _talk(
        self,
        link: socket.socket,
        exercise: Exercise,
        answer: str,
        expected: Values | None,
    ) -> Run:
        result, end = Run(), time.monotonic() + self.limits.wall
        for cell in exercise.cells:
            source = source_of(cell)
            if cell.id == exercise.answer:
                source = neutralised(answer)
            patience = min(self.limits.cell_timeout, end - time.monotonic())
            try:
                wire.send(link, {"source": source}, patience)
                reply = wire.receive(link, patience)
            except TimeoutError:
                result.ended, result.ended_in = OUT_OF_TIME, cell.id
                return result
            except wire.BadMessage as error:
                result.ended, result.ended_in = f"sent {error}", cell.id
                return result
            except OSError:
                reply = None
            if reply is None:
                result.ended, result.ended_in = DIED, cell.id
                return result
            raised, values = reply.get("error"), reply.get("values")
            raised = raised if isinstance(raised, str) else "an answer's own message"
            wanted = None if expected is None else expected.get(cell.id)
            result.records[cell.id] = {
                "passed": not raised and (wanted is None or same(cell, values, wanted)),
                "error": raised[:2000],
                "values": values,
            }
        return result

    def _modules(self, link: socket.socket) -> list[str]:
        """What the reference's own answer and its checks import: paid once for all."""
        with contextlib.suppress(OSError, wire.BadMessage):
            wire.send(link, {"modules": True})
            reply = wire.receive(link, 30) or {}
            return [str(name) for name in reply.get("modules", [])]
        return []

    def _start(self) -> str:
        """Start the process; what is wrong where that fails."""
        self.warm: set[str] = set()
        self.folder = Path(tempfile.mkdtemp(prefix="grading-"))
        pairs = [socket.socketpair() for _ in range(len(self.stages) + 1)]
        (first, *self.controls), theirs = zip(*pairs, strict=True)
        handles = [str(s.fileno()) for s in theirs]
        home = self.folder / "home"
        home.mkdir()
        environ = environment(home, self.folder) | {
            "MPLBACKEND": "agg",
            "OMP_NUM_THREADS": "1",  # threads do not survive a fork
            "TOKENIZERS_PARALLELISM": "false",
        }
        self.process = self.sandbox.start(
            [sys.executable, "-m", "utils.grading.zygote", *handles],
            self.folder,
            pass_fds=[int(handle) for handle in handles],
            env=environ,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        for s in theirs:
            s.close()
        self.first = first
        stages, done = [], 0
        longest = max(self.reference.exercises, key=lambda e: len(e.before)).before
        for count in self.stages:
            stages.append(
                [{"id": c.id, "source": c.source} for c in longest[done:count]]
            )
            done = count
        limits = {
            "level": self.sandbox.level,
            "memory": self.limits.memory,
            "output": self.limits.output,
            "cpu": int(self.limits.wall) + 60,
        }
        try:
            wire.send(first, {"stages": stages, "limits": limits})
            told = wire.receive(first, START)
        except (OSError, wire.BadMessage) as error:
            told = {"problem": f"it did not start: {type(error).__name__}"}
        if told is None or "problem" in told:
            status = self.process.poll()
            self.close()
            return (told or {}).get(
                "problem", f"the process that runs answers ended with status {status}"
            )
        return ""

    def close(self) -> None:
        if self.process is None:
            return
        for control in (self.first, *self.controls):
            control.close()
        kill(self.process.pid)
        self.process.wait()
        self.process = None
        shutil.rmtree(self.folder, ignore_errors=True)


class Nbval:
    """Answers in a notebook's kernel, by ``pytest --nbval``: slower, and anywhere."""

    name = "nbval"

    def __init__(self, reference: Reference, limits: Limits, sandbox: Sandbox):
        self.reference, self.limits, self.sandbox = reference, limits, sandbox
        # A first, trusted run leaves its caches here for those that follow.
        self.home = tempfile.TemporaryDirectory(prefix="grading-home-")
        self.warm = False

    def run(
        self, exercise: Exercise, answer: str, seed: str, expected: Values | None
    ) -> Run:
        task = {
            "notebook": merged(exercise, answer, expected),
            "cell_timeout": self.limits.cell_timeout,
            "output_limit": self.limits.output,
            "level": self.sandbox.level,
        }
        with tempfile.TemporaryDirectory(
            prefix="grading-", ignore_cleanup_errors=True
        ) as name:
            folder = Path(name)
            for part in ("work", "tmp"):
                (folder / part).mkdir()
            shutil.copytree(self.home.name, folder / "home")
            environ = environment(folder / "home", folder / "tmp")
            process = self.sandbox.start(
                [sys.executable, "-m", "utils.grading.worker", str(folder)],
                folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=folder,
                env=environ | ({SEED: seed} if seed else {}),
                start_new_session=True,
                text=True,
                encoding="utf-8",
            )
            out, errors, cut = self._communicate(process, json.dumps(task))
            lines = [json.loads(x) for x in out.splitlines() if x.endswith("}")]
            for line in lines:  # a kernel has a process group of its own
                if "kernel" in line and self.sandbox.level != "bubblewrap":
                    kill(line["kernel"])
            if not self.warm and answer == exercise.solution:
                shutil.copytree(folder / "home", self.home.name, dirs_exist_ok=True)
                self.warm = True
        result = Run({line["cell"]: line for line in lines if "cell" in line})
        begun = [line["begin"] for line in lines if "begin" in line]
        for cell, record in result.records.items():
            if record["ended"]:
                result.ended, result.ended_in = record["ended"], cell
        problems = [line["problem"] for line in lines if "problem" in line]
        own = [c for c in exercise.before if c.id in result.records]
        failed = [c for c in own if not result.records[c.id]["passed"]]
        if problems:
            result.problem = problems[0]
        elif failed:
            error = result.records[failed[0].id]["error"]
            result.problem = (
                f"the reference's own cell '{failed[0].id}' failed: {error}"
            )
        elif cut:
            result.ended, result.ended_in = cut, begun[-1] if begun else None
        elif result.ended is None and process.returncode not in (0, 1):
            last = (errors.strip().splitlines() or ["it said nothing"])[-1]
            result.problem = (
                f"the grader stopped with status {process.returncode}: {last}"
            )
        if result.ended_in in [c.id for c in exercise.before]:
            result.problem = (
                f"the run ended in the reference's own cell '{result.ended_in}'"
            )
        return result

    def _communicate(
        self, process: subprocess.Popen[str], task: str
    ) -> tuple[str, str, str]:
        """A worker's output and errors, and why it was killed ('' where it was not).

        Its memory is watched from here: inside, nobody may look at another process.
        """
        end, cut, given = time.monotonic() + self.limits.wall, "", task
        while True:
            try:
                out, errors = process.communicate(given or None, 0.1)
                return out, errors, cut
            except subprocess.TimeoutExpired:
                held, given = 0, ""  # the rest of the task is still sent
                with contextlib.suppress(psutil.Error):
                    for child in psutil.Process(process.pid).children(recursive=True):
                        held += child.memory_info().rss
                if time.monotonic() > end:
                    cut = OUT_OF_TIME
                elif held > self.limits.memory:
                    cut = "used too much memory"
                if cut:
                    with contextlib.suppress(psutil.Error):
                        for child in psutil.Process(process.pid).children(True):
                            child.kill()
                    kill(process.pid)

    def close(self) -> None:
        self.home.cleanup()


ENGINES: dict[str, type[Fork] | type[Nbval]] = {"fork": Fork, "nbval": Nbval}


def default() -> str:
    return "fork" if sys.platform == "linux" else "nbval"


def merged(exercise: Exercise, answer: str, expected: Values | None) -> dict[str, Any]:
    """A notebook of the reference's own cells and one exercise, with an answer in it.

    Its outputs are what hidden cells must show; nothing where that is not known.
    """
    cells = []
    for cell in (*exercise.before, *exercise.cells):
        is_answer = cell.id == exercise.answer
        source = neutralised(answer) if is_answer else source_of(cell)
        kept = {"tags", "compare"} & cell.metadata.keys()
        values = (expected or {}).get(cell.id, [])
        cells.append(
            {
                "cell_type": "code",
                "id": cell.id,
                "execution_count": 1,
                "metadata": {key: cell.metadata[key] for key in kept}
                | {"own": cell in exercise.before, "compared": expected is not None},
                "outputs": [
                    {
                        "output_type": "display_data",
                        "data": {VALUE_MIME: v},
                        "metadata": {},
                    }
                    for v in values
                ],
                "source": source,
            }
        )
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def same(cell: NotebookNode, shown: Any, wanted: list[Any]) -> bool:
    """Whether a hidden cell showed the values that it must, within its tolerance."""
    tolerance = compare.Tolerance(**{**TOLERANCE, **cell.metadata.get("compare", {})})
    try:
        return compare.values(shown, wanted, tolerance) is None
    except (RecursionError, OverflowError):
        return False


def environment(home: Path, temporary: Path) -> dict[str, str]:
    """The environment of a learner's code: nothing of the grader's own."""
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


def kill(pid: int) -> None:
    """Kill a process that leads a group, and the group, if it is still there."""
    try:
        if os.name == "nt":
            os.kill(pid, signal.SIGTERM)
        else:
            os.killpg(pid, signal.SIGKILL)
    except OSError:
        pass
