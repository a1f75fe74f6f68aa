import os
from dataclasses import replace

import pytest
import torch

from utils.data import squad
from utils.data.examples import Answer, Question
from utils.evaluation import spans
from utils.evaluation.squad import exact_match, f1, normalise, score
from utils.models.output import ModelOutput
from utils.pretrained import minilm

local = pytest.mark.skipif(
    not os.environ.get("COURSE_DATA"), reason="COURSE_DATA isn't set: no real data"
)


@local
@pytest.mark.parametrize("version", ["1.1", "2.0"])
def test_official_predictions_score_as_published(version):
    questions = squad.load(version=version)["validation"]
    files = squad.predictions(version)
    assert len(files) == {"1.1": 5, "2.0": 3}[version]
    for file in files:
        found = score(questions, file.answers)
        assert found.exact_match == pytest.approx(file.exact_match, abs=1e-9)
        assert found.f1 == pytest.approx(file.f1, abs=1e-9)
        assert found.questions == len(questions)

        right = next(
            q.id
            for q in questions
            if exact_match(file.answers[q.id], [a.text for a in q.answers])
        )
        wrong = {**file.answers, right: "a wrong answer"}
        missing = {i: text for i, text in file.answers.items() if i != right}
        for changed in (wrong, missing):
            worse = score(questions, changed)
            one = 100 / len(questions)
            assert found.exact_match - worse.exact_match == pytest.approx(one)
            assert 0 < found.f1 - worse.f1 <= one + 1e-9


def test_the_rules():
    assert normalise("The  U.S.A.'s “Anthem”, an air") == "usas “anthem” air"
    assert exact_match("the cat!", ["dog", "Cat"]) == 1
    assert exact_match("cats", ["dog", "Cat"]) == 0
    assert f1("big big cat", ["a big cat", "dog"]) == pytest.approx(0.8)
    assert f1("mouse", ["a big cat", "dog"]) == 0
    # No answer: only none is right. An answer that is nothing but an article is none.
    assert exact_match("", []) == f1("", []) == f1("the", []) == 1
    assert exact_match("cat", []) == f1("cat", []) == f1("", ["cat"]) == 0
    assert exact_match("", ["the", "cat"]) == 0 and exact_match("", ["the"]) == 1
    with pytest.raises(ValueError, match="no questions"):
        score([], {})


# Spans

PASSAGE = "Ada Lovelace wrote notes on Babbage's engine in 1843. " * 12
QUESTION = Question("q", "When?", PASSAGE + "Zoë sang.", (Answer("Zoë", 648),))


@pytest.fixture(scope="module")
def tokenizer():
    return minilm.tokenizer()


def test_windows_know_where_their_tokens_are(tokenizer):
    context = QUESTION.context
    assert context[648:651] == "Zoë"
    found = spans.windows(tokenizer, [QUESTION, replace(QUESTION, id="r")], 64, 16)
    first = [w for w in found if w.question == 0]
    assert len(first) > 2 and len(found) == 2 * len(first)
    assert all(len(w) <= 64 for w in found)
    covered = set()
    for window in first:
        for i, place in zip(window.input_ids, window.offsets, strict=True):
            if place is not None:
                covered.add(place)
                word = tokenizer.decode([i]).removeprefix("##")
                assert context[slice(*place)].lower().replace("ë", "e") == word
    assert sum(end - start for start, end in covered) == len(context.replace(" ", ""))
    shared = [set(w.offsets) - {None} for w in first]
    assert all(len(a & b) >= 16 for a, b in zip(shared, shared[1:], strict=False))

    spoken = [window.span(648, 651) for window in first]
    assert spoken[0] is None and spoken[-1] is not None
    start, end = spoken[-1]
    assert context[first[-1].offsets[start][0] : first[-1].offsets[end][1]] == "Zoë"


def test_the_best_span_is_that_of_all_tried():
    generator = torch.Generator().manual_seed(0)
    start, end = torch.randn(2, 40, 9, generator=generator)
    allowed = torch.rand(40, 9, generator=generator) < 0.7
    allowed[:, 4] = True
    score, first, last = spans.best_span(start, end, allowed, longest=3)
    unbound = 0
    for row in range(40):
        tried = {
            (start[row, i] + end[row, j]).item(): (i, j)
            for i in range(9)
            for j in range(i, min(i + 3, 9))
            if allowed[row, i] and allowed[row, j]
        }
        assert tried[max(tried)] == (first[row].item(), last[row].item())
        assert score[row].item() == pytest.approx(max(tried))
        unbound += start[row].argmax() > end[row].argmax()
    assert unbound  # or there would have been nothing to forbid
    with pytest.raises(ValueError, match="longest"):
        spans.best_span(start, end, allowed, longest=0)


class Pointer(torch.nn.Module):
    """Points from the first of some tokens to the last of others."""

    def __init__(self, first, last):
        super().__init__()
        self.first, self.last = first, last
        self.scale = torch.nn.Parameter(torch.ones(()))

    def forward(self, input_ids, attention_mask, token_type_ids):
        assert ((input_ids == 0) == (attention_mask == 0)).all()
        return ModelOutput(
            start_logits=(input_ids == self.first) * self.scale,
            end_logits=(input_ids == self.last) * self.scale,
        )


def test_answers_are_cut_from_the_passage(tokenizer):
    year, notes, when = tokenizer.convert_tokens_to_ids(["1843", "notes", "when"])
    short = Question(
        "s", "When were notes written?", "No notes  until\n1843, when.", ()
    )
    asked = [QUESTION, short]
    options = {"length": 64, "stride": 16, "tokens": 130}
    found = spans.answer(Pointer(notes, year).eval(), tokenizer, asked, **options)
    assert found["s"] == "notes  until\n1843"
    assert found["q"] == "notes on Babbage's engine in 1843"
    # A span may not be of the question, nor end before it begins, nor be too long.
    found = spans.answer(Pointer(when, when).eval(), tokenizer, [short], **options)
    assert found["s"] == "when"
    found = spans.answer(Pointer(year, notes).eval(), tokenizer, [short], **options)
    assert found["s"] not in ("", "notes  until\n1843")
    found = spans.answer(
        Pointer(notes, year).eval(), tokenizer, [short], longest=2, **options
    )
    assert found["s"] in ("notes", "notes  until", "until\n1843", "1843")
