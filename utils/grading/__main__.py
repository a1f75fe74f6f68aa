"""``python -m utils.grading grade REFERENCE SUBMISSIONS... --out DIR``."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from utils.grading import report
from utils.grading.grade import UNGRADED, Grade, Limits, Reference, grade, verify


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
    options = parser.parse_args(arguments)
    try:
        return _grade(options)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped; no grades.csv was written.", file=sys.stderr)
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
    pages = options.out / "students"
    pages.mkdir(parents=True, exist_ok=True)
    results: dict[str, list[Grade]] = {}
    with (
        tempfile.TemporaryDirectory(prefix="grading-home-") as home,
        ThreadPoolExecutor(max(1, options.jobs)) as pool,
    ):
        verify(reference, limits, keep=Path(home))
        started = time.monotonic()
        running = {
            pool.submit(grade, reference, path, limits, Path(home)): student
            for student, path in students.items()
        }
        try:
            for number, future in enumerate(as_completed(running), 1):
                student = running[future]
                try:
                    own = future.result()
                except Exception as error:  # one file must never stop the others
                    why = f"the grader failed: {type(error).__name__}: {error}"
                    own = [Grade(e, None, UNGRADED, why) for e in reference.exercises]
                results[student] = own
                report.write_page(pages, reference.title, student, own)
                print(f"[{number}/{len(students)}] {_line(student, own)}", flush=True)
        except BaseException:  # Ctrl-C, a full disk: start no more
            pool.shutdown(cancel_futures=True)
            raise
    report.write_csv(options.out / "grades.csv", {s: results[s] for s in students})
    seconds = time.monotonic() - began
    each = (time.monotonic() - started) / max(1, len(students))
    statuses = Counter(one.status for own in results.values() for one in own)
    counts = ", ".join(f"{count} {status}" for status, count in statuses.most_common())
    print(
        f"{len(students)} submissions of {len(reference.exercises)} exercises: "
        f"{counts}. {seconds:.0f} s, {each:.1f} s a submission. "
        f"{options.out / 'grades.csv'}"
    )
    return 3 if UNGRADED in statuses else 0


def _line(student: str, grades: list[Grade]) -> str:
    points = sum(one.points or 0 for one in grades)
    of = sum(one.exercise.points for one in grades)
    status = Counter(one.status for one in grades)
    told = ", ".join(f"{count} {name}" for name, count in status.items())
    return f"{report.visible(student)}: {points:g} of {of:g} ({told})"


if __name__ == "__main__":
    sys.exit(main())
