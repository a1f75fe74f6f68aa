"""The table that proves a course's checks, and what makes it say no."""

import csv

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output, new_raw_cell

from utils.grading.check import VALUE_MIME
from utils.notebooks import proofs
from utils.notebooks.files import write
from utils.notebooks.prove import prove, prove_one

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
    assert line().cells() == ["01_double", "double", *"22022", "0.2"]
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
    assert "| 2 notebooks | 2 exercises | 4 | 4 | 0 | 4 | 3 |" in text
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
