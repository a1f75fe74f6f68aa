"""Answers compared by their structure: the same one, and one too like another's.

Winnowing of k-grams after S. Schleimer, D. Wilkerson and A. Aiken (2003), "Winnowing:
local algorithms for document fingerprinting", over the nodes of the syntax tree.
"""

from __future__ import annotations

import ast
import warnings
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

from utils.grading.submission import parse

BAD_CODE = (SyntaxError, ValueError, RecursionError, MemoryError)
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
GRAM = 8  # nodes in a fingerprint
WINDOW = 4  # one fingerprint of each four is kept, so that any 11 nodes in common show
# A fingerprint that more of the class share, by part and by number, is the task's own.
SHARED_BY, FEW, MANY = 0.1, 3, 30
LEAST = 25  # fingerprints in common: some 60 nodes, a dozen lines
LIKE = 0.5  # of all that the smaller one has
LONGEST = 20_000  # characters of an answer that is looked at for its structure
LARGEST = 3000  # fingerprints of a student that are looked at
PAIRS = 100


@dataclass(frozen=True)
class Pair:
    """Two students whose answers to a notebook share what hardly anyone else has."""

    one: str
    other: str
    notebook: str
    shared: int  # rare fingerprints in common
    part: float  # of all fingerprints of the smaller one
    exercises: tuple[str, ...]  # in which they stand


def pairs(
    answers: Mapping[tuple[str, str, str], str],
    stubs: Mapping[tuple[str, str], str] | None = None,
) -> list[Pair]:
    """Pairs of students with unlikely likeness, the likest first.

    Args:
        answers: (student, notebook, exercise) -> source.
        stubs: (notebook, exercise) -> what everybody was given; ignored in all.
    """
    given = {key: fingerprints(source) for key, source in (stubs or {}).items()}
    known: dict[str, frozenset[int]] = {}  # many hand in the same
    documents: dict[str, dict[str, set[tuple[str, int]]]] = defaultdict(dict)
    for (student, notebook, exercise), source in answers.items():
        if source not in known:
            known[source] = fingerprints(source)
        own = known[source] - given.get((notebook, exercise), frozenset())
        document = documents[notebook].setdefault(student, set())
        room = max(0, LARGEST - len(document))
        document |= {(exercise, mark) for mark in sorted(own)[:room]}
    found: list[Pair] = []
    for notebook, of in documents.items():
        found += _unlikely(notebook, of)
    found.sort(key=lambda pair: (-pair.part * pair.shared, pair.one, pair.other))
    return found[:PAIRS]


def _unlikely(
    notebook: str, documents: Mapping[str, set[tuple[str, int]]]
) -> Iterable[Pair]:
    holders: dict[tuple[str, int], list[str]] = defaultdict(list)
    for student, marks in sorted(documents.items()):
        for mark in marks:
            holders[mark].append(student)
    most = min(MANY, max(FEW, SHARED_BY * len(documents)))
    common: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for (exercise, _), students in holders.items():
        if len(students) <= most:
            for two in combinations(students, 2):
                common[two][exercise] += 1
    for (one, other), counts in common.items():
        shared = counts.total()
        part = shared / min(len(documents[one]), len(documents[other]))
        if shared >= LEAST and part >= LIKE:
            names = tuple(name for name, _ in counts.most_common())
            yield Pair(one, other, notebook, shared, part, names)


def fingerprints(source: str) -> frozenset[int]:
    """Hashes of runs of nodes, a few of each stretch; empty for what is no code."""
    try:
        kinds = list(_kinds(_tree(source)))
    except BAD_CODE:
        return frozenset()
    grams = [
        zlib.crc32(" ".join(kinds[start : start + GRAM]).encode())
        for start in range(len(kinds) - GRAM + 1)
    ]
    windows = range(max(0, len(grams) - WINDOW) + 1) if grams else ()
    return frozenset(min(grams[start : start + WINDOW]) for start in windows)


def normalised(source: str) -> str:
    """The same for two answers that differ in comments, layout and local names."""
    try:
        tree = _tree(source)
        for node in ast.walk(tree):
            # the outermost functions, and the methods of classes
            if isinstance(node, ast.Module | ast.ClassDef):
                for part in node.body:
                    if isinstance(part, FUNCTION):
                        _rename(part)
        return ast.dump(tree)
    except BAD_CODE:
        lines = (line.split("#")[0] for line in source.splitlines())
        return " ".join(" ".join(lines).split())


def _tree(source: str) -> ast.AST:
    """A syntax tree without docstrings. Raises BAD_CODE, also for what is too long."""
    if len(source) > LONGEST:
        raise ValueError("too long")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a student's "\d" is no news
        tree = parse(source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [  # type: ignore[attr-defined]
                part
                for part in body
                if not (isinstance(part, ast.Expr) and _is_text(part.value))
            ] or [ast.Pass()]
    return tree


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _kinds(tree: ast.AST) -> Iterable[str]:
    """The kinds of nodes in the order of the source; names and constants are alike."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.expr_context | ast.Load | ast.Module):
            pass
        elif isinstance(node, ast.Attribute):
            yield f"Attribute.{node.attr}"  # `.softmax` is not a student's own word
        else:
            yield type(node).__name__
        waiting += reversed(list(ast.iter_child_nodes(node)))


def _rename(function: ast.AST) -> None:
    """Number a function's own names in the order in which they come."""
    nodes = [node for part in ast.iter_child_nodes(function) for node in ast.walk(part)]
    outer = {
        name for node in nodes if isinstance(node, ast.Global) for name in node.names
    }
    bound: dict[str, str] = {}
    for node in nodes:
        for own in _bound(node):
            if own not in outer:
                bound.setdefault(own, f"v{len(bound)}")
    for node in nodes:
        for field in ("id", "arg", "name", "asname", "rest"):
            name = getattr(node, field, None)
            if isinstance(name, str) and not isinstance(node, ast.keyword):
                if isinstance(node, ast.alias) and field == "name":
                    continue
                setattr(node, field, bound.get(name, name))
        if isinstance(node, ast.Nonlocal):
            node.names = [bound.get(name, name) for name in node.names]


def _bound(node: ast.AST) -> Iterable[str]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif isinstance(node, ast.arg):
        yield node.arg
    elif isinstance(node, (*FUNCTION, ast.ClassDef)):
        yield node.name
    elif isinstance(node, ast.alias) and node.asname:
        yield node.asname
    elif (
        isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name
    ):
        yield node.name
