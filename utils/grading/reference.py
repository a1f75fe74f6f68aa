"""A solution notebook, read for grading: its exercises and what each is made of."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from utils.grading.check import VALUE_MIME
from utils.notebooks import files
from utils.notebooks.release import stub

Values = dict[str, list[Any]]  # hidden cell -> what it shows


@dataclass(frozen=True)
class Exercise:
    name: str
    title: str
    points: float
    answer: str  # id of the answer's cell
    solution: str
    checks: tuple[str, ...]
    hidden: dict[str, float]  # cell id -> points
    stub: str
    hints: tuple[str, ...]
    before: tuple[NotebookNode, ...]  # the reference's own cells before the answer
    cells: tuple[NotebookNode, ...]  # from the answer to the last check

    def fingerprint(self) -> str:
        """A hash of all that an answer to it is run with."""
        parts = [(cell.id, cell.source) for cell in (*self.before, *self.cells)]
        text = json.dumps([parts, self.hidden, self.stub])
        return hashlib.sha256(text.encode()).hexdigest()[:16]


class Reference:
    """Exercises, in their order, and the values that were stored with the notebook.

    Raises ValueError naming what keeps a notebook from being a reference.
    """

    def __init__(self, path: Path):
        self.name = path.stem
        self.notebook = files.read(path)
        answers = files.graded(self.notebook, "answer")
        names = [files.grade(cell).get("id", "") for cell in answers]
        if not names:
            raise ValueError(f"{path} has no answer cells: is it a solution notebook?")
        title = self.notebook.cells[0].source.split("\n")[0].lstrip("# ")
        self.title = title.replace("Solutions", "Exercises")
        self.exercises = [self._exercise(name) for name in names]
        self.stored = {
            exercise.name: {
                cell.id: values_of(cell)
                for cell in exercise.cells
                if cell.id in exercise.hidden
            }
            for exercise in self.exercises
        }
        for shown in self.stored.values():
            for cell, values in shown.items():
                if not values:
                    raise ValueError(
                        f"{path}: hidden cell '{cell}' shows no value: "
                        "run the notebook first (python -m utils.notebooks run)"
                    )

    def fingerprint(self) -> str:
        """A hash of the whole notebook."""
        text = json.dumps(self.notebook, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def _exercise(self, name: str) -> Exercise:
        code = files.code_cells(self.notebook)
        own = [c for c in self.notebook.cells if files.grade(c).get("id") == name]

        def role(which: str) -> list[NotebookNode]:
            return [cell for cell in own if files.grade(cell).get("role") == which]

        answers, task = role("answer"), "\n".join(cell.source for cell in role("task"))
        if len(answers) != 1:
            raise ValueError(f"exercise {name}: {len(answers)} answer cells, not one")
        hidden = {c.id: files.grade(c).get("points", 0) for c in role("hidden")}
        run = [*role("check"), *role("hidden"), *answers]
        first, last = code.index(answers[0]), max(map(code.index, run))
        title = re.search(r"^#+\s*(.+)$", task, re.M)
        return Exercise(
            name=name,
            title=title[1] if title else name,
            points=sum(hidden.values()),
            answer=answers[0].id,
            solution=answers[0].source,
            checks=tuple(cell.id for cell in role("check")),
            hidden=hidden,
            stub=stub(answers[0].source, name),
            hints=tuple(self._hints(name)),
            before=tuple(c for c in code[:first] if not files.grade(c).get("role")),
            cells=tuple(
                c
                for c in code[first : last + 1]
                if c in run or not files.grade(c).get("role")
            ),
        )

    def _hints(self, name: str) -> list[str]:
        """The folded hints from the exercise's task to the next one."""
        text, inside = "", False
        for cell in self.notebook.cells:
            if files.grade(cell).get("role") == "task":
                inside = files.grade(cell).get("id") == name
            if inside and cell.cell_type == "markdown":
                text += cell.source + "\n"
        pattern = r"<summary>\s*Hint.*?</summary>(.*?)</details>"
        return [hint.strip() for hint in re.findall(pattern, text, re.S)]


def source_of(cell: NotebookNode) -> str:
    """A cell as it is run: an answer may have used these names for something else."""
    if files.grade(cell).get("role") and "utils.grading" not in cell.source:
        return f"from utils.grading import check, seed, value\n{cell.source}"
    return cell.source


def values_of(cell: Mapping[str, Any]) -> list[Any]:
    """The values among a cell's outputs."""
    data = [output.get("data", {}) for output in cell.get("outputs", [])]
    return [content[VALUE_MIME] for content in data if VALUE_MIME in content]
