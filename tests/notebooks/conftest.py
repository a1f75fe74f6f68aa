"""A small repository with one lesson and one solution, right in every respect."""

import nbformat
import pytest
from nbformat.v4 import (
    new_code_cell,
    new_markdown_cell,
    new_notebook,
    new_output,
    new_raw_cell,
)

from utils.notebooks.files import normalise, write
from utils.notebooks.release import release
from utils.notebooks.repository import DEVICE, setup_source

HINTS = "\n".join(f"<details><summary>Hint {n}</summary>…</details>" for n in (1, 2, 3))
CONFIG = """\
repository:
  url: https://github.com/OWNER/course  # the one place
  branch: main
"""
ANSWER = """\
def double(xs):
    # BEGIN SOLUTION
    doubled = []
    for x in xs:
        doubled.append(2 * x)
    return doubled
    # END SOLUTION"""
CHECK = """\
from utils.grading import check

check("twice each", double([1, 2]), [2, 4], mistakes={
    "the squares": lambda got: got == [1, 4], "the same again": [1, 2]})"""
HIDDEN = """\
from utils.grading import value

value("other numbers", double([3, 5]))
value("none", double([]))"""


def graded(make, source, id, role, **more):
    metadata = {"grade": {"id": "double", "role": role, **more}}
    return make(source, id=id, metadata=metadata)


def solution(root):
    """The solution notebook, run."""
    task = {"points": 3, "difficulty": 1, "importance": 2, "minutes": 5}
    notebook = new_notebook(
        cells=[
            new_markdown_cell("# Solutions: doubling", id="title"),
            new_code_cell(setup_source(root), id="setup"),
            new_code_cell(DEVICE, id="device"),
            graded(new_markdown_cell, f"Double.\n\n{HINTS}", "task", "task", **task),
            graded(new_code_cell, ANSWER, "double", "answer"),
            graded(
                new_raw_cell,
                "return [x * x for x in xs]",
                "square",
                "mutant",
                name="squares",
                message="the squares",
            ),
            graded(
                new_raw_cell,
                "    return xs",
                "same",
                "mutant",
                message="the same again",
            ),
            graded(new_code_cell, CHECK, "check-double", "check"),
            graded(new_code_cell, HIDDEN, "hidden-double", "hidden", points=3),
            graded(new_markdown_cell, "Twice: why?", "why", "explanation"),
        ]
    )
    return normalise(notebook)


def lesson(root):
    """A lesson with a figure, run."""
    picture = new_output(
        "display_data",
        {"image/png": "eA==", "text/plain": "a"},
        metadata={"image/png": {"alt": "Two bars, the second twice as high."}},
    )
    notebook = new_notebook(
        cells=[
            new_markdown_cell("# Doubling\n\n```python\n# a comment\n```", id="title"),
            new_code_cell(setup_source(root), id="setup"),
            new_code_cell(DEVICE, id="device"),
            new_code_cell("show()", id="figure", outputs=[picture]),
        ]
    )
    return normalise(notebook)


def page(root):
    """A page of the book, run: nothing in it needs a device."""
    cells = [
        new_markdown_cell("# Results", id="title"),
        new_code_cell(setup_source(root), id="setup"),
        new_code_cell("show()", id="table"),
    ]
    return normalise(new_notebook(cells=cells))


@pytest.fixture
def root(tmp_path):
    (tmp_path / "_config.yml").write_text(CONFIG)
    for folder in ("lessons", "solutions", "book"):
        (tmp_path / folder).mkdir()
    write(page(tmp_path), tmp_path / "book" / "results.ipynb")
    write(lesson(tmp_path), tmp_path / "lessons" / "01_double.ipynb")
    write(solution(tmp_path), tmp_path / "solutions" / "01_double.ipynb")
    release(tmp_path)
    return tmp_path


@pytest.fixture
def edit(root):
    """Change a notebook of the small repository: edit(path, function of a notebook)."""

    def edit(path, change):
        notebook = nbformat.read(root / path, 4)
        change(notebook)
        # Not `write`: what is wrong here may be invalid as well.
        (root / path).write_text(nbformat.writes(notebook), "utf-8")

    return edit
