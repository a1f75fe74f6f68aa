"""What was handed in: whose it is, which exercise notebook it answers, and when."""

from __future__ import annotations

import atexit
import hashlib
import os
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from utils.grading.archive import CLASS, STUDENT, Refused, unpack
from utils.grading.owner import VERSION, File, file_at
from utils.grading.reference import Reference
from utils.grading.submission import NotANotebook, read_cells

LONGEST_STUDENT = 200  # characters


@dataclass(frozen=True)
class Submission:
    """One file of one student; all of it but ``notebook`` is untrusted."""

    student: str
    path: Path
    notebook: str | None = None  # the reference it answers
    submitted: float | None = None  # seconds since the epoch
    late: bool = False  # the learning platform says so
    note: str = ""


def find(
    paths: list[Path],
    references: Mapping[str, set[str]] | None = None,
    into: Path | None = None,
) -> tuple[list[Submission], list[Refused]]:
    """The submissions at ``paths``, and the files left aside with the reason.

    A path is a notebook, a folder, or the zip that a learning platform exports. A file
    at the top is its stem's, a nested one its folder's, one in an archive within these
    as the archive would be; the names that Moodle and Canvas give are understood. A
    folder at whose top all notebooks are named like references is one student's.
    Two students of one name both go by a longer one.

    Args:
        references: notebook's name -> its exercises' names and the ids of its answer
            cells. With these, each submission gets its ``notebook`` (None: it answers
            none of several), and of several attempts at one the newest counts.
        into: an empty folder for what is in archives; by default a temporary one,
            which is removed when the process ends.

    Raises FileNotFoundError for a path that is not there.
    """
    found: list[File] = []
    refused: list[Refused] = []
    if into is None:
        into = Path(tempfile.mkdtemp(prefix="handed-in-"))
        atexit.register(shutil.rmtree, into, ignore_errors=True)
    for top in paths:
        is_link = top.is_symlink()
        if top.is_dir() and not is_link:
            above = top
            own: tuple[str, ...] = ()
            if _is_one_students(top, references or {}):  # as in the folder above it
                student = top if top.name else top.resolve()
                above, own = student.parent, (student.name,)
            for path in sorted(top.rglob("*")):
                parts = path.relative_to(top).parts
                if any(part.startswith(".") or part == "__MACOSX" for part in parts):
                    continue
                suffix = path.suffix.lower()
                if suffix == ".ipynb":
                    found.append(file_at(above, own + parts, path, _modified(path)))
                elif suffix == ".zip" and path.is_file() and not path.is_symlink():
                    members, no = unpack(path, into, str(path), STUDENT)
                    time = _modified(path)
                    for m in sorted(members, key=lambda member: member.modified or 0):
                        if time is not None:  # a student chose the one it has
                            os.utime(m.path, (time, time))
                        found.append(file_at(above, own + parts, m.path, time, m.parts))
                    refused += no
                elif not path.is_dir():
                    refused.append(Refused(str(path), "not .ipynb"))
        elif top.suffix.lower() == ".zip" and top.is_file() and not is_link:
            members, no = unpack(top, into, str(top), CLASS)
            found += [
                file_at(top, m.parts, m.path, m.modified, m.inner) for m in members
            ]
            refused += no
        elif top.exists() or is_link:
            found.append(
                File(
                    owner=(str(top),),
                    student=top.stem,
                    longer="",
                    file=top.stem,
                    path=top,
                    shown=str(top),
                    submitted=_modified(top),
                )
            )
        else:
            raise FileNotFoundError(f"no submission at {top}")
    submissions, older = _named(found, references)
    return submissions, refused + older


def _is_one_students(folder: Path, references: Mapping[str, set[str]]) -> bool:
    paths = [p for p in folder.iterdir() if not p.name.startswith(".")]
    stems = {path.stem for path in paths if path.suffix.lower() == ".ipynb"}
    return bool(stems) and stems <= references.keys()


def known(references: Iterable[Reference]) -> dict[str, set[str]]:
    """What `find` and `match` need to know of the references."""
    return {
        reference.name: {
            text for e in reference.exercises for text in (e.name, e.answer)
        }
        for reference in references
    }


def match(submission: Path, references: Mapping[str, set[str]]) -> str | None:
    """The reference that a file answers, None where that cannot be told.

    Its name decides, unless what is in it belongs to another one.
    """
    return _match(submission, submission.stem, references)


def _match(path: Path, stem: str, references: Mapping[str, set[str]]) -> str | None:
    try:
        cells = read_cells(path)
    except NotANotebook:
        cells = []
    ids = {cell[key] for cell in cells for key in ("name", "id") if _text(cell[key])}
    common = {name: len(own & ids) for name, own in references.items()}
    most = max(common.values(), default=0)
    best = [name for name, count in common.items() if count == most and most]
    named = _by_name(stem, references)
    if named is not None and (common[named] or not best):
        return named
    return best[0] if len(best) == 1 else None


def _by_name(stem: str, references: Mapping[str, set[str]]) -> str | None:
    stem = VERSION.sub("", stem).casefold()
    for name in references:
        if name.casefold() == stem:
            return name
    inside = [
        name
        for name in references
        if re.search(rf"(?<![^\W_]){re.escape(name.casefold())}(?![^\W_])", stem)
    ]
    return inside[0] if len(inside) == 1 else None


def _named(
    found: list[File], references: Mapping[str, set[str]] | None
) -> tuple[list[Submission], list[Refused]]:
    """Submissions by names that are each one student's, the newest attempts only."""
    owners: dict[str, set[tuple[str, ...]]] = {}
    for file in found:
        owners.setdefault(file.student, set()).add(file.owner)
    groups: dict[tuple, list[File]] = {}
    sure: set[Path] = set()
    for file in found:
        notebook = None
        if references is not None:
            notebook = _match(file.path, file.file, references)
            if notebook is not None:
                sure.add(file.path)
            elif len(references) == 1:
                (notebook,) = references
        # What answers nothing that is known is kept, each file by itself.
        alone = file.shown if notebook is None else ""
        groups.setdefault((file.owner, notebook, alone), []).append(file)
    count = Counter(owner for owner, notebook, _ in groups if notebook is None)
    submissions: list[Submission] = []
    older: list[Refused] = []
    taken: set[tuple[str, str | None]] = set()
    for (owner, notebook, _), files in groups.items():
        files.sort(key=lambda f: (f.path in sure, f.attempt, f.submitted or 0))
        newest = files[-1]
        for file in files[:-1]:
            older.append(Refused(file.shown, f"an attempt before {newest.shown}"))
        name = newest.student
        if len(owners[name]) > 1:
            name = newest.longer or newest.shown
        if notebook is None and count[owner] > 1:
            name = f"{newest.longer}/{newest.file}"
        name = _bounded(name)
        if (name, notebook) in taken:
            name = _bounded(newest.shown)
        taken.add((name, notebook))
        notes = [f"the newest of {len(files)} attempts"] if len(files) > 1 else []
        if newest.late:
            notes.append("late, as the learning platform says")
        submissions.append(
            Submission(
                student=name,
                path=newest.path,
                notebook=notebook,
                submitted=newest.submitted,
                late=newest.late,
                note="; ".join(notes),
            )
        )
    return submissions, older


def _bounded(name: str) -> str:
    """A name of at most ``LONGEST_STUDENT`` characters, still nobody else's."""
    if len(name) <= LONGEST_STUDENT:
        return name
    digest = hashlib.sha256(name.encode("utf-8", "backslashreplace")).hexdigest()[:12]
    return f"{name[: LONGEST_STUDENT - 13]}…{digest}"


def _modified(path: Path) -> float | None:
    try:
        return path.lstat().st_mtime
    except OSError:
        return None


def _text(value: object) -> bool:
    return isinstance(value, str) and bool(value)
