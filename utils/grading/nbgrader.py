"""Cell metadata of nbgrader (schema version 3), out of a solution notebook and back.

Both systems know answers, tests, hidden tests and points. nbgrader calls a hidden test
passed if it raises nothing, so what `value` shows is compared there with values that
stand in the hidden test: see `utils.grading.compared`.
"""

from __future__ import annotations

import ast
import copy
import json
import re
from typing import Any

from nbformat import NotebookNode, from_dict
from nbformat.v4 import new_code_cell

from utils.grading.reference import values_of
from utils.notebooks.files import BEGIN, grade, graded

BEGIN_TESTS, END_TESTS = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"
COMPARED = "from utils.grading.compared import compared; compared("
DONE = "compared.done()"
SCHEMA = 3
NO_FORM = ("mutant", "explanation")  # roles that nbgrader would hand to students


def to_nbgrader(solution: NotebookNode) -> tuple[NotebookNode, list[str]]:
    """A source notebook for nbgrader, and what it lacks of the solution notebook.

    Raises ValueError where a hidden check shows no value: run the notebook first.
    """
    notebook = copy.deepcopy(solution)
    warnings: list[str] = []
    for kind in NO_FORM:
        if left := graded(notebook, kind):
            warnings.append(f"{kind}: no form in nbgrader, {len(left)} left out")
    notebook.cells = [c for c in notebook.cells if grade(c).get("role") not in NO_FORM]
    for cell in notebook.cells:
        role, name = grade(cell).get("role"), grade(cell).get("id")
        if role is None:
            continue
        own: dict[str, Any] = {"grade": role in ("check", "hidden")}
        own |= {"solution": role == "answer", "locked": role != "answer", "task": False}
        own |= {"grade_id": cell.id, "schema_version": SCHEMA}
        own["cell_type"] = cell.cell_type
        if own["grade"]:
            own["points"] = grade(cell).get("points", 0) if role == "hidden" else 0
        cell.metadata["nbgrader"] = from_dict(own)
        if role == "answer":
            if any(line.lstrip().startswith("# STUB: ") for line in _lines(cell)):
                warnings.append(f"{name}: nbgrader hands out its own stub, not ours")
            cell.source = _marked(cell.source, "###")
        elif role == "hidden":
            shown = values_of(cell)
            if not shown:
                raise ValueError(
                    f"hidden cell '{cell.id}' shows no value: run it first"
                )
            tolerance = cell.metadata.get("compare", {})
            expected = repr(json.dumps(shown))
            how = "".join(f", {key}={x!r}" for key, x in sorted(tolerance.items()))
            first = f"{COMPARED}{expected}{how})"
            cell.source = "\n".join(
                [BEGIN_TESTS, first, cell.source, DONE, END_TESTS],
            )
    return notebook, warnings


def from_nbgrader(source: NotebookNode) -> tuple[NotebookNode, list[str]]:
    """A solution notebook of an nbgrader source notebook, and what is left to do.

    Raises ValueError naming a cell whose metadata is no schema version 3.
    """
    notebook = copy.deepcopy(source)
    warnings: list[str] = []
    cells: list[NotebookNode] = []
    name: str | None = None  # the exercise
    before: NotebookNode | None = None  # the text above its answer
    for cell in notebook.cells:
        data = cell.metadata.pop("nbgrader", None)
        if data is None:
            before = cell if cell.cell_type == "markdown" else before
            cells.append(cell)
            continue
        made = _cells(cell, _valid(data, cell), name, warnings)
        for new in made:
            role = grade(new).get("role")
            if role == "answer":
                name = grade(new)["id"]
                if before is not None and not grade(before):
                    before.metadata["grade"] = from_dict({"id": name, "role": "task"})
                before = None
            elif new.cell_type == "markdown":
                before = new
        cells += made
    notebook.cells = cells
    for task in graded(notebook, "task"):
        own = grade(task)
        same = [c for c in graded(notebook, "hidden") if grade(c)["id"] == own["id"]]
        own.setdefault("points", sum(grade(c).get("points", 0) for c in same))
        lacking = [k for k in ("difficulty", "importance", "minutes") if k not in own]
        if lacking:
            warnings.append(f"{own['id']}: its task has no {', '.join(lacking)}")
    for answer in graded(notebook, "answer"):
        own = grade(answer)
        for role in ("task", "check", "hidden"):
            if not any(grade(c)["id"] == own["id"] for c in graded(notebook, role)):
                warnings.append(f"{own['id']}: no {role} cell")
    return notebook, warnings


def _valid(data: Any, cell: NotebookNode) -> dict[str, Any]:
    where = f"cell '{cell.source[:40]}'"
    if not isinstance(data, dict) or data.get("schema_version") != SCHEMA:
        raise ValueError(
            f"{where}: nbgrader's metadata is not of schema version {SCHEMA}; "
            "`nbgrader update` makes it so"
        )
    name, points = data.get("grade_id"), data.get("points", 0)
    if not isinstance(name, str) or not re.fullmatch(r"[\w-]{1,64}", name):
        raise ValueError(f"{where}: no grade_id of letters, digits, - and _")
    if isinstance(points, bool) or not isinstance(points, int | float) or points < 0:
        raise ValueError(f"{where}: points that are no number: {points!r}")
    return data


def _cells(
    cell: NotebookNode, data: dict[str, Any], name: str | None, warnings: list[str]
) -> list[NotebookNode]:
    """What becomes of one cell of nbgrader's, ``name`` being the exercise so far."""
    own, where = grade(cell), data["grade_id"]
    cell.id = where
    points = data.get("points", 0)
    code = cell.cell_type == "code"
    if data.get("task") or (data.get("solution") and not code):
        warnings.append(f"{where}: graded by hand ({points:g} points), left as text")
        return [cell]
    if data.get("solution"):
        if data.get("grade"):
            warnings.append(f"{where}: its {points:g} points by hand are left out")
        cell.source = _marked(cell.source, "#")
        if not any(BEGIN.match(line) for line in _lines(cell)):
            cell.source = f"# BEGIN SOLUTION\n{cell.source}\n# END SOLUTION"
        return [_role(cell, own, own.get("id", where), "answer")]
    if not data.get("grade"):
        return [cell]
    exercise = own.get("id", name)
    if exercise is None:
        warnings.append(f"{where}: a test before any answer, left as code")
        return [cell]
    visible, hidden = _parts(cell.source, where)
    made = []
    if visible.strip():
        check = cell if hidden is None else new_code_cell(visible, id=_new(where))
        made.append(_role(check, own if hidden is None else {}, exercise, "check"))
        if points and hidden is None:
            warnings.append(
                f"{where}: {points:g} points of a visible test are left out: "
                "points come from hidden checks"
            )
    if hidden is not None:
        cell.source = _values(hidden, where, warnings)
        made.append(_role(cell, own, exercise, "hidden", points=points))
    return made


def _role(
    cell: NotebookNode, own: dict, name: str, role: str, **more: Any
) -> NotebookNode:
    cell.metadata["grade"] = from_dict({**own, "id": name, "role": role, **more})
    return cell


def _new(name: str) -> str:
    return f"{name[:56]}-check"


def _lines(cell: NotebookNode) -> list[str]:
    return cell.source.split("\n")


def _marked(source: str, mark: str) -> str:
    """The source with solution marks that begin with ``mark``."""
    pattern = r"^(\s*)#+\s*(BEGIN|END) SOLUTION\s*$"
    return re.sub(pattern, rf"\1{mark} \2 SOLUTION", source, flags=re.M)


def _parts(source: str, where: str) -> tuple[str, str | None]:
    """What of a test students see, and what they don't (None: there is no such)."""
    visible: list[str] = []
    hidden: list[str] | None = None
    inside = False
    for line in source.split("\n"):
        if "BEGIN HIDDEN TESTS" in line:
            hidden, inside = hidden or [], True
        elif "END HIDDEN TESTS" in line:
            inside = False
        else:
            (hidden if inside and hidden is not None else visible).append(line)
    if inside:
        raise ValueError(f"test '{where}': BEGIN HIDDEN TESTS without an END")
    return "\n".join(visible), None if hidden is None else "\n".join(hidden)


def _values(hidden: str, where: str, warnings: list[str]) -> str:
    """A hidden test as a hidden check: it shows values where it asserted."""
    lines = hidden.split("\n")
    if lines[0].startswith(COMPARED) and lines[-1] == DONE:
        return "\n".join(lines[1:-1])
    try:
        tree = ast.parse(hidden)
    except SyntaxError:
        warnings.append(f"{where}: write its hidden test with value(…)")
        return hidden
    nodes = list(ast.walk(tree))
    asserts = [node for node in nodes if isinstance(node, ast.Assert)]
    for node in sorted(asserts, key=lambda node: -node.lineno):
        start, end = node.lineno - 1, node.end_lineno or node.lineno
        head = lines[start].encode()[: node.col_offset].decode()
        tail = lines[end - 1].encode()[node.end_col_offset :].decode().strip()
        if head.strip() or (tail and not tail.startswith("#")):
            warnings.append(f"{where}: an assert that shares its line is left as it is")
            continue
        shown = ast.unparse(_shown(node.test))
        lines[start:end] = [f"{head}value({ast.unparse(node.test)!r}, {shown})"]
    text = "\n".join(lines)
    if text != hidden:
        text = f"from utils.grading import value\n\n{text}"
    elif not any(isinstance(n, ast.Name) and n.id == "value" for n in nodes):
        warnings.append(f"{where}: its hidden test shows no value: write value(…)")
    return text


def _shown(test: ast.expr) -> ast.expr:
    """What of an assertion depends on the answer: of an equation, the left side."""
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        left, right = test.left, test.comparators[0]
        if isinstance(test.ops[0], ast.Eq):
            return right if isinstance(left, ast.Constant) else left
    return ast.Call(ast.Name("bool"), [test], [])
