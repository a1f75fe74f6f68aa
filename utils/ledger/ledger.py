"""A ledger: what a model is made of, a row for each part."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import sympy
from sympy import Expr

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
        cells = [(r.part, written(r.formula), f"{r.value:,}") for r in self.rows]
        cells = [("part", "formula", self.unit), *cells, ("total", "", self._total)]
        first, second, third = (
            max(map(len, column)) for column in zip(*cells, strict=True)
        )
        lines = [f"{a:<{first}}  {b:<{second}}  {c:>{third}}" for a, b, c in cells]
        rule = "-" * len(lines[0])
        lines = [self.title, lines[0], rule, *lines[1:-1], rule, lines[-1]]
        return "\n".join([*lines, *self._legend()])

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th scope='row' style='text-align:left'>{html.escape(r.part)}</th>"
            f"<td style='text-align:left'>{html.escape(written(r.formula))}</td>"
            f"<td style='text-align:right'>{r.value:,}</td></tr>"
            for r in self.rows
        )
        head = "".join(
            f"<th scope='col' style='text-align:{align}'>{name}</th>"
            for name, align in (
                ("part", "left"),
                ("formula", "left"),
                (html.escape(self.unit), "right"),
            )
        )
        return (
            f"<table><caption>{html.escape(self.title)}</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody>"
            "<tfoot><tr><th scope='row' colspan='2' style='text-align:left'>total</th>"
            f"<td style='text-align:right'><b>{self._total}</b></td></tr></tfoot>"
            f"</table><p>{html.escape('; '.join(self._legend()))}</p>"
        )

    @property
    def _total(self) -> str:
        return f"{self.total:,}"

    def _legend(self) -> list[str]:
        return [f"{x.symbol} = {x.value:,} {x.meaning}" for x in self.letters]


def written(formula: Expr) -> str:
    """A formula as it is read: 4·d² + 4·d."""
    text = re.sub(
        r"\*\*(\d+)", lambda m: m[1].translate(SUPERSCRIPTS), sympy.sstr(formula)
    )
    return text.replace("*", "·")
