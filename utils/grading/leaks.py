"""Whether a folder that students get holds what only the course's authors may see."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from utils.grading.readable import readable
from utils.grading.reference import values_of
from utils.notebooks.files import code_cells, grade, graded, notebooks, read
from utils.notebooks.prove import solution_blocks
from utils.notebooks.release import DROPPED, stub

DISTINCT = 20  # characters of a line, blanks aside, by which it is known again
DIGITS = 10  # of a number that is known by itself
RUN = 4  # numbers in a row, each to four places, that are known together
NUMBER = re.compile(r"-?\d+\.\d+(?:e[-+]?\d+)?")
UNOPENED = ("__pycache__", ".ipynb_checkpoints", "solutions")


@dataclass(frozen=True)
class Leak:
    file: str
    what: str  # "06_attention, mask: a line of the answer"

    def __str__(self) -> str:
        return f"{self.file}: {self.what}"


@dataclass
class Secrets:
    """What must not be found: text without blanks, numbers, runs of numbers."""

    lines: dict[str, str] = field(default_factory=dict)  # text -> whose
    blocks: list[tuple[set[str], str]] = field(default_factory=list)
    numbers: dict[str, str] = field(default_factory=dict)
    runs: dict[tuple[str, ...], str] = field(default_factory=dict)


def secrets_of(root: Path) -> Secrets:
    """The secrets of the course at ``root``.

    A line counts unless it also stands in the code of a lesson or of the package, in a
    stub, a task or a visible check. An answer that stands there whole counts.
    """
    secrets = Secrets()
    solutions = [(p.stem, read(p)) for p in notebooks(root / "solutions")]
    taught = [squeezed(text) for text in _taught(root)]
    shown = "\n".join(squeezed(text) for _, s in solutions for text in _shown(s))
    public = "\n".join([shown, *taught])

    def line(text: str, whose: str) -> None:
        key = squeezed(text)
        imports = re.match(r"\s*(import|from) ", text)
        if len(key) >= DISTINCT and not imports and key not in public:
            secrets.lines.setdefault(key, whose)

    for name, notebook in solutions:
        for cell in notebook.cells:
            role = grade(cell).get("role")
            whose = f"{name}, {grade(cell).get('id')}"
            if role == "answer":
                for block in solution_blocks(cell.source):
                    for text in block:
                        line(text, f"{whose}: a line of the answer")
                    keys = {squeezed(text) for text in block}
                    keys = {k for k in keys if len(k) >= DISTINCT and k not in shown}
                    if len(keys) > 1:
                        secrets.blocks.append((keys, f"{whose}: the answer"))
            elif role in DROPPED:
                for text in cell.source.split("\n"):
                    line(text, f"{whose}: a line of a cell that is {role}")
                whole = squeezed(cell.source)
                if len(whole) >= DISTINCT and whole not in public:
                    secrets.lines.setdefault(whole, f"{whose}: a cell that is {role}")
                if role == "hidden":
                    _values(values_of(cell), f"{whose}: a hidden value", secrets)
    known = set(map(_significant, NUMBER.findall(public)))
    secrets.numbers = {k: v for k, v in secrets.numbers.items() if k not in known}
    return secrets


def leaks(folder: Path, secrets: Secrets) -> list[Leak]:
    """What is found in the files of ``folder``, also in archives and git's objects."""
    found: list[Leak] = []
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        name = "/".join(parts)
        if parts[0] == ".git":
            continue
        if path.is_symlink():
            found.append(Leak(name, "a symbolic link"))
        elif path.suffix == ".pyc" or set(parts) & set(UNOPENED):
            if path.is_file():
                found.append(Leak(name, "no file of this kind is released"))
        elif path.is_file():
            found += search(name, path.read_bytes(), secrets)
    if (folder / ".git").exists():
        found += _in_git(folder, secrets)
    return found


def search(name: str, data: bytes, secrets: Secrets) -> list[Leak]:
    """What of the secrets stands in a file's bytes."""
    return [
        Leak(part.name, what)
        for part in readable(name, data)
        for what in {**part.forbidden, **dict.fromkeys(_found(part.text, secrets))}
    ]


def _found(text: str, secrets: Secrets) -> Iterator[str]:
    joined, numbers = squeezed(text), NUMBER.findall(text)
    yield from (whose for key, whose in secrets.lines.items() if key in joined)
    for keys, whose in secrets.blocks:
        if all(key in joined for key in keys):
            yield whose
    for key in map(_significant, numbers):
        if key in secrets.numbers:
            yield secrets.numbers[key]
    yield from (secrets.runs[run] for run in _runs(numbers) if run in secrets.runs)


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def _in_git(folder: Path, secrets: Secrets) -> list[Leak]:
    if not (folder / ".git").is_dir() or not shutil.which("git"):
        return [Leak(".git", "what is in it cannot be read without git")]
    command = ["git", "-C", str(folder), "cat-file", "--batch-all-objects", "--batch"]
    result = subprocess.run(command, capture_output=True, env=environment())
    if result.returncode:
        return [Leak(".git", "what is in it cannot be read")]
    found, rest = [], result.stdout
    while rest:
        head, _, rest = rest.partition(b"\n")
        name, kind, size = head.decode().split()
        if kind in ("blob", "commit", "tag"):
            found += search(f".git, {kind} {name[:12]}", rest[: int(size)], secrets)
        rest = rest[int(size) + 1 :]
    return found


def environment() -> dict[str, str]:
    """The environment without what would point git at another repository."""
    return {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}


def _taught(root: Path) -> Iterator[str]:
    """The code that students have anyway."""
    for path in notebooks(root / "lessons"):
        yield from (cell.source for cell in code_cells(read(path)))
    for path in sorted((root / "utils").rglob("*.py")):
        yield path.read_text("utf-8")


def _shown(solution: NotebookNode) -> Iterator[str]:
    """What of a solution notebook stands in its exercises too."""
    for cell in solution.cells:
        if grade(cell).get("role") not in (*DROPPED, "answer"):
            yield cell.source
    for cell in graded(solution, "answer"):
        yield stub(cell.source, grade(cell)["id"])


def _values(shown: Iterable[Any], whose: str, secrets: Secrets) -> None:
    """The values that a hidden check shows, as what can be known again."""
    for item in shown:
        value = item.get("value") if isinstance(item, dict) else item
        leaves = list(_leaves(value))
        for leaf in leaves:
            if isinstance(leaf, str) and len(squeezed(leaf)) >= DISTINCT:
                secrets.lines.setdefault(squeezed(leaf), whose)
        numbers = [repr(leaf) for leaf in leaves if isinstance(leaf, float)]
        for number in numbers:
            key = _significant(number)
            if len(key) == DIGITS and len(set(key)) > 3:
                secrets.numbers.setdefault(key, whose)
        for run in _runs(numbers):
            secrets.runs.setdefault(run, whose)


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _leaves(item)
    else:
        yield value


def _significant(number: str) -> str:
    """The first digits that tell a number from others, its sign and size aside."""
    mantissa = number.lower().partition("e")[0]
    return mantissa.lstrip("-").replace(".", "").lstrip("0")[:DIGITS]


def _runs(numbers: list[str]) -> Iterator[tuple[str, ...]]:
    """Neighbouring numbers to four places, where these say something."""
    rounded = [f"{float(number):.4f}" for number in numbers]
    for start in range(len(rounded) - RUN + 1):
        run = tuple(rounded[start : start + RUN])
        if all(not number.endswith("00") for number in run) and len(set(run)) == RUN:
            yield run
