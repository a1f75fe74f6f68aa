"""Grading what a class handed in: what has to be run, running it, who moved and why."""

from __future__ import annotations

import secrets
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from utils.grading import batch, cluster
from utils.grading.batch import Batch
from utils.grading.engines import Limits
from utils.grading.grade import UNGRADED, Task, personal_seed, tasks
from utils.grading.handed_in import Submission
from utils.grading.pages import cell
from utils.grading.reference import Reference
from utils.grading.sandbox import Sandbox
from utils.grading.store import Row, Store


@dataclass(frozen=True)
class How:
    """What a class is graded with.

    Attributes:
        engine: one of `engines.ENGINES`.
        sandbox: of this machine; workers of a cluster have their own.
        seed: of the hidden inputs; without one the store keeps one that was drawn.
        course_key: with it each student gets a seed of their own.
        cluster: address of a dask scheduler.
    """

    engine: str
    limits: Limits
    sandbox: Sandbox
    jobs: int
    seed: str | None = None
    course_key: str | None = None
    cluster: str | None = None


def grade_class(
    references: Iterable[Reference],
    submissions: Iterable[Submission],
    store: Store,
    how: How,
) -> Iterator[str]:
    """Run what the store does not have yet, notebook by notebook; yields what to tell.

    Each row is in the store before it is told of.

    Raises ValueError where a reference fails its own checks, after the other notebooks
    are graded.
    """
    own: dict[str, list[Submission]] = defaultdict(list)
    for one in submissions:
        own[one.notebook or ""].append(one)
    seed = how.seed or store.setting("seed", secrets.token_hex(8))
    before = {(r.student, r.notebook, r.exercise): r for r in store.rows()}
    todo: list[tuple[Reference, list[Task]]] = []
    kept = 0
    for reference in references:
        asked = [
            task
            for one in own[reference.name]
            for task in tasks(
                one,
                reference.exercises,
                personal_seed(how.course_key, one.student) if how.course_key else seed,
            )
        ]
        left = [
            task
            for task in asked
            if _changed(
                task,
                before.get((task.student, reference.name, task.exercise.name)),
                how.limits,
            )
        ]
        kept += len(asked) - len(left)
        if left:
            todo.append((reference, left))
    if kept:
        yield f"{kept} graded before"
    progress, moved, failed = Progress(todo), [], []
    for reference, left in todo:
        work = Batch(reference, how.engine, how.limits, how.sandbox)
        done = (
            cluster.rows(how.cluster, work, left)
            if how.cluster
            else batch.rows(work, left, how.jobs)
        )
        try:
            for row in done:
                store.put([row])
                old = before.get((row.student, row.notebook, row.exercise))
                if old and (old.points, old.status) != (row.points, row.status):
                    moved.append(_moved(old, row))
                yield from progress.lines(row)
        except ValueError as error:
            failed.append(
                f"{reference.name}: {error}" if progress.several else str(error)
            )
    yield from moved
    if failed:
        raise ValueError("\n".join(failed))


class Progress:
    """A line for each notebook that is done, with the time that is left."""

    def __init__(self, todo: list[tuple[Reference, list[Task]]]):
        self.left = Counter(
            (reference.name, task.student) for reference, own in todo for task in own
        )
        self.several = len(todo) > 1
        self.all, self.done, self.began = len(self.left), 0, time.monotonic()
        self.rows: dict[tuple[str, str], list[Row]] = defaultdict(list)

    def lines(self, row: Row) -> Iterator[str]:
        key = row.notebook, row.student
        self.rows[key].append(row)
        self.left[key] -= 1
        if self.left[key]:
            return
        self.done += 1
        spent = time.monotonic() - self.began
        left = spent / self.done * (self.all - self.done)
        told = f", {left / 60:.0f} min left" if left > 90 else ""
        what = f", {row.notebook}" if self.several else ""
        line = _points(self.rows.pop(key))
        yield f"[{self.done}/{self.all}{told}] {cell(row.student)}{what}: {line}"


def _changed(task: Task, row: Row | None, limits: Limits) -> bool:
    return (
        row is None
        or row.status == UNGRADED
        or row.fingerprint != task.fingerprint(limits)
    )


def _moved(old: Row, row: Row) -> str:
    """Who moved and why, for a regrade."""
    parts = ("the checks", "the answer", "the seed or the limits")
    changed = [
        what
        for what, a, b in zip(
            parts, old.fingerprint.split("-"), row.fingerprint.split("-"), strict=False
        )
        if a != b and old.status != UNGRADED
    ]
    why = " and ".join(changed) or "it was ungraded"
    points = ["-" if r.points is None else f"{r.points:g}" for r in (old, row)]
    return (
        f"moved: {cell(row.student)}, {row.exercise}: {points[0]} → "
        f"{points[1]} of {row.of:g} ({old.status} → {row.status}), changed: {why}"
    )


def _points(rows: list[Row]) -> str:
    points, of = sum(row.points or 0 for row in rows), sum(row.of for row in rows)
    status = Counter(row.status for row in rows)
    told = ", ".join(f"{count} {name}" for name, count in status.items())
    return f"{points:g} of {of:g} ({told})"
