"""``grading.toml``: deadlines, late rule, extensions, columns of the gradebook."""

from __future__ import annotations

import csv
import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

FILE = "grading.toml"
TABLES = {
    "timezone": str,
    "deadlines": dict,
    "late": dict,
    "extensions": dict,
    "columns": dict,
    "roster": dict,
}
LATE = ("free_hours", "percent_per_day", "floor", "cutoff_days")
EVERY = "all"  # in an extension: every notebook
DAY = 86400.0


@dataclass(frozen=True)
class LateRule:
    """What of the points is kept.

    Each day that has begun after the free hours costs ``percent_per_day``, down to
    ``floor`` per cent; after ``cutoff_days`` nothing is kept.
    """

    free_hours: float = 0.0
    percent_per_day: float = 0.0
    floor: float = 0.0
    cutoff_days: float = math.inf

    def kept(self, seconds: float) -> tuple[float, int]:
        """The share of the points that is kept, and the days that count as late."""
        beyond = seconds - self.free_hours * 3600
        if beyond <= 0:
            return 1.0, 0
        days = math.ceil(beyond / DAY)
        if beyond > self.cutoff_days * DAY:
            return 0.0, days
        least = self.floor / 100
        return max(least, 1 - self.percent_per_day * days / 100), days


@dataclass(frozen=True)
class Config:
    """All defaults: no deadline, the usual columns."""

    deadlines: Mapping[str, datetime] = field(default_factory=dict)
    late: LateRule = LateRule()
    # student -> notebook or "all" -> more days, or a deadline of their own
    extensions: Mapping[str, Mapping[str, float | datetime]] = field(
        default_factory=dict
    )
    columns: Mapping[str, str] = field(default_factory=dict)
    roster: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()  # what was assumed

    def deadline(self, student: str, notebook: str) -> datetime | None:
        own = self.extensions.get(student, {})
        more = own.get(notebook, own.get(EVERY))
        if isinstance(more, datetime):
            return more
        due = self.deadlines.get(notebook)
        return due + timedelta(days=more) if due and more is not None else due

    def kept(
        self, student: str, notebook: str, submitted: float | None
    ) -> tuple[float, int]:
        """The share of the points that is kept, and the days late.

        A file whose time nobody knows is in time.
        """
        due = self.deadline(student, notebook)
        if due is None or submitted is None:
            return 1.0, 0
        return self.late.kept(submitted - due.timestamp())


def of_folder(folder: Path, path: Path | None = None) -> Config:
    """What ``path`` says, else the folder's ``grading.toml``, else all defaults.

    Raises what `load` raises.
    """
    usual = folder / FILE
    if path is None and not usual.exists():
        return Config()
    return load(path or usual)


def load(path: Path) -> Config:
    """Read a ``grading.toml``.

    Raises ValueError that names the file and the entry, FileNotFoundError.
    """
    try:
        data = tomllib.loads(path.read_text("utf-8-sig"))
        return _config(data, path.parent)
    except FileNotFoundError:
        raise
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{path}: {error}") from error


def _config(data: dict[str, Any], folder: Path) -> Config:
    _known("entry", data, TABLES)
    for name, kind in TABLES.items():
        if not isinstance(data.get(name, kind()), kind):
            what = "a table" if kind is dict else "a string"
            raise ValueError(f"{name} is {what}, not {data[name]!r}")
    notes: list[str] = []
    zone = _zone(data.get("timezone"))

    def when(where: str, value: Any) -> datetime:
        moment = _moment(where, value, zone)
        zoned = isinstance(value, datetime) and value.tzinfo
        if not zoned:
            assumed = "" if zone else ", this machine's time zone"
            notes.append(f"{where}: taken as {moment.isoformat()}{assumed}")
        return moment

    deadlines = {
        name: when(f"deadlines.{name}", value)
        for name, value in data.get("deadlines", {}).items()
    }
    extensions: dict[str, dict[str, float | datetime]] = {}
    for student, given in data.get("extensions", {}).items():
        if not isinstance(given, dict):  # `ada = 2`: two days for everything
            given = {EVERY: given}
        extensions[student] = {}
        for notebook, value in given.items():
            where = f"extensions.{student}.{notebook}"
            if isinstance(value, int | float):
                extensions[student][notebook] = _number(where, value, 3650)
            else:
                extensions[student][notebook] = when(where, value)
    late = data.get("late", {})
    _known("entry of [late]", late, LATE)
    largest = {"percent_per_day": 100, "floor": 100}
    rule = LateRule(
        **{k: _number(f"late.{k}", v, largest.get(k, 1e6)) for k, v in late.items()}
    )
    columns = data.get("columns", {})
    for name, value in columns.items():
        if not isinstance(value, str):
            raise ValueError(f"columns.{name} is a string, not {value!r}")
    roster = _roster(data.get("roster", {}), folder)
    return Config(deadlines, rule, extensions, columns, roster, tuple(notes))


def _roster(given: dict[str, Any], folder: Path) -> dict[str, dict[str, str]]:
    """The roster's rows by the name that submissions have."""
    if not given:
        return {}
    _known("entry of [roster]", given, ("file", "student"))
    if not all(isinstance(given.get(name), str) for name in ("file", "student")):
        raise ValueError("[roster] needs a file and the name of its student column")
    with (folder / given["file"]).open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    key, found = given["student"], {}
    for number, row in enumerate(rows, 2):
        if row.get(key) is None:
            have = ", ".join(str(name) for name in row)
            raise ValueError(f"{given['file']}, line {number}: no {key!r} ({have})")
        name = row[key].strip()
        if name in found:
            raise ValueError(f"{given['file']}, line {number}: {name!r} twice")
        found[name] = {k: v or "" for k, v in row.items() if isinstance(k, str)}
    return found


def _zone(name: str | None) -> tzinfo | None:
    if name is None:
        return None
    if name.upper() == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(
            f"timezone {name!r} is not known here: one is named as Europe/Berlin "
            "(on Windows, after `pip install tzdata`)"
        ) from error


def _moment(where: str, value: Any, zone: tzinfo | None) -> datetime:
    """A TOML date is the end of that day."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            value = None
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, date):
        moment = datetime.combine(value, time(23, 59, 59))
    else:
        raise ValueError(
            f"{where} is no date: write 2026-11-02, or 2026-11-02T18:00:00+01:00"
        )
    if moment.tzinfo:
        return moment
    return moment.replace(tzinfo=zone) if zone else moment.astimezone()


def _number(where: str, value: Any, largest: float) -> float:
    ok = isinstance(value, int | float) and not isinstance(value, bool)
    if not ok or not 0 <= value <= largest:
        raise ValueError(f"{where} is a number from 0 to {largest:g}, not {value!r}")
    return float(value)


def _known(what: str, given: Iterable[str], known: Iterable[str]) -> None:
    for name in given:
        if name not in known:
            raise ValueError(f"unknown {what} {name!r}: there are {', '.join(known)}")
