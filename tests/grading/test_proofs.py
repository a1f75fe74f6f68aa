"""The table that proves a course's checks, and what makes it say no."""

import csv

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output, new_raw_cell

from utils.grading.__main__ import main
from utils.grading.check import SEED, VALUE_MIME, seed
from utils.notebooks import proofs
from utils.notebooks.files import write
from utils.notebooks.prove import exercises, prove, prove_one

ANSWER = """\
def double(x):
    # BEGIN SOLUTION
    return 2 * x
    # END SOLUTION"""
CHECK = """\
from utils.grading import check
mistakes = {"the square": 9, "a triple": lambda x: x > 6}
check("two threes", double(3), 6, mistakes=mistakes)
"""
HIDDEN = 'from utils.grading import value\nvalue("four", double(4))'
# Four where nothing is drawn, and else one of two.
DRAWN = """\
from utils.grading import seed, value
value("four", double({} if seed(1) % 2 else {}))
"""
SEEDS = ["s", "s-2", "s-3", "s-4", "s-5"]


def part(make, source, name, role, **more):
    grade = {"id": "double", "role": role, **more}
    return make(source, id=name, metadata={"grade": grade})


def notebook(answer=ANSWER, stored=8, mutants=("x * x", "x * 5"), hidden=HIDDEN):
    wrong = zip(mutants, ("the square", "a triple"), strict=True)
    data = {VALUE_MIME: {"name": "four", "value": stored}, "text/plain": "four"}
    unseen = part(new_code_cell, hidden, "unseen", "hidden", points=2)
    unseen.outputs = [new_output("display_data", data)]
    return new_notebook(
        cells=[
            part(new_code_cell, answer, "answer", "answer"),
            part(new_code_cell, CHECK, "seen", "check"),
            unseen,
            *(
                part(new_raw_cell, f"return {source}", f"m{n}", "mutant", message=text)
                for n, (source, text) in enumerate(wrong)
            ),
        ]
    )


def line(**how):
    proof = prove_one(notebook(**how), "double")
    return proofs.Line("01_double", proof, 0.25)


def test_proven():
    assert line().cells() == ["01_double", "double", *"220220", "0.2"]
    assert proofs.exit_status([line()]) == 0 and prove(notebook()) == []


def test_a_mutant_that_survives():
    # Right where it is looked at, and wrong elsewhere: the visible check passes it.
    found = line(mutants=("6 if x == 3 else 0", "x * 5"))
    assert (found.proof.mutants, found.proof.caught) == (2, 1)
    assert "no check fails it" in found.proof.problems[0]
    assert proofs.exit_status([line(), found]) == 1


def test_a_mutant_that_earns_every_point():
    found = line(mutants=("x * x if x != 4 else 8", "x * 5"))
    assert found.proof.caught == 1
    assert found.proof.problems == ["double, mutant 'm0': would earn every point"]
    assert proofs.exit_status([found]) == 1


def test_a_stub_that_earns_points():
    answer = ANSWER.replace("    return 2", "    # STUB: return 2 * x\n    return 2")
    found = line(answer=answer)
    assert found.proof.stub == 2
    assert proofs.exit_status([found]) == 1


def test_a_solution_that_no_longer_gives_what_is_stored():
    found = line(stored=9)
    assert (found.proof.of, found.proof.solution) == (2, 0)
    assert found.proof.problems == []  # `prove` is about checks, this about the values
    assert proofs.exit_status([found]) == 1


@pytest.mark.parametrize(
    "how", [{"answer": ANSWER.replace("2 * x", "2 * y")}, {"hidden": "1 / 0"}]
)
def test_a_solution_that_fails(how):
    found = line(**how)
    assert "the solution fails" in found.proof.problems[0]
    assert proofs.exit_status([found]) == 1


def test_table(tmp_path):
    write(notebook(), tmp_path / "01_right.ipynb")
    write(notebook(mutants=("6", "x * 5")), tmp_path / "02_wrong.ipynb")
    paths = sorted(tmp_path.glob("*.ipynb"))
    lines = proofs.table(paths)
    assert [one.notebook for one in lines] == ["01_right", "02_wrong"]
    again = proofs.table(paths, jobs=2)
    assert [one.proof for one in again] == [one.proof for one in lines]

    text = proofs.as_markdown(lines)
    assert "| 2 notebooks | 2 exercises | 4 | 4 | 0 | 4 | 3 | 0 |" in text
    piped = proofs.Line("a|b", lines[0].proof, 1)
    assert "| a\\|b | double |" in proofs.as_markdown([piped])
    assert "- 02_wrong: double, mutant 'm0': no check fails it" in text
    rows = list(csv.DictReader(proofs.as_csv(lines).splitlines()))
    assert [row["caught"] for row in rows] == ["2", "1"]
    assert rows[0]["problems"] == "" and "no check fails it" in rows[1]["problems"]
    assert proofs.exit_status(lines) == 1 and proofs.exit_status(lines[:1]) == 0


def test_a_path_that_is_no_notebook(tmp_path):
    (tmp_path / "x.ipynb").write_text("[]")
    with pytest.raises(ValueError, match="is not a notebook"):
        proofs.table([tmp_path / "x.ipynb"])


@pytest.fixture
def odd(monkeypatch):
    """Which of the seeds draw the first of the two."""
    found = []
    for text in SEEDS:
        with monkeypatch.context() as patch:
            patch.setenv(SEED, text)
            found += [text] if seed(1) % 2 else []
    assert seed(1) == 1 and 0 < len(found) < len(SEEDS)
    return found


def test_drawn():
    assert proofs.drawn(5, "s") == SEEDS and proofs.drawn(1, "s-2") == ["s-2"]
    assert proofs.drawn(0) == [] and proofs.drawn(2) != proofs.drawn(2)


def test_seeds(tmp_path):
    path = tmp_path / "01_double.ipynb"
    write(notebook(hidden=DRAWN.format(4, 7)), path)
    (found,) = proofs.table([path], seeds=SEEDS)
    assert found.proof.proven and found.proof.seeds == 5
    write(notebook(), path)  # nothing is drawn in it
    (found,) = proofs.table([path], seeds=SEEDS)
    assert found.proof.proven and found.proof.seeds == 0
    two = notebook(hidden=DRAWN.format(4, 7))
    other = notebook(mutants=("6", "x * 5"))  # and one that draws nothing
    for cell in other.cells:
        cell.metadata.grade.id, cell.id = "other", f"other-{cell.id}"
    two.cells += other.cells
    write(two, path)
    first, second = proofs.table([path], seeds=SEEDS[:2])
    assert exercises(two) == [first.proof.exercise, second.proof.exercise]
    assert (first.proof.seeds, second.proof.seeds) == (2, 0)


def test_a_check_that_is_lucky(tmp_path, odd, capsys):
    # The double of two is its square: only where four is drawn, a square is caught.
    path = tmp_path / "01_double.ipynb"
    write(notebook(hidden=DRAWN.format(4, 2)), path)
    assert proofs.table([path])[0].proof.proven
    arguments = ["check-the-checks", str(path), "--jobs", "1"]
    assert main([*arguments, "--seeds", "5", "--seed", "s"]) == 1
    out, progress = capsys.readouterr()
    lucky = [text for text in SEEDS if text not in odd]
    told = "- 01_double: double, mutant 'm0': would earn every point with seed '{}'"
    assert [line for line in out.splitlines() if line.startswith("- ")] == [
        told.format(text) for text in lucky
    ]
    assert f"| 2 | 2 | 0 | 2 | 2 | {len(odd)} |" in out
    assert "again: --seeds 5 --seed s\n" in progress and "15/15" in progress
    # One of them alone is run by its name.
    assert main([*arguments, "--seed", lucky[-1]]) == 1
    assert told.format(lucky[-1]) in capsys.readouterr().out
    assert main([*arguments, "--seed", odd[0]]) == 0


@pytest.mark.parametrize(
    ("fails", "why"),
    [("1 / 0", "error: "), ("__import__('random').random()", "wrong; ")],
)
def test_a_solution_that_fails_with_a_seed(tmp_path, odd, fails, why):
    path = tmp_path / "01_double.ipynb"
    answer = ANSWER.replace("2 * x", f"2 * x if x != 7 else {fails}")
    write(notebook(answer, hidden=DRAWN.format(4, 7)), path)
    assert proofs.table([path])[0].proof.proven
    (found,) = proofs.table([path], seeds=SEEDS)
    assert found.proof.seeds == len(odd) and proofs.exit_status([found]) == 1
    for problem, text in zip(
        found.proof.problems, [s for s in SEEDS if s not in odd], strict=True
    ):
        assert f"double: the solution fails with seed '{text}'" in problem
        assert why in problem


def test_a_notebook_that_cannot_be_graded(tmp_path):
    path = tmp_path / "01_double.ipynb"
    unrun = notebook(hidden=DRAWN.format(4, 7))
    unrun.cells[2].outputs = []
    write(unrun, path)
    assert proofs.table([path])[0].proof.proven
    (found,) = proofs.table([path], seeds=SEEDS)
    assert "hidden cell 'unseen' shows no value" in found.proof.problems[0]
