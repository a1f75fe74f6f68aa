"""Several notebooks in one command, and what an instructor gets of them."""

import csv
import json
import os

import pytest
from test_grade import MEAN, RIGHT, WRONG, reference

from utils.grading.__main__ import main
from utils.notebooks.files import read, write
from utils.notebooks.release import exercise

__all__ = ["reference"]  # the fixture of the class in test_grade
NOON = 1793620800  # 2026-11-02T12:00:00Z


@pytest.fixture
def course(reference, tmp_path):
    """A folder of two solution notebooks, with exercises of their own names."""
    folder = tmp_path / "solutions"
    folder.mkdir()
    for number in (1, 2):
        notebook = read(reference)
        notebook.cells[0].source = f"# Solutions: part {number}"
        for cell in notebook.cells:
            cell.id = f"{cell.id}-of-{number}"
            if "grade" in cell.metadata:
                cell.metadata["grade"]["id"] += f"_{number}"
        write(notebook, folder / f"part_{number}.ipynb")
    return folder


@pytest.fixture
def handed_in(course, tmp_path):
    """Ann hands in both, Ben the first, a day late; and something else lies about."""
    folder = tmp_path / "in"

    def give(student, number, answer=RIGHT, when=NOON):
        path = folder / student / f"part_{number}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        notebook = exercise(read(course / path.name))
        sources = {f"answer-1-of-{number}": answer, f"answer-2-of-{number}": MEAN}
        for cell in notebook.cells:
            cell.source = sources.get(cell.id, cell.source)
        write(notebook, path)
        os.utime(path, (when, when))

    give("ann", 1)
    give("ann", 2, WRONG)
    give("ben", 1, when=NOON + 86400)
    other = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (folder / "ben" / "diary.ipynb").write_text(json.dumps(other))
    (folder / "ben" / "notes.txt").write_text("hello")
    return folder


def book(out):
    with (out / "gradebook.csv").open(newline="", encoding="utf-8") as file:
        return {line["student"]: line for line in csv.DictReader(file)}


def test_a_course_is_graded_by_one_command(course, handed_in, tmp_path, capsys):
    out = tmp_path / "out"
    out.mkdir()
    (out / "grading.toml").write_text(
        'timezone = "UTC"\ndeadlines = { part_1 = 2026-11-02 }\n'
        "late = { percent_per_day = 20 }\n"
    )
    arguments = [str(course), "--out", str(out)]
    assert main(["grade", arguments[0], str(handed_in), *arguments[1:]]) == 0
    told = capsys.readouterr().out
    assert "[3/3] " in told and "ann, part_2: 2 of 5" in told
    assert "3 submissions: 5 correct, 1 wrong" in told
    assert "left aside, answers none of these notebooks: " in told
    ann, ben = book(out).values()
    assert (ann["part_1"], ann["part_2"], ann["points"]) == ("5", "2", "7")
    assert (ben["part_1"], ben["part_2"], ben["of"]) == ("4", "", "10")
    page = (out / "index.html").read_text("utf-8")
    assert "diary.ipynb" in page and "notes.txt" in page
    page = (out / "students" / "ann.html").read_text("utf-8")
    assert page.index("Exercises: part 1") < page.index("Exercises: part 2")

    # A mark by hand counts in the next report, and after the next grading.
    with (out / "marks.csv").open("a", encoding="utf-8") as file:
        file.write("ann,part_2,total_2,2.5,a good idea\n")
    assert main(["report", *arguments]) == 0
    assert book(out)["ann"]["part_2"] == "4.5"
    one = ["grade", str(course / "part_1.ipynb"), str(handed_in)]
    assert main([*one, *arguments[1:]]) == 0
    assert "graded before" in capsys.readouterr().out
    assert book(out)["ann"]["part_2"] == "4.5"
    page = (out / "students" / "ann.html").read_text("utf-8")
    assert "a good idea" in page and "Exercises: part 2" in page


def test_a_broken_reference_keeps_no_other_from_being_graded(
    course, handed_in, tmp_path, capsys
):
    notebook = read(course / "part_1.ipynb")
    hidden = next(c for c in notebook.cells if c.id == "hidden-3-of-1")
    hidden.source = "1 / 0"
    write(notebook, course / "part_1.ipynb")
    out = str(tmp_path / "out")
    assert main(["grade", str(course), str(handed_in), "--out", out]) == 1
    assert "part_1: the reference fails its own exercise" in capsys.readouterr().err
    assert book(tmp_path / "out")["ann"]["part_2"] == "2"


@pytest.mark.parametrize(
    "text, message",
    [
        ("lates = { floor = 1 }", "unknown entry 'lates'"),
        ("deadlines = { part_1 = 7 }", "deadlines.part_1 is no date"),
    ],
)
def test_a_mistake_in_the_configuration_is_told_before_anything_is_run(
    course, handed_in, tmp_path, capsys, text, message
):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    arguments = ["grade", str(course), str(handed_in), "--out", str(tmp_path / "out")]
    assert main([*arguments, "--config", str(path)]) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out" / "grades.sqlite").exists()


def test_there_is_no_report_of_nothing(course, tmp_path, capsys):
    assert main(["report", str(course), "--out", str(tmp_path / "none")]) == 1
    assert "nothing is graded in" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()
