"""Points and comments given by hand, in a file that no grading overwrites."""

from __future__ import annotations

import csv
import hashlib
import io
import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from utils.grading.grade import (
    CORRECT,
    MISSING,
    NOT_A_NOTEBOOK,
    NOT_ATTEMPTED,
    UNGRADED,
)
from utils.grading.pages import cell, visible
from utils.grading.similarity import normalised
from utils.grading.store import Row

FILE = "marks.csv"
COLUMNS = ("student", "notebook", "exercise", "points", "comment")
CLUSTER = "answer:"  # in the student column: all who gave the answer of this hash
MARKED = "marked by hand"
NOT_WRONG = (CORRECT, NOT_ATTEMPTED, MISSING, NOT_A_NOTEBOOK, UNGRADED)


@dataclass(frozen=True)
class Marked:
    """A row with what a human added to it."""

    row: Row  # its points are the human's where there are any
    comment: str = ""
    earned: float | None = None  # what the checks gave
    by_hand: bool = False
    cluster: str = ""  # of a written answer that is not right

    @property
    def status(self) -> str:
        return MARKED if self.by_hand else self.row.status


@dataclass(frozen=True)
class Mark:
    line: int
    student: str
    notebook: str
    exercise: str
    points: str
    comment: str


def cluster(row: Row) -> str:
    """A name for all answers like this one, which is written and wrong; else ''."""
    if row.answer is None or row.status in NOT_WRONG:
        return ""
    text = "\0".join((row.notebook, row.exercise, normalised(row.answer)))
    return CLUSTER + hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:12]


def read(path: Path) -> list[Mark]:
    """The marks in a file, which is made with its header if it is not there.

    Raises ValueError for a file without these columns.
    """
    try:
        with path.open("x", newline="", encoding="utf-8") as new:
            csv.writer(new).writerow(COLUMNS)
    except FileExistsError:
        pass
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:  # what a spreadsheet writes on Windows
        text = data.decode("cp1252", "replace")
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    header = [name.strip().lower() for name in next(rows, [])]
    if missing := [name for name in COLUMNS if name not in header]:
        raise ValueError(f"{path} has no column {', '.join(missing)}")
    marks = []
    for cells in rows:
        own = dict(zip(header, (cell.strip() for cell in cells), strict=False))
        if any(own.values()):
            values = (own.get(name, "") for name in COLUMNS)
            marks.append(Mark(rows.line_num, *values))
    return marks


def apply(rows: Iterable[Row], marks: list[Mark]) -> tuple[list[Marked], list[str]]:
    """The rows with their marks, and what is wrong with a mark.

    A line for one student counts before one for a cluster, a later one before an
    earlier; comments are all shown. Without a notebook a line is for any that has the
    exercise. Points out of range are not taken, their comment is.
    """
    found = [Marked(row, "", row.points, cluster=cluster(row)) for row in rows]
    where: dict[str, dict[int, None]] = defaultdict(dict)
    for index, item in enumerate(found):
        # A gradebook shows some names in another way than they are.
        for name in {item.row.student, cell(item.row.student), item.cluster}:
            where[name][index] = None
    warnings: list[str] = []
    for mark in sorted(marks, key=lambda m: not m.student.startswith(CLUSTER)):
        at = f"{FILE}, line {mark.line}"
        own = [
            i
            for i in where.get(mark.student, {})
            if mark.student
            and mark.exercise == found[i].row.exercise
            and mark.notebook in ("", found[i].row.notebook)
        ]
        students = {found[i].row.student for i in own}
        if not own:
            place = "/".join(filter(None, (mark.notebook, mark.exercise)))
            who = visible(f"{mark.student}'s {place}")
            warnings.append(f"{at}: {who} is not among the answers")
        elif len(students) > 1 and not mark.student.startswith(CLUSTER):
            warnings.append(f"{at}: {visible(mark.student)} is several students")
            continue
        for index in own:
            item = found[index]
            points = None
            if mark.points:
                points = _points(mark.points, item.row.of)
                if points is None:
                    line = f"{at}: points from 0 to {item.row.of:g}, not "
                    warnings.append(line + visible(mark.points)[:40])
            if points is not None:
                item = replace(item, row=replace(item.row, points=points), by_hand=True)
            comment = "\n".join(filter(None, (item.comment, mark.comment)))
            found[index] = replace(item, comment=comment)
    return found, list(dict.fromkeys(warnings))


def _points(text: str, of: float) -> float | None:
    try:
        points = float(text.replace(",", "."))
    except ValueError:
        return None
    return points if math.isfinite(points) and 0 <= points <= of else None
