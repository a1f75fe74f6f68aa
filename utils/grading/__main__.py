"""``python -m utils.grading``: ``grade``, ``check-the-checks``, ``release``, …"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from nbformat import NotebookNode

from utils.grading import (
    batch,
    cluster,
    engines,
    handed_in,
    nbgrader,
    private,
    report,
    sandbox,
)
from utils.grading.engines import Limits
from utils.grading.grade import UNGRADED, Task, personal_seed, tasks
from utils.grading.reference import Reference
from utils.grading.store import Row, Store
from utils.notebooks import files, proofs


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 all graded, 1 nothing done, 3 some left ungraded, 130 stopped."""
    parser = argparse.ArgumentParser("python -m utils.grading")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verb = verbs.add_parser("grade", help="grade submissions of one exercise notebook")
    verb.add_argument("reference", type=Path, help="the notebook in solutions/")
    verb.add_argument("submissions", type=Path, nargs="+", help="files or folders")
    verb.add_argument("--out", type=Path, required=True, help="folder of the results")
    verb.add_argument("--cell-timeout", type=float, default=60, help="seconds")
    verb.add_argument("--wall-limit", type=float, default=600, help="seconds a run")
    verb.add_argument("--memory-gb", type=float, default=4, help="of a kernel")
    verb.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    verb.add_argument("--engine", choices=engines.ENGINES, default=engines.default())
    verb.add_argument("--seed", help="of the hidden inputs; else one drawn for --out")
    verb.add_argument(
        "--course-key", help="a secret: with it each student gets a seed of their own"
    )
    verb.add_argument(
        "--require-sandbox",
        choices=sandbox.LEVELS[:2],
        help="grade nothing with less isolation than this",
    )
    verb.add_argument(
        "--cluster", metavar="ADDRESS", help="of a dask scheduler, as tcp://host:8786"
    )
    verb = verbs.add_parser(
        "check-the-checks", help="mutants and stubs of all exercises"
    )
    verb.add_argument(
        "solutions", type=Path, nargs="*", default=[files.ROOT / "solutions"]
    )
    verb.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    verb.add_argument("--csv", action="store_true")
    verb = verbs.add_parser("release", help="a student repository without the answers")
    verb.add_argument("out", type=Path, help="a folder that is not there yet")
    verb = verbs.add_parser("to-nbgrader", help="a solution notebook for nbgrader")
    verb.add_argument("notebook", type=Path)
    verb.add_argument("out", type=Path)
    verb = verbs.add_parser(
        "from-nbgrader", help="a solution notebook out of nbgrader's"
    )
    verb.add_argument("notebook", type=Path)
    verb.add_argument("out", type=Path)
    options = parser.parse_args(arguments)
    does: dict[str, Callable[[argparse.Namespace], int]] = {
        "grade": _grade,
        "check-the-checks": _check_the_checks,
        "release": _release,
        "to-nbgrader": partial(_convert, nbgrader.to_nbgrader),
        "from-nbgrader": partial(_convert, nbgrader.from_nbgrader),
    }
    try:
        return does[options.verb](options)
    except (OSError, ValueError, sandbox.NoSandbox) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            "Stopped. What is graded is kept: the same command goes on.",
            file=sys.stderr,
        )
        return 130


def _grade(options: argparse.Namespace) -> int:
    began = time.monotonic()
    reference = Reference(options.reference)
    found, refused = handed_in.find(options.submissions, handed_in.known([reference]))
    for no in refused:
        print(f"left aside, {report.visible(no.why)}: {report.visible(no.name)}")
    students = {one.student: one for one in found}
    limits = Limits(
        options.cell_timeout, options.wall_limit, memory=int(options.memory_gb * 1e9)
    )
    own = sandbox.probe(options.require_sandbox or "limits")
    if not options.cluster:
        print(f"isolation: {own}")
        if own.level == "limits":
            print("An answer can read what you can read, and use the network.")
    pages = options.out / "students"
    pages.mkdir(parents=True, exist_ok=True)
    with Store(options.out) as store:
        seed = options.seed or store.setting("seed", secrets.token_hex(8))
        todo: list[Task] = []
        before = {
            (r.student, r.exercise): r
            for r in store.rows()
            if r.notebook == reference.name
        }
        for student, one in students.items():
            if options.course_key:
                seed = personal_seed(options.course_key, student)
            for task in tasks(one, reference.exercises, seed):
                row = before.get((student, task.exercise.name))
                if (
                    row is None
                    or row.status == UNGRADED
                    or row.fingerprint != task.fingerprint(limits)
                ):
                    todo.append(task)
        if len(todo) < len(students) * len(reference.exercises):
            print(
                f"{len(students) * len(reference.exercises) - len(todo)} graded before"
            )
        started = time.monotonic()
        moved: list[str] = []
        progress = Progress(todo)
        work = batch.Batch(reference, options.engine, limits, own)
        if options.cluster:
            done = cluster.rows(options.cluster, work, todo)
        else:
            done = batch.rows(work, todo, options.jobs)
        for row in done:
            store.put([row])
            old = before.get((row.student, row.exercise))
            if old and (old.points, old.status) != (row.points, row.status):
                moved.append(_moved(old, row))
            progress.tell(row)
        by_student: dict[str, list[Row]] = {student: [] for student in students}
        order = {e.name: i for i, e in enumerate(reference.exercises)}
        for row in store.rows():
            if row.notebook == reference.name and row.exercise in order:
                by_student.setdefault(row.student, []).append(row)
    for rows in by_student.values():
        rows.sort(key=lambda row: order[row.exercise])
    for student, rows in by_student.items():
        report.write_page(pages, reference.title, student, rows)
    report.write_csv(options.out / "grades.csv", by_student)
    for line in moved:
        print(line)
    seconds = time.monotonic() - began
    each = (time.monotonic() - started) / max(1, len(students))
    statuses = Counter(row.status for s in students for row in by_student[s])
    counts = ", ".join(f"{count} {status}" for status, count in statuses.most_common())
    print(
        f"{len(students)} submissions of {len(reference.exercises)} exercises: "
        f"{counts}. {seconds:.0f} s, {each:.1f} s a submission. "
        f"{options.out / 'grades.csv'}"
    )
    return 3 if UNGRADED in statuses else 0


def _check_the_checks(options: argparse.Namespace) -> int:
    paths = files.notebooks(*options.solutions)
    lines = proofs.table(paths, options.jobs, progress=True)
    print(proofs.as_csv(lines) if options.csv else proofs.as_markdown(lines))
    return proofs.exit_status(lines)


def _release(options: argparse.Namespace) -> int:
    written = private.release(files.ROOT, options.out)
    print(f"{len(written)} files in {options.out}, searched: no answer is in them.")
    return 0


def _convert(
    convert: Callable[[NotebookNode], tuple[NotebookNode, list[str]]],
    options: argparse.Namespace,
) -> int:
    notebook, warnings = convert(files.read(options.notebook))
    for warning in warnings:
        print(warning)
    files.write(notebook, options.out)
    return 0


class Progress:
    """A line for each student who is done, with the time that is left."""

    def __init__(self, todo: list[Task]):
        self.left = Counter(task.student for task in todo)
        self.students, self.done, self.began = len(self.left), 0, time.monotonic()
        self.rows: dict[str, list[Row]] = {}

    def tell(self, row: Row) -> None:
        own = self.rows.setdefault(row.student, [])
        own.append(row)
        self.left[row.student] -= 1
        if self.left[row.student]:
            return
        self.done += 1
        spent = time.monotonic() - self.began
        left = spent / self.done * (self.students - self.done)
        told = f", {left / 60:.0f} min left" if left > 90 else ""
        line = _line(row.student, self.rows.pop(row.student))
        print(f"[{self.done}/{self.students}{told}] {line}", flush=True)


def _moved(old: Row, row: Row) -> str:
    """Who moved and why, for a regrade."""
    parts = ("the checks", "the answer", "the seed or the limits")
    changed = [
        what
        for what, a, b in zip(
            parts, old.fingerprint.split("-"), row.fingerprint.split("-"), strict=False
        )
        if a != b
    ]
    why = (
        " and ".join(changed) or "it was ungraded"
        if old.status != UNGRADED
        else "it was ungraded"
    )
    points = ["-" if r.points is None else f"{r.points:g}" for r in (old, row)]
    return (
        f"moved: {report.visible(row.student)}, {row.exercise}: {points[0]} → "
        f"{points[1]} of {row.of:g} ({old.status} → {row.status}), changed: {why}"
    )


def _line(student: str, rows: Iterable[Row]) -> str:
    rows = list(rows)
    points = sum(row.points or 0 for row in rows)
    status = Counter(row.status for row in rows)
    told = ", ".join(f"{count} {name}" for name, count in status.items())
    of = sum(row.of for row in rows)
    return f"{report.visible(student)}: {points:g} of {of:g} ({told})"


if __name__ == "__main__":
    sys.exit(main())
