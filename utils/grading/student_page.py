"""A student's own page: what failed, why, and what helps. No answer is on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from utils.grading.grade import CORRECT, UNGRADED
from utils.grading.marks import Marked
from utils.grading.pages import page, say
from utils.grading.students import ABSENT, Sheet, Student


def student_page(
    student: Student,
    titles: Mapping[str, str],
    exercises: Mapping[str, Mapping[str, float]],
) -> str:
    """The page as HTML.

    Args:
        titles: of the notebooks.
        exercises: of each notebook, with their points.
    """
    body = [f"<h1>{say(student.name, 120)}</h1>"]
    open_ = " Some are still to be graded." if student.ungraded else ""
    if len(student.sheets) > 1:
        body.append(f"<p>{student.points:g} of {student.of:g} points.{open_}</p>")
    for notebook, sheet in student.sheets.items():
        body.append(f"<h2>{say(titles.get(notebook, notebook))}</h2>")
        body += _sheet(sheet, len(exercises.get(notebook, {})))
    return page(student.name[:120], body)


def _sheet(sheet: Sheet, exercises: int) -> Iterator[str]:
    if not sheet.items:
        yield f"<p>{ABSENT.capitalize()}: 0 of {sheet.of:g} points.</p>"
        return
    yield f"<p>{sheet.points:g} of {sheet.of:g} points{_pending(sheet)}.</p>"
    if sheet.late:
        days = "1 day" if sheet.late == 1 else f"{sheet.late} days"
        yield (
            f"<p>Handed in {days} late: {100 * sheet.kept:.4g} % of the "
            f"{sheet.earned:g} points earned are kept.</p>"
        )
    for item in sheet.items.values():
        yield from _exercise(item)
    if missing := exercises - len(sheet.items):
        yield f"<p>{missing} more are not handed in.</p>"


def _pending(sheet: Sheet) -> str:
    return ", some still to be graded" if sheet.ungraded else ""


def _exercise(item: Marked) -> Iterator[str]:
    row = item.row
    full = row.points is not None and row.points >= row.of
    yield f'<section class="exercise{" right" if full else ""}">'
    yield f"<h3>{say(row.title)}</h3>"
    got = (
        "not graded yet"
        if row.points is None
        else f"{row.points:g} of {row.of:g} points"
    )
    yield f'<p><span class="status">{say(item.status)}</span>, {got}</p>'
    if item.comment:
        yield f'<p class="text comment">{say(item.comment, 5000)}</p>'
    # the note of an ungraded exercise is for who grades, and may quote the reference
    if row.status != UNGRADED:
        if row.note:
            yield f"<p>{say(row.note)}</p>"
        if row.feedback:
            yield f'<p class="text message">{say(row.feedback, 3000)}</p>'
        if row.status != CORRECT:
            for number, hint in enumerate(row.hints, 1):
                yield (
                    f"<details><summary>Hint {number}</summary>"
                    f'<p class="text">{say(hint, 5000)}</p></details>'
                )
    yield "</section>"
