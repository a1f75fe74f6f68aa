"""Grading: answers out of a submission, a run for each, points for equal values."""

from __future__ import annotations

import hashlib
import hmac
import time
from dataclasses import dataclass

from utils.grading.engines import (
    DIED,
    OUT_OF_TIME,
    Circumstances,
    Engine,
    Limits,
    Run,
)
from utils.grading.handed_in import Submission
from utils.grading.reference import Exercise, Values
from utils.grading.store import Row
from utils.grading.submission import (
    NotANotebook,
    find_answer,
    read_cells,
    same_code,
    syntax_error,
)

CORRECT, PARTLY, WRONG = "correct", "partly correct", "wrong"
NOT_ATTEMPTED, MISSING = "not attempted", "missing answer"
SYNTAX, ERROR = "syntax error", "error"
NOT_A_NOTEBOOK, UNGRADED = "not a notebook", "ungraded"
STATUSES = (
    *(CORRECT, PARTLY, WRONG, NOT_ATTEMPTED, MISSING, SYNTAX, ERROR),
    *(OUT_OF_TIME, DIED, NOT_A_NOTEBOOK, UNGRADED),
)
# A run that says nothing about the answer, because another program took the kernel's
# ports say, is tried again.
TRIES = 3


@dataclass(frozen=True)
class Verdict:
    """What an answer earned; ``points`` is None where nobody graded it."""

    points: float | None
    status: str
    note: str = ""
    feedback: str = ""  # the message of the check that failed


@dataclass(frozen=True)
class Task:
    """One exercise of one student: what a grade depends on, and all that it needs."""

    student: str
    exercise: Exercise
    answer: str | None
    seed: str
    note: str = ""
    verdict: Verdict | None = None  # where nothing has to be run
    submitted: float | None = None

    def fingerprint(self, limits: Limits) -> str:
        """The checks, the answer and the circumstances, hashed apart."""
        own = [self.exercise.fingerprint()]
        for text in (f"{self.answer}{self.verdict}", f"{self.seed} {limits}"):
            own.append(hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16])
        return "-".join(own)

    def row(self, verdict: Verdict, by: Circumstances, seconds: float) -> Row:
        exercise = self.exercise
        return Row(
            student=self.student,
            notebook=by.reference.name,
            exercise=exercise.name,
            title=exercise.title,
            points=verdict.points,
            of=exercise.points,
            status=verdict.status,
            note=verdict.note,
            feedback=verdict.feedback,
            hints=exercise.hints,
            answer=self.answer,
            submitted=self.submitted,
            sandbox="" if self.verdict else str(by.sandbox),
            engine="" if self.verdict else by.name,
            seconds=round(seconds, 3),
            fingerprint=self.fingerprint(by.limits),
        )


def tasks(handed_in: Submission, exercises: list[Exercise], seed: str) -> list[Task]:
    """A task for each exercise, from one submission; nothing of it is run."""
    student, when = handed_in.student, handed_in.submitted
    try:
        cells = read_cells(handed_in.path)
    except NotANotebook as error:
        bad = Verdict(0, NOT_A_NOTEBOOK, _join(str(error), handed_in.note))
        return [
            Task(student, e, None, seed, verdict=bad, submitted=when) for e in exercises
        ]
    found = []
    for exercise in exercises:
        answer = find_answer(cells, exercise.name, exercise.answer, exercise.stub)
        verdict = None
        if answer.source is None:
            verdict = Verdict(0, MISSING, "no cell with this answer's id")
        elif any(same_code(answer.source, empty) for empty in (exercise.stub, "")):
            verdict = Verdict(0, NOT_ATTEMPTED)
        elif why := syntax_error(answer.source):
            verdict = Verdict(0, SYNTAX, why)
        found.append(
            Task(
                student,
                exercise,
                answer.source,
                seed,
                _join(answer.note, handed_in.note),
                verdict,
                when,
            )
        )
    return found


class Grader:
    """Grades tasks with one engine; remembers what the reference shows for a seed."""

    def __init__(self, engine: Engine):
        self.engine = engine
        self.known: dict[tuple[str, str], Values] = {}

    def grade(self, task: Task) -> Verdict:
        """Raises nothing that an answer could bring about."""
        if task.verdict:
            return task.verdict
        try:
            expected = self.expected(task.exercise, task.seed)
        except ValueError as error:
            return Verdict(None, UNGRADED, str(error))
        assert task.answer is not None
        result = self._run(task.exercise, task.answer, task.seed, expected)
        return judge(task.exercise, result, task.note)

    def expected(self, exercise: Exercise, seed: str) -> Values:
        """The values of the reference's own answer with this seed.

        Raises ValueError where that fails, or where without a seed they are others
        than those that were stored.
        """
        key = exercise.name, seed
        if key not in self.known:
            stored = None if seed else self.engine.reference.stored[exercise.name]
            result = self._run(exercise, exercise.solution, seed, stored)
            own = judge(exercise, result)
            if own.status != CORRECT:
                raise ValueError(
                    f"the reference fails its own exercise '{exercise.name}', "
                    f"{own.status}: {own.note} {own.feedback}; run it again "
                    "(python -m utils.notebooks run)"
                )
            if len(self.known) > 1000:
                self.known.clear()
            self.known[key] = {
                cell: result.records[cell]["values"] for cell in exercise.hidden
            }
        return self.known[key]

    def timed(self, task: Task) -> Row:
        began = time.monotonic()
        verdict = self.grade(task)
        return task.row(verdict, self.engine, time.monotonic() - began)

    def _run(
        self, exercise: Exercise, answer: str, seed: str, expected: Values | None
    ) -> Run:
        for _ in range(TRIES):
            result = self.engine.run(exercise, answer, seed, expected)
            if not result.problem:
                break
        return result


def judge(exercise: Exercise, result: Run, note: str = "") -> Verdict:
    """The verdict that a run's records give."""
    if result.problem:
        return Verdict(None, UNGRADED, result.problem)
    if result.ended is not None:
        status = result.ended if result.ended in (OUT_OF_TIME, DIED) else ERROR
        why = "" if status == result.ended else result.ended
        return Verdict(0, status, _join(why, note))
    records = result.records
    if any(cell.id not in records for cell in exercise.cells):
        return Verdict(None, UNGRADED, "the run reported nothing")
    passed = [cell for cell in exercise.hidden if records[cell]["passed"]]
    points = sum(exercise.hidden[cell] for cell in passed)
    seen = [records[cell]["error"] for cell in (exercise.answer, *exercise.checks)]
    unseen = [records[cell]["error"] for cell in exercise.hidden]
    first = next(filter(None, seen), "")
    if points == exercise.points:
        # Visible checks can fail where the answer is right: its own prints, a patched
        # `check`. Values decide.
        return Verdict(points, CORRECT, note)
    if "MemoryError" in first[:12]:
        note = _join("used too much memory", note)
    if points:
        status = PARTLY
        note = _join(f"{len(passed)} of {len(unseen)} hidden checks passed", note)
    elif first.startswith("NotImplementedError"):
        status = NOT_ATTEMPTED
    else:
        status = ERROR if seen[0] or all(unseen) else WRONG
    # What a hidden check raised would show its inputs.
    hidden = "The visible checks pass, hidden ones on other inputs do not."
    return Verdict(points, status, note, _message(first) or hidden)


def personal_seed(key: str, student: str) -> str:
    """A student's own seed, which nobody without the key can tell."""
    return hmac.new(
        key.encode(), student.encode("utf-8", "replace"), "sha256"
    ).hexdigest()


def verify(grader: Grader) -> None:
    """Raises ValueError with the first exercise that the reference itself fails."""
    for exercise in grader.engine.reference.exercises:
        grader.expected(exercise, "")


def _message(error: str) -> str:
    """A check's own message without its class, any other error with it."""
    return error.removeprefix("CheckFailed: ")


def _join(*parts: str | None) -> str:
    return "; ".join(part for part in parts if part)
