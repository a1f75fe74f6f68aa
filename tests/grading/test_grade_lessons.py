"""The course's own solutions grade as they should: full marks, mutants, stubs."""

import copy
import csv
import json
import time

import pytest

from utils.grading.__main__ import main
from utils.notebooks.files import ROOT, grade, graded, notebooks, read
from utils.notebooks.prove import mutate
from utils.notebooks.release import exercise


@pytest.mark.parametrize(
    "path", notebooks(ROOT / "solutions"), ids=lambda path: path.stem
)
def test_grading_a_lesson(path, tmp_path, capsys):
    reference = read(path)
    submissions, out = tmp_path / "submissions", tmp_path / "grades"
    submissions.mkdir()
    answers = graded(reference, "answer")
    names = [grade(answer)["id"] for answer in answers]

    def submit(name, sources):
        notebook = copy.deepcopy(exercise(reference))
        for cell in graded(notebook, "answer"):
            cell.source = sources.get(grade(cell)["id"], cell.source)
        (submissions / f"{name}.ipynb").write_text(json.dumps(notebook))

    right = {grade(answer)["id"]: answer.source for answer in answers}
    wrong = {}
    for cell in graded(reference, "mutant"):
        name = grade(cell)["id"]
        wrong.setdefault(name, mutate(right[name], cell.source, name))
    submit("right", right)
    submit("wrong", wrong)
    submit("untouched", {})
    submit("first_is_endless", right | {names[0]: "while True: pass"})
    submit("last_dies", right | {names[-1]: "import os; os._exit(1)"})

    began = time.monotonic()
    arguments = ["grade", str(path), str(submissions), "--out", str(out)]
    arguments += ["--cell-timeout", "20", "--jobs", "2", "--seed", "one"]
    assert main(arguments) == 0
    print(f"{time.monotonic() - began:.0f} s", capsys.readouterr().out)

    with (out / "grades.csv").open(encoding="utf-8", newline="") as file:
        rows = {(row["student"], row["exercise"]): row for row in csv.DictReader(file)}
    assert len(rows) == 5 * len(names)
    for name in names:
        assert rows["right", name]["status"] == "correct"
        assert rows["right", name]["points"] == rows["right", name]["of"]
        assert float(rows["wrong", name]["points"]) < float(rows["wrong", name]["of"])
        assert rows["untouched", name]["status"] == "not attempted"
        assert rows["untouched", name]["points"] == "0"
    for student, bad, status in [
        ("first_is_endless", names[0], "out of time"),
        ("last_dies", names[-1], "kernel died"),
    ]:
        assert (rows[student, bad]["status"], rows[student, bad]["points"]) == (
            status,
            "0",
        )
        others = {rows[student, name]["status"] for name in names if name != bad}
        assert others <= {"correct"}
