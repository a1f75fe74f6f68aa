"""Reading and writing notebooks in the one form in which the course stores them."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[2]

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
# What editors and runners leave in a cell's metadata and nobody reads.
VOLATILE = ("execution", "ExecuteTime", "scrolled", "collapsed", "vscode", "outputId")

BEGIN = re.compile(r"^\s*# BEGIN SOLUTION\s*$")
END = re.compile(r"^\s*# END SOLUTION\s*$")


def read(path: str | Path) -> NotebookNode:
    """Read a notebook as version 4. Raises ValueError naming a file that is none."""
    try:
        return nbformat.read(Path(path), as_version=4)
    except (ValueError, RecursionError, AttributeError) as error:
        raise ValueError(f"{path} is not a notebook: {error}") from error


def write(notebook: NotebookNode, path: str | Path) -> None:
    """Write a notebook as format 4.5 with sorted keys and a newline at the end."""
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    nbformat.validate(notebook)
    Path(path).write_text(nbformat.writes(notebook).rstrip("\n") + "\n", "utf-8")


def notebooks(*paths: str | Path) -> list[Path]:
    """The notebooks among ``paths``: files as they are, folders by their content.

    Raises FileNotFoundError for a path that is not there.
    """
    found: list[Path] = []
    for path in map(Path, paths):
        if path.is_dir():
            found += sorted(path.glob("*.ipynb"))
        elif path.is_file():
            found.append(path)
        else:
            raise FileNotFoundError(f"no notebook or folder at {path}")
    return found


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def graded(notebook: NotebookNode, role: str) -> list[NotebookNode]:
    """The cells of one grading role, in the notebook's order."""
    return [cell for cell in notebook.cells if grade(cell).get("role") == role]


def grade(cell: NotebookNode) -> dict:
    """A cell's ``grade`` metadata, empty when it has none."""
    data = cell.metadata.get("grade", {})
    return data if isinstance(data, dict) else {}


def normalise(notebook: NotebookNode) -> NotebookNode:
    """Strip what differs from run to run or names a machine; returns the notebook.

    Code cells are counted 1..n, neighbouring stream chunks joined; stderr, widget
    views and tracebacks (their last line stays) go.
    """
    notebook.metadata = nbformat.from_dict(METADATA)
    for count, cell in enumerate(code_cells(notebook), 1):
        cell.execution_count = count
        cell.outputs = _outputs(cell.outputs, count)
    for cell in notebook.cells:
        for key in VOLATILE:
            cell.metadata.pop(key, None)
    return notebook


def clear(notebook: NotebookNode) -> NotebookNode:
    """Remove outputs and execution counts; returns the notebook."""
    normalise(notebook)
    for cell in code_cells(notebook):
        cell.execution_count, cell.outputs = None, []
    return notebook


def _outputs(outputs: list[NotebookNode], count: int) -> list[NotebookNode]:
    kept: list[NotebookNode] = []
    for output in outputs:
        if output.output_type == "stream":
            if output.name == "stderr":
                continue
            if kept and kept[-1].output_type == "stream":
                kept[-1].text += output.text
                continue
        elif output.output_type == "error":
            output.traceback = [f"{output.ename}: {output.evalue}"]
        else:
            output.data.pop(WIDGET_VIEW, None)
            if not output.data:
                continue
            if output.output_type == "execute_result":
                output.execution_count = count
        kept.append(output)
    return kept
