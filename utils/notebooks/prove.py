"""Prove an exercise's checks: solution, stub and every mutant run against them.

All variants of a notebook run in this process, each in a namespace of its own with
nothing but the ungraded cells, one answer, and the checks of that exercise: so an
exercise that leans on another's answer is found as well.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import textwrap
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from nbformat import NotebookNode

from utils.grading.check import VALUE_MIME, CheckFailed
from utils.grading.reference import values_of
from utils.notebooks import compare
from utils.notebooks.files import code_cells, grade
from utils.notebooks.release import replace_solution, stub

TOLERANCE = compare.Tolerance(rtol=1e-4, atol=1e-6)


@dataclass
class Outcome:
    """What became of one variant of an answer."""

    failed_in: str | None = None  # the id of the cell that raised
    error: BaseException | None = None
    values: dict[str, list] = field(default_factory=dict)  # by hidden cell

    def __str__(self) -> str:
        if self.error is None:
            return "passed"
        return f"{type(self.error).__name__} in '{self.failed_in}': {self.error}"


@dataclass
class Proof:
    """What running one exercise's variants against its checks has shown."""

    exercise: str
    of: float = 0.0  # points of its hidden checks
    solution: float = 0.0  # points that the solution earns
    stub: float = 0.0  # points that the stub earns
    mutants: int = 0
    caught: int = 0  # mutants that fail as they should, and lose points
    seeds: int = 0  # drawn seeds with which all is as it should be, as well
    problems: list[str] = field(default_factory=list)

    @property
    def proven(self) -> bool:
        full = self.solution == self.of and self.stub == 0
        return full and self.caught == self.mutants and not self.problems


def prove(notebook: NotebookNode) -> list[str]:
    """Problems of a solution notebook's checks, one line each.

    The solution must pass, the stub must fail as not written yet, and each mutant
    must fail in a check cell with its own message and lose points.
    """
    names = exercises(notebook)
    return [line for name in names for line in prove_one(notebook, name).problems]


def exercises(notebook: NotebookNode) -> list[str]:
    """The names of a notebook's exercises, in their order."""
    named = (grade(cell).get("id") for cell in notebook.cells)
    return list(dict.fromkeys(name for name in named if name))


def prove_one(notebook: NotebookNode, name: str) -> Proof:
    """Run one exercise's solution, stub and mutants against its checks."""
    own = [cell for cell in notebook.cells if grade(cell).get("id") == name]
    answers = [cell for cell in own if grade(cell).get("role") == "answer"]
    hidden = [cell for cell in own if grade(cell).get("role") == "hidden"]
    points = {cell.id: grade(cell).get("points", 0) for cell in hidden}
    proof = Proof(name, of=sum(points.values()))
    problems = proof.problems
    if len(answers) != 1:
        problems.append(f"{name}: {len(answers)} answer cells, expected one")
        return proof
    answer = answers[0].source
    checks = {cell.id for cell in own if grade(cell).get("role") == "check"}

    right = attempt(notebook, name, answer)
    if right.error is not None:
        problems.append(f"{name}: the solution fails: {right}")
        return proof
    stored = {cell.id: values_of(cell) or right.values[cell.id] for cell in hidden}
    proof.solution = _points(right.values, stored, points)
    empty = attempt(notebook, name, stub(answer, name))
    proof.stub = _points(empty.values, right.values, points)
    if not isinstance(empty.error, NotImplementedError):
        problems.append(f"{name}: the stub must raise NotImplementedError: {empty}")
    mutants = [cell for cell in own if grade(cell).get("role") == "mutant"]
    proof.mutants = len(mutants)
    if len(mutants) < 2:
        problems.append(f"{name}: {len(mutants)} mutants, at least two are needed")
    unproven = set(checks)
    for mutant in mutants:
        label = f"{name}, {label_of(mutant)}"
        wrong = attempt(notebook, name, mutate(answer, mutant.source, name))
        message = grade(mutant).get("message")
        unproven.discard(wrong.failed_in)
        before = len(problems)
        if not message:
            problems.append(f"{label}: has no message")
        elif not isinstance(wrong.error, CheckFailed) or wrong.failed_in not in checks:
            problems.append(f"{label}: no check fails it: {wrong}")
        elif message not in str(wrong.error):
            problems.append(f"{label}: expected {message!r}, got {wrong}")
        if _same(wrong.values, right.values):
            problems.append(f"{label}: would earn every point")
        proof.caught += len(problems) == before
    problems += [f"{name}: no mutant fails '{cell}'" for cell in sorted(unproven)]
    return proof


def label_of(mutant: NotebookNode) -> str:
    return f"mutant '{grade(mutant).get('name', mutant.id)}'"


def mutate(answer: str, mutant: str, name: str) -> str:
    """The answer's source with a mutant in place of its (first) solution block.

    A mutant that is not indented is indented like the block.
    """
    mutants = [mutant]

    def replacement(indent: str, block: list[str]) -> list[str]:
        if not mutants:
            return block
        wrong = textwrap.dedent(mutants.pop())
        return textwrap.indent(wrong, indent).split("\n")

    return replace_solution(answer, replacement, name)


def attempt(notebook: NotebookNode, name: str, answer: str) -> Outcome:
    """Run the ungraded cells and one exercise with ``answer``; what came of it.

    The first cell that raises is the outcome and ends the check cells; hidden cells
    run all the same, as in grading.
    """
    outcome = Outcome()
    namespace: dict[str, Any] = {"__name__": "__main__", "get_ipython": _NoShell}
    for cell in code_cells(notebook):
        role = grade(cell).get("role")
        if role and grade(cell).get("id") != name:
            continue
        if role == "check" and outcome.error is not None:
            continue
        source = answer if role == "answer" else cell.source
        shown, error = _execute(source, cell.id, namespace)
        if role == "hidden":
            outcome.values[cell.id] = shown if error is None else ["an error"]
        if error is not None and outcome.error is None:
            outcome.failed_in, outcome.error = cell.id, error
    return outcome


def _execute(
    source: str, where: str, namespace: dict[str, Any]
) -> tuple[list[Any], BaseException | None]:
    """Run one cell; the graded values it shows and what it raised."""
    from IPython.core.inputtransformer2 import TransformerManager

    shown = []

    def display(bundle: Any = None, *_: Any, **__: Any) -> None:
        if isinstance(bundle, dict) and VALUE_MIME in bundle:
            shown.append(bundle[VALUE_MIME])

    os.environ.setdefault("MPLBACKEND", "agg")
    code = TransformerManager().transform_cell(source)
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
        patch("IPython.display.display", display),
    ):
        try:
            exec(compile(code, f"<{where}>", "exec"), namespace)
        except (Exception, SystemExit) as error:
            traceback.clear_frames(error.__traceback__)
            return shown, error
    return shown, None


def _points(
    ours: dict[str, list], theirs: dict[str, list], points: dict[str, float]
) -> float:
    """The points of the hidden cells in which the values are the same."""
    return sum(
        points[cell]
        for cell in points
        if compare.values(ours[cell], theirs[cell], TOLERANCE) is None
    )


def _same(ours: dict[str, list], theirs: dict[str, list]) -> bool:
    return bool(theirs) and compare.values(ours, theirs, TOLERANCE) is None


class _NoShell:
    """Stands for IPython's shell: line magics do nothing."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_, **__: None


def solution_blocks(source: str) -> list[list[str]]:
    """The solution blocks of an answer's source, as lists of lines."""
    blocks: list[list[str]] = []

    def keep(indent: str, block: list[str]) -> list[str]:
        blocks.append([line for line in block if not re.match(r"\s*# STUB: ", line)])
        return block

    replace_solution(source, keep, "")
    return blocks
