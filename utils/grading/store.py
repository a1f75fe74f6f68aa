"""What was graded, in one SQLite file that a kill at any moment leaves whole."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

FILE = "grades.sqlite"


@dataclass(frozen=True)
class Row:
    """A student's result in one exercise; what reports are made of.

    Everything that comes from a student (``student``, ``answer``, ``feedback``,
    ``note``) is untrusted text of any content.
    """

    student: str
    notebook: str  # the reference's file name without .ipynb
    exercise: str  # its id
    title: str
    points: float | None  # None: nobody graded it
    of: float
    status: str  # one of `utils.grading.grade.STATUSES`
    note: str = ""
    feedback: str = ""  # the message of the check that failed, a misconception if known
    hints: tuple[str, ...] = ()
    answer: str | None = None  # source of the answer taken; None: there was none
    submitted: float | None = None  # seconds since the epoch
    sandbox: str = ""  # the isolation that the answer ran in
    engine: str = ""
    seconds: float = 0.0
    fingerprint: str = ""  # of all that the result depends on


class Store:
    """The rows of one results folder; ``with Store(folder) as store``."""

    def __init__(self, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        self.file = sqlite3.connect(folder / FILE, timeout=60)
        names = ", ".join(field.name for field in fields(Row))
        self.file.executescript(
            f"""
            CREATE TABLE IF NOT EXISTS grades (
                {names}, PRIMARY KEY (student, notebook, exercise));
            CREATE TABLE IF NOT EXISTS settings (name PRIMARY KEY, value);
            CREATE TABLE IF NOT EXISTS aside (file, why);
            """
        )

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def put(self, rows: list[Row]) -> None:
        """Write rows, all of them or none; each takes the place of its older one."""
        names = [field.name for field in fields(Row)]
        marks = ", ".join("?" * len(names))
        values = []
        for row in rows:
            data = asdict(row) | {"hints": json.dumps(row.hints)}
            values.append([_storable(data[name]) for name in names])
        with self.file:
            self.file.executemany(
                f"INSERT OR REPLACE INTO grades ({', '.join(names)}) VALUES ({marks})",
                values,
            )

    def rows(self) -> Iterator[Row]:
        """All rows, by notebook, student and exercise in the order of their coming."""
        names = [field.name for field in fields(Row)]
        query = f"SELECT {', '.join(names)} FROM grades ORDER BY rowid"
        for values in self.file.execute(query):
            row = Row(**dict(zip(names, values, strict=True)))
            yield replace(row, hints=tuple(json.loads(values[names.index("hints")])))

    def put_aside(self, files: list[tuple[str, str]]) -> None:
        """Write which files were left aside and why, in place of what was written."""
        with self.file:
            self.file.execute("DELETE FROM aside")
            self.file.executemany(
                "INSERT INTO aside VALUES (?, ?)",
                [tuple(map(_storable, pair)) for pair in files],
            )

    def aside(self) -> list[tuple[str, str]]:
        """The files that were left aside, and why."""
        return self.file.execute("SELECT file, why FROM aside").fetchall()

    def setting(self, name: str, value: str) -> str:
        """A setting of this folder: what was kept the first time, else ``value``."""
        with self.file:
            self.file.execute(
                "INSERT OR IGNORE INTO settings VALUES (?, ?)", (name, value)
            )
        query = "SELECT value FROM settings WHERE name = ?"
        return self.file.execute(query, (name,)).fetchone()[0]


def _storable(value: object) -> object:
    """SQLite takes no lone surrogates, which a file name on Linux may hold."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    return value
