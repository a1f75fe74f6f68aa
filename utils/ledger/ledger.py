"""A ledger: what a model is made of, a row for each part."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import sympy
from sympy import Expr
from sympy.printing.str import StrPrinter

if TYPE_CHECKING:
    from torch import nn

SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


class Row(NamedTuple):
    """A part, the formula of what it costs, and the formula's value."""

    part: str
    formula: Expr
    value: int


class Letter(NamedTuple):
    """What a letter of the formulas stands for in this ledger."""

    symbol: str
    value: int
    meaning: str


class Ledger:
    """Rows that add up; prints as a table, and as HTML in a notebook.

    Args:
        title: the model's name.
        unit: what is counted.
        rows: in the order of the model.
        letters: every letter of the formulas.
    """

    def __init__(self, title: str, unit: str, rows: list[Row], letters: list[Letter]):
        self.title, self.unit, self.rows = title, unit, rows
        used = {str(s) for row in rows for s in row.formula.free_symbols}
        self.letters = [letter for letter in letters if letter.symbol in used]

    @property
    def total(self) -> int:
        """The sum of the rows."""
        return sum(row.value for row in self.rows)

    @property
    def formula(self) -> Expr:
        """The sum of the rows' formulas."""
        return sympy.Add(*(row.formula for row in self.rows))

    def __int__(self) -> int:
        return self.total

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, part: str) -> Row:
        for row in self.rows:
            if row.part == part:
                return row
        parts = ", ".join(row.part for row in self.rows)
        raise KeyError(f"no part {part!r} in {self.title}; there are {parts}")

    def check(self, model: nn.Module) -> None:
        """Compare with the parameters of a real model, shared ones counted once.

        Raises:
            ValueError: they differ; by how much, and which part is as large as that.
        """
        difference = sum(p.numel() for p in model.parameters()) - self.total
        if difference:
            same = [row.part for row in self.rows if row.value == abs(difference)]
            hint = f", as much as its {' or '.join(same)}" if same else ""
            raise ValueError(
                f"{type(model).__name__} has {abs(difference):,} parameters "
                f"{'more' if difference > 0 else 'fewer'} than {self.title}{hint}"
            )

    def __repr__(self) -> str:
        cells = [self._head, *self._cells]
        first, second, third = (
            max(map(len, column)) for column in zip(*cells, strict=True)
        )
        lines = [f"{a:<{first}}  {b:<{second}}  {c:>{third}}" for a, b, c in cells]
        rule = "-" * len(lines[0])
        lines = [self.title, lines[0], rule, *lines[1:-1], rule, lines[-1]]
        return "\n".join([*lines, *self._legend])

    def _repr_html_(self) -> str:
        head, *body = (
            f"<tr><th scope='{scope}' style='text-align:left'>{html.escape(part)}</th>"
            f"<{cell} style='text-align:left'>{html.escape(formula)}</{cell}>"
            f"<{cell} style='text-align:right'>{html.escape(value)}</{cell}></tr>"
            for scope, cell, (part, formula, value) in [
                ("col", "th", self._head),
                *(("row", "td", cells) for cells in self._cells),
            ]
        )
        return (
            f"<table><caption>{html.escape(self.title)}</caption>"
            f"<thead>{head}</thead><tbody>{''.join(body[:-1])}</tbody>"
            f"<tfoot>{body[-1]}</tfoot></table>"
            f"<p>{html.escape('; '.join(self._legend))}</p>"
        )

    @property
    def _head(self) -> tuple[str, str, str]:
        return "part", "formula", self.unit

    @property
    def _cells(self) -> list[tuple[str, str, str]]:
        rows = [(r.part, written(r.formula), f"{r.value:,}") for r in self.rows]
        return [*rows, ("total", "", f"{self.total:,}")]

    @property
    def _legend(self) -> list[str]:
        return [f"{x.symbol} = {x.value:,} {x.meaning}" for x in self.letters]


def written(formula: Expr) -> str:
    """A formula as it is read: 4·d² + 4·d."""
    text = _Printer().doprint(formula)
    text = re.sub(r"\*\*(\d+)", lambda m: m[1].translate(SUPERSCRIPTS), text)
    return text.replace("*", "·")


class _Printer(StrPrinter):
    def _print_floor(self, formula: Expr) -> str:
        return f"⌊{self._print(formula.args[0])}⌋"

    def _print_ceiling(self, formula: Expr) -> str:
        return f"⌈{self._print(formula.args[0])}⌉"

    def _print_Min(self, formula: Expr) -> str:
        return f"min({', '.join(map(self._print, formula.args))})"

    def _print_Equality(self, formula: Expr) -> str:
        return " = ".join(map(self._print, formula.args))

    def _print_Piecewise(self, formula: Expr) -> str:
        (value, condition), (otherwise, _) = formula.args
        value, condition, otherwise = map(self._print, (value, condition, otherwise))
        return f"({value} if {condition} else {otherwise})"
