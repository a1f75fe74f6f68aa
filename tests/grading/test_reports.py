"""What an instructor and a student read, made of rows; hostile ones among them."""

import csv
import re
from pathlib import Path

import pytest

from utils.grading import marks
from utils.grading.config import Config, LateRule, load
from utils.grading.pages import page_names
from utils.grading.reports import write_all
from utils.grading.store import Row

HOSTILE = "=cmd|'/c calc'!A0\u202e<script>alert(1)</script>"
DAY = 86400
TITLES = {"06_attention": "Exercises: attention", "17_gpt": "Exercises: GPT"}
RIGHT = "def total(xs):\n    return sum(xs)"
WRONG = "def total(xs):\n    last = xs[:-1]  # why?\n    return sum(last)"
RENAMED = "def total(values):\n    '''Sum.'''\n    y = values[:-1]\n\n    return sum(y)"


def row(student="ann", exercise="mask", points=4.0, status="correct", **more):
    of = more.pop("of", 4.0)
    notebook = more.pop("notebook", "06_attention")
    title = f"The {exercise}"
    more = {"answer": RIGHT if status == "correct" else WRONG, **more}
    return Row(student, notebook, exercise, title, points, of, status, **more)


def wrong(student="bob", **more):
    return row(student, points=0, status="wrong", **more)


def report(folder, rows, config=None):
    warnings = write_all(folder, rows, config or Config(), TITLES)
    with (folder / "gradebook.csv").open(newline="", encoding="utf-8") as file:
        return warnings, list(csv.DictReader(file))


def page_of(folder, student):
    return (folder / "students" / page_names([student])[student]).read_text("utf-8")


def configured(tmp_path, text):
    path = tmp_path / "grading.toml"
    path.write_text(text, "utf-8")
    return load(path)


def give(folder, *lines):
    folder.mkdir(exist_ok=True)
    text = "\n".join([",".join(marks.COLUMNS), *lines])
    (folder / "marks.csv").write_text(text, "utf-8")


def test_who_left_out_a_notebook_has_its_points_to_earn(tmp_path):
    rows = [row(), row("bob"), row("bob", notebook="17_gpt", points=3.0)]
    _, (ann, bob) = report(tmp_path, rows)
    assert (ann["points"], ann["of"], ann["percent"]) == ("4", "8", "50")
    assert (bob["points"], bob["percent"], bob["17_gpt"]) == ("7", "87.5", "3")
    assert ann["17_gpt/mask"] == ann["17_gpt"] == ""
    assert "Not handed in: 0 of 4" in page_of(tmp_path, "ann")


def test_what_nobody_graded_is_empty_and_told(tmp_path):
    secret = "the reference fails: expected 0.1234"
    _, (ann,) = report(tmp_path, [row(points=None, status="ungraded", note=secret)])
    assert (ann["06_attention/mask"], ann["ungraded"]) == ("", "1")
    page = page_of(tmp_path, "ann")
    assert "not graded yet" in page and "0.1234" not in page
    assert "0.1234" in (tmp_path / "index.html").read_text("utf-8")


LATE = """
timezone = "UTC"
[deadlines]
06_attention = 2026-11-02
[late]
free_hours = 1
percent_per_day = 10
floor = 50
cutoff_days = 14
[extensions]
ann = 2
[extensions.bob]
06_attention = 2026-11-03T00:00:00+01:00
"""
PAGE = Path(__file__).parents[2] / "book" / "grading.md"


def test_the_example_on_the_page_of_the_book(tmp_path):
    example = re.search(r"```toml\n(.*?)```", PAGE.read_text("utf-8"), re.S)[1]
    (tmp_path / "roster.csv").write_text("login,number\nann,7\nada,8\n")
    config = configured(tmp_path, example)
    late = config.deadlines["06_attention"].timestamp() + 2 * DAY
    rows = [row(), row("ada", submitted=late), wrong(submitted=late)]
    _, book = report(tmp_path / "out", rows, config)
    columns = ("Matriculation", "Points", "06_attention", "06_attention/mask")
    assert [tuple(line[name] for name in columns) for line in book] == [
        ("8", "4", "4 of 4", "correct"),  # two days are given
        ("7", "4", "4 of 4", "correct"),
        ("", "0", "0 of 4", "wrong"),
    ]


DUE = 1793663999  # 2026-11-02T23:59:59Z


@pytest.mark.parametrize(
    "student, after, points, days",
    [
        ("eve", 0, "4", "0"),
        ("eve", 3600, "4", "0"),
        ("eve", 3601, "3.6", "1"),
        ("eve", 3600 + DAY, "3.6", "1"),
        ("eve", 3601 + DAY, "3.2", "2"),
        ("eve", 9 * DAY, "2", "9"),
        ("eve", 15 * DAY, "0", "15"),
        ("ann", 2 * DAY, "4", "0"),
        ("bob", 1, "4", "0"),  # his own deadline is an hour earlier
        ("bob", 2, "3.6", "1"),
    ],
)
def test_late(tmp_path, student, after, points, days):
    config = configured(tmp_path, LATE)
    rows = [row("eve"), row("ann"), row("bob")]
    rows = [r for r in rows if r.student != student]
    rows.append(row(student, submitted=DUE + after))
    warnings, book = report(tmp_path / "out", rows, config)
    own = next(line for line in book if line["student"] == student)
    assert (own["points"], own["days late"]) == (points, days)
    assert own["06_attention/mask"] == "4"
    assert ("late: " in page_of(tmp_path / "out", student)) == (days != "0")
    assert any("taken as 2026-11-02T23:59:59+00:00" in line for line in warnings)


@pytest.mark.parametrize(
    "text, message",
    [
        ("[late]\nfloor = 120", "late.floor is a number from 0 to 100, not 120"),
        ("[late]\npercent_per_day = nan", "late.percent_per_day"),
        ("[late]\nper_cent = 3", "unknown entry of [late] 'per_cent'"),
        ("[deadline]\nx = 1", "unknown entry 'deadline'"),
        ("[deadlines]\nx = 'soon'", "deadlines.x is no date"),
        ("[deadlines]\nx = true", "deadlines.x is no date"),
        ("timezone = 'Mars/Olympus'", "timezone 'Mars/Olympus' is not known"),
        ("timezone = '../../etc/passwd'", "is not known"),
        ("[extensions]\nann = -1", "extensions.ann.all is a number"),
        ("[columns]\nx = 3", "columns.x is a string"),
        ("[roster]\nfile = 'r.csv'", "[roster] needs"),
        ("deadlines = 3", "deadlines is a table"),
        ("[late", "grading.toml"),
    ],
)
def test_a_configuration_that_is_none(tmp_path, text, message):
    with pytest.raises(ValueError, match=re.escape(message)) as error:
        configured(tmp_path, text)
    assert "grading.toml" in str(error.value)


def test_a_time_without_zone_says_which_is_taken(tmp_path):
    config = configured(tmp_path, "[deadlines]\nx = 2026-11-02T12:00:00")
    assert "this machine's time zone" in config.notes[0]
    assert not configured(tmp_path, "[deadlines]\nx = 2026-11-02T12:00:00Z").notes


def test_a_floor_is_no_gift():
    rule = LateRule(percent_per_day=10, cutoff_days=2)
    assert [rule.kept(n * DAY)[0] for n in (0, 1, 2, 2.5)] == [1, 0.9, 0.8, 0]
    assert LateRule().kept(99 * DAY) == (1, 99)


ROSTER = """
[roster]
file = "roster.csv"
student = "Login"
[columns]
"Student" = "roster/Name"
"ID" = "roster/ID"
"{notebook} (points)" = "points"
"{notebook}: {exercise}" = "{points} of {of}, {status}"
"right" = "status/correct"
"""


def test_columns_for_a_learning_platform(tmp_path):
    (tmp_path / "roster.csv").write_text(
        "\ufeffName,Login,ID\nLovelace; Ada,ann,7\nNo One,carl,9\n", "utf-8"
    )
    config = configured(tmp_path, ROSTER)
    warnings, book = report(tmp_path / "out", [row(), wrong()], config)
    assert book[0] == {
        "Student": "Lovelace; Ada",
        "ID": "7",
        "06_attention (points)": "4",
        "06_attention: mask": "4 of 4, correct",
        "right": "1",
    }
    assert book[2]["Student"] == "No One"
    assert book[2]["06_attention: mask"].endswith("not handed in")
    assert "bob is not on the roster" in warnings


@pytest.mark.parametrize("value", ["total", "{points.__class__}", "roster/ID", "{}"])
def test_a_column_that_is_none_is_named_before_anything_is_written(tmp_path, value):
    with pytest.raises(ValueError, match="columns.x: unknown field"):
        report(tmp_path, [row()], Config(columns={"x": value}))
    assert not (tmp_path / "gradebook.csv").exists()
    with pytest.raises(ValueError, match="columns"):
        report(tmp_path, [row()], Config(columns={"x": "points", "x{exercise}": value}))


def test_two_columns_of_one_name(tmp_path):
    rows = [row(), row(notebook="17_gpt")]
    with pytest.raises(ValueError, match="two columns would be called 'mask'"):
        report(tmp_path, rows, Config(columns={"{exercise}": "points"}))


def test_marks_survive_and_count(tmp_path):
    rows = [row(points=None, status="ungraded"), wrong(), wrong("eve", answer=RENAMED)]
    name = marks.cluster(rows[1])
    assert name == marks.cluster(rows[2]) and name.startswith("answer:")
    give(
        tmp_path,
        "ann,06_attention,mask,2.5,read by hand",
        "bob,,mask,3,",
        f'{name},06_attention,mask,1,"The last one is left out,\nsee <b>slide</b> 4"',
    )
    kept = (tmp_path / "marks.csv").read_bytes()
    config = Config(columns={"s": "student", "{exercise}": "points", "x": "status"})
    for _ in range(2):
        warnings, book = report(tmp_path, rows, config)
        assert not warnings
        assert [line["mask"] for line in book] == ["2.5", "3", "1"]
        assert {line["x"] for line in book} == {"marked by hand"}
        assert (tmp_path / "marks.csv").read_bytes() == kept
    for student in ("bob", "eve"):
        page = page_of(tmp_path, student)
        assert "The last one is left out,\nsee &lt;b&gt;slide&lt;/b&gt; 4" in page
    assert "left out" not in page_of(tmp_path, "ann")
    index = (tmp_path / "index.html").read_text("utf-8")
    assert name in index and "2 students: The mask" in index


@pytest.mark.parametrize(
    "line, told",
    [
        ("nobody,06_attention,mask,1,x", "line 2: nobody's 06_attention/mask"),
        ("bob,06_attention,heads,1,x", "bob's 06_attention/heads is not among"),
        ("answer:000000000000,,mask,1,x", "answer:000000000000's mask is not"),
        ("bob,,mask,4.5,a comment", "points from 0 to 4, not 4.5"),
        ("bob,,mask,-1,a comment", "not -1"),
        ("bob,,mask,nan,a comment", "not nan"),
        ("bob,,mask,many,a comment", "not many"),
        ("\u202ebob,,mask,1,x", "⟨U+202E⟩bob's mask"),
    ],
)
def test_a_mark_that_is_nobodys_or_out_of_range_is_named(tmp_path, line, told):
    give(tmp_path, line)
    warnings, (bob,) = report(tmp_path, [wrong()])
    assert len(warnings) == 1 and told in warnings[0]
    assert bob["points"] == "0"
    assert ("a comment" in page_of(tmp_path, "bob")) == ("a comment" in line)
    assert line in (tmp_path / "marks.csv").read_text("utf-8")


def test_marks_as_spreadsheets_write_them(tmp_path):
    for text in (
        "\ufeffStudent;Notebook;Exercise;Points;Comment\r\nbob;;mask;2,5;für dich\r\n",
        "student\tnotebook\texercise\tpoints\tcomment\nbob\t\tmask\t2.5\tfür dich\n",
    ):
        for encoding in ("utf-8", "cp1252"):
            data = text.removeprefix("\ufeff" if encoding == "cp1252" else "")
            (tmp_path / "marks.csv").write_bytes(data.encode(encoding))
            warnings, (bob,) = report(tmp_path, [wrong()])
            assert (warnings, bob["points"]) == ([], "2.5")
            assert "für dich" in page_of(tmp_path, "bob")
    (tmp_path / "marks.csv").write_text("name,points\nbob,3\n")
    with pytest.raises(ValueError, match="no column student, notebook, exercise"):
        report(tmp_path, [wrong()])


def test_a_mark_for_a_name_as_the_gradebook_shows_it(tmp_path):
    rows = [wrong(HOSTILE), wrong()]
    _, (own, _) = report(tmp_path, rows, Config(columns={"who": "student"}))
    with (tmp_path / "marks.csv").open("a", newline="", encoding="utf-8") as file:
        csv.writer(file).writerow([own["who"], "", "mask", 2, "by hand"])
    warnings, book = report(tmp_path, rows)
    assert (warnings, [line["points"] for line in book]) == ([], ["2", "0"])


def test_nothing_of_a_student_becomes_markup_or_formula(tmp_path):
    bad = {"note": HOSTILE, "feedback": HOSTILE, "answer": f"# {HOSTILE}\n{WRONG}"}
    rows = [wrong(name, **bad) for name in (HOSTILE, f"{HOSTILE}2", "\ud800", "@x", "")]
    rows.append(row("died", points=0, status="kernel died", **bad))
    report(tmp_path, rows)
    pages = [tmp_path / "index.html", *(tmp_path / "students").iterdir()]
    assert len(pages) == 7
    for path in pages:
        text = path.read_text("utf-8")
        assert "<script" not in text.lower() and "\u202e" not in text
        assert "default-src 'none'" in text
        assert "&lt;script&gt;" in text or "died" not in path.name
    for path in (tmp_path / "gradebook.csv", tmp_path / "grades.csv"):
        for line in csv.reader(path.open(newline="", encoding="utf-8")):
            assert not [text for text in line if re.match(r"\s*[=+@-]", text)]
            assert not [text for text in line if "\u202e" in text or "\n" in text]
    for path in tmp_path.rglob("*"):
        assert re.fullmatch(r"[\w.-]+", path.name) and len(path.name) < 120


def test_a_page_shows_no_answer_and_the_class_page_does(tmp_path):
    secret = "a_name_that_stands_in_the_answer"
    rows = [wrong(who, answer=f"{secret} = 1") for who in ("ann", "bob")]
    report(tmp_path, rows)
    assert secret not in page_of(tmp_path, "ann")
    assert secret in (tmp_path / "index.html").read_text("utf-8")


def test_a_students_page_has_what_failed_the_hints_and_the_points(tmp_path):
    hint = "Look at <each> row"
    rows = [
        wrong(feedback="the rows: sums to two", hints=(hint,)),
        row("bob", "heads", hints=("not needed",)),
    ]
    report(tmp_path, rows)
    page = page_of(tmp_path, "bob")
    assert "the rows: sums to two" in page and "Look at &lt;each&gt; row" in page
    assert "4 of 8 points" in page and "not needed" not in page


def test_names_that_some_systems_hold_for_the_same_or_for_a_device():
    names = [
        "Ann",
        "ann",
        "ANN",
        "con",
        "nul.x",
        "",
        "a/b",
        "a?b",
        "x" * 99,
        "..",
        "ö",
    ]
    files = list(page_names(names).values())
    assert len({name.casefold() for name in files}) == len(names)
    assert not {"con.html", "nul.x.html", ".html"} & set(files)
    assert all(re.fullmatch(r"\w[\w.-]{0,110}\.html", name, re.A) for name in files)


def test_a_report_that_fails_leaves_the_one_that_was(tmp_path, monkeypatch):
    report(tmp_path, [row()])
    before = (tmp_path / "gradebook.csv").read_text()

    def full(*_):
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError, match="disk full"):
        report(tmp_path, [row(points=1.0)])
    assert (tmp_path / "gradebook.csv").read_text() == before
    assert not list(tmp_path.rglob("*.part"))
