"""One table over a course: does every check tell right from wrong?"""

from __future__ import annotations

import csv
import io
import multiprocessing
import os
import re
import secrets
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path

from tqdm import tqdm

from utils.grading import batch, engines, sandbox
from utils.grading.batch import Batch
from utils.grading.grade import CORRECT, UNGRADED, Task
from utils.grading.reference import Exercise, Reference
from utils.grading.store import Row
from utils.notebooks.files import grade, graded, read
from utils.notebooks.prove import Proof, exercises, label_of, mutate, prove_one

COUNTS = ("points", "solution", "stub", "mutants", "caught", "seeds")
HEADER = ("notebook", "exercise", *COUNTS)


@dataclass(frozen=True)
class Line:
    """One exercise of the table."""

    notebook: str
    proof: Proof
    seconds: float

    def cells(self) -> list[str]:
        p = self.proof
        counts = (p.of, p.solution, p.stub, p.mutants, p.caught, p.seeds)
        points = [f"{x:g}" for x in counts]
        return [self.notebook, p.exercise, *points, f"{self.seconds:.1f}"]


def table(
    paths: Iterable[Path],
    jobs: int = 1,
    progress: bool = False,
    seeds: Iterable[str] = (),
) -> list[Line]:
    """The proof of each exercise of the solution notebooks, in the order of ``paths``.

    Args:
        jobs: processes at once.
        progress: show on stderr how many are done.
        seeds: of hidden inputs to grade solution and mutants with, beside those stored.

    Raises ValueError for a file that is no notebook.
    """
    paths, seeds = list(paths), list(seeds)
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
    for path in dict.fromkeys(paths) if seeds else []:
        own = [lines[task] for task in dict.fromkeys(todo) if task[0] == path]
        for line in _with_seeds(path, own, seeds, jobs, progress):
            lines[path, line.proof.exercise] = line
    return [lines[task] for task in todo]


def drawn(count: int, base: str | None = None) -> list[str]:
    """As many seeds, made of the first; one of them is drawn again as ``base``."""
    base = base or secrets.token_hex(4)
    return [base, *(f"{base}-{n}" for n in range(2, count + 1))][:count]


def as_markdown(lines: Iterable[Line]) -> str:
    """The table, the sums, and under it what was found."""
    lines = list(lines)
    rows = [[*HEADER, "seconds"], ["---", "---", *["--:"] * (len(COUNTS) + 1)]]
    rows += [line.cells() for line in lines]
    proofs = [line.proof for line in lines]
    sums = [
        *(sum(p.of for p in proofs), sum(p.solution for p in proofs)),
        *(sum(p.stub for p in proofs), sum(p.mutants for p in proofs)),
        *(sum(p.caught for p in proofs), sum(p.seeds for p in proofs)),
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


def _with_seeds(
    path: Path, lines: list[Line], seeds: list[str], jobs: int, progress: bool
) -> list[Line]:
    """The lines of one notebook, with what grading it with each seed has found.

    The solution and the mutants are run as a class's answers are. Left out is what
    the stored inputs fail already, and what never asks for a seed.
    """
    right = [x.proof.exercise for x in lines if x.proof.solution == x.proof.of]
    if not right:
        return lines
    rows: dict[tuple[str, str, str | None], Row] = {}
    variants: dict[str, dict[str, str]] = {}
    try:
        reference = Reference(path)
        own = [e for e in reference.exercises if e.name in right and _asks(e)]
        variants = {e.name: _variants(reference, e) for e in own}
        tasks = [
            Task(seed, e, source, seed)
            for e in own
            for seed in seeds
            for source in variants[e.name]
        ]
        work = Batch(reference, engines.default(), engines.Limits(), sandbox.probe())
        done = batch.rows(work, tasks, jobs)
        for row in tqdm(done, path.stem, len(tasks), unit="run", disable=not progress):
            rows[row.exercise, row.student, row.answer] = row
    except ValueError as error:
        lines[0].proof.problems.append(str(error))
        return lines
    found = []
    for line in lines:
        proof, seconds = line.proof, line.seconds
        labels = variants.get(proof.exercise, {})
        for seed in seeds if labels else []:
            one = [rows[proof.exercise, seed, source] for source in labels]
            problems = list(_problems(one, labels))
            proof.seeds += not problems
            proof.problems += problems
            seconds += sum(row.seconds for row in one)
        found.append(replace(line, seconds=seconds))
    return found


def _variants(reference: Reference, exercise: Exercise) -> dict[str, str]:
    """The sources of the solution, which is first, and the mutants: what each is."""
    variants = {exercise.solution: "the solution"}
    for cell in graded(reference.notebook, "mutant"):
        if grade(cell).get("id") == exercise.name:
            wrong = mutate(exercise.solution, cell.source, exercise.name)
            variants[wrong] = label_of(cell)
    return variants


def _problems(rows: list[Row], labels: dict[str, str]) -> Iterator[str]:
    """What is wrong with one seed; of mutants only where the solution is right."""
    solution, *mutants = rows
    name, seed = solution.exercise, f"with seed '{solution.student}'"
    if solution.status != CORRECT:
        told = filter(None, (solution.status, solution.note, solution.feedback))
        yield f"{name}: the solution fails {seed}: {'; '.join(told)}"
        return
    for row in mutants:
        label = f"{name}, {labels[row.answer or '']}"
        if row.status == CORRECT:
            yield f"{label}: would earn every point {seed}"
        elif row.status == UNGRADED:
            yield f"{label}: ungraded {seed}: {row.note}"


def _asks(exercise: Exercise) -> bool:
    cells = (*exercise.before, *exercise.cells)
    return any(re.search(r"\bseed\(", cell.source) for cell in cells)


def _share(jobs: int) -> None:
    os.environ["OMP_NUM_THREADS"] = str(max(1, (os.cpu_count() or 1) // jobs))


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
