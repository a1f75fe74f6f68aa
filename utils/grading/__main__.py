"""``python -m utils.grading grade REFERENCE SUBMISSIONS... --out DIR``."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from utils.grading import batch, cluster, engines, report, sandbox
from utils.grading.engines import Limits
from utils.grading.grade import UNGRADED, Task, personal_seed, tasks
from utils.grading.reference import Reference
from utils.grading.store import Row, Store


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
    options = parser.parse_args(arguments)
    try:
        return _grade(options)
    except (OSError, ValueError, sandbox.NoSandbox) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            "Stopped. What is graded is kept: the same command goes on.",
            file=sys.stderr,
        )
        return 130


def find(paths: list[Path]) -> tuple[dict[str, Path], list[Path]]:
    """The submissions by student, and the files left aside as no ``.ipynb``.

    A file is its stem's, a nested one its folder's; where that is the same for two,
    both go by their path. Raises FileNotFoundError for a path that is not there.
    """
    found: list[tuple[str, str, Path]] = []  # student, longer name, file
    ignored: list[Path] = []
    for top in paths:
        if top.is_dir() and not top.is_symlink():
            for path in sorted(top.rglob("*")):
                parts = path.relative_to(top).parts
                if any(part.startswith(".") for part in parts):
                    continue
                if path.suffix.lower() == ".ipynb":
                    name = parts[-2] if len(parts) > 1 else path.stem
                    longer = "/".join([*parts[:-1], path.stem])
                    found.append((name, longer, path))
                elif not path.is_dir():
                    ignored.append(path)
        elif top.exists() or top.is_symlink():
            found.append((top.stem, str(top), top))
        else:
            raise FileNotFoundError(f"no submission at {top}")
    count = Counter(name for name, _, _ in found)
    students: dict[str, Path] = {}
    for name, longer, path in found:
        unique = name if count[name] == 1 else longer
        students[unique if unique not in students else str(path)] = path
    return students, ignored


def _grade(options: argparse.Namespace) -> int:
    began = time.monotonic()
    reference = Reference(options.reference)
    students, ignored = find(options.submissions)
    for path in ignored:
        print(f"left aside, not .ipynb: {report.visible(str(path))}")
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
        for student, path in students.items():
            if options.course_key:
                seed = personal_seed(options.course_key, student)
            for task in tasks(student, path, reference.exercises, seed):
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
            found = cluster.rows(options.cluster, work, todo)
        else:
            found = batch.rows(work, todo, options.jobs)
        for row in found:
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
