"""One table over a course: does every check tell right from wrong?"""

from __future__ import annotations

import csv
import io
import multiprocessing
import os
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from utils.notebooks.files import read
from utils.notebooks.prove import Proof, exercises, prove_one

HEADER = ("notebook", "exercise", "points", "solution", "stub", "mutants", "caught")


@dataclass(frozen=True)
class Line:
    """One exercise of the table."""

    notebook: str
    proof: Proof
    seconds: float

    def cells(self) -> list[str]:
        p = self.proof
        points = [f"{x:g}" for x in (p.of, p.solution, p.stub, p.mutants, p.caught)]
        return [self.notebook, p.exercise, *points, f"{self.seconds:.1f}"]


def table(paths: Iterable[Path], jobs: int = 1, progress: bool = False) -> list[Line]:
    """The proof of each exercise of the solution notebooks, in the order of ``paths``.

    Args:
        jobs: processes at once.
        progress: show on stderr how many are done.

    Raises ValueError for a file that is no notebook.
    """
    todo = [(path, name) for path in paths for name in exercises(read(path))]
    lines: dict[tuple[Path, str], Line] = {}
    with tqdm(total=len(todo), unit="exercise", disable=not progress) as bar:
        if jobs == 1:
            for path, name in todo:
                lines[path, name] = _line(path, name)
                bar.update()
        else:
            # Not forked: torch's threads do not survive it.
            context = multiprocessing.get_context("spawn")
            with ProcessPoolExecutor(jobs, context, _share, (jobs,)) as pool:
                tasks = {pool.submit(_line, *task): task for task in todo}
                for done in as_completed(tasks):
                    lines[tasks[done]] = done.result()
                    bar.update()
    return [lines[task] for task in todo]


def as_markdown(lines: Iterable[Line]) -> str:
    """The table, the sums, and under it what was found."""
    lines = list(lines)
    rows = [[*HEADER, "seconds"], ["---", "---", *["--:"] * 6]]
    rows += [line.cells() for line in lines]
    proofs = [line.proof for line in lines]
    sums = [
        *(sum(p.of for p in proofs), sum(p.solution for p in proofs)),
        *(sum(p.stub for p in proofs), sum(p.mutants for p in proofs)),
        sum(p.caught for p in proofs),
    ]
    notebooks = len({line.notebook for line in lines})
    seconds = sum(line.seconds for line in lines)
    total = [f"{notebooks} notebooks", f"{len(lines)} exercises"]
    rows.append([*total, *(f"{x:g}" for x in sums), f"{seconds:.1f}"])
    text = "\n".join(f"| {' | '.join(_cell(c) for c in row)} |" for row in rows)
    found = [f"- {line.notebook}: {p}" for line in lines for p in line.proof.problems]
    return "\n".join([text, *(["", *found] if found else []), ""])


def as_csv(lines: Iterable[Line]) -> str:
    """The table with one more column, the problems of an exercise."""
    file = io.StringIO()
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow([*HEADER, "seconds", "problems"])
    for line in lines:
        rows.writerow([*line.cells(), "; ".join(line.proof.problems)])
    return file.getvalue()


def exit_status(lines: Iterable[Line]) -> int:
    """0 where all is proven; 1 where a mutant survives or anything else is wrong."""
    return int(not all(line.proof.proven for line in lines))


def _line(path: Path, name: str) -> Line:
    began = time.perf_counter()
    proof = prove_one(read(path), name)
    return Line(path.stem, proof, time.perf_counter() - began)


def _share(jobs: int) -> None:
    os.environ["OMP_NUM_THREADS"] = str(max(1, (os.cpu_count() or 1) // jobs))


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
