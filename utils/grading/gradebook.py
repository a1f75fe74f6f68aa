"""The gradebook as CSV: a line a student with columns of choice, or all lines."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from utils.grading.pages import cell
from utils.grading.students import ABSENT, Class, Student

COLUMNS = {
    "student": "student",
    "points": "points",
    "of": "of",
    "percent": "percent",
    "days late": "late",
    "ungraded": "ungraded",
    "{notebook}": "points",
    "{notebook}/{exercise}": "points",
}
LONG = (
    *("student", "notebook", "exercise", "points", "of", "status"),
    *("by_hand", "kept", "note", "comment"),
)
# What a column can be of: a student, one of their notebooks, one exercise in that.
FIELDS = ("student", "points", "of", "percent", "late", "kept", "ungraded", "status")
ONLY_EXERCISE = ("comment", "note", "feedback", "earned")
ROSTER, STATUS = "roster/", "status/"  # prefixes of fields
FIELD = re.compile(r"\{([^{}]*)\}")


def wide(group: Class, columns: Mapping[str, str]) -> str:
    """One line a student.

    Args:
        columns: name -> field or template. ``{notebook}`` or ``{exercise}`` in a name
            makes a column of each. A field is one of ``FIELDS``, ``roster/COLUMN`` or
            ``status/STATUS`` (how many), of an exercise also of ``ONLY_EXERCISE``. A
            template has fields in braces.

    Raises ValueError naming a column that is none.
    """
    made: dict[str, Callable[[Student], str]] = {}
    for name, value in (columns or COLUMNS).items():
        for notebook, exercise in _scopes(name, group):
            title = name.replace("{notebook}", notebook or "")
            title = title.replace("{exercise}", exercise or "")
            if title in made:
                raise ValueError(f"two columns would be called {title!r}")
            made[title] = _column(name, value, notebook, exercise, group)
    lines = [[fill(student) for fill in made.values()] for student in group.students]
    return _csv([list(made), *lines])


def long(group: Class) -> str:
    """One line a student and exercise; points are those before the late rule."""
    lines = [list(LONG)]
    for student in group.students:
        for sheet in student.sheets.values():
            for item in sheet.items.values():
                row = item.row
                known = "" if row.points is None else f"{row.points:g}"
                lines.append(
                    [
                        *(student.name, row.notebook, row.exercise),
                        *(known, f"{row.of:g}", row.status),
                        *("yes" if item.by_hand else "", f"{sheet.kept:g}"),
                        *(row.note, item.comment),
                    ]
                )
    return _csv(lines)


def _scopes(name: str, group: Class) -> list[tuple[str | None, str | None]]:
    if "{exercise}" in name:
        return [(n, e) for n, own in group.exercises.items() for e in own]
    if "{notebook}" in name:
        return [(notebook, None) for notebook in group.exercises]
    return [(None, None)]


def _column(
    name: str, value: str, notebook: str | None, exercise: str | None, group: Class
) -> Callable[[Student], str]:
    """A function that gives a student's cell."""
    fields = FIELD.findall(value) if "{" in value else [value]
    rosters = {key for student in group.students for key in student.roster}
    known = {*FIELDS, *(f"{ROSTER}{key}" for key in rosters)}
    if exercise:
        known |= set(ONLY_EXERCISE)
    for one in fields:
        if one not in known and not one.startswith(STATUS):
            have = ", ".join([*sorted(known), f"{STATUS}STATUS"])
            raise ValueError(f"columns.{name}: unknown field {one!r}: there are {have}")

    def fill(student: Student) -> str:
        values = {one: _value(student, one, notebook, exercise) for one in fields}
        if "{" not in value:
            return values[value]
        return FIELD.sub(lambda match: values[match[1]], value)

    return fill


def _value(s: Student, name: str, notebook: str | None, exercise: str | None) -> str:
    if name == "student":
        return s.name
    if name.startswith(ROSTER):
        return s.roster.get(name.removeprefix(ROSTER), "")
    sheets = [s.sheets[notebook]] if notebook else list(s.sheets.values())
    items = [item for sheet in sheets for item in sheet.items.values()]
    if exercise:
        items = [item for item in items if item.row.exercise == exercise]
    if name.startswith(STATUS):
        wanted = name.removeprefix(STATUS)
        return str(sum(wanted in (i.status, i.row.status) for i in items))
    if name == "status":
        counts = Counter(item.status for item in items).most_common()
        if len(items) == 1 or exercise:
            return items[0].status if items else ABSENT
        return ", ".join(f"{count} {what}" for what, count in counts) or ABSENT
    if name in ONLY_EXERCISE:
        item = items[0] if items else None
        texts: dict[str, object] = {}
        if item:
            texts = vars(item.row) | {"comment": item.comment, "earned": item.earned}
        text = texts.get(name)
        return "" if text is None else f"{text:g}" if name == "earned" else str(text)
    known = [item.row.points for item in items if item.row.points is not None]
    if notebook and not exercise:
        points = sheets[0].points
    else:
        points = round(sum(known), 2) if exercise else s.points
    of = sum(item.row.of for item in items) if exercise else sum(x.of for x in sheets)
    if name in ("points", "percent") and (not known or (exercise and not items)):
        return ""  # nobody's, or nobody graded it
    numbers = {
        "points": points,
        "of": of,
        "percent": round(100 * points / of, 1) if of else 0,
        "late": max((sheet.late for sheet in sheets), default=0),
        "kept": min((sheet.kept for sheet in sheets), default=1),
        "ungraded": sum(item.row.points is None for item in items),
    }
    return f"{numbers[name]:.10g}"


def _csv(lines: Iterable[list[str]]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([cell(text) for text in line] for line in lines)
    return out.getvalue()
