"""`check` names the mistake, `value` shows plain data."""

import subprocess
import sys
from fractions import Fraction
from unittest.mock import patch

import numpy as np
import pytest
import torch

from utils.grading import CheckFailed, check, value
from utils.grading.check import VALUE_MIME

ROWS = torch.tensor([[0.25, 0.75], [0.5, 0.5]])


@pytest.mark.parametrize(
    "got, expected",
    [
        (ROWS + 1e-6, ROWS),
        (ROWS.tolist(), ROWS),
        (ROWS.numpy(), ROWS),
        (ROWS.clone().requires_grad_(), ROWS),
        (0.5, torch.tensor(0.5)),
        (3, 3.0),
        (np.float64(2.0), 2.0),
        (Fraction(42, 25), 1.68),
        ([ROWS, 2], (ROWS, 2)),
        ({"a": [1, 2]}, {"a": torch.tensor([1, 2])}),
        ("left", "left"),
        (torch.tensor([float("nan"), float("inf")]), [float("nan"), float("inf")]),
        (torch.zeros(0, 3), torch.zeros(0, 3)),
        (None, None),
    ],
)
def test_right(got, expected, capsys):
    check("the rows", got, expected)
    assert capsys.readouterr().out == "✓ the rows\n"


@pytest.mark.parametrize(
    "got, expected, message",
    [
        (
            ROWS * 1.05,
            ROWS,
            r"got 0.2625, expected 0.25 at \[0\]\[0\] \(the first of 4",
        ),
        (ROWS.T, ROWS, r"expected 0.75 at \[0\]\[1\]"),
        (ROWS[None], ROWS, r"got shape \(1, 2, 2\), expected \(2, 2\)"),
        (0.25, ROWS, r"got 0.25, expected shape \(2, 2\)"),
        (torch.zeros(0, 3), torch.zeros(0, 2), r"got shape \(0, 3\)"),
        (4, 3, "got 4, expected 3"),
        (True, 1, "got True, expected 1"),
        ("right", "left", "got 'right', expected 'left'"),
        (float("nan"), 1.0, "got 'nan', expected 1"),
        (None, ROWS, "is a `return` missing"),
        ([ROWS], [ROWS, 2], "expected"),
        ({"a": 1}, {"b": 1}, "expected {'b': 1}"),
        (object(), 1, "object"),
    ],
)
def test_wrong(got, expected, message):
    with pytest.raises(CheckFailed, match=f"^the rows: .*{message}"):
        check("the rows", got, expected)


def test_a_known_mistake_is_named():
    mistakes = {
        "this is not called": lambda got: got.no_such_attribute,
        "the columns sum to one: softmax over the wrong axis": lambda got: (
            torch.allclose(got.sum(0), torch.ones(2))
        ),
        "the scale is missing": ROWS * 8,
    }
    with pytest.raises(CheckFailed, match="^the rows: the scale is missing$"):
        check("the rows", ROWS * 8, ROWS, mistakes=mistakes)
    with pytest.raises(CheckFailed, match="the wrong axis"):
        check("the rows", ROWS.T, ROWS, mistakes=mistakes)


def test_an_answer_not_begun():
    with pytest.raises(NotImplementedError, match="still `...`"):
        check("the rows", ..., ROWS)


def shown(x):
    with patch("IPython.display.display") as display:
        value("rows", x)
    (bundle,), options = display.call_args
    assert options == {"raw": True}
    assert bundle["text/plain"] == "value: rows"
    assert bundle[VALUE_MIME]["name"] == "rows"
    return bundle[VALUE_MIME]["value"]


def test_value():
    assert shown(ROWS) == {"shape": [2, 2], "data": ROWS.tolist()}
    assert shown([1, 2]) == {"shape": [2], "data": [1, 2]}
    assert shown(torch.tensor([float("-inf")]))["data"] == ["-inf"]
    assert shown(torch.tensor(True)) is True
    assert shown(float("nan")) == "nan"
    assert shown({"a": (1, "b")}) == {"a": [1, "b"]}


def test_checks_load_without_torch():
    code = "import sys, utils.grading; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
