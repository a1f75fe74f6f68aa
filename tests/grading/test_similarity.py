"""Copied answers are found, those that are alike because the task is are not."""

import random
import time
from pathlib import Path

import pytest

from utils.grading import items, similarity
from utils.grading.config import Config
from utils.grading.marks import apply
from utils.grading.reference import Reference
from utils.grading.reports import report, write_all
from utils.grading.similarity import normalised, pairs
from utils.grading.store import Row, Store
from utils.grading.students import gather
from utils.notebooks.files import grade
from utils.notebooks.prove import mutate

SOLUTIONS = sorted((Path(__file__).parents[2] / "solutions").glob("*.ipynb"))
if not SOLUTIONS:
    pytest.skip("no solutions: a student repository", allow_module_level=True)

COPIED = '''
def helper(rows, width):
    """Pad."""
    longest = max(len(row) for row in rows)
    filled = []
    for row in rows:
        missing = longest - len(row)
        filled.append(list(row) + [0] * missing)  # on the right
    return filled if width is None else [row[:width] for row in filled]

def attention(q, k, v, mask=None):
    scores = q @ k.transpose(-1, -2)
    scores = scores / k.shape[-1] ** 0.5
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    top = scores.max(dim=-1, keepdim=True).values
    weights = (scores - top).exp()
    total = weights.sum(dim=-1, keepdim=True)
    weights = weights / total
    return weights @ v, weights
'''
RENAMED = COPIED.replace("scores", "s").replace("weights", "prob").replace("rows", "xs")
FIRST, SECOND = COPIED.split("\ndef attention")
REORDERED = f"def attention{SECOND}\n\n{FIRST}"
COMMENTED = COPIED.replace("\n    ", "\n    # mine, all mine\n    ").replace(
    "Pad", "Own"
)
SIMPLE = "def attention(q, k, v, mask=None):\n    return softmax(q @ k.T) @ v"


def variants():
    """(notebook, exercise, stub) -> the solution and its mutants, over the course."""
    found = {}
    for path in SOLUTIONS:
        reference = Reference(path)
        for exercise in reference.exercises:
            wrong = [
                mutate(exercise.solution, cell.source, exercise.name)
                for cell in reference.notebook.cells
                if grade(cell).get("role") == "mutant"
                and grade(cell).get("id") == exercise.name
            ]
            key = reference.name, exercise.name, exercise.stub
            found[key] = [exercise.solution, *wrong]
    return found


@pytest.fixture(scope="module")
def course():
    return variants()


def a_class(course, students, seed=0):
    draw = random.Random(seed)
    answers = {}
    for (notebook, exercise, _), own in course.items():
        for number in range(students):
            source = own[0] if draw.random() < 0.6 else draw.choice(own)
            answers[f"s{number}", notebook, exercise] = f"# {number}\n{source}"
    return answers, {(n, e): stub for n, e, stub in course}


@pytest.mark.parametrize("copy", [COPIED, RENAMED, REORDERED, COMMENTED])
def test_a_copy_is_found_among_others(course, copy):
    notebook, exercise, _ = next(key for key in course if key[0].startswith("06"))
    answers, stubs = a_class({k: v for k, v in course.items() if k[0] == notebook}, 40)
    answers["ann", notebook, exercise] = COPIED
    answers["bob", notebook, exercise] = copy
    answers["eve", notebook, exercise] = SIMPLE
    (pair,) = pairs(answers, stubs)
    assert (pair.one, pair.other, pair.exercises) == ("ann", "bob", (exercise,))
    assert pair.part > 0.7


@pytest.mark.parametrize("students", [15, 40])
def test_the_courses_own_answers_right_and_wrong_are_nobodys_copy(course, students):
    answers, stubs = a_class(course, students)
    assert pairs(answers, stubs) == []


def test_what_everybody_was_given_and_what_all_share_is_no_likeness():
    every = {(f"s{n}", "n", "e"): COPIED for n in range(40)}
    assert pairs(every) == []
    two = {(who, "n", "e"): COPIED for who in ("ann", "bob")}
    assert len(pairs(two)) == 1
    assert pairs(two, {("n", "e"): COPIED}) == []
    assert pairs({key: SIMPLE for key in two}) == []
    other = {("ann", "n", "e"): COPIED, ("bob", "n", "other"): COPIED}
    assert pairs(other) == []


def test_each_mutant_of_the_course_stays_an_answer_of_its_own(course):
    for key, own in course.items():
        assert len({normalised(source) for source in own}) == len(own), key[:2]


@pytest.mark.parametrize(
    "one, other, same",
    [
        (
            "def f(x):\n  y = x\n  return y",
            "def f(a):\n    b=a # b\n    return b",
            True,
        ),
        ("def f(x):\n  'Doc.'\n  return x", "def f(z):\n  return (z)", True),
        (
            "class A:\n  def f(self, x):\n    return x",
            "class A:\n def f(s, y): return y",
            1,
        ),
        (
            "def f(x):\n  return lambda y: y + x",
            "def f(a):\n  return lambda b: b + a",
            1,
        ),
        (
            "def f(x):\n  return lambda y: y + x",
            "def f(a):\n  return lambda b: a + b",
            0,
        ),
        ("def f(x, y):\n  return x - y", "def f(x, y):\n  return y - x", False),
        ("def f(x):\n  return g(x)", "def f(x):\n  return h(x)", False),
        ("def f(x):\n  return x + 1", "def f(x):\n  return x + 2", False),
        ("def f(x):\n  global n\n  n = x", "def f(x):\n  global m\n  m = x", False),
        ("a = 1", "b = 1", False),  # a check may ask for it by its name
        ("f(x", "f(x  # what now?", True),  # no code: as text
        ("f(x", "f(y", False),
        ("%matplotlib inline\nx = 1", "%matplotlib inline\n\nx = 1 # !", True),
    ],
)
def test_what_counts_as_the_same_answer(one, other, same):
    assert (normalised(one) == normalised(other)) == bool(same)


@pytest.mark.parametrize(
    "source",
    [
        "(" * 5000,
        "-" * 50_000 + "1",
        "x = " + "[" * 90 + "]" * 90,
        "\0",
        "\ud800",
        "def f(:",
        "",
        "a" * 200_000,
        "x = 1;" * 15_000,
        "f" + "(x)" * 3000,
        "\\d = '\\d'",
    ],
)
def test_no_answer_stops_it_or_takes_long(source):
    began = time.monotonic()
    answers = {(who, "n", "e"): source for who in ("ann", "bob")}
    assert isinstance(pairs(answers), list)
    assert isinstance(normalised(source), str)
    assert isinstance(similarity.fingerprints(source), frozenset)
    assert isinstance(items.suspicion(source), str)
    assert time.monotonic() - began < 5


def test_the_courses_own_answers_are_not_suspicious(course):
    for key, own in course.items():
        assert not any(map(items.suspicion, own)), key[:2]
    for source in (
        "import ctypes",
        "open('/proc/1/mem')",
        "x = 1  # \u202e",
        "os._exit(0)",
    ):
        assert items.suspicion(source)


def test_a_class_of_a_thousand_is_bounded_in_time_and_size(tmp_path):
    draw = random.Random(1)
    rows = []
    for number in range(1000):
        for exercise in "abc":
            wrong = f"def f(x):\n    return x + {draw.randrange(40)}  # {number}"
            long = f"x = '{'<' * 3000}{number}'" if number % 3 else wrong
            done = draw.random() < 0.5
            rows.append(
                Row(
                    f"student {number} {'<' * 150}",
                    *("notebook", exercise, exercise),
                    *((1, 1, "correct") if done else (0, 1, "error")),
                    answer=wrong if done else long,
                    note="&" * 5000,
                    feedback=f"{'<' * 5000}{number % 500}",
                )
            )
    began = time.monotonic()
    write_all(tmp_path, rows, Config(), {})
    assert time.monotonic() - began < 90
    assert (tmp_path / "index.html").stat().st_size < 3_000_000
    largest = max(path.stat().st_size for path in (tmp_path / "students").iterdir())
    assert largest < 200_000


def test_a_results_folder_is_reported_in_the_order_of_its_exercises(tmp_path):
    reference = Reference(
        next(path for path in SOLUTIONS if path.stem.startswith("06"))
    )
    done = [
        Row("ann", reference.name, e.name, e.title, e.points, e.points, "correct")
        for e in reference.exercises
    ]
    gone = Row("ann", reference.name, "gone", "Gone", 9, 9, "correct")
    with Store(tmp_path) as store:
        store.put([gone, *reversed(done)])
    (tmp_path / "grading.toml").write_text('columns = { "{exercise}" = "points" }')
    report(tmp_path, [reference])
    header = (tmp_path / "gradebook.csv").read_text().splitlines()[0]
    assert header.split(",") == [exercise.name for exercise in reference.exercises]
    assert reference.title in (tmp_path / "index.html").read_text("utf-8")
    page = (tmp_path / "students" / "ann.html").read_text("utf-8")
    places = [page.index(f"<h3>{row.title}") for row in done]
    assert places == sorted(places)


def test_items_tell_a_hard_exercise_from_one_that_is_upside_down():
    rows, limits = [], [("easy", 2), ("middle", 9), ("half", 10), ("hard", 14)]
    for number in range(20):
        for exercise, limit in [*limits, ("turned", None)]:
            good = number < 10 if limit is None else number >= limit
            status = "correct" if good else "wrong"
            got = (float(good), 1, status)
            rows.append(Row(f"s{number:02}", "n", exercise, exercise, *got))
    group, _ = gather(apply(rows, [])[0], Config())
    easy, *_, hard, turned = items.items(group)
    assert (easy.share, hard.share, turned.share) == (0.9, 0.3, 0.5)
    assert turned.discrimination < -0.5 and hard.discrimination > 0
    few, _ = gather(apply(rows[:15], [])[0], Config())
    assert {item.discrimination for item in items.items(few)} == {None}
