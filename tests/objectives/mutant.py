"""Wrong versions of a module, and bounds for what is drawn at random.

A wrong version is the module's own source with one piece of it replaced, so that it is
wrong in one thing only. A check is a function of a module: the right one passes, and
each wrong one must fail the check that is there for it.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from types import ModuleType

import pytest
from torch import Tensor

Check = Callable[[ModuleType], None]


def mutate(module: ModuleType, right: str, wrong: str) -> ModuleType:
    """The module with `right`, which must be there once, replaced."""
    source = inspect.getsource(module)
    assert source.count(right) == 1, f"{right!r} is there {source.count(right)} times"
    mutant = ModuleType(f"wrong_{module.__name__.split('.')[-1]}")
    sys.modules[mutant.__name__] = mutant  # dataclasses look their module up
    code = compile(source.replace(right, wrong), mutant.__name__, "exec")
    exec(code, mutant.__dict__)
    return mutant


def assert_caught(check: Check, module: ModuleType, right: str, wrong: str) -> None:
    mutant = mutate(module, right, wrong)
    with pytest.raises((AssertionError, ValueError)):
        check(mutant)


def assert_share(hits: Tensor | int, of: Tensor | int, expected: float) -> None:
    """`hits` of `of` independent draws are within five standard errors of expected.

    A right version fails by chance once in two million; the seeds are fixed anyway.
    """
    hits, of = (
        int(hits.sum() if isinstance(hits, Tensor) else hits),
        int(of.sum() if isinstance(of, Tensor) else of),
    )
    error = (expected * (1 - expected) / of) ** 0.5
    assert abs(hits / of - expected) <= 5 * error, (
        f"{hits} of {of} = {hits / of:.4f}, expected {expected:.4f} ± {5 * error:.4f}"
    )
