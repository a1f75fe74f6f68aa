"""A student repository: the course without answers, and the proof that it has none."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from utils.grading.leaks import Leak, environment, leaks, secrets_of
from utils.notebooks.files import read, write
from utils.notebooks.release import exercise

# What `make book` needs and a student reads. The benchmarks' results are shown in it.
KEPT = (
    *("book", "lessons", "utils", "benchmarks/results"),
    *("_config.yml", "_toc.yml", "genindex.md", "requirements.txt", "pyproject.toml"),
    *("make.py", "Makefile", ".gitignore", "README.md", "CONTRIBUTING.md"),
    *("CITATION.cff", "LICENSE"),
)
SOLUTION = re.compile(r",\s*\{file: solutions/[^}]*\}")


class Leaked(ValueError):
    """A student repository would have shown what is not to be seen."""

    def __init__(self, found: list[Leak]):
        self.found = found
        super().__init__("\n".join(["Nothing was released:", *map(str, found)]))


def release(root: Path, out: Path) -> list[Path]:
    """Make the student repository ``out`` of the course at ``root``; its files.

    The exercises are made anew. ``out`` is there only once it is proven.

    Raises FileExistsError where there is something at ``out``, Leaked with file and
    exercise of each leak, ValueError for a course without solutions.
    """
    if out.is_symlink() or (out.exists() and (out.is_file() or any(out.iterdir()))):
        raise FileExistsError(f"there is something at {out} already")
    if not any((root / "solutions").glob("*.ipynb")):
        raise ValueError(f"{root} has no solutions: is it the course?")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as folder:
        made = Path(folder, "student")
        write_course(root, made)
        if found := leaks(made, secrets_of(root)):
            raise Leaked(found)
        if out.exists():
            out.rmdir()
        made.rename(out)
    return sorted(path for path in out.rglob("*") if path.is_file())


def write_course(root: Path, out: Path) -> None:
    """Write the student repository without any proof.

    Raises ValueError where a page of solutions stays in the table of contents.
    """
    for path in _files(root):
        if path.is_symlink():
            raise ValueError(f"{path.relative_to(root)} is a symbolic link")
        target = out / path.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    contents = out / "_toc.yml"
    if contents.exists():
        text = SOLUTION.sub("", contents.read_text("utf-8"))
        lines = [line for line in text.split("\n") if not line.startswith("#")]
        if "solutions/" in "\n".join(lines):
            raise ValueError("_toc.yml: a page of solutions in a form unknown to us")
        contents.write_text(text, "utf-8")
    exercises = out / "exercises"
    exercises.mkdir()
    for path in sorted((root / "solutions").glob("*.ipynb")):
        write(exercise(read(path)), exercises / path.name)
    if shutil.which("git"):
        # No template: it may bring hooks and whatever else its owner put there.
        command = ["git", "init", "-q", "--template=", str(out)]
        subprocess.run(command, check=True, env=environment())


def _files(root: Path) -> list[Path]:
    """The course's own files to keep: those that git knows, else all but caches."""
    command = ["git", "-C", str(root), "ls-files", "-z", "--", *KEPT]
    if (root / ".git").exists() and shutil.which("git"):
        known = subprocess.run(
            command, check=True, capture_output=True, env=environment()
        )
        names = known.stdout.decode("utf-8", "surrogateescape").split("\0")
        return [root / name for name in names if name and (root / name).exists()]
    found: list[Path] = []
    for name in KEPT:
        top = root / name
        found += [top] if top.is_file() else sorted(top.rglob("*"))
    caches = {"__pycache__", ".ipynb_checkpoints"}
    return [
        path
        for path in found
        if path.is_file() and not caches & set(path.relative_to(root).parts)
    ]
