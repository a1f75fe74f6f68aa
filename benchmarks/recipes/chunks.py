"""A long evaluation, chunk by chunk: a killed one goes on where it was."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from utils.runtime import progress

Row = TypeVar("Row")


def in_chunks(
    path: Path,
    rows: Sequence[Row],
    size: int,
    evaluate: Callable[[Sequence[Row]], list[Any]],
) -> list[Any]:
    """What `evaluate` finds of each row, which must be what JSON can hold.

    Args:
        path: where what was found is kept, and gone on from.
        size: rows to a chunk.

    Raises:
        ValueError: `evaluate` finds another number than it was given rows.
    """
    found = json.loads(path.read_text()) if path.exists() else []
    path.parent.mkdir(parents=True, exist_ok=True)
    for start in progress(range(len(found), len(rows), size), path.stem):
        chunk = rows[start : start + size]
        more = evaluate(chunk)
        if len(more) != len(chunk):
            raise ValueError(f"{len(more)} were found of {len(chunk)} rows")
        found += more
        keep(path, found)
    return found


def keep(path: Path, found: list[Any]) -> None:
    """Write what was found so far, whole or not at all."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.write_text(json.dumps(found))
    os.replace(unfinished, path)
