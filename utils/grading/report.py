"""The gradebook: one CSV for the class, one page for each student."""

from __future__ import annotations

import csv
import hashlib
import html
import re
import unicodedata
from pathlib import Path

from utils.grading.grade import CORRECT, UNGRADED
from utils.grading.store import Row

COLUMNS = ("student", "exercise", "points", "of", "status", "note")
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")

PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; style-src 'unsafe-inline'">
<title>{student} · {title}</title>
<style>
:root {{ color-scheme: light dark; --ok: #1a7f37; --no: #b3261e; --edge: #8884; }}
@media (prefers-color-scheme: dark) {{ :root {{ --ok: #57c979; --no: #ff9b92; }} }}
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 42rem; margin: 2rem auto;
  padding: 0 1rem; }}
section {{ border-top: 1px solid var(--edge); padding: .5rem 0 1rem; }}
h2 {{ font-size: 1.1rem; margin: .5rem 0; }}
.status {{ font-weight: 600; color: var(--no); }}
.correct .status {{ color: var(--ok); }}
.message, .hint {{ white-space: pre-wrap; overflow-wrap: anywhere; }}
.message {{ border-left: 3px solid var(--no); padding-left: .75rem; }}
</style>
</head>
<body>
<main>
<h1>{student}</h1>
<p>{title}: {total} of {of} points{pending}.</p>
{sections}
</main>
</body>
</html>
"""


def write_csv(path: Path, grades: dict[str, list[Row]]) -> None:
    """One row a student and exercise; an ungraded exercise has empty points."""
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        for student, own in grades.items():
            for grade in own:
                rows.writerow(
                    [
                        _cell(student),
                        _cell(grade.exercise),
                        "" if grade.points is None else f"{grade.points:g}",
                        f"{grade.of:g}",
                        grade.status,
                        _cell(grade.note),
                    ]
                )


def write_page(folder: Path, title: str, student: str, grades: list[Row]) -> Path:
    """A student's page for the notebook ``title``: points, what failed, the hints."""
    known = [grade.points for grade in grades if grade.points is not None]
    text = PAGE.format(
        student=html.escape(visible(student)),
        title=html.escape(title),
        total=f"{sum(known):g}",
        of=f"{sum(grade.of for grade in grades):g}",
        pending="" if len(known) == len(grades) else ", some still to be graded",
        sections="\n".join(map(_section, grades)),
    )
    path = folder / f"{file_name(student)}.html"
    path.write_text(text, "utf-8")
    return path


def file_name(student: str) -> str:
    """A file name for a student, the same for no two of them."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", student).lstrip(".")[:80]
    if plain == student:
        return plain
    return (
        f"{plain}-{hashlib.sha256(student.encode('utf-8', 'replace')).hexdigest()[:8]}"
    )


def visible(text: str) -> str:
    """Text without terminal colours, with control and format characters spelt out.

    A right-to-left override in a name would turn the line around it.
    """
    if text.replace("\n", "").isprintable():  # nearly always, and much faster
        return text
    return "".join(
        f"⟨U+{ord(letter):04X}⟩"
        if unicodedata.category(letter) in ("Cc", "Cf", "Cs") and letter not in "\n\t"
        else letter
        for letter in ANSI.sub("", text)
    )


def _cell(text: str) -> str:
    """One line that no spreadsheet takes for a formula."""
    line = " ".join(visible(text).split())
    return f"'{line}" if line.startswith(("=", "+", "-", "@")) else line


def _section(grade: Row) -> str:
    points = "not graded yet" if grade.points is None else f"{grade.points:g}"
    of = f" of {grade.of:g} points" if grade.points is not None else ""
    parts = [
        f'<section class="{"correct" if grade.status == CORRECT else "other"}">',
        f"<h2>{html.escape(grade.title)}</h2>",
        f'<p><span class="status">{grade.status}</span>, {points}{of}</p>',
    ]
    if grade.note and grade.status != UNGRADED:
        parts.append(f"<p>{html.escape(visible(grade.note))}</p>")
    if grade.feedback:
        message = html.escape(visible(grade.feedback))
        parts.append(f'<p class="message">{message}</p>')
    if grade.status not in (CORRECT, UNGRADED):
        for number, hint in enumerate(grade.hints, 1):
            parts.append(
                f"<details><summary>Hint {number}</summary>"
                f'<p class="hint">{html.escape(hint)}</p></details>'
            )
    return "\n".join([*parts, "</section>"])
