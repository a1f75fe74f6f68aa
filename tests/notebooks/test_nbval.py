"""The comparator under a real `pytest --nbval`: each change of an output must fail."""

import os
import shutil
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from utils.notebooks.execute import run
from utils.notebooks.files import ROOT, code_cells, read, write

CELLS = {
    "words": "print('rows of one kind')\nprint('second line')",
    "shape": "print((2, 5, 8))",
    "number": "import math\nprint(f'{math.pi:.4f}')",
    "result": "{'loss': 0.125}",
    "stderr": "import sys\nprint('noise', file=sys.stderr)",
}


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A notebook that was run."""
    path = tmp_path_factory.mktemp("stored") / "small.ipynb"
    write(new_notebook(cells=[new_code_cell(s, id=i) for i, s in CELLS.items()]), path)
    run(path)
    return path


def nbval(folder, *options, **environment):
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env"]
    command += [
        "-p",
        "utils.notebooks.nbval_plugin",
        "--color=no",
        f"--rootdir={folder}",
    ]
    return subprocess.run(
        [*command, *options, str(folder)],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, **environment},
    )


def changed(stored, path, cell, change):
    notebook = read(stored)
    found = next(c for c in code_cells(notebook) if c.id == cell)
    change(found)
    write(notebook, path)


def printed(old, new):
    def change(cell):
        output = cell.outputs[0]
        holder, key = (
            (output, "text") if "text" in output else (output.data, "text/plain")
        )
        assert old in holder[key]
        holder[key] = holder[key].replace(old, new)

    return change


CHANGES = {
    "a_word": ("words", printed("kind", "sort"), "line 1: 'rows of one kind'"),
    "a_shape": ("shape", printed("5, 8", "8, 5"), "'(2, 5, 8)' against stored"),
    "five_per_cent": ("number", printed("3.1416", "2.9920"), "3.1416 against stored"),
    "a_result": ("result", printed("0.125", "0.131"), "0.125 against stored 0.131"),
    "a_missing_line": ("words", printed("second line\n", ""), "line 2"),
    "a_line_more": (
        "words",
        printed("second", "x\nsecond"),
        "(3 lines against stored 4)",
    ),
    "no_output": ("shape", lambda cell: cell.outputs.clear(), "1 × stdout against"),
    "never_run": (
        "shape",
        lambda cell: cell.update(execution_count=None, outputs=[]),
        "This cell was never run",
    ),
    "bad_tolerance": (
        "number",
        lambda cell: cell.metadata.update(compare={"rtol": "much"}),
        "rtol must be a number",
    ),
}


def test_each_change_of_an_output_fails(stored, tmp_path):
    write(read(stored), tmp_path / "unchanged.ipynb")
    changed(stored, tmp_path / "near.ipynb", "number", printed("3.1416", "3.1420"))
    own = nbformat.from_dict({"compare": {"rtol": 0.1}})

    def looser(cell):
        printed("3.1416", "2.9920")(cell)
        cell.metadata.update(own)

    changed(stored, tmp_path / "own_tolerance.ipynb", "number", looser)
    for name, (cell, change, _) in CHANGES.items():
        changed(stored, tmp_path / f"{name}.ipynb", cell, change)

    result = nbval(tmp_path, "-rA")

    for name, (_, _, message) in CHANGES.items():
        assert message in result.stdout, name
        assert result.stdout.count(f"FAILED {name}.ipynb::Cell") == 1, name
        passed = result.stdout.count(f"PASSED {name}.ipynb::Cell")
        assert passed == len(CELLS) - 1, name
    for name in ("unchanged", "near", "own_tolerance"):
        assert f"FAILED {name}" not in result.stdout
    assert result.returncode == 1
    assert "seconds a notebook" in result.stdout


def test_unchanged_notebooks_are_left_out_only_after_a_pass(stored, tmp_path):
    """With a copy of `utils`, so that nobody edits it under the test."""
    shutil.copytree(ROOT / "utils", tmp_path / "utils")
    folder = tmp_path / "notebooks"
    folder.mkdir()
    write(read(stored), folder / "good.ipynb")
    changed(stored, folder / "bad.ipynb", "shape", printed("5, 8", "8, 5"))

    def again(*options):
        return nbval(folder, "--nbval-changed", *options, PYTHONPATH=str(tmp_path))

    assert "1 failed, 9 passed" in again().stdout
    second = again()  # the failure is run again, the pass is not
    assert "1 failed, 4 passed, 5 deselected" in second.stdout
    assert "1 notebook unchanged" in second.stdout

    (folder / "bad.ipynb").unlink()
    assert again().returncode == 0
    (tmp_path / "utils" / "nn" / "new.py").write_text("x = 1")
    assert "5 passed" in again().stdout
    changed(stored, folder / "good.ipynb", "shape", printed("5, 8", "8, 5"))
    assert "4 passed" in again("--deselect=good.ipynb::Cell 1").stdout
    assert "1 failed" in again().stdout  # some of its cells having passed is no pass


def test_a_page_of_the_book_is_run_again_when_results_change(stored, tmp_path):
    results = tmp_path / "benchmarks" / "results" / "quality"
    for folder in (results, tmp_path / "book", tmp_path / "lessons"):
        folder.mkdir(parents=True)
    for folder in ("book", "lessons"):
        write(read(stored), tmp_path / folder / "page.ipynb")
    assert "10 passed" in nbval(tmp_path, "--nbval-changed").stdout
    assert "10 deselected" in nbval(tmp_path, "--nbval-changed").stdout
    (results / "sst2.json").write_text("{}")
    third = nbval(tmp_path, "--nbval-changed").stdout
    assert "5 passed, 5 deselected" in third
    assert "lessons/page.ipynb" not in third


def test_a_dead_kernel_fails_at_once(tmp_path):
    cells = [new_code_cell("import os\nos._exit(0)"), new_code_cell("1 + 1")]
    for count, cell in enumerate(cells, 1):
        cell.execution_count = count
    write(new_notebook(cells=cells), tmp_path / "dead.ipynb")
    result = nbval(tmp_path, "--nbval-cell-timeout=300")
    assert "2 failed" in result.stdout
    assert "Kernel died" in result.stdout


def test_another_thread_count_passes(tmp_path):
    """Sums of floats depend on the number of threads, stored outputs must not."""
    source = """
import torch
torch.manual_seed(0)
x = torch.randn(2000, 2000)
print(torch.get_num_threads() > 0)
print(f"{(x @ x).std():.2f} {torch.softmax(x, -1).sum():.1f} {x.mean().abs() < 1e-2}")
x.sum()
"""
    path = tmp_path / "threads.ipynb"
    write(new_notebook(cells=[new_code_cell(source.strip(), id="sums")]), path)
    run(path)
    for threads in (1, 2):
        result = nbval(tmp_path, OMP_NUM_THREADS=str(threads))
        assert result.returncode == 0, result.stdout
