"""A batch that is killed, started again, and graded again with changed checks."""

import json
import signal
import subprocess
import sys

import pytest
from test_grade import HIDDEN_MEAN, RIGHT, WRONG, reference, submit

from utils.grading.__main__ import main
from utils.grading.store import Store
from utils.notebooks.execute import run
from utils.notebooks.files import read, write

__all__ = ["reference"]  # the fixture of the class in test_grade

SLOW = "import time\ntime.sleep(0.4)\n" + RIGHT


def hand_in(folder, reference, **answers):
    folder.mkdir(exist_ok=True)
    for student, answer in answers.items():
        text = json.dumps(submit(reference, answer))
        (folder / f"{student}.ipynb").write_text(text)
    return folder


def rows_of(out):
    with Store(out) as store:
        return {(row.student, row.exercise): row for row in store.rows()}


def test_a_killed_batch_goes_on_where_it_was(reference, tmp_path):
    names = [f"student-{n:02}" for n in range(12)]
    handed_in = hand_in(tmp_path / "in", reference, **dict.fromkeys(names, SLOW))
    out = tmp_path / "out"
    command = [sys.executable, "-m", "utils.grading", "grade", str(reference)]
    command += [str(handed_in), "--out", str(out), "--jobs", "2"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    for line in process.stdout:
        if line.startswith("[3/"):
            process.send_signal(signal.SIGKILL)
            break
    process.stdout.close()
    process.wait()
    kept = rows_of(out)
    assert 5 <= len(kept) < 24
    again = subprocess.run(command, capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    assert f"{len(kept)} graded before" in again.stdout
    found = rows_of(out)
    assert len(found) == 24
    assert {row.status for row in found.values()} == {"correct"}
    assert all(found[key] == row for key, row in kept.items())
    assert len((out / "grades.csv").read_text().splitlines()) == 25
    third = subprocess.run(command, capture_output=True, text=True)
    assert "24 graded before" in third.stdout
    assert rows_of(out) == found


def test_a_regrade_touches_what_changed_and_says_who_moved_and_why(
    reference, tmp_path, capsys
):
    handed_in = hand_in(tmp_path / "in", reference, ann=RIGHT, ben=WRONG)
    arguments = [str(handed_in), "--out", str(tmp_path / "out"), "--jobs", "1"]
    assert main(["grade", str(reference), *arguments]) == 0
    before = rows_of(tmp_path / "out")

    notebook = read(reference)
    hidden = next(c for c in notebook.cells if c.source == HIDDEN_MEAN)
    hidden.source = "value('of two', mean([1.0, 2.0]))\nvalue('of words', mean('ab'))"
    answer = next(c for c in notebook.cells if c.id == "answer-2")
    answer.source = answer.source.replace(
        "return sum(xs) / len(xs)", "return 0.5 if 'a' in xs else sum(xs) / len(xs)"
    )
    changed = tmp_path / reference.name
    write(notebook, changed)
    run(changed)
    capsys.readouterr()
    assert main(["grade", str(changed), *arguments]) == 0
    output = capsys.readouterr().out
    assert "2 graded before" in output
    for student in ("ann", "ben"):
        moved = f"moved: {student}, mean: 2 → 0 of 2 (correct → error), changed: the"
        assert f"{moved} checks" in output
    after = rows_of(tmp_path / "out")
    assert after["ann", "total"] == before["ann", "total"]

    hand_in(tmp_path / "in", reference, ben=RIGHT)
    assert main(["grade", str(changed), *arguments]) == 0
    output = capsys.readouterr().out
    assert "moved: ben, total: 0 → 3 of 3 (wrong → correct), changed: the answer" in (
        output
    )
    assert output.count("moved:") == 1


SEEDED = """\
import random
from utils.grading import seed, value

random.seed(seed(3))
value("a total", total([random.random() for _ in range(5)]))"""


@pytest.fixture(scope="module")
def seeded(reference, tmp_path_factory):
    """The reference with one hidden check, whose inputs come from a seed."""
    notebook = read(reference)
    notebook.cells = [c for c in notebook.cells if c.id != "hidden-2"]
    next(c for c in notebook.cells if c.id == "hidden-1").source = SEEDED
    path = tmp_path_factory.mktemp("seeded") / "seeded.ipynb"
    write(notebook, path)
    run(path)
    shown = next(c for c in read(path).cells if c.id == "hidden-1").outputs[0].data
    (value,) = [v for kind, v in shown.items() if kind.endswith("value+json")]
    return path, value["value"]


@pytest.mark.parametrize("engine", ["fork", "nbval"])
def test_values_learnt_by_heart_are_worth_nothing(seeded, tmp_path, engine):
    path, stored = seeded
    by_heart = f"def total(xs):\n    return {stored!r} if len(xs) == 5 else sum(xs)"
    handed_in = hand_in(tmp_path / "in", path, ann=RIGHT, ben=by_heart)
    arguments = ["grade", str(path), str(handed_in), "--engine", engine]
    assert main([*arguments, "--out", str(tmp_path / "out")]) == 0
    found = rows_of(tmp_path / "out")
    assert found["ann", "total"].points == 2
    assert found["ben", "total"].points == 0


def test_with_a_course_key_each_student_has_inputs_of_their_own(seeded, tmp_path):
    path, _ = seeded
    # It knows the total that Ann's inputs have, out of an earlier attempt say.
    spy = "import os\ndef total(xs):\n    raise ValueError(os.environ.get({!r}))"
    spy = spy.format("INSIDE_TRANSFORMERS_SEED")
    handed_in = hand_in(tmp_path / "in", path, ann=spy, ben=spy, cleo=RIGHT)
    arguments = ["grade", str(path), str(handed_in), "--course-key", "secret"]
    assert main([*arguments, "--out", str(tmp_path / "out")]) == 0
    found = rows_of(tmp_path / "out")
    seeds = {found[name, "total"].feedback for name in ("ann", "ben")}
    assert len(seeds) == 2
    assert found["cleo", "total"].points == 2
    assert main([*arguments, "--out", str(tmp_path / "again")]) == 0
    again = rows_of(tmp_path / "again")
    assert {again[name, "total"].feedback for name in ("ann", "ben")} == seeds


def test_a_seed_can_be_given(seeded, tmp_path):
    path, _ = seeded
    handed_in = hand_in(tmp_path / "in", path, ann=RIGHT)
    prints = []
    for folder, seed in (("a", "one"), ("b", "one"), ("c", "two")):
        arguments = ["grade", str(path), str(handed_in), "--seed", seed]
        assert main([*arguments, "--out", str(tmp_path / folder)]) == 0
        prints.append(rows_of(tmp_path / folder)["ann", "total"].fingerprint)
    assert prints[0] == prints[1] != prints[2]


def test_memory_stays_flat(reference, tmp_path):
    """Resident memory of grader and helper processes over a hundred submissions."""
    import psutil

    names = [f"s{n}" for n in range(100)]
    handed_in = hand_in(tmp_path / "in", reference, **dict.fromkeys(names, RIGHT))
    command = [sys.executable, "-m", "utils.grading", "grade", str(reference)]
    command += [str(handed_in), "--out", str(tmp_path / "out"), "--jobs", "1"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    used = {}
    for line in process.stdout:
        if line.startswith("["):
            done = int(line[1:].split("/")[0])
            used[done] = psutil.Process(process.pid).memory_info().rss
    assert process.wait() == 0
    assert used[100] < used[20] + 20_000_000
