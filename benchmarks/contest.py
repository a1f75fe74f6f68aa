"""Two kinds of measurement: ours against a peer, and how a cost grows with the size."""

from __future__ import annotations

import gc
import math
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

SHORTEST = 0.1  # seconds of one side of a pair: shorter runs are repeated


@dataclass
class Contest:
    """The same work on both sides, with the same weights."""

    ours: Callable[[], Any]
    theirs: Callable[[], Any]
    agree: Callable[[], float]
    """-> the largest difference; raises where the two don't do the same"""
    work: int
    unit: str
    """what `work` counts, for the rate: tokens, images, characters"""
    sizes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Race:
    """Their time over ours. Both run in one process, in turns.

    Args:
        name: on the command line.
        what: in words.
        target: their time over ours, at least.
        make: of "tiny", for a test that it runs at all.
        theirs: who they are.
        pace: of ours at least, in units of work a second, where that is a target too.
    """

    name: str
    what: str
    target: float
    make: Callable[[bool], Contest]
    theirs: str = "transformers"
    pace: float | None = None

    def run(self, pairs: int, tiny: bool) -> dict[str, Any]:
        """Measure `pairs` pairs after a warm-up, ours first in every other one.

        Raises:
            AssertionError: the two sides' results differ.
        """
        contest = self.make(tiny)
        difference = contest.agree()
        sides = contest.ours, contest.theirs
        for _ in range(max(1, pairs // 4)):
            once = [seconds(side) for side in sides]
        shortest = 0.0 if tiny else SHORTEST
        repeats = [max(1, math.ceil(shortest / s)) for s in once]
        gc.collect()
        times: list[list[float]] = []
        for pair in range(pairs):
            found = [0.0, 0.0]
            for side in (0, 1) if pair % 2 else (1, 0):
                found[side] = seconds(sides[side], repeats[side])
            times.append(found)
        ratios = [theirs / ours for ours, theirs in times]
        low, median, high = quartiles(ratios)
        ours, theirs = (statistics.median(side) for side in zip(*times, strict=True))
        pace = {} if self.pace is None else {"pace": self.pace}
        quick = self.pace is None or contest.work / ours >= self.pace
        return {
            "value": median,
            "quartiles": [low, high],
            "target": self.target,
            **pace,
            "reached": median >= self.target and quick,
            "pairs": pairs,
            "seconds": {"ours": ours, self.theirs: theirs},
            "rate": {
                "unit": f"{contest.unit}/s",
                "ours": contest.work / ours,
                self.theirs: contest.work / theirs,
            },
            "difference": difference,
            "sizes": contest.sizes,
            "ratios": ratios,
        }


@dataclass(frozen=True)
class Growth:
    """The exponent by which a cost grows with the size: 1 is linear, 2 quadratic.

    Args:
        name, what: as in `Race`.
        target: the exponent, at most.
        measure: of "tiny" -> [(size, cost)], at least two.
        unit: of the cost.
    """

    name: str
    what: str
    target: float
    measure: Callable[[bool], list[tuple[int, float]]]
    unit: str

    def run(self, pairs: int, tiny: bool) -> dict[str, Any]:
        """Measure each size (`pairs` has no meaning here)."""
        points = self.measure(tiny)
        value = exponent(points)
        return {
            "value": value,
            "target": self.target,
            "reached": value <= self.target,
            "unit": self.unit,
            "points": points,
        }


def seconds(run: Callable[[], Any], repeats: int = 1) -> float:
    """Wall-clock time of one run, the mean of `repeats`."""
    start = time.perf_counter()
    for _ in range(repeats):
        run()
    return (time.perf_counter() - start) / repeats


def quartiles(values: list[float]) -> tuple[float, float, float]:
    """The lower quartile, the median and the upper one."""
    if len(values) == 1:
        return values[0], values[0], values[0]
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, median, high


def exponent(points: list[tuple[int, float]]) -> float:
    """The slope of log cost over log size, by least squares."""
    sizes, costs = ([math.log(x) for x in axis] for axis in zip(*points, strict=True))
    return statistics.linear_regression(sizes, costs).slope
