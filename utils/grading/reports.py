"""All reports of a results folder: gradebooks, a page a student, the class page."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from utils.grading import gradebook, marks, similarity
from utils.grading.class_page import class_page
from utils.grading.config import Config, of_folder
from utils.grading.grade import MISSING, NOT_ATTEMPTED
from utils.grading.pages import page_names
from utils.grading.reference import Reference
from utils.grading.store import Row, Store
from utils.grading.student_page import student_page
from utils.grading.students import gather


def write_all(
    folder: Path,
    rows: list[Row],
    config: Config,
    titles: Mapping[str, str],
    stubs: Mapping[tuple[str, str], str] | None = None,
    aside: Sequence[tuple[str, str]] = (),
) -> list[str]:
    """Write all reports into ``folder``; returns what a human should know, in lines.

    These are ``gradebook.csv`` (a line a student), ``grades.csv`` (a line a student
    and exercise), ``index.html``, ``students/``, and ``marks.csv`` if it is not there.
    Each file is written whole or left as it was.

    Args:
        rows: in the order of the exercises.
        titles: of the notebooks, by their names.
        stubs: (notebook, exercise) -> what every student was given, which makes no two
            answers alike.
        aside: files that were not graded, and why.

    Raises ValueError for a column that is none and a ``marks.csv`` without its columns.
    """
    pages = folder / "students"
    pages.mkdir(parents=True, exist_ok=True)
    given = marks.read(folder / marks.FILE)
    marked, warnings = marks.apply(rows, given)
    group, more = gather(marked, config)
    warnings += [*more, *config.notes]
    wide = gradebook.wide(group, config.columns)  # first: it may find a bad column
    unwritten = (NOT_ATTEMPTED, MISSING)
    answers = {
        (row.student, row.notebook, row.exercise): row.answer
        for row in rows
        if row.answer and row.status not in unwritten
    }
    pairs = similarity.pairs(answers, stubs)
    names = page_names(student.name for student in group.students)
    for student in group.students:
        text = student_page(student, titles, group.exercises)
        write(pages / names[student.name], text)
    links = {student: f"students/{name}" for student, name in names.items()}
    course = " · ".join(titles.values()) if len(titles) == 1 else "The class"
    write(
        folder / "index.html",
        class_page(group, titles, links, pairs, warnings, course, aside),
    )
    write(folder / "gradebook.csv", wide)
    write(folder / "grades.csv", gradebook.long(group))
    return warnings


def report(
    folder: Path, references: Iterable[Reference] = (), config: Config | None = None
) -> list[str]:
    """`write_all` of what a results folder's store has.

    Args:
        references: for titles, stubs and the order; a notebook without its reference
            goes by its name. Rows of an exercise that a reference no longer has are
            left out.
        config: by default `of_folder`.

    Raises what `write_all` and `of_folder` raise.
    """
    known = {reference.name: reference for reference in references}
    order = {
        (reference.name, exercise.name): number
        for reference in known.values()
        for number, exercise in enumerate(reference.exercises)
    }
    with Store(folder) as store:
        rows = [
            row
            for row in store.rows()
            if row.notebook not in known or (row.notebook, row.exercise) in order
        ]
        aside = store.aside()
    rows.sort(key=lambda row: order.get((row.notebook, row.exercise), len(order)))
    return write_all(
        folder,
        rows,
        config or of_folder(folder),
        {name: reference.title for name, reference in known.items()},
        {(r.name, e.name): e.stub for r in known.values() for e in r.exercises},
        aside,
    )


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    temporary = path.with_name(f".{path.name}.part")
    try:
        # a lone surrogate, which a file's name on Linux may hold, has no UTF-8
        temporary.write_bytes(text.encode("utf-8", "backslashreplace"))
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
