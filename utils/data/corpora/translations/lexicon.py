"""The words of both languages, from translations.toml."""

from __future__ import annotations

from functools import cache
from typing import Any

from utils.data.corpora.grammar import read


@cache
def words() -> dict[str, Any]:
    """All tables by their name."""
    return read("translations")


@cache
def rows(table: str) -> list[list[str]]:
    """The cells of a table, line by line."""
    lines = [line for line in words()[table].splitlines() if line]
    return [[cell.strip() for cell in line.split("|")] for line in lines]


@cache
def pairs(table: str) -> dict[str, tuple[str, ...]]:
    """A table of two columns: what stands in the first, and the list in the second.

    The list is parted by commas if it has any, else by spaces.
    """
    found = {}
    for first, listed in rows(table):
        parted = listed.split(",") if "," in listed else listed.split()
        found[first.replace("_", " ")] = tuple(item.strip() for item in parted)
    return found


@cache
def listed(name: str) -> frozenset[str]:
    """The words of a list."""
    return frozenset(words()[name].split())
