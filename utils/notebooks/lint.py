"""What every notebook of the course keeps to, as functions that list the problems."""

from __future__ import annotations

import json
import re
import statistics
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from nbformat import NotebookNode

from utils.notebooks.files import (
    METADATA,
    VOLATILE,
    WIDGET_VIEW,
    code_cells,
    grade,
    graded,
    read,
)
from utils.notebooks.release import DROPPED, exercise
from utils.notebooks.repository import DEVICE, setup_source

FOLDERS = ("lessons", "exercises", "solutions", "book")
LONGEST_CELL = 40
SHORTEST_ALT = 20
MACHINE = re.compile(
    r"(?<![\w/.:~-])/(?:home|root|tmp|work|Users)/|[A-Za-z]:\\+Users\b"
)
MACRO = re.compile(r"\\(?:newcommand|renewcommand|def|let|DeclareMathOperator)\b")
IMAGE = re.compile(r"!\[([^\]]*)\]\(|<img\b([^>]*)>")
H1 = re.compile(r"^# ", re.M)
FENCE = re.compile(r"^(```|~~~).*?^\1", re.M | re.S)
EXEMPT = re.compile(
    r"nbval[-_](?:ignore[-_]output|skip|check[-_]output)|pytest_validate", re.I
)
RANDOM = re.compile(
    r"torch\.(?:rand|randn|randint|randperm|normal|bernoulli)\b|random\."
)
SEEDED = re.compile(r"manual_seed|default_rng|RandomState|\.seed\(|seed_everything")


def problems(root: str | Path) -> Iterator[str]:
    """All problems of the notebooks under ``root``, but for the proofs of checks."""
    root = Path(root)
    setup = setup_source(root)
    for folder in FOLDERS:
        for path in sorted((root / folder).glob("*.ipynb")):
            for problem in notebook_problems(read(path), folder, setup):
                yield f"{folder}/{path.name}: {problem}"
    yield from released(root)
    yield from leaks(root)


def notebook_problems(notebook: NotebookNode, folder: str, setup: str) -> Iterator[str]:
    """Problems of one notebook that is to stand in ``folder``."""
    first = {"setup": setup} if folder == "book" else {"setup": setup, "device": DEVICE}
    yield from form(notebook, first)
    yield from (cleared if folder == "exercises" else stored)(notebook)
    yield from machine_paths(notebook)
    yield from pictures(notebook)
    if folder == "solutions":
        yield from grading(notebook)


def form(notebook: NotebookNode, first: dict[str, str]) -> Iterator[str]:
    """Metadata, title, first cells, ids, lengths, macros.

    Args:
        first: the source that each of the first code cells must have, by its id.
    """
    for key, expected in METADATA.items():
        if notebook.metadata.get(key) != expected:
            yield f"metadata {key} is {notebook.metadata.get(key)}, not {expected}"
    for key in notebook.metadata.keys() - METADATA.keys():
        yield f"metadata has {key}, which is stripped on storing"
    titles = [
        cell.id
        for cell in notebook.cells
        if cell.cell_type == "markdown"
        for _ in H1.findall(FENCE.sub("", cell.source))
    ]
    if titles != [notebook.cells[0].id]:
        yield f"level-one headings in {titles}, expected one, in the first cell"
    cells = [(cell.id, cell.source) for cell in code_cells(notebook)]
    for place, common in enumerate(first.items()):
        found = cells[place] if place < len(cells) else ("none", "")
        if found != common:
            yield f"code cell '{found[0]}' is not the common '{common[0]}' cell"
    for name in [cell.id for cell in notebook.cells]:
        # What editors make up, and nbformat for the second of two equal ids on reading.
        if re.fullmatch(r"(?=.*\d)[0-9a-f]{8}|[0-9a-f]{8}-[0-9a-f-]{27}", name):
            yield f"cell id '{name}' says nothing to a reader"
    for cell in notebook.cells:
        lines = cell.source.count("\n") + 1
        if cell.cell_type == "code" and lines > LONGEST_CELL:
            yield f"cell '{cell.id}' has {lines} lines, at most {LONGEST_CELL}"
        if cell.cell_type == "markdown" and (macro := MACRO.search(cell.source)):
            yield f"cell '{cell.id}' defines a macro: {macro[0]}"
        tags = " ".join(cell.metadata.get("tags", []))
        comments = "\n".join(re.findall(r"#.*", cell.source))
        if cell.cell_type == "code" and EXEMPT.search(f"{tags}\n{comments}"):
            yield f"cell '{cell.id}' is exempt from comparison"
        for key in VOLATILE:
            if key in cell.metadata:
                yield f"cell '{cell.id}' has volatile metadata: {key}"


def stored(notebook: NotebookNode) -> Iterator[str]:
    """Every code cell run in order, without error, noise or widget state."""
    cells = code_cells(notebook)
    unrun = [
        cell for number, cell in enumerate(cells, 1) if cell.execution_count != number
    ]
    if unrun:
        yield f"{len(unrun)} cells not run in order, the first is '{unrun[0].id}'"
    for cell in cells:
        for output in cell.outputs:
            if output.output_type == "error":
                if "raises-exception" not in cell.metadata.get("tags", []):
                    yield f"cell '{cell.id}' shows an error: {output.ename}"
            elif output.output_type == "stream":
                if output.name == "stderr":
                    yield f"cell '{cell.id}' stores stderr"
            elif WIDGET_VIEW in output.data:
                yield f"cell '{cell.id}' stores a widget view"


def cleared(notebook: NotebookNode) -> Iterator[str]:
    """No outputs, no counts, nothing that belongs to the solution."""
    for cell in notebook.cells:
        if cell.cell_type == "code" and (cell.outputs or cell.execution_count):
            yield f"cell '{cell.id}' has outputs"
        if grade(cell).get("role") in DROPPED or "message" in grade(cell):
            yield f"cell '{cell.id}' belongs to the solution"


def machine_paths(notebook: NotebookNode) -> Iterator[str]:
    """No path of the machine that a notebook was run on."""
    for cell in notebook.cells:
        texts = [cell.source]
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            texts += [output.get("text", ""), output.get("evalue", "")]
            texts += [
                content if isinstance(content, str) else json.dumps(content)
                for mime, content in data.items()
                if not mime.startswith("image/")
            ]
        if found := MACHINE.search("\n".join(texts)):
            yield f"cell '{cell.id}' names a path of this machine: {found[0]}"


def pictures(notebook: NotebookNode) -> Iterator[str]:
    """A text for every picture, for those who cannot see it."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            for mime in output.get("data", {}):
                alt = output.get("metadata", {}).get(mime, {}).get("alt", "")
                if mime.startswith("image/") and len(alt.strip()) < SHORTEST_ALT:
                    yield f"cell '{cell.id}' shows a picture with alt text {alt!r}"
        if cell.cell_type == "markdown":
            for alt, attributes in IMAGE.findall(cell.source):
                given = re.search(r'alt="([^"]+)"', attributes)
                if not (alt.strip() or given):
                    yield f"cell '{cell.id}' shows a picture without alt text"


def grading(notebook: NotebookNode) -> Iterator[str]:
    """Each exercise of a solution notebook is complete, its points add up."""
    roles: dict[str, Counter] = {}
    for cell in notebook.cells:
        if grade(cell):
            name, role = grade(cell).get("id"), grade(cell).get("role")
            if not name or not role:
                yield f"cell '{cell.id}' has grade metadata without id or role"
                continue
            roles.setdefault(name, Counter())[role] += 1
            if role == "mutant" and cell.cell_type != "raw":
                yield f"mutant '{cell.id}' is not a raw cell"
            if role in ("check", "hidden") and (
                RANDOM.search(cell.source) and not SEEDED.search(cell.source)
            ):
                yield f"cell '{cell.id}' draws random numbers without a seed"
    for name, count in roles.items():
        for role in ("task", "answer"):
            if count[role] != 1:
                yield f"exercise {name}: {count[role]} {role} cells, expected one"
        if not count["check"]:
            yield f"exercise {name}: no check"
    for task in graded(notebook, "task"):
        name = grade(task).get("id")
        for key in ("points", "difficulty", "importance", "minutes"):
            if not isinstance(grade(task).get(key), int | float):
                yield f"exercise {name}: task without {key}"
        hidden = sum(
            grade(cell).get("points", 0)
            for cell in graded(notebook, "hidden")
            if grade(cell).get("id") == name
        )
        if hidden != grade(task).get("points"):
            yield (
                f"exercise {name}: hidden checks give {hidden} points, "
                f"the task says {grade(task).get('points')}"
            )
        if (hints := _hints(notebook, task)) < 3:
            yield f"exercise {name}: {hints} hints, expected three"


def released(root: Path) -> Iterator[str]:
    """Exercises equal those that their solutions give."""
    solutions = {path.name for path in (root / "solutions").glob("*.ipynb")}
    exercises = {path.name for path in (root / "exercises").glob("*.ipynb")}
    for name in sorted(solutions ^ exercises):
        where = "no exercise" if name in solutions else "no solution"
        yield f"{name}: {where} of that name"
    for name in sorted(solutions & exercises):
        made = exercise(read(root / "solutions" / name))
        if made != read(root / "exercises" / name):
            yield f"exercises/{name}: differs from what release makes of the solution"


def leaks(root: Path) -> Iterator[str]:
    """No answer in an exercise, no hidden check or mutant in an exercise or lesson."""
    from utils.notebooks.prove import solution_blocks

    secrets: list[tuple[str, bool, list[str]]] = []
    for path in sorted((root / "solutions").glob("*.ipynb")):
        notebook = read(path)
        for cell in graded(notebook, "answer"):
            for block in solution_blocks(cell.source):
                secrets.append((f"the answer '{cell.id}'", False, _normal(block)))
        for role in ("hidden", "mutant"):
            for cell in graded(notebook, role):
                lines = _normal(cell.source.split("\n"))
                secrets.append((f"the {role} cell '{cell.id}'", True, lines))
    for folder in ("exercises", "lessons"):
        for path in sorted((root / folder).glob("*.ipynb")):
            lines = [
                line
                for cell in read(path).cells
                for line in _normal(cell.source.split("\n"))
            ]
            for what, everywhere, secret in secrets:
                if folder == "lessons" and not everywhere:
                    continue
                if len(secret) >= 3 and _contains(lines, secret):
                    yield f"{folder}/{path.name}: holds {what}"


def report(paths: Iterable[Path]) -> Iterator[str]:
    """One line a notebook: words, code cells, their median and longest."""
    yield f"{'words':>6} {'cells':>6} {'median':>6} {'longest':>7}"
    for path in paths:
        notebook = read(path)
        prose = [c.source for c in notebook.cells if c.cell_type == "markdown"]
        lengths = [c.source.count("\n") + 1 for c in code_cells(notebook)] or [0]
        words = len(" ".join(prose).split())
        median = f"{statistics.median(lengths):g}"
        yield (
            f"{words:6} {len(lengths):6} {median:>6} {max(lengths):7}"
            f"  {path.parent.name}/{path.name}"
        )


def _hints(notebook: NotebookNode, task: NotebookNode) -> int:
    """How many folded hints stand from ``task`` to the next one."""
    found = 0
    start = notebook.cells.index(task)
    for cell in notebook.cells[start:]:
        if cell is not task and grade(cell).get("role") == "task":
            break
        found += len(re.findall(r"<summary>\s*Hint", cell.source))
    return found


def _normal(lines: Iterable[str]) -> list[str]:
    """Lines without indentation, comments, blank lines."""
    stripped = (re.sub(r"\s+#.*$", "", line).strip() for line in lines)
    return [line for line in stripped if line and not line.startswith("#")]


def _contains(lines: list[str], part: list[str]) -> bool:
    size = len(part)
    return any(lines[i : i + size] == part for i in range(len(lines) - size + 1))
