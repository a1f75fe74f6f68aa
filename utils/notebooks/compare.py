"""Compare a new output with the stored one.

Numbers are compared within a tolerance, all else exactly.
Every function returns ``None`` for "the same", else one line that says what differs,
the new piece first: ``line 3: 0.87 against stored 0.91``.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

# A number with decimals or an exponent that is not a piece of a version, a name or a
# longer number. Blanks before it belong to its padding, which a changed digit moves.
FLOAT = re.compile(
    r" *(?<![\w.])[-+]?(?:\d+\.\d+(?:[eE][-+]?\d+)?(?!\.?\d)|\d+[eE][-+]?\d+(?!\w))"
)
SCRIPT = re.compile(r'(<script type="application/json"[^>]*>)(.*?)(</script>)', re.S)
DATA_RTOL = re.compile(r'data-rtol="([^"]+)"')
# A float that was printed whole (repr) has as many decimals as it happens to need.
UNROUNDED = 15


@dataclass(frozen=True)
class Tolerance:
    """How far a number may lie from the stored one.

    Beside ``rtol`` and ``atol`` a printed number may differ by one unit of its last
    digit, but by no more than four per cent.
    """

    rtol: float = 1e-3
    atol: float = 0.0

    def __post_init__(self) -> None:
        for name in ("rtol", "atol"):
            given = getattr(self, name)
            if isinstance(given, bool) or not isinstance(given, int | float):
                raise ValueError(f"compare: {name} must be a number, was {given!r}")
            if not 0 <= given < math.inf:
                raise ValueError(f"compare: {name} must be 0 or more, was {given}")

    def allows(self, new: float, stored: float, unit: float = 0.0) -> bool:
        """Whether ``new`` is near enough; ``unit``: of the last printed digit."""
        if not (math.isfinite(new) and math.isfinite(stored)):
            return new == stored or (math.isnan(new) and math.isnan(stored))
        limit = max(self.rtol * abs(stored), self.atol, min(unit, 0.04 * abs(stored)))
        # One unit is rarely exact in binary: 0.88 - 0.87 is a little more than 0.01.
        return abs(new - stored) <= limit * (1 + 1e-9)


def text(new: str, stored: str, tolerance: Tolerance | None = None) -> str | None:
    """Compare two printed texts line by line."""
    tolerance = tolerance or Tolerance()
    new_lines, stored_lines = new.split("\n"), stored.split("\n")
    count = ""
    if len(new_lines) != len(stored_lines):
        count = f" ({len(new_lines)} lines against stored {len(stored_lines)})"
    for number, (line, old) in enumerate(zip(new_lines, stored_lines, strict=False), 1):
        if problem := _line(line, old, tolerance):
            return f"line {number}: {problem}{count}"
    if count:
        longer = max(new_lines, stored_lines, key=len)
        first = min(len(new_lines), len(stored_lines))
        what = "new" if longer is new_lines else "missing"
        return f"line {first + 1} is {what}: {longer[first]!r}{count}"
    return None


def html(new: str, stored: str, tolerance: Tolerance | None = None) -> str | None:
    """Compare two pieces of HTML as text, but JSON data within them by value.

    Numbers in ``<script type="application/json">`` are compared only where the stored
    HTML declares how near they come, by an attribute ``data-rtol``.
    """
    new_parts, stored_parts = SCRIPT.split(new), SCRIPT.split(stored)
    if len(new_parts) != len(stored_parts):
        return (
            f"{len(new_parts) // 4} pieces of JSON data "
            f"against stored {len(stored_parts) // 4}"
        )
    declared = DATA_RTOL.search(stored)
    near = Tolerance(rtol=float(declared[1])) if declared else None
    for index, (part, old) in enumerate(zip(new_parts, stored_parts, strict=True)):
        if index % 4 == 2:
            problem = values(json.loads(part), json.loads(old), near, "data")
        else:
            problem = text(part, old, tolerance)
        if problem:
            return problem
    return None


def values(
    new: Any, stored: Any, tolerance: Tolerance | None, where: str = "value"
) -> str | None:
    """Compare two JSON values; without a tolerance, any number equals any other.

    In a list of numbers ``rtol`` is relative to the largest stored one, so that noise
    beside a zero doesn't count. Integers are compared exactly.
    """
    if _kind(new) != _kind(stored):
        return f"{where}: {_kind(new)} against stored {_kind(stored)}"
    if isinstance(stored, dict):
        if new.keys() != stored.keys():
            return f"{where}: keys {sorted(new)} against stored {sorted(stored)}"
        pairs = [(f"{where}.{key}", new[key], stored[key]) for key in stored]
    elif isinstance(stored, list):
        if len(new) != len(stored):
            return f"{where}: {len(new)} items against stored {len(stored)}"
        if tolerance and all(isinstance(x, float) for x in stored):
            scale = max((abs(x) for x in stored if math.isfinite(x)), default=0.0)
            tolerance = Tolerance(0.0, max(tolerance.atol, tolerance.rtol * scale))
        pairs = [
            (f"{where}[{i}]", *pair)
            for i, pair in enumerate(zip(new, stored, strict=True))
        ]
    elif _kind(stored) == "number":
        if tolerance is None:
            return None
        exact = isinstance(new, int) and isinstance(stored, int)
        same = new == stored if exact else tolerance.allows(new, stored)
        return None if same else f"{where}: {new} against stored {stored}"
    else:
        return None if new == stored else f"{where}: {new!r} against stored {stored!r}"
    return next(filter(None, (values(b, c, tolerance, a) for a, b, c in pairs)), None)


def outputs(
    new: list[dict], stored: list[dict], tolerance: Tolerance | None = None
) -> str | None:
    """Compare the outputs of a cell, as nbformat has them.

    stderr and widget views are left out, of images only the number counts. Outputs
    of one kind are compared in their order.
    """
    ours, theirs = _by_kind(new), _by_kind(stored)
    for kind in [*theirs, *(kind for kind in ours if kind not in theirs)]:
        a, b = ours.get(kind, []), theirs.get(kind, [])
        if len(a) != len(b):
            shown = "".join(f": {_short(x)}" for x in (a or b)[:1] if x)
            return f"{len(a)} × {kind} against stored {len(b)}{shown}"
        for one, other in zip(a, b, strict=True):
            if kind == "text/html":
                problem = html(one, other, tolerance)
            elif isinstance(one, str) and isinstance(other, str):
                problem = text(one, other, tolerance)
            else:
                problem = values(one, other, tolerance or Tolerance())
            if problem:
                return f"{kind}, {problem}"
    return None


def _by_kind(outputs: list[dict]) -> dict[str, list]:
    found: dict[str, list] = {}
    for kind, content in _pieces(outputs):
        if kind == "stdout" and kind in found:
            found[kind][0] += content
        elif kind.startswith("image/"):
            found.setdefault(kind, []).append("")
        elif kind not in ("stderr", "application/vnd.jupyter.widget-view+json"):
            found.setdefault(kind, []).append(content)
    return found


def _pieces(outputs: list[dict]) -> Iterator[tuple[str, Any]]:
    for output in outputs:
        if output["output_type"] == "stream":
            yield output["name"], output["text"]
        elif output["output_type"] == "error":
            yield "error", f"{output['ename']}: {output['evalue']}"
        else:
            yield from output["data"].items()


def _line(new: str, stored: str, tolerance: Tolerance) -> str | None:
    whole = f"{_short(new)} against stored {_short(stored)}"
    if FLOAT.sub("\0", new) != FLOAT.sub("\0", stored):
        return whole
    for a, b in zip(FLOAT.findall(new), FLOAT.findall(stored), strict=True):
        a, b = a.strip(), b.strip()
        if a == b:
            continue
        form, (decimals, power) = _form(a), _form(b)
        same_form = (form[0], form[1] is None) == (decimals, power is None)
        unrounded = max(map(_digits, (a, b))) >= UNROUNDED
        unit = 10.0 ** ((power or 0) - decimals)
        near = tolerance.allows(float(a), float(b), unit)
        if not near or not (same_form or unrounded):
            return f"{a} against stored {b}"
    return None


def _form(number: str) -> tuple[int, int | None]:
    """How many decimals are printed, and the exponent where there is one."""
    mantissa, *exponent = re.split("[eE]", number)
    return len(mantissa.partition(".")[2]), int(exponent[0]) if exponent else None


def _digits(number: str) -> int:
    """Significant digits."""
    return len(re.split("[eE]", number)[0].lstrip("+-0.").replace(".", ""))


def _kind(value: Any) -> str:
    if isinstance(value, dict):  # nbformat has a class of its own for these
        return "object"
    return {
        bool: "boolean",
        int: "number",
        float: "number",
        str: "text",
        list: "list",
        type(None): "nothing",
    }[type(value)]


def _short(value: Any, limit: int = 160) -> str:
    shown = repr(value)
    return shown if len(shown) <= limit else shown[:limit] + "…"
