"""What an exercise calls: `check` for the learner, `value` for the grader."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

VALUE_MIME = "application/vnd.inside-transformers.value+json"


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
        got, expected: tensors, arrays, numbers, strings, or lists of these.
        mistakes: message -> the value that this mistake gives, or a predicate of `got`.
        rtol, atol: tolerance on numbers.

    Raises:
        CheckFailed: `got` is not `expected`; the message says which known mistake
            gives `got`, else shows both.
    """
    if _equal(got, expected, rtol, atol):
        print(f"✓ {name}")
        return
    for message, wrong in (mistakes or {}).items():
        if (
            wrong(got)
            if isinstance(wrong, Callable)
            else _equal(got, wrong, rtol, atol)
        ):
            raise CheckFailed(f"{name}: {message}")
    raise CheckFailed(f"{name}: {_difference(got, expected)}")


def value(name: str, x: Any) -> None:
    """Show a value to the grader, who compares it outside this process."""
    from IPython.display import display

    payload = {"name": name, "value": _plain(x)}
    display({VALUE_MIME: payload, "text/plain": f"value: {name}"}, raw=True)


def _tensor(x: Any) -> torch.Tensor | None:
    try:
        return torch.as_tensor(x).detach().cpu()
    except (TypeError, ValueError, RuntimeError):
        return None


def _equal(got: Any, expected: Any, rtol: float, atol: float) -> bool:
    a, b = _tensor(got), _tensor(expected)
    if a is None or b is None:
        return type(got) is type(expected) and bool(got == expected)
    if a.shape != b.shape:
        return False
    return torch.allclose(
        a.to(torch.float64), b.to(torch.float64), rtol, atol, equal_nan=True
    )


def _difference(got: Any, expected: Any) -> str:
    a, b = _tensor(got), _tensor(expected)
    if a is None or b is None:
        return f"got {got!r}, expected {expected!r}"
    if a.shape != b.shape:
        return f"got shape {tuple(a.shape)}, expected {tuple(b.shape)}"
    if a.numel() > 16:
        far = (a.to(torch.float64) - b.to(torch.float64)).abs().max()
        return f"the largest difference from what is expected is {far:.3g}"
    return f"got {a.tolist()}, expected {b.tolist()}"


def _plain(x: Any) -> Any:
    tensor = _tensor(x)
    if tensor is None:
        return x if isinstance(x, str | int | float | bool | None) else repr(x)
    if tensor.ndim == 0:
        return tensor.item()
    return {"shape": list(tensor.shape), "data": tensor.tolist()}
