"""nbgrader's cell metadata: out, back, and what neither system can give the other."""

import copy
import re

import pytest
from nbformat import from_dict
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from utils.grading.compared import compared
from utils.grading.nbgrader import from_nbgrader, to_nbgrader
from utils.notebooks.files import ROOT, grade, graded, notebooks, read
from utils.notebooks.prove import attempt, prove

FLAGS = ("grade", "solution", "locked", "task")


def faults(notebook):
    """What breaks nbgrader's rules on cell metadata, version 3, in our own words."""
    found, ids = [], []
    for cell in notebook.cells:
        data = cell.metadata.get("nbgrader")
        if data is None:
            if "BEGIN SOLUTION" in cell.source or "HIDDEN TESTS" in cell.source:
                found.append(f"{cell.id}: a region outside nbgrader's cells")
            continue
        known = {*FLAGS, "grade_id", "schema_version", "points", "cell_type"}
        if set(data) - known - {"checksum"}:
            found.append(f"{cell.id}: unknown keys")
        if data["schema_version"] != 3 or any(type(data[f]) is not bool for f in FLAGS):
            found.append(f"{cell.id}: flags or version")
        if data["cell_type"] != cell.cell_type:
            found.append(f"{cell.id}: type of the cell")
        if not re.fullmatch(r"[A-Za-z0-9_-]+", data["grade_id"]):
            found.append(f"{cell.id}: grade_id")
        if data["grade"] != ("points" in data) or data.get("points", 0) < 0:
            found.append(f"{cell.id}: points")
        if data["solution"] and data["locked"]:
            found.append(f"{cell.id}: a locked solution")
        if cell.cell_type == "markdown" and data["grade"] and not data["solution"]:
            found.append(f"{cell.id}: a test that is text")
        for what, flag in (("SOLUTION", "solution"), ("HIDDEN TESTS", "grade")):
            begins = len(re.findall(rf"BEGIN {what}", cell.source))
            if begins != len(re.findall(rf"END {what}", cell.source)):
                found.append(f"{cell.id}: {what} not closed")
            if begins and not data[flag]:
                found.append(f"{cell.id}: {what} in another cell")
        ids.append(data["grade_id"])
    return found + [f"{name} twice" for name in set(ids) if ids.count(name) > 1]


def without(solution):
    kept = copy.deepcopy(solution)
    kept.cells = [
        c for c in kept.cells if grade(c).get("role") not in ("mutant", "explanation")
    ]
    return kept


def run(notebook, replaced=None):
    """Run all code cells as nbgrader would, in one namespace; the cells that raise."""
    namespace, failed = {"__name__": "__main__"}, []
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        try:
            exec((replaced or {}).get(cell.id, cell.source), namespace)
        except Exception:
            failed.append(cell.id)
    return failed


@pytest.fixture
def solution():
    answer = """\
def double(xs):
    # BEGIN SOLUTION
    # STUB: return ...
    return [2.0 * x for x in xs]
    # END SOLUTION"""
    hidden = """\
from utils.grading import value

value("others", double([3, 5]))
value("none", double([]))"""
    shown = [
        {"name": "others", "value": {"shape": [2], "data": [6.0, 10.0]}},
        {"name": "none", "value": []},
    ]
    mime = "application/vnd.inside-transformers.value+json"
    outputs = [
        {"output_type": "display_data", "data": {mime: x}, "metadata": {}}
        for x in shown
    ]
    task = {"points": 3, "difficulty": 1, "importance": 2, "minutes": 5}

    def part(make, source, name, role, **more):
        own = {"id": "double", "role": role, **more}
        return make(source, id=name, metadata={"grade": own})

    cells = [
        new_markdown_cell("# Solutions", id="title"),
        part(new_markdown_cell, "Double.", "task", "task", **task),
        part(new_code_cell, answer, "answer", "answer"),
        part(new_code_cell, "assert double([1]) == [2]", "seen", "check"),
        part(new_code_cell, hidden, "unseen", "hidden", points=3),
        part(new_markdown_cell, "Because.", "why", "explanation"),
    ]
    notebook = new_notebook(cells=cells)
    notebook.cells[4].outputs = [from_dict(output) for output in outputs]
    return notebook


def test_round_trip(solution):
    source, warnings = to_nbgrader(solution)
    assert faults(source) == []
    assert warnings == [
        "explanation: no form in nbgrader, 1 left out",
        "double: nbgrader hands out its own stub, not ours",
    ]
    back, left = from_nbgrader(source)
    assert back == without(solution) and left == []
    assert source.cells[2].source.count("### BEGIN SOLUTION") == 1
    assert [c.metadata.nbgrader.get("points") for c in source.cells[3:]] == [0, 3]


@pytest.mark.parametrize(
    "path", notebooks(ROOT / "solutions"), ids=lambda path: path.stem
)
def test_the_courses_own(path):
    solution = read(path)
    source, _ = to_nbgrader(solution)
    assert faults(source) == []
    assert not graded(source, "mutant") and not graded(source, "explanation")
    back, left = from_nbgrader(source)
    assert back == without(solution)
    assert left == []


def test_hidden_tests_pass_and_fail(solution):
    source, _ = to_nbgrader(solution)
    assert run(source) == []
    for wrong in ("[x * x for x in xs]", "None", "[2.1 * x for x in xs]"):
        failed = run(source, {"answer": f"def double(xs):\n    return {wrong}"})
        assert "unseen" in failed
    near = {"answer": "def double(xs):\n    return [2.0000001 * x for x in xs]"}
    assert "unseen" not in run(source, near)
    silent = source.cells[4].source.replace('value("none"', '("none"')
    assert run(source, {"unseen": silent}) == ["unseen"]
    again = source.cells[4].source + '\nvalue("none", double([]))'
    more = again.replace("compared.done()", 'value("third", 1)\ncompared.done()')
    assert run(source, {"unseen": more}) == ["unseen"]


def test_nothing_stays_patched(solution):
    from IPython import display

    compared.stop()
    real = display.display
    source, _ = to_nbgrader(solution)
    run(source)
    assert display.display is real


def test_a_hidden_check_that_was_not_run(solution):
    solution.cells[4].outputs = []
    with pytest.raises(ValueError, match="'unseen' shows no value"):
        to_nbgrader(solution)


def foreign(source, name, kind="code", **flags):
    data = {"grade": False, "solution": False, "locked": False, "task": False}
    data |= {"schema_version": 3, "grade_id": name, **flags}
    make = new_code_cell if kind == "code" else new_markdown_cell
    return make(source, metadata={"nbgrader": data})


def test_a_notebook_of_nbgraders_own():
    test = """\
assert squares(2) == [1, 4]
### BEGIN HIDDEN TESTS
for n in range(3):
    assert squares(n) == [i * i for i in range(1, n + 1)], "wrong"
assert len(squares(9)) > 5
assert 4 == squares(2)[1]  # a comment
### END HIDDEN TESTS"""
    solved = "def squares(n):\n    return [i * i for i in range(1, n + 1)]"
    by_hand = {"grade": True, "solution": True, "points": 5}
    source = new_notebook(
        cells=[
            new_markdown_cell("Write squares."),
            foreign(solved, "squares", solution=True),
            foreign(test, "test_squares", grade=True, locked=True, points=2),
            foreign("assert squares(0) == []", "seen", grade=True, points=1),
            foreign("Why?", "essay", "markdown", **by_hand),
            foreign("Read only.", "note", "markdown", locked=True),
        ]
    )
    notebook, warnings = from_nbgrader(source)
    roles = [grade(cell).get("role") for cell in notebook.cells]
    assert roles == ["task", "answer", "check", "hidden", "check", None, None]
    assert {grade(c)["id"] for c in notebook.cells[:5]} == {"squares"}
    assert grade(notebook.cells[0])["points"] == grade(notebook.cells[3])["points"] == 2
    assert notebook.cells[1].source.startswith("# BEGIN SOLUTION\ndef squares")
    hidden = notebook.cells[3].source
    name = "squares(n) == [i * i for i in range(1, n + 1)]"
    assert f"    value({name!r}, squares(n))" in hidden
    assert "bool(len(squares(9)) > 5))" in hidden and "squares(2)[1])" in hidden
    outcome = attempt(notebook, "squares", solved)
    assert outcome.error is None
    assert [v["value"] for v in outcome.values["test_squares"][-2:]] == [True, 4]
    for part in (
        "seen: 1 points of a visible",
        "essay: graded by hand (5",
        "difficulty",
    ):
        assert any(part in warning for warning in warnings), part
    assert "squares: 0 mutants, at least two are needed" in prove(notebook)


@pytest.mark.parametrize(
    ("tests", "part"),
    [
        ("np.testing.assert_allclose(f(1), 2)", "shows no value"),
        ("assert f(1) == 2; print()", "shares its line"),
        ("%timeit f(1)", "write its hidden test with value"),
    ],
)
def test_what_cannot_be_carried_over_is_named(tests, part):
    hidden = f"### BEGIN HIDDEN TESTS\n{tests}\n### END HIDDEN TESTS"
    source = new_notebook(
        cells=[
            foreign("def f(x): return 2", "f", solution=True),
            foreign(hidden, "t", grade=True, points=1),
        ]
    )
    notebook, warnings = from_nbgrader(source)
    assert any(part in warning for warning in warnings)
    assert tests in notebook.cells[1].source


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema_version": 2}, "schema version 3"),
        ({"grade_id": "a b"}, "no grade_id"),
        ({"grade_id": ["x"]}, "no grade_id"),
        ({"points": "many"}, "points that are no number"),
        ({"points": -1}, "points that are no number"),
    ],
)
def test_bad_metadata(change, message):
    source = new_notebook(cells=[foreign("x = 1", "x", grade=True)])
    source.cells[0].metadata.nbgrader.update(change)
    with pytest.raises(ValueError, match=message):
        from_nbgrader(source)


def test_a_region_that_is_not_closed():
    cells = [foreign("f = 1", "f", solution=True)]
    cells.append(foreign("### BEGIN HIDDEN TESTS", "t", grade=True, points=1))
    with pytest.raises(ValueError, match="'t': BEGIN HIDDEN TESTS without an END"):
        from_nbgrader(new_notebook(cells=cells))
