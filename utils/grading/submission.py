"""Reading what was handed in: nothing in it is trusted, only answers are taken."""

from __future__ import annotations

import ast
import json
import re
import stat
from dataclasses import dataclass
from pathlib import Path

LARGEST_FILE = 10_000_000  # bytes; a notebook full of pictures has a few million
LARGEST_ANSWER = 100_000  # characters

# Comments that make nbval skip or excuse a cell, wherever they stand in it.
MARKER = re.compile(r"^(\s*#+\s*)(\w*(?:NBVAL|PYTEST_VALIDATE)\w*)\s*$", re.M)
# A cell magic would take the cell away from Python; its content still runs.
CELL_MAGIC = re.compile(r"\A(\s*)%%")


class NotANotebook(ValueError):
    """A file handed in that no answer can be taken from; the message says why."""


@dataclass(frozen=True)
class Answer:
    """One answer of one student, ``source`` being None where there is none."""

    source: str | None
    note: str = ""


def read_cells(path: Path) -> list[dict]:
    """The code cells of a submission, as ``{"id", "name", "source"}``.

    ``name`` is the exercise that the cell's metadata says it answers. The file is
    parsed only if it is a regular file of at most ``LARGEST_FILE`` bytes.

    Raises NotANotebook.
    """
    try:
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode):
            raise NotANotebook("a symbolic link, not a file")
        if not stat.S_ISREG(status.st_mode):
            raise NotANotebook("not a regular file")
        if status.st_size > LARGEST_FILE:
            raise NotANotebook(
                f"{status.st_size / 1e6:.0f} MB, the limit is {LARGEST_FILE / 1e6:.0f}"
            )
        data = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        if isinstance(error, NotANotebook):
            raise
        raise NotANotebook(f"cannot be read: {type(error).__name__}") from error
    cells = data.get("cells") if isinstance(data, dict) else None
    if not isinstance(cells, list):
        raise NotANotebook("no list of cells in it (notebook format 4 has one)")
    found = [_cell(cell) for cell in cells if isinstance(cell, dict)]
    return [cell for cell in found if cell]


def find_answer(cells: list[dict], name: str, cell_id: str, stub: str) -> Answer:
    """The answer to exercise ``name``, whose answer cell is ``cell_id``.

    Metadata counts before the cell's id. Of several answers the last one that is not
    the stub is taken.
    """
    own = [cell["source"] for cell in cells if cell["name"] == name]
    own = own or [cell["source"] for cell in cells if cell["id"] == cell_id]
    written = [source for source in own if not same_code(source, stub)]
    if not written:
        return Answer(own[-1] if own else None)
    note = f"{len(own)} answer cells: the last was taken" if len(own) > 1 else ""
    return Answer(written[-1], note)


def neutralised(source: str) -> str:
    """An answer's source without what would change how nbval treats its cell."""
    return MARKER.sub(r"\1(\2)", CELL_MAGIC.sub(r"\1# %%", source))


def syntax_error(source: str) -> str | None:
    """Why the source is no code of a notebook cell, None if it is."""
    if len(source) > LARGEST_ANSWER:
        return f"longer than {LARGEST_ANSWER} characters"
    try:
        parse(source)
    except SyntaxError as error:
        return f"line {error.lineno}: {error.msg}" if error.lineno else error.msg
    except (ValueError, RecursionError, MemoryError) as error:
        return f"cannot be parsed: {type(error).__name__}"
    return None


def same_code(one: str, other: str) -> bool:
    """Whether two sources are the same code, comments and layout aside."""
    try:
        return ast.dump(parse(one)) == ast.dump(parse(other))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return one.split() == other.split()


def parse(source: str) -> ast.AST:
    """A notebook cell's code. Raises what `syntax_error` catches."""
    from IPython.core.inputtransformer2 import TransformerManager

    if len(source) > LARGEST_ANSWER:
        raise ValueError("too long")
    code = TransformerManager().transform_cell(neutralised(source))
    flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    return compile(code, "<answer>", "exec", flags)


def _cell(cell: dict) -> dict | None:
    source = cell.get("source")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if cell.get("cell_type") != "code" or not isinstance(source, str):
        return None
    metadata = cell.get("metadata")
    grade = metadata.get("grade") if isinstance(metadata, dict) else None
    if not isinstance(grade, dict) or grade.get("role") != "answer":
        grade = {}
    return {"id": cell.get("id"), "name": grade.get("id"), "source": source}
