"""What all parts of the results page have: numbers as text, tables, what is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Any

from utils.evaluation.results import FOLDER, Estimate, Group, Results

Form = Callable[[float], str]
MINUS = "\N{MINUS SIGN}"
TIED = "\N{NO-BREAK SPACE}"


class Text:
    """Markdown that a notebook shows, and a terminal as it is."""

    def __init__(self, *paragraphs: str):
        self.markdown = "\n\n".join(paragraphs)

    def _repr_markdown_(self) -> str:
        return self.markdown

    def __repr__(self) -> str:
        return self.markdown


class NothingYet(LookupError):
    """The files of a section are there, the figures that it shows are not."""


def needs(
    *recipes: str,
) -> Callable[[Callable[[Results], Text]], Callable[[Results], Text]]:
    """Of a section: where all of its recipes' files are missing, it says so.

    Where some are, they are named below what it shows.
    """

    def decorate(section: Callable[[Results], Text]) -> Callable[[Results], Text]:
        @wraps(section)
        def shown(results: Results) -> Text:
            lacking = [name for name in recipes if not results.groups(name)]
            gone = [_missing(lacking)] if lacking else []
            if len(lacking) == len(recipes):
                return Text(*gone)
            try:
                return Text(section(results).markdown, *gone)
            except NothingYet:
                there = [name for name in recipes if name not in lacking]
                return Text(*map(_unfinished, there), *gone)

        return shown

    return decorate


def _missing(recipes: Sequence[str]) -> str:
    files = ", ".join(f"`quality/{name}.json`" for name in recipes)
    made = ", ".join(f"`python benchmarks/quality.py {name}`" for name in recipes)
    are = "is" if len(recipes) == 1 else "are"
    return f"*Not there yet* {are} {files} of `{FOLDER.as_posix()}`. To make: {made}."


def _unfinished(recipe: str) -> str:
    return (
        f"*Not finished yet* is `quality/{recipe}.json` of `{FOLDER.as_posix()}`. "
        f"`python benchmarks/quality.py {recipe}` goes on with it."
    )


def table(head: Sequence[str], rows: Iterable[Sequence[Any]], right: str = "") -> str:
    """A table in Markdown.

    Args:
        right: one letter a column, "r" where numbers are set to the right.

    Raises:
        ValueError: a row is shorter or longer than the head.
    """
    right = right.ljust(len(head))
    lines = [head, ["---:" if place == "r" else "---" for place in right]]
    lines += [[str(cell) for cell in row] for row in rows]
    if any(len(line) != len(head) for line in lines):
        raise ValueError(f"rows of {[len(line) for line in lines]} cells under {head}")
    texts = [[cell.replace("\n", " ") for cell in line] for line in lines]
    return "\n".join("| " + " | ".join(line) + " |" for line in texts)


def literal(text: str) -> str:
    """Text that a model wrote, with nothing in it that Markdown takes for its own."""
    return "".join(f"\\{c}" if c in r"\`*_{}[]<>|$~#" else c for c in text.strip())


def quote(text: str) -> str:
    """A passage as it is, line by line."""
    return "\n".join(["```text", *text.replace("```", "'''").splitlines(), "```"])


def percent(value: float) -> str:
    """Of a share: "91.3 %"."""
    return f"{100 * value:.1f}{TIED}%"


def points(value: float) -> str:
    """Of what is in % already: "91.3"."""
    return f"{value:.1f}"


def three(value: float) -> str:
    """Three decimals: of losses and correlations."""
    return f"{value:.3f}".replace("-", MINUS)


def whole(value: float) -> str:
    """A number without decimals."""
    return f"{value:,.0f}"


def signed(value: float) -> str:
    """One decimal and a sign."""
    return f"{round(value, 1) + 0.0:+.1f}".replace("-", MINUS)


def shown(estimate: Estimate | None, form: Form) -> str:
    """A mean and its interval: "91.3 % (90.1 to 92.4)"; a dash where there is none."""
    if estimate is None:
        return "—"
    if not estimate.has_interval:
        return form(estimate.mean)
    low, high = (
        form(end).removesuffix(f"{TIED}%") for end in (estimate.low, estimate.high)
    )
    return f"{form(estimate.mean)} ({low}{TIED}to{TIED}{high})"


def aim(value: float, form: Form, lower: bool = False) -> str:
    """A target and on which side of it it is reached: "≥ 90 %"."""
    return f"{'≤' if lower else '≥'}{TIED}{form(value)}"


def general(value: float) -> str:
    """Two digits that count: "1.1", "0.033"."""
    return f"{value:.2g}"


def runs_of(number: int) -> str:
    """ "1 seed", "3 seeds"."""
    return f"{number} seed{'' if number == 1 else 's'}"


def steps(group: Group) -> str:
    """How far it came: "5,000 steps", or "3,327 of 5,000 steps"."""
    run = group.runs[0]
    taken, planned = run.get("steps", 0), run.get("planned_steps", 0)
    return f"{taken:,} steps" if taken == planned else f"{taken:,} of {planned:,} steps"


def duration(seconds: float) -> str:
    """ "40 s", "12 min", on one line."""
    number, unit = (seconds, "s") if seconds < 90 else (seconds / 60, "min")
    return f"{number:.0f}{TIED}{unit}"
