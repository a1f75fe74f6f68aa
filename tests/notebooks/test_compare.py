"""The comparator: what must differ, what must not."""

import json

import pytest

from utils.notebooks.compare import Tolerance, html, outputs, text, values

SAME = [
    ("loss 0.8712", "loss 0.8716"),  # rtol 1e-3
    ("loss 0.87", "loss 0.88"),  # one unit of the last digit
    ("  99.9 ms", "100.0 ms"),  # padding moves with the digits
    ("-0.00", " 0.00"),
    ("nan inf 1.50", "nan inf 1.50"),
    ("0.30000000000000004", "0.3"),  # printed whole, however many digits that takes
    ("1.000e-03", "1.001e-03"),
    ("tensor([[ 0.1234, -0.5678]])", "tensor([[ 0.1235, -0.5679]])"),
]
DIFFERENT = [
    ("loss 0.91", "loss 0.87", "line 1: 0.91 against stored 0.87"),
    ("0.105", "0.100", "0.105 against stored 0.100"),  # 5 %
    ("1.6", "1.5", "1.6 against stored 1.5"),  # one unit, but 7 %
    ("a\nrows: 3", "a\nrows: 4", "line 2: 'rows: 3' against stored 'rows: 4'"),
    ("(2, 5, 8)", "(2, 8, 5)", "(2, 5, 8)"),
    ("the query", "the key", "query"),
    ("a\nc", "a\nb\nc", "line 2: 'c' against stored 'b' (2 lines against stored 3)"),
    ("a", "a\nb", "line 2 is missing: 'b'"),
    ("a\nb", "a", "line 2 is new: 'b'"),
    ("0.50", "0.5", "0.50 against stored 0.5"),  # the format is part of the output
    ("1.0e-3", "0.001", "1.0e-3 against stored 0.001"),
    ("nan", "1.50", "nan"),
    ("inf", "nan", "inf"),
    ("torch 2.13.0", "torch 2.13.1", "2.13.0"),  # a version is no number
    ("x1.50", "x1.51", "x1.50"),  # nor is a piece of a name
    ("1 000 001", "1 000 002", "1 000 001"),
    ("-0.50", "0.50", "-0.50 against stored 0.50"),
    ("0.1", "0.0", "0.1 against stored 0.0"),
]


@pytest.mark.parametrize("new, stored", SAME)
def test_text_within_tolerance(new, stored):
    assert text(new, stored) is None
    assert text(stored, new) is None


@pytest.mark.parametrize("new, stored, message", DIFFERENT)
def test_text_that_differs(new, stored, message):
    assert message in text(new, stored)


def test_own_tolerance():
    assert text("0.91", "0.87", Tolerance(rtol=0.1)) is None
    assert text("0.91", "0.87", Tolerance(atol=0.05)) is None
    assert text("3", "4", Tolerance(rtol=1.0)) is not None


@pytest.mark.parametrize("wrong", ["1", -1.0, float("inf"), True])
def test_tolerance_must_be_a_number(wrong):
    with pytest.raises(ValueError, match="compare: rtol"):
        Tolerance(rtol=wrong)


def page(data, rtol="", table="0.50"):
    data = json.dumps(data)
    return (
        f'<figure class="interactive"{rtol}><td>{table}</td>'
        f'<script type="application/json">{data}</script></figure>'
    )


def test_html_data():
    stored = page({"w": [0.5, 1.0], "words": ["a"]})
    assert html(page({"w": [9.0, -1.0], "words": ["a"]}), stored) is None
    assert "2 items" not in (html(page({"w": [0.5], "words": ["a"]}), stored))
    assert "keys" in html(page({"w": [0.5, 1.0]}), stored)
    assert "'b'" in html(page({"w": [0.5, 1.0], "words": ["b"]}), stored)
    assert "text against stored number" in html(
        page({"w": ["0.5", 1.0], "words": ["a"]}), stored
    )
    assert "line 1" in html(
        page({"w": [0.5, 1.0], "words": ["a"]}, table="0.60"), stored
    )
    assert "0 pieces" in html("<p></p>", stored)


def test_html_data_with_declared_tolerance():
    near = ' data-rtol="0.01"'
    stored = page([0.5, 1e-9], near)
    assert html(page([0.504, -1e-9], near), stored) is None
    assert "data[0]: 0.6 against stored 0.5" in html(page([0.6, 1e-9], near), stored)


def test_values():
    near = Tolerance(rtol=1e-4)
    assert values({"shape": [2], "data": [1.0, 2.0]}, stored_value(), near) is None
    assert "data[1]" in values({"shape": [2], "data": [1.0, 2.1]}, stored_value(), near)
    assert "shape" in values({"shape": [3], "data": [1.0, 2.0]}, stored_value(), near)
    assert values(3, 3.0, near) is None
    assert values(3, 4, Tolerance(rtol=1.0)) is not None
    assert values(True, 1, near) == "value: boolean against stored number"
    assert values(float("nan"), 1.0, near) is not None


def stored_value():
    return {"shape": [2], "data": [1.0, 2.0]}


def stream(text, name="stdout"):
    return {"output_type": "stream", "name": name, "text": text}


def display(**data):
    data = {key.replace("_", "/"): value for key, value in data.items()}
    return {"output_type": "display_data", "data": data, "metadata": {}}


def test_outputs_of_a_cell():
    stored = [stream("a\n"), display(image_png="x", text_plain="a figure")]
    assert outputs([stream("a\n"), stream("!", "stderr"), *stored[1:]], stored) is None
    assert outputs([stream("a"), stream("\n"), *stored[1:]], stored) is None
    other_png = display(image_png="y", text_plain="a figure")
    assert outputs([stored[0], other_png], stored) is None
    no_png = display(text_plain="a figure")
    assert outputs([stored[0], no_png], stored) == "0 × image/png against stored 1"
    other_text = display(image_png="x", text_plain="another")
    assert outputs([stored[0], other_text], stored).startswith("text/plain, line 1")
    assert outputs(stored[1:], stored) == "0 × stdout against stored 1: 'a\\n'"
    assert outputs(stored, stored[1:]) == "1 × stdout against stored 0: 'a\\n'"
    error = {"output_type": "error", "ename": "E", "evalue": "x", "traceback": []}
    assert outputs([error], [{**error, "traceback": ["y"]}]) is None
    assert "error, line 1" in outputs([error], [{**error, "evalue": "y"}])
