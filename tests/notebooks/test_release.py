"""Running, storing, releasing, the repository's address, the proof of checks."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from utils.notebooks import repository
from utils.notebooks.__main__ import main
from utils.notebooks.execute import NotebookFailed, run
from utils.notebooks.files import code_cells, read, write
from utils.notebooks.prove import prove
from utils.notebooks.release import release, stub

EXERCISE, SOLUTION = "exercises/01_double.ipynb", "solutions/01_double.ipynb"


def cell(notebook, name):
    return next(c for c in notebook.cells if c.id == name)


def make(path, *sources, **metadata):
    cells = [new_code_cell(s, id=f"c-{i}", **metadata) for i, s in enumerate(sources)]
    write(new_notebook(cells=cells), path)
    return path


def test_run_stores_the_same_file_twice(tmp_path):
    path = make(
        tmp_path / "a.ipynb",
        "import sys, os\nprint(1)\nprint('!', file=sys.stderr)\nprint(2)",
        "os.path.basename(os.getcwd())",
        "display({'application/vnd.jupyter.widget-view+json': {}}, raw=True)",
    )
    run(path)
    first = path.read_bytes()
    run(path)
    assert path.read_bytes() == first
    assert first.endswith(b"}\n")
    one, two, three = code_cells(read(path))
    assert [c.execution_count for c in (one, two, three)] == [1, 2, 3]
    (output,) = one.outputs
    assert (output.name, output.text) == ("stdout", "1\n2\n")
    assert two.outputs[0].data["text/plain"] == repr(tmp_path.name)
    assert three.outputs == []


@pytest.mark.parametrize(
    "source, message",
    [
        ("1 / 0", "cell 'c-1' failed\n[\\s\\S]*ZeroDivisionError"),
        ("while True: pass", "cell 'c-1' failed: .*timed out"),
        ("import os; os._exit(1)", "cell 'c-1' failed: .*died"),
    ],
)
def test_a_failing_notebook_is_named_and_left_as_it_was(tmp_path, source, message):
    path = make(tmp_path / "bad.ipynb", "1", source, "2")
    before = path.read_bytes()
    with pytest.raises(NotebookFailed, match=f"bad.ipynb: {message}"):
        run(path, timeout=2)
    assert path.read_bytes() == before


def test_a_cell_may_raise_where_its_tag_says_so(tmp_path):
    path = make(tmp_path / "a.ipynb", "1 / 0", metadata={"tags": ["raises-exception"]})
    run(path)
    (output,) = read(path).cells[0].outputs
    assert output.traceback == ["ZeroDivisionError: division by zero"]


def test_command_line_says_what_is_wrong(tmp_path, capsys):
    (tmp_path / "no.ipynb").write_text("[")
    assert main(["run", str(tmp_path / "missing.ipynb")]) == 1
    assert main(["run", str(tmp_path / "no.ipynb")]) == 1
    error = capsys.readouterr().err
    assert "no notebook or folder at" in error
    assert "no.ipynb is not a notebook" in error


def test_release(root):
    exercise = read(root / EXERCISE)
    ids = [c.id for c in exercise.cells]
    assert ids == ["title", "setup", "device", "task", "double", "check-double"]
    assert exercise.cells[0].source == "# Exercises: doubling"
    assert cell(exercise, "double").source == (
        "def double(xs):\n"
        '    raise NotImplementedError("exercise double is not written yet")'
    )
    assert all(not c.outputs and not c.execution_count for c in code_cells(exercise))
    assert cell(exercise, "task").metadata.grade.points == 3


def test_release_removes_an_exercise_without_solution(root):
    (root / SOLUTION).unlink()
    release(root)
    assert not (root / EXERCISE).exists()


def test_own_stub():
    source = "# BEGIN SOLUTION\n# STUB: answer = ...\nanswer = 3\n# END SOLUTION\nx = 1"
    assert stub(source, "a") == "answer = ...\nx = 1"


def test_release_names_the_answer_whose_stub_is_outside(root, capsys):
    notebook, before = read(root / SOLUTION), (root / EXERCISE).read_bytes()
    answer = cell(notebook, "double")
    answer.source = f"# STUB: double = ...\n{answer.source}"
    write(notebook, root / SOLUTION)
    assert main(["--root", str(root), "release"]) == 1
    error = "01_double.ipynb, answer double: a # STUB: outside its solution block"
    assert error in capsys.readouterr().err
    assert (root / EXERCISE).read_bytes() == before


@pytest.mark.parametrize(
    "source",
    [
        "x = 1",
        "# BEGIN SOLUTION\nx = 1",
        "# END SOLUTION",
        "# BEGIN SOLUTION\n" * 2,
        "# STUB: x = None\n# BEGIN SOLUTION\nx = 1\n# END SOLUTION",
        "# BEGIN SOLUTION\nx = 1\n# END SOLUTION\n  # STUB:x = None",
    ],
)
def test_an_answer_without_a_whole_block_is_an_error(source):
    with pytest.raises(ValueError, match="answer a: "):
        stub(source, "a")


def test_write_repository(root, capsys):
    (root / "README.md").write_text(
        "[book](https://OWNER.github.io/course/a.html) git clone "
        "https://github.com/OWNER/course.git and not OWNER/course-data\n"
        "https://colab.research.google.com/github/OWNER/course/blob/main/x.ipynb"
    )
    url = "https://github.com/me/my.fork"
    assert main(["--root", str(root), "repository", url]) == 0
    assert (root / "README.md").read_text() == (
        "[book](https://me.github.io/my.fork/a.html) git clone "
        "https://github.com/me/my.fork.git and not OWNER/course-data\n"
        "https://colab.research.google.com/github/me/my.fork/blob/main/x.ipynb"
    )
    assert repository.repository(root) == (url, "main")
    assert "# the one place" in (root / "_config.yml").read_text()
    assert f"git+{url}@main" in (root / EXERCISE).read_text()
    assert main(["--root", str(root), "check"]) == 0
    assert "README.md" in capsys.readouterr().out
    assert repository.write_repository(root, url) == []


@pytest.mark.parametrize(
    "text",
    [
        "https://github.com/other/course/issues",
        "https://colab.research.google.com/github/other/thing/blob/main/a.ipynb",
        "pip install git+https://github.com/other/thing@main",
    ],
)
def test_a_second_address_is_found(root, text):
    assert repository.disagreements(root) == []
    (root / "README.md").write_text(text)
    (problem,) = repository.disagreements(root)
    assert problem.startswith("README.md: other/")


@pytest.mark.parametrize(
    "url", ["me/x", "https://gitlab.com/me/x", "https://github.com/x"]
)
def test_an_address_that_is_none(root, url, capsys):
    assert main(["--root", str(root), "repository", url]) == 1
    assert "must be https://github.com/OWNER/NAME" in capsys.readouterr().err


def source(name, text):
    return lambda nb: cell(nb, name).update(source=text)


def test_proof_of_good_checks(root, capsys):
    assert main(["--root", str(root), "prove"]) == 0
    assert capsys.readouterr().out == "01_double.ipynb: checks proven\n"


LENIENT = 'from utils.grading import check\ncheck("four", len(double([1, 2])), 2)'
ANSWER = "# BEGIN SOLUTION\ndouble = lambda xs: [{} * x for x in xs]\n# END SOLUTION"


@pytest.mark.parametrize(
    "change, message",
    [
        (
            source("double", ANSWER.format(3)),
            "the solution fails: CheckFailed in 'check",
        ),
        (
            source("check-double", LENIENT),
            "mutant 'squares': no check fails it: passed",
        ),
        (source("check-double", "1 / 0"), "the solution fails: ZeroDivisionError"),
        (source("square", "return [x + 1 for x in xs]"), "expected 'the squares', got"),
        (source("square", "return ["), "no check fails it: SyntaxError"),
        (lambda nb: nb.cells.remove(cell(nb, "same")), "1 mutants, at least two"),
        (
            lambda nb: cell(nb, "same").metadata.grade.pop("message"),
            "mutant 'same': has no message",
        ),
        (
            lambda nb: nb.cells.append(
                new_code_cell(
                    LENIENT,
                    id="more",
                    metadata={"grade": {"id": "double", "role": "check"}},
                )
            ),
            "no mutant fails 'more'",
        ),
        (
            source("hidden-double", "from utils.grading import value\nvalue('a', 1)"),
            "mutant 'squares': would earn every point",
        ),
        (
            source(
                "double",
                "# BEGIN SOLUTION\n# STUB: double = lambda xs: xs\n"
                "double = lambda xs: [2 * x for x in xs]\n# END SOLUTION",
            ),
            "the stub must raise NotImplementedError",
        ),
    ],
)
def test_proof_finds_weak_checks(root, change, message):
    notebook = nbformat.read(root / SOLUTION, 4)
    change(notebook)
    assert any(message in problem for problem in prove(notebook)), prove(notebook)


def test_proof_finds_an_exercise_that_leans_on_another(root):
    notebook = nbformat.read(root / SOLUTION, 4)
    other = "# BEGIN SOLUTION\nfour = double([2])\n# END SOLUTION"
    grade = {"grade": {"id": "four", "role": "answer"}}
    notebook.cells.append(new_code_cell(other, id="four", metadata=grade))
    (problem,) = prove(notebook)
    assert problem.startswith("four: the solution fails: NameError")
