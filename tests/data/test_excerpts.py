"""What the package carries of benchmarks is theirs, and scores as published."""

import os

import pytest

from utils.data import excerpts, lambada, squad
from utils.evaluation.squad import score

local = pytest.mark.skipif(
    not os.environ.get("COURSE_DATA"), reason="COURSE_DATA isn't set: no real data"
)


def test_predictions_score_as_published():
    questions, files = excerpts.squad(), excerpts.squad_predictions()
    assert len(questions) == 10_570 and len(files) == 5
    assert sum(len(question.answers) for question in questions) == 34_726
    for file in files:
        found = score(questions, file.answers)
        assert found.exact_match == pytest.approx(file.exact_match, abs=1e-9)
        assert found.f1 == pytest.approx(file.f1, abs=1e-9)
    assert files[0].exact_match == max(file.exact_match for file in files)
    assert len(questions) - min(len(file.answers) for file in files) == 13


def test_last_words():
    passages = excerpts.lambada()
    assert len(passages) == 300
    assert all(p.word and " " not in p.word and p.context for p in passages)


@local
def test_excerpts_are_those_of_the_files():
    whole = squad.load()["validation"]
    for ours, theirs in zip(excerpts.squad(), whole, strict=True):
        assert (ours.id, ours.question) == (theirs.id, theirs.question)
        assert [a.text for a in ours.answers] == [a.text for a in theirs.answers]
    files = {file.model: file for file in squad.predictions()}
    for file in excerpts.squad_predictions():
        known = {q.id for q in whole}
        answers = files[file.model].answers
        assert file.answers == {i: t for i, t in answers.items() if i in known}
    assert excerpts.lambada() == list(lambada.load()["test"][:300])
