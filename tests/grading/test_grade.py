"""A class of right, wrong, broken and hostile submissions, graded in one batch."""

import copy
import csv
import json
import os
import subprocess
import sys
import time

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from utils.grading import sandbox
from utils.grading.__main__ import main
from utils.grading.engines import ENGINES, Limits, Run, environment
from utils.grading.grade import Grader, tasks
from utils.grading.handed_in import Submission
from utils.grading.reference import Reference
from utils.notebooks.execute import run
from utils.notebooks.files import read, write
from utils.notebooks.release import exercise

# One worker of pytest-xdist grades the class for all tests here.
pytestmark = pytest.mark.xdist_group("class")

HINTS = "".join(
    f"<details><summary>Hint {n}</summary>\n\nStep <{n}>\n</details>\n"
    for n in (1, 2, 3)
)
SETUP = """\
import math

from utils.grading import check, value"""
TOTAL = """\
def total(xs):
    # BEGIN SOLUTION
    result = 0.0
    for x in xs:
        result += x
    return result
    # END SOLUTION"""
MEAN = """\
def mean(xs):
    # BEGIN SOLUTION
    return sum(xs) / len(xs)
    # END SOLUTION"""
CHECK_TOTAL = """\
from utils.grading import check

check("the total", total([1.0, 2.0]), 3.0, mistakes={"the last is missing": 1.0})"""
CHECK_MEAN = """\
check("the mean", mean([1.0, 2.0]), 1.5)"""
HIDDEN_TOTAL = """\
from utils.grading import value

value("another total", total([0.5, 7.25, 11.5]))"""
HIDDEN_SIGNS = """\
from utils.grading import value

value("both signs", total([-1.5, 4.0]))"""
HIDDEN_MEAN = """\
value("another mean", mean([3.0, 4.5]))"""


def cell(make, source, id, name, role, **more):
    return make(source, id=id, metadata={"grade": {"id": name, "role": role, **more}})


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """A solution notebook of two exercises, 3 and 2 points, which needs no torch."""
    path = tmp_path_factory.mktemp("reference") / "solution.ipynb"
    cells = [
        new_markdown_cell("# Solutions: sums", id="title"),
        new_code_cell(SETUP, id="setup"),
        cell(new_markdown_cell, f"## Total\n{HINTS}", "task-1", "total", "task"),
        cell(new_code_cell, TOTAL, "answer-1", "total", "answer"),
        cell(new_code_cell, CHECK_TOTAL, "check-1", "total", "check"),
        cell(new_code_cell, HIDDEN_TOTAL, "hidden-1", "total", "hidden", points=2),
        cell(new_code_cell, HIDDEN_SIGNS, "hidden-2", "total", "hidden", points=1),
        cell(new_markdown_cell, f"## Mean\n{HINTS}", "task-2", "mean", "task"),
        cell(new_code_cell, MEAN, "answer-2", "mean", "answer"),
        cell(new_code_cell, CHECK_MEAN, "check-2", "mean", "check"),
        cell(new_code_cell, HIDDEN_MEAN, "hidden-3", "mean", "hidden", points=2),
    ]
    write(new_notebook(cells=cells), path)
    run(path)
    return path


NOT_WRITTEN = """\
def total(xs):
    raise NotImplementedError("exercise total is not written yet")"""
RIGHT = "def total(xs):\n    return math.fsum(xs)"
WRONG = "def total(xs):\n    return sum(xs[:-1])"
EMIT = """
from IPython.display import display
KIND = "application/vnd.inside-transformers.value+json"
"""
# Sources for the answer to "total": status, points of it.
ANSWERS = {
    "right": (RIGHT, "correct", 3),
    "wrong": (WRONG, "wrong", 0),
    "partly": ("def total(xs):\n    return sum(map(abs, xs))", "partly correct", 2),
    "near": ("def total(xs):\n    return sum(xs) * (1 + 1e-9) + 1e-9", "correct", 3),
    "prints_much": (f"print('debug ' * 99)\n{RIGHT}\nprint('more')", "correct", 3),
    "empty": ("# to do", "not attempted", 0),
    "stub_with_comment": (f"# how?\n\n{NOT_WRITTEN}", "not attempted", 0),
    "not_implemented": (
        "def total(xs):\n    x = 1\n    raise NotImplementedError",
        "not attempted",
        0,
    ),
    "syntax_error": ("def total(xs)\n    return 1", "syntax error", 0),
    "null_bytes": ("x = 1\0", "syntax error", 0),
    "deep": ("x = " + "-" * 90_000 + "1", "syntax error", 0),
    "raises": ("def total(xs):\n    return xs.total()", "error", 0),
    "raises_at_once": ("import no_such_module", "error", 0),
    "sys_exit": ("import sys\nsys.exit(0)", "error", 0),
    "input": ("def total(xs):\n    return float(input())", "error", 0),
    "endless": ("while True: pass", "out of time", 0),
    "endless_later": ("def total(xs):\n    while True: pass", "out of time", 0),
    "ignores_interrupts": (
        "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "while True:\n    try:\n        while True: pass\n"
        "    except BaseException: pass",
        "out of time",
        0,
    ),
    "os_exit": ("import os\nos._exit(0)", "kernel died", 0),
    "flood": (f"for _ in range(10**5): print('x' * 99)\n{RIGHT}", "error", 0),
    "endless_flood": ("while True: print('x' * 999)", "error or out of time", 0),
    "memory": ("x = []\nwhile True: x.append(b'x' * 10**7)", "error", 0),
    "big_print": ("print('x' * 60_000_000)\n" + RIGHT, "error or out of time", 0),
    "skip_marker": (f"# NBVAL_SKIP\n# NBVAL_IGNORE_OUTPUT\n{WRONG}", "wrong", 0),
    "exception_marker": (f"# NBVAL_RAISES_EXCEPTION\n{WRONG}", "wrong", 0),
    "cell_magic": (f"%%capture\n{WRONG}", "wrong", 0),
    "shell_magic": ("%%bash\nexit 0", "syntax error", 0),
    "own_names": (f"value, check = 1, 2\n{RIGHT}", "correct", 3),
    "redefines_check": (
        f"import utils.grading, utils.grading.check\n{WRONG}\n"
        "check = utils.grading.check = lambda *a, **k: print('✓ the total')",
        "wrong",
        0,
    ),
    "redefines_value": (
        f"import utils.grading\n{EMIT}{WRONG}\n"
        "value = utils.grading.value = lambda n, x: display("
        "{KIND: {'name': n, 'value': True}}, raw=True)",
        "wrong",
        0,
    ),
    "redefines_print": (
        f"import builtins\n{WRONG}\nbuiltins.print = print = lambda *a: None",
        "wrong",
        0,
    ),
    "always_equal": (
        "class Yes(float):\n    __eq__ = __ge__ = __le__ = lambda *a: True\n"
        "    __sub__ = __rsub__ = __abs__ = lambda *a: Yes(0)\n"
        "    __hash__ = float.__hash__\n"
        "def total(xs):\n    return Yes(0.25)",
        "wrong",
        0,
    ),
    "shows_values_itself": (
        f"{EMIT}{WRONG}\nfor n in ('another total', 'both signs'):\n"
        "    display({KIND: {'name': n, 'value': 19.25}}, raw=True)",
        "wrong",
        0,
    ),
    "rewrites_cells": (
        "def everything(lines):\n    return ['pass\\n']\n"
        "get_ipython().input_transformers_cleanup.append(everything)",
        "wrong",
        0,
    ),
    # Looks for the merged notebook and any stored output from where it stands up to
    # the temporary folder's root, and replays what it finds.
    "reads_the_reference": (
        """import pathlib, re
found = []
here = pathlib.Path.cwd()
for folder in (here, here.parent):
    for path in folder.rglob("*"):
        if path.is_file():
            found += re.findall(r"1[9]\\.25", path.read_text(errors="replace"))
print(sorted(here.iterdir()))
def total(xs):
    return float(found[0]) if found else -1.0""",
        "wrong",
        0,
    ),
    "reads_the_environment": (
        "import os\ndef total(xs):\n"
        "    return 19.25 if 'COURSE_SECRET' in os.environ else 0.5",
        "wrong",
        0,
    ),
    "forges_a_record": (
        f"""import json, os
record = dict(cell="hidden-1", passed=True, phase="call", ended=None, error="")
for line in (1, 2):
    os.write(line, (json.dumps(record) + "\\n").encode())
{WRONG}""",
        "wrong",
        0,
    ),
    "shows_hidden_inputs": (
        f"{RIGHT}\nright = total\ndef total(xs):\n"
        "    if len(xs) == 3:\n        raise ValueError(xs)\n    return right(xs)",
        "partly correct",
        1,
    ),
    "script_in_message": (
        "def total(xs):\n    raise ValueError('<script>alert(1)</script>\\u202e')",
        "error",
        0,
    ),
}


def submit(reference, answer=RIGHT):
    """The exercise notebook with this answer to "total" and a right one to "mean"."""
    notebook = exercise(read(reference))
    cells = {c.id: c for c in notebook.cells}
    cells["answer-1"].source = answer
    cells["answer-2"].source = "def mean(xs):\n    return sum(xs) / len(xs)"
    return notebook


def duplicated(notebook):
    extra, untouched = (
        copy.deepcopy(notebook.cells[3]),
        copy.deepcopy(notebook.cells[3]),
    )
    notebook.cells[3].source = WRONG
    untouched.source = NOT_WRITTEN
    notebook.cells += [extra, untouched]


def without_ids(notebook):
    for one in notebook.cells:
        one.metadata = {}
        one.pop("id")
    notebook.nbformat_minor = 4


def without_metadata(notebook):
    for one in notebook.cells:
        one.metadata = {}


def renamed(notebook):
    for number, one in enumerate(notebook.cells):
        one.id = f"cell-{number}"


def edited(notebook):
    for one in notebook.cells:
        if one.id.startswith("check"):
            one.source = "print('✓')"


def generous(notebook):
    edited(notebook)
    for one in notebook.cells:
        one.metadata = {**one.metadata, "tags": ["nbval-skip", "raises-exception"]}
        one.metadata["compare"] = {"rtol": 1e9, "atol": 1e9}
        if "grade" in one.metadata:
            one.metadata["grade"]["points"] = 300


# Changes of the whole notebook: the answer in it, status, points, note.
CHANGES = {
    "answer_deleted": (lambda nb: nb.cells.pop(3), RIGHT, "missing answer", 0),
    "checks_deleted": (lambda nb: nb.cells.pop(4), RIGHT, "correct", 3),
    "checks_edited": (edited, WRONG, "wrong", 0),
    "metadata_edited": (generous, WRONG, "wrong", 0),
    "bash_kernel": (
        lambda nb: nb.metadata.update(kernelspec={"name": "bash"}),
        RIGHT,
        "correct",
        3,
    ),
    "answer_twice": (duplicated, RIGHT, "correct", 3),
    "no_metadata": (without_metadata, RIGHT, "correct", 3),
    "new_ids": (renamed, RIGHT, "correct", 3),
}
# Files that are no notebook: status of every exercise "not a notebook".
FILES = {
    "bad_json": b"{",
    "empty_file": b"",
    "a_list": b"[]",
    "deep_json": b"[" * 200_000,
    "no_utf8": b"\xff\xfe\x00",
    "format_3": b'{"worksheets": []}',
    "huge": b'{"cells": [' + b" " * 50_000_000,
}


@pytest.fixture(scope="module", params=ENGINES)
def graded(request, reference, tmp_path_factory):
    """All submissions graded once: rows by student and exercise, folder, output."""
    if request.param == "fork" and sys.platform != "linux":
        pytest.skip("the fast engine needs Linux")
    folder = tmp_path_factory.mktemp("class")
    submissions, out = folder / "submissions", folder / "grades"
    submissions.mkdir()
    for name, (answer, *_) in ANSWERS.items():
        text = json.dumps(submit(reference, answer))
        (submissions / f"{name}.ipynb").write_text(text)
    for name, (change, answer, *_) in CHANGES.items():
        notebook = submit(reference, answer)
        change(notebook)
        (submissions / f"{name}.ipynb").write_text(json.dumps(notebook))
    notebook = submit(reference)
    without_ids(notebook)
    (submissions / "ids_stripped.ipynb").write_text(json.dumps(notebook))
    (submissions / "untouched.ipynb").write_text(json.dumps(exercise(read(reference))))
    for name, content in FILES.items():
        (submissions / f"{name}.ipynb").write_bytes(content)
    (submissions / "link.ipynb").symlink_to(reference)
    (submissions / "folder.ipynb").mkdir()
    (submissions / "notes.txt").write_text("not handed in")
    (submissions / "=cmd|x <b>\u202egpj.ipynb").write_text(
        json.dumps(submit(reference))
    )
    (submissions / "ann").mkdir()
    (submissions / "ann" / "solution.ipynb").write_text(json.dumps(submit(reference)))
    command = [sys.executable, "-m", "utils.grading", "grade", str(reference)]
    command += [str(submissions), "--out", str(out), "--jobs", "2"]
    command += ["--cell-timeout", "3", "--memory-gb", "0.5"]
    command += ["--engine", request.param]
    began = time.monotonic()
    secret = {**os.environ, "COURSE_SECRET": "1"}
    process = subprocess.run(
        command, capture_output=True, text=True, cwd=folder, env=secret
    )
    seconds = time.monotonic() - began
    assert process.returncode == 0, process.stdout + process.stderr
    with (out / "grades.csv").open(encoding="utf-8", newline="") as file:
        rows = {(row["student"], row["exercise"]): row for row in csv.DictReader(file)}
    print(f"{len(rows) // 2} submissions in {seconds:.0f} s")
    return rows, out, process.stdout


@pytest.mark.parametrize("name", ANSWERS)
def test_answers(graded, name):
    rows, *_ = graded
    _, status, points = ANSWERS[name]
    row = rows[name, "total"]
    assert row["points"] == str(points), row
    assert row["status"] in status.split(" or "), row
    # Whatever one answer does, the other exercise is graded on its own merit.
    assert rows[name, "mean"]["status"] == "correct", rows[name, "mean"]


@pytest.mark.parametrize("name", CHANGES)
def test_changed_notebooks(graded, name):
    rows, *_ = graded
    _, _, status, points = CHANGES[name]
    row = rows[name, "total"]
    assert (row["status"], row["points"]) == (status, str(points)), row
    assert rows[name, "mean"]["status"] == "correct"


@pytest.mark.parametrize("name", [*FILES, "link", "folder"])
def test_files_that_are_no_notebook(graded, name):
    rows, *_ = graded
    for exercise_name in ("total", "mean"):
        row = rows[name, exercise_name]
        assert (row["status"], row["points"]) == ("not a notebook", "0")
        assert row["note"]


def test_other_cases(graded):
    rows, _, output = graded
    assert rows["untouched", "total"]["status"] == "not attempted"
    assert rows["untouched", "mean"]["status"] == "not attempted"
    assert rows["ids_stripped", "total"]["status"] == "missing answer"
    assert rows["ann", "total"]["points"] == "3"
    assert "3 answer cells: the last was taken" in rows["answer_twice", "total"]["note"]
    assert "printed too much" in rows["flood", "total"]["note"]
    assert "used too much memory" in rows["memory", "total"]["note"]
    assert "line 1" in rows["syntax_error", "total"]["note"]
    assert "50 MB" in rows["huge", "total"]["note"]
    assert "left aside, not .ipynb" in output and "notes.txt" in output
    assert f"[{len(rows) // 2}/{len(rows) // 2}]" in output
    assert " s a submission" in output.splitlines()[-1]


def test_csv_and_pages_defuse_what_students_write(graded):
    rows, out, _ = graded
    assert ("'=cmd|x <b>⟨U+202E⟩gpj", "total") in rows
    pages = {path.name: path.read_text() for path in (out / "students").iterdir()}
    assert len(pages) == len(rows) // 2
    named = next(text for text in pages.values() if "=cmd" in text)
    assert "<b>" not in named and "=cmd|x &lt;b&gt;⟨U+202E⟩gpj" in named
    page = pages["script_in_message.html"]
    assert "<script" not in page
    assert "ValueError: &lt;script&gt;alert(1)&lt;/script&gt;⟨U+202E⟩" in page


def test_pages_say_what_failed_and_hide_what_is_hidden(graded):
    _, out, _ = graded
    page = (out / "students" / "wrong.html").read_text()
    assert "<h2>Exercises: sums</h2>\n<p>2 of 5 points" in page
    assert "the total: the last is missing" in page
    assert "Hint 3" in page and "Step &lt;3&gt;" in page
    assert "color-scheme" in page and "http:" not in page and "https:" not in page
    right = (out / "students" / "right.html").read_text()
    assert "5 of 5 points" in right and "Hint" not in right
    leaky = (out / "students" / "shows_hidden_inputs.html").read_text()
    assert "The visible checks pass, hidden ones on other inputs do not" in leaky
    for text in (path.read_text() for path in (out / "students").iterdir()):
        for secret in ("19.25", "7.25", "11.5", "3.75", "4.5", "another total"):
            assert secret not in text


@pytest.mark.parametrize(
    "source, message",
    [
        ("value('another mean', 9.0)", "the reference fails its own exercise 'mean'"),
        ("1 / 0", "the reference fails its own exercise 'mean'"),
    ],
)
def test_a_reference_that_fails_itself_grades_nobody(
    reference, tmp_path, capsys, source, message
):
    notebook = read(reference)
    next(c for c in notebook.cells if c.id == "hidden-3").source = source
    write(notebook, tmp_path / "changed.ipynb")
    (tmp_path / "s.ipynb").write_text(json.dumps(submit(reference)))
    arguments = ["grade", tmp_path / "changed.ipynb", tmp_path / "s.ipynb"]
    assert main([*map(str, arguments), "--out", str(tmp_path / "out")]) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out" / "grades.csv").exists()


@pytest.mark.parametrize(
    "name, message",
    [("exercise", "has no value"), ("missing", "missing.ipynb"), ("none", "no answer")],
)
def test_a_reference_that_is_none(reference, tmp_path, capsys, name, message):
    notebook = read(reference)
    for one in notebook.cells:
        if name == "none":
            one.metadata.pop("grade", None)
        if one.cell_type == "code":
            one.outputs = []
    if name != "missing":
        write(notebook, tmp_path / f"{name}.ipynb")
    arguments = ["grade", str(tmp_path / f"{name}.ipynb"), str(reference)]
    assert main([*arguments, "--out", str(tmp_path / "out")]) == 1
    expected = "shows no value" if message == "has no value" else message
    assert expected in capsys.readouterr().err


def graded_by(engine, reference, path, limits):
    """The verdicts on one submission, in the exercises' order."""
    own = ENGINES[engine](Reference(reference), limits, sandbox.probe())
    try:
        grader = Grader(own)
        found = tasks(Submission("ann", path), own.reference.exercises, "")
        return [grader.grade(task) for task in found]
    finally:
        own.close()


@pytest.mark.parametrize("engine", ENGINES)
def test_the_wall_limit_ends_a_run_and_names_who_used_it_up(
    reference, tmp_path, engine
):
    path = tmp_path / "slow.ipynb"
    path.write_text(json.dumps(submit(reference, "while True: pass")))
    limits = Limits(cell_timeout=60, wall=12)
    total, mean = graded_by(engine, reference, path, limits)
    assert (total.status, total.points) == ("out of time", 0)
    assert (mean.status, mean.points) == ("correct", 2)


@pytest.mark.parametrize("failures, status", [(1, "correct"), (9, "ungraded")])
def test_a_kernel_that_does_not_start_is_tried_again_and_costs_nobody_points(
    reference, tmp_path, monkeypatch, failures, status
):
    path = tmp_path / "ann.ipynb"
    path.write_text(json.dumps(submit(reference)))
    starts = []

    def broken(home, temporary):
        kept = environment(home, temporary)
        starts.append(home)
        if len(starts) <= failures:
            # The kernel imports this, the worker beside it does not.
            (home / "comm.py").write_text("raise OSError('address in use')")
            kept["PYTHONPATH"] = os.pathsep.join([str(home), kept["PYTHONPATH"]])
        return kept

    monkeypatch.setattr("utils.grading.engines.environment", broken)
    verdicts = graded_by("nbval", reference, path, Limits())
    assert [v.status for v in verdicts] == [status, status]
    if status == "ungraded":
        assert {v.points for v in verdicts} == {None}
        assert "the kernel did not start" in verdicts[0].note


def crash(*_, **__):
    raise RuntimeError("no more processes")


@pytest.mark.parametrize(
    "broken, note",
    [
        (lambda *_: Run(problem="the grader stopped"), "the grader stopped"),
        (lambda *_: Run(), "the run reported nothing"),
        (crash, "RuntimeError: no more processes"),
    ],
)
def test_what_the_grader_fails_at_is_ungraded_never_nought(
    reference, tmp_path, monkeypatch, capsys, broken, note
):
    (tmp_path / "ann.ipynb").write_text(json.dumps(submit(reference)))
    monkeypatch.setattr("utils.grading.grade.Grader.expected", lambda *_: {})
    monkeypatch.setattr("utils.grading.engines.Fork.run", broken)
    arguments = ["grade", str(reference), str(tmp_path / "ann.ipynb")]
    arguments += ["--engine", "fork"]
    assert main([*arguments, "--out", str(tmp_path / "out")]) == 3
    assert "2 ungraded" in capsys.readouterr().out
    with (tmp_path / "out" / "grades.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["status"], row["points"]) for row in rows] == [("ungraded", "")] * 2
    assert note in rows[0]["note"]
    assert "not graded yet" in (tmp_path / "out" / "students" / "ann.html").read_text()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_cell_of_the_references_own_that_fails_is_named(
    reference, tmp_path, capsys, engine
):
    notebook = read(reference)
    next(c for c in notebook.cells if c.id == "setup").source = "import no_such_module"
    write(notebook, tmp_path / "changed.ipynb")
    (tmp_path / "s.ipynb").write_text(json.dumps(submit(reference)))
    arguments = ["grade", tmp_path / "changed.ipynb", tmp_path / "s.ipynb"]
    arguments += ["--engine", engine, "--out", tmp_path / "out"]
    assert main([*map(str, arguments)]) == 1
    told = capsys.readouterr().err
    assert "the reference's own cell 'setup' failed: ModuleNotFoundError" in told
