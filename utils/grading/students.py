"""The class by student: what each has in each notebook, after marks and lateness."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from utils.grading.config import Config
from utils.grading.marks import Marked
from utils.grading.pages import visible

ABSENT = "not handed in"


@dataclass
class Sheet:
    """A student's part in one notebook."""

    of: float = 0.0  # of all its exercises, whatever of them was handed in
    items: dict[str, Marked] = field(default_factory=dict)  # by exercise
    kept: float = 1.0  # the share of the points that the late rule leaves
    late: int = 0  # days

    @property
    def earned(self) -> float:
        """Without the late rule."""
        return sum(item.row.points or 0 for item in self.items.values())

    @property
    def points(self) -> float:
        return round(self.earned * self.kept, 2)

    @property
    def ungraded(self) -> int:
        return sum(item.row.points is None for item in self.items.values())


@dataclass
class Student:
    name: str
    sheets: dict[str, Sheet]  # every notebook of the class
    roster: Mapping[str, str] = field(default_factory=dict)

    @property
    def points(self) -> float:
        return round(sum(sheet.points for sheet in self.sheets.values()), 2)

    @property
    def of(self) -> float:
        return sum(sheet.of for sheet in self.sheets.values())

    @property
    def percent(self) -> float:
        return round(100 * self.points / self.of, 1) if self.of else 0.0

    @property
    def ungraded(self) -> int:
        return sum(sheet.ungraded for sheet in self.sheets.values())

    @property
    def items(self) -> list[Marked]:
        return [i for sheet in self.sheets.values() for i in sheet.items.values()]


@dataclass
class Class:
    """All that reports are made of."""

    students: list[Student]
    exercises: dict[str, dict[str, float]]  # notebook -> exercise -> points to be had
    titles: dict[tuple[str, str], str]  # (notebook, exercise) -> title


def gather(marked: Iterable[Marked], config: Config) -> tuple[Class, list[str]]:
    """The class by student, and what about the configuration does not fit it.

    Who is on the roster and handed in nothing is in it too.
    """
    exercises: dict[str, dict[str, float]] = defaultdict(dict)
    titles: dict[tuple[str, str], str] = {}
    own: dict[str, dict[str, dict[str, Marked]]] = defaultdict(
        lambda: defaultdict(dict)
    )
    for item in marked:
        row = item.row
        exercises[row.notebook][row.exercise] = row.of
        titles[row.notebook, row.exercise] = row.title
        own[row.student][row.notebook][row.exercise] = item
    students = []
    for name in sorted(
        {*own, *config.roster}, key=lambda name: (name.casefold(), name)
    ):
        sheets = {}
        for notebook, of in sorted(exercises.items()):
            items = own[name][notebook] if name in own else {}
            items = {e: items[e] for e in of if e in items}
            times = [i.row.submitted for i in items.values() if i.row.submitted]
            kept, late = config.kept(name, notebook, max(times, default=None))
            sheets[notebook] = Sheet(sum(of.values()), items, kept, late)
        students.append(Student(name, sheets, config.roster.get(name, {})))
    warnings = []
    for notebook in config.deadlines:
        if notebook not in exercises:
            warnings.append(f"a deadline for {notebook}, of which nothing is graded")
    for name, given in config.extensions.items():
        if name not in own and name not in config.roster:
            warnings.append(f"an extension for {visible(name)}, who handed in nothing")
        for notebook in given:
            if notebook not in (*exercises, "all"):
                warnings.append(
                    f"an extension of {visible(name)} for {notebook}, "
                    "of which nothing is graded"
                )
    if config.roster:
        warnings += [
            f"{visible(name)} is not on the roster"
            for name in own
            if name not in config.roster
        ]
    return Class(students, dict(exercises), titles), warnings
