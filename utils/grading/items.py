"""What the answers of a class say about the exercises, and whom a human should see."""

from __future__ import annotations

import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from utils.grading.engines import DIED, OUT_OF_TIME
from utils.grading.grade import (
    MISSING,
    NOT_A_NOTEBOOK,
    NOT_ATTEMPTED,
    SYNTAX,
    UNGRADED,
)
from utils.grading.marks import Marked
from utils.grading.pages import visible
from utils.grading.similarity import LONGEST
from utils.grading.students import Class

# Where a class is smaller, a correlation says nothing.
LEAST_STUDENTS = 5
# What no exercise of the course needs; a hint for a human, who looks at the answer.
REACHING_OUT = re.compile(
    r"""\b(?:ctypes|subprocess|socket|_getframe|gc\.get_\w+|importlib|__builtins__
    |__subclasses__|__globals__|__code__|os\.(?:environ|system|fork|kill|_exit)
    |sys\.modules|input_transformers?_\w+|utils\.grading\.(?!check)\w+
    |inspect\.(?:stack|currentframe)|get_ipython|import\s+utils\.grading)\b
    |/proc/|\.ipynb\b|open\(\s*["']/""",
    re.X,
)


@dataclass(frozen=True)
class Item:
    """One exercise, as the class found it."""

    notebook: str
    exercise: str
    title: str
    of: float
    students: int
    written: int  # answers that are more than the stub
    share: float | None  # of the points that were to be had
    discrimination: float | None  # correlation with the points in all else
    statuses: Counter[str]


@dataclass(frozen=True)
class Cluster:
    """A written answer that is not right, and all who gave it."""

    name: str  # as in marks.csv
    notebook: str
    exercise: str
    title: str
    answer: str
    feedback: str
    students: tuple[str, ...]
    comment: str


def items(group: Class) -> list[Item]:
    found = []
    total = {s.name: sum(i.row.points or 0 for i in s.items) for s in group.students}
    for notebook, exercises in group.exercises.items():
        for exercise, of in exercises.items():
            own, rest, points = [], [], []
            for student in group.students:
                item = student.sheets[notebook].items.get(exercise)
                if item is None:
                    continue
                own.append(item)
                if item.row.points is not None:
                    points.append(item.row.points)
                    rest.append(total[student.name] - item.row.points)
            statuses = Counter(item.row.status for item in own)
            left = sum(
                statuses[what] for what in (NOT_ATTEMPTED, MISSING, NOT_A_NOTEBOOK)
            )
            found.append(
                Item(
                    notebook,
                    exercise,
                    group.titles[notebook, exercise],
                    of,
                    len(own),
                    len(own) - left,
                    sum(points) / (of * len(points)) if points and of else None,
                    _correlation(points, rest),
                    statuses,
                )
            )
    return found


def _correlation(one: list[float], other: list[float]) -> float | None:
    if len(one) < LEAST_STUDENTS:
        return None
    try:
        return statistics.correlation(one, other)
    except statistics.StatisticsError:  # all have the same
        return None


def clusters(group: Class) -> list[Cluster]:
    """Answers that two or more gave, the most frequent first."""
    members: dict[str, list[Marked]] = defaultdict(list)
    for student in group.students:
        for item in student.items:
            if item.cluster:
                members[item.cluster].append(item)
    found = []
    for name, own in members.items():
        if len(own) < 2:
            continue
        row = own[0].row
        told = Counter(i.row.feedback or i.row.note or i.status for i in own)
        feedback = told.most_common(1)[0][0]
        students = tuple(item.row.student for item in own)
        place = row.notebook, row.exercise, row.title, row.answer or ""
        comment = next((item.comment for item in own if item.comment), "")
        found.append(Cluster(name, *place, feedback, students, comment))
    return sorted(found, key=lambda c: (-len(c.students), c.name))


def feedback(group: Class) -> list[tuple[int, str, str]]:
    """How many got a message, the exercise's title, the message; most first."""
    counts: Counter[tuple[str, str]] = Counter()
    for student in group.students:
        for item in student.items:
            if item.row.feedback:
                counts[item.row.title, item.row.feedback[:300]] += 1
    return [(count, *what) for what, count in counts.most_common()]


def to_look_at(group: Class) -> dict[str, list[tuple[str, str, str]]]:
    """Reason -> student, exercise's or notebook's title, detail: for a human."""
    found: dict[str, list[tuple[str, str, str]]] = {
        "Ungraded": [],
        "Not a notebook": [],
        "Nothing written": [],
        "Reaches for what no exercise needs": [],
        "Noted by the grader": [],
    }
    ungraded, unread, empty, suspicious, noted = found.values()
    for student in group.students:
        for notebook, sheet in student.sheets.items():
            own = list(sheet.items.values())
            if not own:
                continue
            statuses = {item.row.status for item in own}
            if statuses == {NOT_A_NOTEBOOK}:
                unread.append((student.name, notebook, own[0].row.note))
            elif statuses <= {NOT_ATTEMPTED, MISSING}:
                counts = Counter(item.row.status for item in own)
                told = ", ".join(f"{n} {what}" for what, n in counts.items())
                empty.append((student.name, notebook, told))
            for item in own:
                row, place = item.row, f"{notebook}: {item.row.title}"
                if row.status == UNGRADED:
                    if row.points is None:
                        ungraded.append((student.name, place, row.note))
                elif why := suspicion(row.answer or ""):
                    suspicious.append((student.name, place, why))
                elif row.status in (DIED, OUT_OF_TIME):
                    noted.append((student.name, place, row.status))
                elif row.note and row.status not in (NOT_A_NOTEBOOK, MISSING, SYNTAX):
                    noted.append((student.name, place, row.note))
    return {reason: rows for reason, rows in found.items() if rows}


def suspicion(answer: str) -> str:
    """What in an answer a human should look at, else ''."""
    words: Iterable[str] = dict.fromkeys(REACHING_OUT.findall(answer[:100_000]))
    found = list(words)[:5]
    if "⟨U+" in visible(answer.replace("\r", "")):
        found.append("characters that are not seen")
    if len(answer) > LONGEST:
        found.append(f"{len(answer)} characters")
    return ", ".join(found)
