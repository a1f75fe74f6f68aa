"""The instructor's page: the class, its exercises, its answers, whom to look at."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from urllib.parse import quote

from utils.grading import items
from utils.grading.grade import STATUSES
from utils.grading.pages import page, say, table
from utils.grading.similarity import Pair
from utils.grading.students import Class, Student

# So that a class of a thousand is a page of a megabyte or two.
MOST_ROWS, MOST_CLUSTERS, MOST_NAMES, MOST_CODE = 100, 60, 30, 3000
MOST_STUDENTS = 3000
BINS = 10

SIMILAR = """\
Pairs whose answers share a structure that hardly anyone else has, in at least half
of what the one with less has written; names, constants, comments and the order of
functions play no part. <strong>This is a hint for a human, not proof:</strong> two
who learnt from the same page, or worked together where that is allowed, look the
same. Answers of a few lines are all alike and are not listed for themselves, nor is
what a tenth of the class shares. In a class of less than twenty this says little."""
CLUSTERS = """\
The same but for comments, layout and the names of local variables. A line in
<code>marks.csv</code> with an answer's code as its student comments on all of them, and
with points marks them."""
DISCRIMINATION = """\
Discrimination is the correlation of the points here with the points in everything else:
near nought or below, look whether the check is right."""
Link = Callable[[str], str]


def class_page(
    group: Class,
    titles: Mapping[str, str],
    links: Mapping[str, str],
    pairs: list[Pair],
    warnings: list[str],
    course: str = "The class",
    aside: Sequence[tuple[str, str]] = (),
) -> str:
    """The page as HTML.

    Args:
        titles: of the notebooks.
        links: student -> address of their page.
        warnings: what about marks and configuration a human should know.
        aside: files that were not graded, and why.
    """

    def who(student: str) -> str:
        name = say(student, 80) or "(no name)"
        if student not in links:
            return name
        return f'<a href="{quote(links[student])}">{name}</a>'

    body = [f"<h1>{say(course)}</h1>", *_summary(group, titles)]
    if warnings:
        lines = "".join(f"<li>{say(text)}</li>" for text in warnings[:MOST_ROWS])
        body.append(f'<div class="note"><ul>{lines}</ul>{_more(warnings)}</div>')
    body += ["<h2>Points</h2>", _histogram(group)]
    body += ["<h2>Exercises</h2>", *_items(group, titles)]
    body += ["<h2>For a human</h2>", *_to_look_at(group, who, aside)]
    body += ["<h2>Wrong in the same way</h2>", *_clusters(group, who)]
    body += ["<h2>Most frequent messages</h2>", *_feedback(group)]
    body += ["<h2>Similar answers</h2>", *_pairs(pairs, titles, who)]
    body += ["<h2>Students</h2>", *_students(group, who)]
    return page(course, body, wide=True)


def _summary(group: Class, titles: Mapping[str, str]) -> Iterator[str]:
    if len(group.exercises) > 1:
        names = ", ".join(say(titles.get(name, name)) for name in group.exercises)
        yield f'<p class="soft">{names}</p>'
    handed_in = [student for student in group.students if student.items]
    told = f"{len(handed_in)} of {len(group.students)} students handed in"
    if handed_in:
        percents = [student.percent for student in handed_in]
        told += (
            f"; half of those have {statistics.median(percents):.0f} % or more, "
            f"the mean is {statistics.mean(percents):.0f} %"
        )
    yield f"<p>{told}.</p>"
    counts = Counter(item.status for student in handed_in for item in student.items)
    known = [what for what in STATUSES if counts[what]]
    rest = sorted(set(counts) - set(known))
    rows = ([say(what), f"{counts[what]}"] for what in (*known, *rest))
    yield table("Statuses", ["status", "answers"], rows, [1])


def _histogram(group: Class) -> str:
    """Percentages in tens, as a picture and in its words."""
    counts = [0] * BINS
    for student in group.students:
        if student.items:
            counts[min(BINS - 1, int(student.percent // (100 / BINS)))] += 1
    top = max(*counts, 1)
    parts, told = [], []
    for n, count in enumerate(counts):
        low, high = n * 100 // BINS, (n + 1) * 100 // BINS
        told.append(f"{low} to {high} %: {count}")
        x, height = 10 + n * 58, 130 * count / top
        parts.append(
            f'<rect x="{x}" y="{150 - height:.1f}" width="50" height="{height:.1f}"/>'
            f'<text x="{x + 25}" y="{144 - height:.1f}" text-anchor="middle">'
            f"{count or ''}</text>"
            f'<text x="{x + 25}" y="168" text-anchor="middle">{low}–{high}</text>'
        )
    return (
        '<svg viewBox="0 0 600 192" role="img" aria-label="Students by percentage of '
        f'points. {"; ".join(told)}"><line x1="5" y1="150" x2="595" y2="150"/>'
        f'{"".join(parts)}<text x="300" y="188" text-anchor="middle">'
        "students by per cent of all points</text></svg>"
    )


def _items(group: Class, titles: Mapping[str, str]) -> Iterator[str]:
    yield f"<p>{DISCRIMINATION}</p>"
    rows = []
    for item in items.items(group):
        share = "" if item.share is None else f"{100 * item.share:.0f} %"
        way = item.discrimination
        counts = ", ".join(f"{n} {what}" for what, n in item.statuses.most_common())
        rows.append(
            [
                say(item.title),
                say(titles.get(item.notebook, item.notebook), 60),
                f"{item.of:g}",
                f"{item.written} of {item.students}",
                share,
                "" if way is None else f"{way:.2f}",
                say(counts),
            ]
        )
    names = ["exercise", "notebook", "points", "written", "share of points"]
    names += ["discrimination", "statuses"]
    yield table("Exercises", names, rows, [2, 3, 4, 5])


def _to_look_at(
    group: Class, who: Link, aside: Sequence[tuple[str, str]]
) -> Iterator[str]:
    found = items.to_look_at(group)
    if not found and not aside:
        yield "<p>Nothing.</p>"
    for reason, rows in found.items():
        yield f"<h3>{reason} ({len(rows)})</h3>"
        shown = ([who(s), say(place), say(why)] for s, place, why in rows[:MOST_ROWS])
        yield table(reason, ["student", "where", "what"], shown)
        yield _more(rows)
    if aside:
        yield f"<h3>Files left aside ({len(aside)})</h3>"
        files = ([say(file), say(why)] for file, why in aside[:MOST_ROWS])
        yield table("Files left aside", ["file", "why"], files)
        yield _more(aside)


def _clusters(group: Class, who: Link) -> Iterator[str]:
    found = items.clusters(group)
    yield f"<p>{CLUSTERS}</p>" if found else "<p>No two wrong answers are the same.</p>"
    for cluster in found[:MOST_CLUSTERS]:
        count, names = len(cluster.students), cluster.students[:MOST_NAMES]
        rest = f" and {count - len(names)} more" if count > len(names) else ""
        yield '<section class="exercise">'
        yield (
            f"<h3>{count} students: {say(cluster.title)}</h3>"
            f'<p><code>{cluster.name}</code> <span class="soft">'
            f"{say(cluster.notebook)}, {say(cluster.exercise)}</span></p>"
        )
        if cluster.feedback:
            yield f'<p class="text message">{say(cluster.feedback, 600)}</p>'
        if cluster.comment:
            yield f'<p class="text comment">{say(cluster.comment, 600)}</p>'
        yield (
            "<details><summary>The answer, as one of them wrote it</summary>"
            f'<pre tabindex="0">{say(cluster.answer, MOST_CODE)}</pre></details>'
        )
        yield f"<p>{', '.join(map(who, names))}{rest}</p></section>"
    if len(found) > MOST_CLUSTERS:
        yield f"<p>{len(found) - MOST_CLUSTERS} smaller ones are not shown.</p>"


def _feedback(group: Class) -> Iterator[str]:
    found = items.feedback(group)
    rows = ([str(n), say(title), say(text)] for n, title, text in found[:30])
    yield table("Messages", ["times", "exercise", "message"], rows, [0])


def _pairs(pairs: list[Pair], titles: Mapping[str, str], who: Link) -> Iterator[str]:
    yield f"<p>{SIMILAR}</p>"
    if not pairs:
        yield "<p>None.</p>"
        return
    rows = (
        [
            f"{who(pair.one)}, {who(pair.other)}",
            say(titles.get(pair.notebook, pair.notebook), 60),
            say(", ".join(pair.exercises)),
            f"{100 * pair.part:.0f} %",
        ]
        for pair in pairs[:MOST_ROWS]
    )
    names = ["students", "notebook", "exercises", "in common"]
    yield table("Similar answers", names, rows, [3])


def _students(group: Class, who: Link) -> Iterator[str]:
    def row(student: Student) -> list[str]:
        late = max((sheet.late for sheet in student.sheets.values()), default=0)
        state = f"{student.ungraded} ungraded" if student.ungraded else ""
        return [
            who(student.name),
            f"{student.points:g}" if student.items else "not handed in",
            f"{student.percent:.0f} %" if student.items else "",
            f"{late or ''}",
            state,
        ]

    names = ["student", "points", "per cent", "days late", "open"]
    shown = group.students[:MOST_STUDENTS]
    yield table("Students", names, map(row, shown), [1, 2, 3])
    if len(group.students) > len(shown):
        yield f"<p>{len(group.students) - len(shown)} more: see gradebook.csv.</p>"


def _more(rows: Sequence[object]) -> str:
    left = len(rows) - MOST_ROWS
    return f"<p>{left} more are not shown.</p>" if left > 0 else ""
