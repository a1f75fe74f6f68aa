"""Make the exercise notebook out of its solution.

Answers become stubs, outputs go, and so does every cell that a learner must not see:
hidden checks, mutants (wrong answers that prove the checks) and explanations.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from utils.notebooks.files import BEGIN, END, clear, grade, read, write

DROPPED = ("hidden", "mutant", "explanation")
# What of the grade metadata an exercise keeps: enough to match a submission.
KEPT = ("id", "role", "points", "difficulty", "importance", "minutes")
STUB = "# STUB: "


def exercise(solution: NotebookNode) -> NotebookNode:
    """The exercise made from a solution notebook; the argument is left as it is."""
    notebook = clear(copy.deepcopy(solution))
    notebook.cells = [c for c in notebook.cells if grade(c).get("role") not in DROPPED]
    for cell in notebook.cells:
        cell.metadata.pop("compare", None)
        kept = {key: value for key, value in grade(cell).items() if key in KEPT}
        if kept:
            cell.metadata["grade"] = nbformat.from_dict(kept)
        if kept.get("role") == "answer":
            cell.source = stub(cell.source, kept["id"])
    first = notebook.cells[0]
    if first.cell_type == "markdown":
        title, *rest = first.source.split("\n", 1)
        first.source = "\n".join([title.replace("Solutions", "Exercises"), *rest])
    return notebook


def stub(source: str, name: str) -> str:
    """An answer cell's source with every solution block replaced.

    A block gives way to the text of its ``# STUB: `` lines or, without any, to a
    NotImplementedError that names the exercise.

    Raises ValueError when there is no block or one is not closed, and for a line
    outside of all.
    """
    not_written = f'raise NotImplementedError("exercise {name} is not written yet")'

    def replacement(indent: str, block: list[str]) -> list[str]:
        own = [line for line in block if line.lstrip().startswith(STUB)]
        return [line.replace(STUB, "", 1) for line in own] or [indent + not_written]

    text = replace_solution(source, replacement, name)
    if any(line.lstrip().startswith(STUB.strip()) for line in text.split("\n")):
        raise ValueError(f"answer {name}: a {STUB.strip()} outside its solution block")
    return text


def replace_solution(
    source: str, replacement: Callable[[str, list[str]], list[str]], name: str
) -> str:
    """Put ``replacement(indent, block_lines)`` (a list of lines) for each block."""
    lines: list[str] = []
    block: list[str] | None = None
    found, indent = False, ""
    for line in source.split("\n"):
        if BEGIN.match(line):
            if block is not None:
                raise ValueError(f"answer {name}: BEGIN SOLUTION inside a solution")
            block, indent, found = [], line[: len(line) - len(line.lstrip())], True
        elif END.match(line):
            if block is None:
                raise ValueError(f"answer {name}: END SOLUTION without a BEGIN")
            lines += replacement(indent, block)
            block = None
        else:
            (lines if block is None else block).append(line)
    if block is not None or not found:
        raise ValueError(f"answer {name}: no solution between # BEGIN and # END")
    return "\n".join(lines)


def release(root: str | Path) -> list[Path]:
    """Regenerate ``exercises/`` from ``solutions/`` under ``root``; the files written.

    An exercise whose solution is gone is deleted. Raises FileNotFoundError where there
    is no such folder: a student repository has exercises only; ValueError naming the
    notebook and the answer of which no stub can be made.
    """
    solutions, exercises = Path(root, "solutions"), Path(root, "exercises")
    if not solutions.is_dir():
        raise FileNotFoundError(f"no solutions at {solutions} to make exercises of")
    exercises.mkdir(exist_ok=True)
    written = []
    for path in sorted(solutions.glob("*.ipynb")):
        solution = read(path)
        try:
            made = exercise(solution)
        except ValueError as error:
            raise ValueError(f"{path.name}, {error}") from error
        write(made, exercises / path.name)
        written.append(exercises / path.name)
    for stray in set(exercises.glob("*.ipynb")) - set(written):
        stray.unlink()
    return written
