"""The questions that a ledger answers, for every model by its name."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable
from numbers import Integral
from types import SimpleNamespace
from typing import Any, NamedTuple

import sympy
from sympy import Expr, Symbol

from utils.ledger.block_formulas import BATCH, LENGTH, TARGET, Cost
from utils.ledger.ledger import Ledger, Letter, Row
from utils.ledger.presets import MODELS, OPTIONAL, SIZES, Family

BYTES = {"float64": 8, "float32": 4, "float16": 2, "bfloat16": 2, "int8": 1}


class Lengths(NamedTuple):
    """How much goes through a model; `None` where it has no such length."""

    length: int | None
    batch: int = 1
    target_length: int | None = None


def models() -> tuple[str, ...]:
    """The names of all models."""
    return tuple(MODELS)


def dimensions(name: str, **changes: Any) -> dict[str, int | bool]:
    """The sizes and switches of a model, all of which can be changed.

    Raises:
        ValueError: an unknown model (the near names are listed), a size below 1, heads
            that don't divide the width.
        TypeError: an unknown dimension (the known are listed), a size that isn't a
            whole number, a switch that isn't True or False.
    """
    family = _find(name)
    changes = {k: _checked(name, family, k, v) for k, v in changes.items()}
    given = family.defaults | MODELS[name].changes | changes
    sizes = {k: v for k, v in given.items() if not callable(v)}
    shares = callable(given.get("head_width")) or "head_width" not in given
    if shares and sizes["width"] % sizes["heads"]:
        raise ValueError(
            f"{sizes['heads']} heads don't divide a width of {sizes['width']}"
        )
    found = {k: v(sizes) if callable(v) else v for k, v in given.items()}
    if found["heads"] % found.get("key_value_heads", 1):
        raise ValueError(
            f"{found['key_value_heads']} heads of keys and values don't divide "
            f"{found['heads']} heads"
        )
    return found


def parameters(name: str, **changes: Any) -> int:
    """How many parameters a model has, shared ones counted once.

    Args:
        name: as `models()` lists them.
        changes: sizes and switches, as `dimensions(name)` lists them. `tied=False`
            gives each use of the token table a table of its own, `biases=False` takes
            them from all linear layers (norms keep theirs), `pooler`, `masked_lm`,
            `lm_head` and `classes` put a head on top or leave it out. A size that is
            changed changes no other, except where one follows from another by design:
            GPT's and BLOOM's inner width, a decoder as deep as its encoder.

    Raises:
        ValueError, TypeError: as `dimensions`.
    """
    return table(name, **changes).total


def table(name: str, **changes: Any) -> Ledger:
    """The parameters of each part of a model; arguments and errors as `parameters`.

    In a notebook, or printed, it is a table of part, formula and value. Its rows can
    be iterated over, or looked up: `table("gpt2")["attention"].value`.
    """
    return _count(name, "parameters", changes, lambda cost: cost.parameters)


def operations(
    name: str,
    *,
    length: int | None = None,
    batch: int = 1,
    target_length: int | None = None,
    training: bool = False,
    **changes: Any,
) -> Ledger:
    """Operations of all matrix products, two for a multiply-add.

    What is done once a number (softmax, activations, norms, sums, looking up) isn't
    counted: it is below a hundredth of the whole and bound by memory, not by
    arithmetic. Models of this package can do with less: DeBERTa and XLNet leave out
    products of distances that don't occur.

    Args:
        length: tokens of each sequence; none for a model of images.
        target_length: tokens that an encoder-decoder writes; `length` unless given.
        training: count the backward pass too. It is twice the forward pass, except
            where an input needs no gradient (pixels).
        changes: as in `parameters`.

    Raises:
        ValueError, TypeError: as `dimensions`; a length beyond the model's positions.
    """
    return _count(
        name,
        "operations",
        changes,
        lambda cost: cost.forward + (cost.backward if training else 0),
        Lengths(length, batch, target_length),
    )


def activations(
    name: str,
    *,
    length: int | None = None,
    batch: int = 1,
    target_length: int | None = None,
    dtype: Any = "float32",
    attention: str = "fused",
    **changes: Any,
) -> Ledger:
    """Bytes that are kept between the forward and the backward pass.

    Of this package's own models, with the cross-entropy over tokens or classes, without
    dropout and checkpointing. Token ids and masks are left out; every number is counted
    in `dtype`, though mixed precision keeps a few in float32.

    To the byte on a CPU. A GPU keeps as much for GPT-2, up to 3 % more for DeBERTa and
    XLNet (indices of distances, a number for each query), and for T5 in float32 a
    sixth less (its norms, and a bias that sequences share).

    Args:
        dtype: "float32", "bfloat16" and so on, or PyTorch's.
        attention: "fused", or "written out" as softmax(q kᵀ) v, which keeps a weight
            for every pair of positions. So does "fused" where a bias on the scores is
            learned: in T5, DeBERTa and XLNet.
        others: as in `operations`.

    Raises:
        ValueError, TypeError: as `operations`; a model for which this isn't counted.
    """
    if not _find(name).ours:
        raise ValueError(
            f"activations of {name} aren't counted: this package has no model of it to "
            "measure"
        )
    ways = {"fused": "fused", "written out": "written_out"}
    if attention not in ways:
        raise ValueError(f"attention is one of {list(ways)}, was {attention!r}")
    size, way = _bytes(dtype), ways[attention]
    return _count(
        name,
        "bytes",
        changes,
        lambda cost: size * cost.kept,
        Lengths(length, batch, target_length),
        {"attention weights": lambda cost: size * getattr(cost, way)},
    )


def memory(
    name: str,
    *,
    length: int | None = None,
    batch: int = 1,
    target_length: int | None = None,
    dtype: Any = "float32",
    master_weights: bool = False,
    attention: str = "fused",
    **changes: Any,
) -> Ledger:
    """Bytes of a training step with AdamW: weights, gradients, moments, activations.

    AdamW's step counters, four bytes a tensor, are left out.

    Args:
        length: tokens of each sequence; without it, and without an image, activations
            are left out.
        dtype: of weights, gradients and activations.
        master_weights: keep weights and moments in float32 beside them, as mixed
            precision does.
        others: as in `activations`.

    Raises:
        ValueError, TypeError: as `activations`.
    """
    size, counted = _bytes(dtype), table(name, **changes)
    p, a = sympy.symbols("P A")
    formulas = {
        "weights": size * p,
        "gradients": size * p,
        "weights in float32": 4 * p if master_weights else sympy.S.Zero,
        "AdamW's two moments": 2 * (4 if master_weights else size) * p,
    }
    letters = [Letter("P", counted.total, "parameters")]
    if length is not None or "patch" in _find(name).defaults:
        kept = activations(
            name,
            length=length,
            batch=batch,
            target_length=target_length,
            dtype=dtype,
            attention=attention,
            **changes,
        )
        formulas["activations"] = size * a
        meaning = "numbers kept for the backward pass"
        letters.append(Letter("A", kept.total // size, meaning))
    return Ledger(name, "bytes", _rows(formulas, letters), letters)


def kv_cache(
    name: str,
    *,
    length: int,
    batch: int = 1,
    target_length: int | None = None,
    dtype: Any = "float32",
    **changes: Any,
) -> Ledger:
    """Bytes of the keys and values that a decoder keeps while it generates.

    Args:
        length: positions kept, prompt included; of an encoder-decoder those of the
            memory, whose keys and values are kept too.
        target_length: positions that an encoder-decoder writes; `length` unless given.
        others: as in `activations`.

    Raises:
        ValueError, TypeError: as `operations`; a model that doesn't generate.
    """
    if not _find(name).decoder:
        raise ValueError(f"{name} doesn't generate: it keeps no keys and values")
    size, lengths = _bytes(dtype), Lengths(length, batch, target_length)
    return _count(name, "bytes", changes, lambda cost: size * cost.cached, lengths)


def _find(name: str) -> Family:
    if name not in MODELS:
        near = difflib.get_close_matches(str(name).lower(), MODELS, n=5, cutoff=0.5)
        raise ValueError(
            f"no model {name!r}; "
            + (f"near it are {', '.join(near)}" if near else f"known: {_all(MODELS)}")
        )
    return MODELS[name].family


def _checked(name: str, family: Family, dimension: str, value: Any) -> int | bool:
    if dimension not in family.defaults:
        raise TypeError(
            f"{name} has no dimension {dimension!r}; known: {_all(family.defaults)}"
        )
    if dimension in SIZES:
        return _whole(dimension, value, 0 if dimension in OPTIONAL else 1)
    if not isinstance(value, bool):
        raise TypeError(f"{dimension} is True or False, was {value!r}")
    return value


def _whole(what: str, value: Any, least: int = 1) -> int:
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{what} is a whole number, was {value!r}")
    if value < least:
        raise ValueError(f"{what} is at least {least}, was {value}")
    return int(value)


def _count(
    name: str,
    unit: str,
    changes: dict[str, Any],
    of_part: Callable[[Cost], Expr],
    lengths: Lengths | None = None,
    of_all: dict[str, Callable[[Cost], Expr]] | None = None,
) -> Ledger:
    """A row for each part, and one for each of `of_all`, which all parts have in."""
    sizes, family = dimensions(name, **changes), _find(name)
    # A size of 0 is no letter: what it belongs to isn't there.
    named = {k: SIZES[k] for k, v in sizes.items() if k in SIZES and v}
    letters = [Letter(letter, sizes[k], what) for k, (letter, what) in named.items()]
    if lengths is not None:
        letters += _length_letters(name, family, sizes, lengths)
    symbols = {k: Symbol(letter) for k, (letter, _) in named.items()}
    parts = family.parts(SimpleNamespace(**sizes | symbols, sizes=sizes))
    formulas = {part: of_part(cost) for part, cost in parts.items()}
    for row, formula in (of_all or {}).items():
        formulas[row] = sum(map(formula, parts.values()))
    return Ledger(name, unit, _rows(formulas, letters), letters)


def _rows(formulas: dict[str, Expr], letters: list[Letter]) -> list[Row]:
    values = {Symbol(x.symbol): x.value for x in letters}
    return [
        Row(part, formula, int(formula.subs(values)))
        for part, formula in formulas.items()
        if formula != 0
    ]


def _length_letters(
    name: str, family: Family, sizes: dict[str, Any], lengths: Lengths
) -> list[Letter]:
    length, batch, target = lengths
    for what, value in lengths._asdict().items():
        if value is not None:
            _whole(what, value)
    if "patch" in sizes:
        if length is not None:
            raise TypeError(f"{name} has no length; it follows from image and patch")
        return [Letter(str(BATCH), batch, "images in the batch")]
    if length is None:
        raise TypeError(f"{name} needs a length: how many tokens a sequence has")
    if target is not None and not family.two_lengths:
        raise TypeError(f"{name} has no target_length: it has no second sequence")
    target = length if target is None else target
    positions = sizes.get("positions", math.inf) - family.unused_positions
    if max(length, target) > positions:
        raise ValueError(
            f"a length of {max(length, target)} goes beyond the {positions} "
            f"positions of {name}"
        )
    letters = [
        Letter(str(BATCH), batch, "sequences in the batch"),
        Letter(str(LENGTH), length, "tokens read"),
        Letter(str(TARGET), target, "tokens written"),
    ]
    if not family.two_lengths:
        letters[1:] = [Letter(str(LENGTH), length, "tokens in a sequence")]
    return letters


def _bytes(dtype: Any) -> int:
    name = str(dtype).removeprefix("torch.")
    if name not in BYTES:
        raise ValueError(f"dtype is one of {list(BYTES)}, was {dtype!r}")
    return BYTES[name]


def _all(names: Any) -> str:
    return ", ".join(names)
