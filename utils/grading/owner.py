"""Whose a file is, by its name and place: folders', Moodle's and Canvas's ways."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

# "Ada Lovelace_12345_assignsubmission_file_", a folder or the start of a file's name.
MOODLE = re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_[a-z]+_?(?P<file>.*)")
# "lovelaceada_LATE_123_4567_06_attention-1.ipynb": user, attachment, a repeated upload.
CANVAS = re.compile(
    r"(?P<name>[^_]+)_(?P<late>LATE_)?(?P<id>\d+)_(?P<attachment>\d+)_(?P<file>.+)"
)
# What browsers, systems and Canvas put behind the name of a file that is there.
VERSION = re.compile(r"(?:-(?P<version>\d{1,4})|\s*\(\d{1,4}\)|\s*-\s*copy)+$", re.I)


@dataclass(frozen=True)
class File:
    """A file before it has an owner's name that is nobody else's."""

    owner: tuple[str, ...]  # the same for all of one student's files
    student: str
    longer: str  # a name where two owners share the first, "" for the file's own
    file: str  # its own name, without what a platform put around it
    path: Path
    shown: str  # where it stood
    submitted: float | None
    attempt: tuple[int, int] = (0, 0)
    late: bool = False


def file_at(
    top: Path,
    parts: tuple[str, ...],
    path: Path,
    time: float | None,
    inner: tuple[str, ...] = (),
) -> File:
    """A notebook that stood at ``parts``, or at ``inner`` in an archive there."""
    shown = "/".join((str(top), *parts, *inner))
    stem = _stem(parts[-1])
    own = _stem(inner[-1]) if inner else ""
    # Only the outermost name is the platform's: what is below, a student chose.
    if moodle := MOODLE.fullmatch(parts[0] if len(parts) > 1 else stem):
        name = moodle["name"].strip() or moodle["id"]
        return File(
            owner=(str(top), "moodle", name, moodle["id"]),
            student=name,
            longer=f"{name} ({moodle['id']})",
            file=own or (stem if len(parts) > 1 else moodle["file"]),
            path=path,
            shown=shown,
            submitted=time,
        )
    if len(parts) == 1 and (canvas := CANVAS.fullmatch(stem)):
        version = VERSION.search(canvas["file"])
        number = int(version["version"] or 0) if version else 0
        return File(
            owner=(str(top), "canvas", canvas["name"], canvas["id"]),
            student=canvas["name"],
            longer=f"{canvas['name']} ({canvas['id']})",
            file=own or canvas["file"],
            path=path,
            shown=shown,
            submitted=time,
            attempt=(int(canvas["attachment"]), number),
            late=bool(canvas["late"]),
        )
    folders = parts[:-1] or (stem,)
    return File(
        owner=(str(top), *folders),
        student=folders[-1],
        longer="/".join(folders),
        file=own or stem,
        path=path,
        shown=shown,
        submitted=time,
    )


def _stem(name: str) -> str:
    return name.rsplit(".", 1)[0]
