"""What the trainings of `benchmarks/` wrote down: read, grouped, with intervals.

Over several seeds an interval is Student's t, over one it is Wilson's (1927) for a
share of test items, both of 95 %. A figure that has neither has no interval.
"""

from __future__ import annotations

import ast
import json
import math
import re
import statistics
import sysconfig
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

FOLDER = Path("benchmarks", "results")
CONFIDENCE = 0.95

Record = Mapping[str, Any]
Reader = Callable[[Record], float | None]


@dataclass(frozen=True)
class Estimate:
    """A mean and its interval of 95 %.

    Attributes:
        low, high: NaN where there is no interval.
        over: "seeds", "items" or "".
        number: of what it is over.
    """

    mean: float
    low: float = math.nan
    high: float = math.nan
    over: str = ""
    number: int = 1

    @classmethod
    def over_seeds(cls, values: Sequence[float]) -> Estimate:
        """Student's t over independent runs; of a single one there is no interval.

        Raises:
            ValueError: there are no values.
        """
        if not values:
            raise ValueError("an estimate of no values")
        mean = statistics.fmean(values)
        if len(values) == 1:
            return cls(mean)
        from scipy import stats

        error = statistics.stdev(values) / math.sqrt(len(values))
        half = stats.t.ppf((1 + CONFIDENCE) / 2, len(values) - 1) * error
        return cls(mean, mean - half, mean + half, "seeds", len(values))

    @classmethod
    def of_share(cls, share: float, items: int) -> Estimate:
        """Wilson's interval of a share of independent items.

        Raises:
            ValueError: a share that is not of so many items.
        """
        from scipy import stats

        right = round(share * items)
        if items < 1 or abs(share * items - right) > 1e-3:
            raise ValueError(f"{share} is no share of {items} items")
        found = stats.binomtest(right, items).proportion_ci(CONFIDENCE, "wilson")
        return cls(share, float(found.low), float(found.high), "items", items)

    @property
    def has_interval(self) -> bool:
        """Whether `low` and `high` are numbers."""
        return not math.isnan(self.low)

    def scaled(self, factor: float) -> Estimate:
        """The same in other units."""
        low, high = self.low * factor, self.high * factor
        return Estimate(self.mean * factor, low, high, self.over, self.number)


def at(*path: str) -> Reader:
    """A reader of the number under these keys, None where one of them is missing."""

    def read(record: Record) -> float | None:
        value: Any = record
        for key in path:
            if not isinstance(value, Mapping) or key not in value:
                return None
            value = value[key]
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return float(value) if number else None

    return read


def least(name: str) -> Reader:
    """A reader of a curve's least value, of a run that isn't finished too."""

    def read(record: Record) -> float | None:
        values = [point[name] for point in record.get("curve", ()) if name in point]
        return min(values, default=None)

    return read


@dataclass(frozen=True)
class Group:
    """Runs of one recipe on one device with one choice of sizes: its seeds."""

    recipe: str
    runs: tuple[Record, ...]

    @property
    def device(self) -> str:
        """As `hardware`, a GPU without its maker and memory: for tables."""
        return re.sub(r"^NVIDIA (\S+)( \d+GB.*)?$", r"\1", self.hardware)

    @property
    def hardware(self) -> str:
        """A GPU's name, or "CPU" with the number of threads."""
        first = self.runs[0]
        threads = first.get("threads")
        if first["device"] != "CPU" or not threads:
            return str(first["device"])
        return f"CPU, {threads} thread{'s' if threads > 1 else ''}"

    @property
    def seeds(self) -> list[int]:
        """Each once, sorted."""
        return sorted({run["seed"] for run in self.runs})

    @property
    def finished(self) -> bool:
        """Whether no run was stopped before its last step."""
        return all(run.get("finished") for run in self.runs)

    def values(self, read: Reader) -> list[float]:
        """The figure of each run that has it."""
        found = (read(run) for run in self.runs)
        return [value for value in found if value is not None]

    def estimate(self, read: Reader, items: int | None = None) -> Estimate | None:
        """The mean with its interval; None where no run has the figure.

        Args:
            items: for a share: of how many; the interval of a single seed is theirs.
        """
        values = self.values(read)
        if not values:
            return None
        if len(set(values)) > 1:
            return Estimate.over_seeds(values)
        # One seed, or nothing random in it: more of the same say no more.
        return Estimate.of_share(values[0], items) if items else Estimate(values[0])

    def items(self, split: str) -> int | None:
        """How many a split of its data has."""
        found = {run.get("data", {}).get("splits", {}).get(split) for run in self.runs}
        return found.pop() if len(found) == 1 else None

    def parts(self) -> dict[str, list[Record]]:
        """The parts of all runs by their names, in the order that they came in."""
        found: dict[str, list[Record]] = {}
        for run in self.runs:
            for name, part in run.get("parts", {}).items():
                found.setdefault(name, []).append(part)
        return found

    def part(self, name: str) -> Group:
        """The same runs seen as if this part were all; its data are the run's."""
        runs = [
            {**{k: v for k, v in run.items() if k != "parts"}, **run["parts"][name]}
            for run in self.runs
            if name in run.get("parts", {})
        ]
        if not runs:
            raise KeyError(f"{self.recipe} has no part {name!r}")
        return Group(self.recipe, tuple(runs))


class Results:
    """The files of a results folder, each read when it is asked for.

    Args:
        folder: `benchmarks/results`; looked for above the working directory, beside the
            package and where it was installed unless given.

    Raises:
        FileNotFoundError: there is none; the message says where they are.
    """

    def __init__(self, folder: str | Path | None = None):
        self.folder = Path(folder) if folder else _found()
        if not self.folder.is_dir():
            raise FileNotFoundError(f"no results at {self.folder}")

    @cached_property
    def recipes(self) -> dict[str, Record]:
        """The content of `quality/*.json` by recipe."""
        found = (_read(path) for path in sorted(self.folder.glob("quality/*.json")))
        return {record["name"]: record for record in found if record["runs"]}

    def groups(self, recipe: str) -> list[Group]:
        """A recipe's runs by device and sizes, GPUs first; [] where it has none.

        Presets that train only some of a recipe's models belong to those of all. What
        was tried on held-out training data is in `tried`.
        """
        sorted_in: dict[tuple[bool, str, str], list[Record]] = {}
        for run in self._runs(recipe, held_out=False):
            sizes = {k: v for k, v in run["settings"].items() if k != "kinds"}
            all_sizes = json.dumps(sizes, sort_keys=True)
            key = (run["device"] == "CPU", run["device"], all_sizes)
            sorted_in.setdefault(key, []).append(run)
        keys = sorted(sorted_in, key=lambda key: key[:2])
        return [Group(recipe, tuple(sorted_in[key])) for key in keys]

    def tried(self, recipe: str) -> list[Group]:
        """Runs by which settings were chosen, on training data held out for that."""
        return [Group(recipe, (run,)) for run in self._runs(recipe, held_out=True)]

    def _runs(self, recipe: str, held_out: bool) -> list[Record]:
        runs = self.recipes.get(recipe, {"runs": ()})["runs"]
        return [r for r in runs if bool(r["settings"].get("held_out")) == held_out]

    def best(self, recipe: str) -> Group | None:
        """The group to show where one is shown: with most seeds, then a GPU's."""
        return max(self.groups(recipe), key=lambda g: len(g.seeds), default=None)

    def target(self, recipe: str) -> Any:
        """What was to be reached: of a run, else of the recipe; None without one."""
        for run in self.recipes[recipe]["runs"]:
            if run.get("target") is not None:
                return run["target"]
        name = f"{recipe.replace('-', '_')}.py"
        return _constant(self.folder.parent / "recipes" / name, "TARGET")

    def speed(self) -> Iterator[tuple[str, Record]]:
        """Device and content of `speed.json` and `speed-gpu.json`, those there are."""
        for name in ("speed.json", "speed-gpu.json"):
            path = self.folder / name
            if path.exists():
                record = _read(path)
                yield record.get("gpu") or f"CPU, {record['threads']} threads", record


def command(run: Record, recipe: str, seeds: Sequence[int] = ()) -> str:
    """What is typed to train it again."""
    words = ["python benchmarks/quality.py", recipe, f"--preset {run['preset']}"]
    chosen = list(seeds or [run["seed"]])
    if chosen != [0]:
        words.append("--seeds " + " ".join(map(str, chosen)))
    if run.get("minutes"):
        words.append(f"--minutes {run['minutes']:g}")
    return " ".join(words)


def _found() -> Path:
    here = Path.cwd()
    beside = Path(__file__).resolve().parents[2]
    installed = Path(sysconfig.get_path("data"), "share", "inside-transformers")
    for root in (here, *here.parents, beside, installed):
        if (root / FOLDER).is_dir():
            return root / FOLDER
    raise FileNotFoundError(
        f"There is no {FOLDER.as_posix()} above {here.name}/, and none was installed "
        "with the package: install it anew, or clone the course's repository and open "
        "this notebook there."
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text("utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path.name} is no JSON: {error}") from error


def _constant(path: Path, name: str) -> Any:
    """A constant of a module that isn't imported; None where there is none."""
    if not path.exists():
        return None
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return ast.literal_eval(node.value)
    return None
