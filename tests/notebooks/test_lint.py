"""Each rule finds what breaks it, and nothing in notebooks that keep to it."""

import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output, new_raw_cell

from utils.notebooks import lint
from utils.notebooks.__main__ import main

LESSON, SOLUTION, EXERCISE = (
    f"{folder}/01_double.ipynb" for folder in ("lessons", "solutions", "exercises")
)
PAGE = "book/results.ipynb"


def cell(notebook, name):
    return next(c for c in notebook.cells if c.id == name)


def show(**output):
    return lambda nb: cell(nb, "figure").outputs.append(new_output(**output))


def source(name, text):
    return lambda nb: cell(nb, name).update(source=text)


def add(new):
    return lambda nb: nb.cells.append(new)


def metadata(name, **data):
    return lambda nb: cell(nb, name).metadata.update(nbformat.from_dict(data))


def regrade(name, **data):
    return lambda nb: cell(nb, name).metadata.grade.update(data)


def renamed(other):
    return nbformat.from_dict({**other, "id": "second"})


def drop(name):
    return lambda nb: nb.cells.remove(cell(nb, name))


def stream(name, text):
    return show(output_type="stream", name=name, text=text)


LONG = "\n".join(f"x = {n}" for n in range(41))
WIDGET = {"application/vnd.jupyter.widget-view+json": {}}
ERROR = {"output_type": "error", "ename": "ValueError", "evalue": "", "traceback": []}
BARE = {"output_type": "display_data", "data": {"image/png": "eA=="}}
SOLVED = """doubled = []
  for x in xs:

    doubled.append(2 * x)  # twice
return doubled"""
SECRET = """x = 1
from utils.grading import value
value("other numbers", double([3, 5]))
value("none", double([]))"""
MUTANT = {"id": "double", "role": "mutant"}
RANDOM = "import torch\nvalue('x', double(torch.randn(3)))"

BREAKS = {
    "never run": (LESSON, lambda nb: cell(nb, "figure").update(execution_count=None)),
    "error": (LESSON, show(**ERROR), "shows an error: ValueError"),
    "stderr": (LESSON, stream("stderr", "!"), "stores stderr"),
    "widget": (LESSON, show(output_type="display_data", data=WIDGET), "widget view"),
    "kernelspec": (
        LESSON,
        lambda nb: nb.metadata.kernelspec.update(name="x"),
        "kernel",
    ),
    "language": (LESSON, lambda nb: nb.metadata.pop("language_info"), "language_info"),
    "more metadata": (LESSON, lambda nb: nb.metadata.update(widgets={}), "has widgets"),
    "a path": (LESSON, stream("stdout", "in /home/me/x.py"), "machine: /home/"),
    "another path": (LESSON, source("figure", "open(r'C:\\Users\\me')"), "machine"),
    "root": (LESSON, source("figure", "open('/root/x')"), "machine: /root/"),
    "set-up": (LESSON, source("setup", "import utils"), "'setup' is not the common"),
    "device": (LESSON, source("device", "USE_GPU = True"), "'device' is not the"),
    "no set-up of a page": (PAGE, drop("setup"), "'table' is not the common 'setup'"),
    "no set-up": (LESSON, drop("setup"), "'device' is not the common 'setup'"),
    "second title": (LESSON, add(new_markdown_cell("# B", id="b")), "level-one"),
    "no title": (LESSON, source("title", "## A"), "level-one headings in []"),
    "title later": (
        LESSON,
        lambda nb: nb.cells.reverse(),
        "expected one, in the first",
    ),
    "same id": (LESSON, add(new_markdown_cell("b", id="title")), "says nothing"),
    "random id": (LESSON, add(new_markdown_cell("b", id="0a1b2c3d")), "says nothing"),
    "long cell": (LESSON, source("figure", LONG), "has 41 lines"),
    "alt": (LESSON, show(**BARE), "alt text ''"),
    "short alt": (
        LESSON,
        show(**BARE, metadata={"image/png": {"alt": "a figure"}}),
        "alt text 'a figure'",
    ),
    "markdown alt": (LESSON, source("title", "# A\n\n![](x.png)"), "without alt text"),
    "html alt": (LESSON, source("title", '# A\n<img src="x">'), "without alt text"),
    "macro": (LESSON, source("title", "# A\n$\\newcommand{\\q}{q}$"), "a macro"),
    "exempt": (LESSON, source("figure", "# NBVAL_SKIP\nshow()"), "is exempt"),
    "exempt by tag": (LESSON, metadata("figure", tags=["nbval-skip"]), "is exempt"),
    "volatile": (LESSON, metadata("figure", execution={}), "volatile metadata"),
    "output": (EXERCISE, lambda nb: cell(nb, "setup").update(execution_count=1)),
    "hidden there": (
        EXERCISE,
        lambda nb: cell(nb, "check-double").metadata.grade.update(role="hidden"),
        "belongs to the solution",
    ),
    "stale": (SOLUTION, source("task", "Twice.<summary>Hint" * 3), "differs from what"),
    "answer leaks": (EXERCISE, source("double", SOLVED), "holds the answer 'double'"),
    "hidden leaks": (
        LESSON,
        source("figure", SECRET),
        "holds the hidden cell",
    ),
    "points": (SOLUTION, regrade("task", points=4), "give 3 points, the task says 4"),
    "minutes": (SOLUTION, lambda nb: cell(nb, "task").metadata.grade.pop("minutes")),
    "hints": (SOLUTION, source("task", "Double. <summary>Hint 1"), "1 hints, expected"),
    "no task": (SOLUTION, drop("task"), "0 task cells"),
    "two answers": (SOLUTION, lambda nb: nb.cells.append(renamed(cell(nb, "double")))),
    "no check": (SOLUTION, drop("check-double"), "no check"),
    "unseeded": (SOLUTION, source("hidden-double", RANDOM), "without a seed"),
    "code mutant": (
        SOLUTION,
        add(new_code_cell("x", id="m", metadata={"grade": MUTANT})),
        "is not a raw cell",
    ),
    "no id": (
        SOLUTION,
        add(new_raw_cell("x", id="m", metadata={"grade": {"role": "mutant"}})),
        "without id or role",
    ),
}
MESSAGES = {
    "never run": "1 cells not run in order, the first is 'figure'",
    "output": "cell 'setup' has outputs",
    "minutes": "task without minutes",
    "two answers": "2 answer cells",
}


def test_a_good_repository_has_no_problems(root):
    assert list(lint.problems(root)) == []
    assert main(["--root", str(root), "check"]) == 0


@pytest.mark.filterwarnings("ignore::nbformat.warnings.DuplicateCellId")
@pytest.mark.parametrize("name", BREAKS)
def test_each_rule_finds_what_breaks_it(name, root, edit, capsys):
    path, change, *message = BREAKS[name]
    edit(path, change)
    expected = message[0] if message else MESSAGES[name]
    found = list(lint.problems(root))
    assert any(expected in problem for problem in found), found
    assert all(re.match(r"[\w/.]+ipynb: ", problem) for problem in found)
    assert main(["--root", str(root), "check"]) == 1
    assert expected in capsys.readouterr().out


def test_a_missing_exercise_is_found(root):
    (root / EXERCISE).unlink()
    assert list(lint.problems(root)) == ["01_double.ipynb: no exercise of that name"]


def test_report(root, capsys):
    assert main(["--root", str(root), "report"]) == 0
    assert re.search(r"3 +4 +\d  lessons/01_double", capsys.readouterr().out)
