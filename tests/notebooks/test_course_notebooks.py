"""The course's own notebooks keep to the rules, and their checks are proven."""

import pytest

from utils.notebooks import lint
from utils.notebooks.files import ROOT, notebooks, read
from utils.notebooks.prove import prove
from utils.notebooks.repository import disagreements, setup_source

SETUP = setup_source(ROOT)
SOLUTIONS = notebooks(ROOT / "solutions")
ALL = [path for folder in lint.FOLDERS for path in notebooks(ROOT / folder)]


def name(path):
    return f"{path.parent.name}/{path.name}"


@pytest.mark.parametrize("path", ALL, ids=name)
def test_notebook_keeps_to_the_rules(path):
    found = list(lint.notebook_problems(read(path), path.parent.name, SETUP))
    assert not found, "\n".join(found)


def test_exercises_are_what_release_makes_of_the_solutions():
    assert list(lint.released(ROOT)) == []


def test_no_answer_leaks():
    assert list(lint.leaks(ROOT)) == []


def test_one_address_everywhere():
    assert disagreements(ROOT) == []


@pytest.mark.parametrize("path", SOLUTIONS, ids=name)
def test_checks_are_proven(path):
    found = prove(read(path))
    assert not found, "\n".join(found)
