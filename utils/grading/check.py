"""What an exercise calls: `check` for the learner, `value` for the grader."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

VALUE_MIME = "application/vnd.inside-transformers.value+json"
SEED = "INSIDE_TRANSFORMERS_SEED"  # the variable that holds a grading's seed


class CheckFailed(AssertionError):
    """A check of an exercise found a wrong answer."""


def check(
    name: str,
    got: Any,
    expected: Any,
    *,
    mistakes: Mapping[str, Any] | None = None,
    rtol: float = 1e-4,
    atol: float = 1e-6,
) -> None:
    """Compare an answer with what is expected and name the likely mistake.

    Args:
        name: what is checked, as a statement: "every row sums to one".
        got, expected: tensors, arrays, numbers, strings, or lists and dicts of these.
            Integers, booleans and strings are compared exactly, a list of numbers is
            as good as a tensor of them.
        mistakes: message -> the value that this mistake gives, or a predicate of `got`.
        rtol, atol: tolerance on numbers.

    Raises:
        NotImplementedError: `got` is still the `...` of the exercise.
        CheckFailed: `got` is not `expected`; the message says which known mistake
            gives `got`, else where the two differ.
    """
    if got is ...:
        raise NotImplementedError(f"{name}: the answer is still `...`")
    difference = _difference(got, expected, rtol, atol)
    if difference is None:
        print(f"✓ {name}")
        return
    for message, wrong in (mistakes or {}).items():
        if _is_mistake(got, wrong, rtol, atol):
            raise CheckFailed(f"{name}: {message}")
    raise CheckFailed(f"{name}: {difference}")


def value(name: str, x: Any) -> None:
    """Show a value to the grader, who compares it outside this process.

    Args:
        name: what it is.
        x: as for `check`. A tensor becomes its shape and nested lists; what is no
            plain value becomes its repr.
    """
    from IPython.display import display

    payload = {"name": name, "value": _plain(x)}
    display({VALUE_MIME: payload, "text/plain": f"value: {name}"}, raw=True)


def seed(number: int) -> int:
    """A seed for a hidden check's inputs: ``number``, or another in each grading.

    A grader draws a secret for a class or a student, and the reference is run with it
    too: so inputs are new, and values learnt by heart are worth nothing.
    """
    secret = os.environ.get(SEED)
    if not secret:
        return number
    digest = hashlib.sha256(f"{secret}/{number}".encode()).digest()
    return int.from_bytes(digest[:4]) >> 1


def _plain(x: Any) -> Any:
    """As JSON has it: arrays as shape and data, nan and inf as words."""
    if isinstance(x, float):
        return x if math.isfinite(x) else str(x)
    if x is None or isinstance(x, bool | int | str):
        return x
    if isinstance(x, Fraction):
        return float(x)
    if hasattr(x, "tolist") and hasattr(x, "shape"):
        data = (x.detach().cpu() if hasattr(x, "detach") else x).tolist()
        return _array(data, list(x.shape)) if len(x.shape) else _plain(data)
    if isinstance(x, Mapping):
        return {str(key): _plain(item) for key, item in x.items()}
    if isinstance(x, list | tuple):
        shape = _shape(x)
        return _array(x, shape) if shape else [_plain(item) for item in x]
    return repr(x)


def _array(data: Any, shape: list[int]) -> dict:
    def words(x: Any) -> Any:
        return [words(i) for i in x] if isinstance(x, list | tuple) else _plain(x)

    return {"shape": shape, "data": words(data)}


def _shape(x: Any) -> list[int] | None:
    """The shape of nested lists of numbers, None for anything else."""
    if isinstance(x, int | float):
        return []
    if not isinstance(x, list | tuple) or not x:
        return None
    inner = [_shape(item) for item in x]
    if inner[0] is None or any(shape != inner[0] for shape in inner):
        return None
    return [len(x), *inner[0]]


def _difference(got: Any, expected: Any, rtol: float, atol: float) -> str | None:
    """One sentence on where two values differ, None where they don't."""
    a, b = _plain(got), _plain(expected)
    if a is None and b is not None:
        return "got None: not written yet, or is a `return` missing?"
    if isinstance(a, dict) and isinstance(b, dict) and a.keys() != b.keys():
        return f"got {_short(a)}, expected {_short(b)}"
    if _is_array(a) and _is_array(b) and a["shape"] != b["shape"]:
        return f"got shape {tuple(a['shape'])}, expected {tuple(b['shape'])}"
    if _is_array(a) != _is_array(b):
        return f"got {_form(a)}, expected {_form(b)}"
    far = [(where, x, y) for where, x, y in _pairs(a, b) if not _near(x, y, rtol, atol)]
    if not far:
        return None
    where, x, y = far[0]
    if not where:
        return f"got {_short(x)}, expected {_short(y)}"
    return f"got {_short(x)}, expected {_short(y)} at {where} ({_count(far)})"


def _count(far: list) -> str:
    return "the only difference" if len(far) == 1 else f"the first of {len(far)}"


def _pairs(a: Any, b: Any, where: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Leaves of two values side by side; where one is deeper, the pair as it is."""
    if _is_array(a) and _is_array(b):
        a, b = a["data"], b["data"]
    if isinstance(a, dict) and isinstance(b, dict) and a.keys() == b.keys():
        for key in a:
            yield from _pairs(a[key], b[key], f"{where}[{key!r}]")
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for index, (x, y) in enumerate(zip(a, b, strict=True)):
            yield from _pairs(x, y, f"{where}[{index}]")
    else:
        yield where, a, b


def _near(x: Any, y: Any, rtol: float, atol: float) -> bool:
    if type(x) is type(y) and not isinstance(y, float):
        return x == y
    if isinstance(x, bool) or isinstance(y, bool) or not _numbers(x, y):
        return False
    return abs(x - y) <= atol + rtol * abs(y)


def _numbers(*values: Any) -> bool:
    return all(isinstance(x, int | float) for x in values)


def _is_mistake(got: Any, wrong: Any, rtol: float, atol: float) -> bool:
    if not callable(wrong):
        return _difference(got, wrong, rtol, atol) is None
    try:
        return bool(wrong(got))
    except Exception:  # made for the right shape, and `got` has another
        return False


def _is_array(x: Any) -> bool:
    return isinstance(x, dict) and x.keys() == {"shape", "data"}


def _form(x: Any) -> str:
    return f"shape {tuple(x['shape'])}" if _is_array(x) else _short(x)


def _short(x: Any) -> str:
    shown = f"{x:.6g}" if isinstance(x, float) else repr(x)
    return shown if len(shown) <= 120 else shown[:120] + "…"
