"""What every loader returns, and where its data came from."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

Example = TypeVar("Example")
SOURCES = ("embedded", "local", "hub")


class DataUnavailable(Exception):
    """A data set can't be had from the source that was asked for; says the way out."""


@dataclass(frozen=True)
class Dataset(Generic[Example]):
    """Splits of examples of one kind, the same from every source.

    Attributes:
        name: of the data set.
        splits: by name; "train", "validation" and "test" where there are such.
        source: "embedded", "local" or "hub", and where.
        licence: of the data, as its authors state it.
        bytes: of text or pixels, all splits together.
        labels: names of the classes, in the order of their numbers.
        unit: what is counted in a split, where the name of the data set doesn't say.
    """

    name: str
    splits: Mapping[str, Sequence[Example]]
    source: str
    licence: str
    bytes: int
    labels: tuple[str, ...] = ()
    unit: str = ""

    def __getitem__(self, split: str) -> Sequence[Example]:
        """A split.

        Raises:
            KeyError: there is none of that name; the message lists them.
        """
        if split not in self.splits:
            raise KeyError(f"{self.name} has the splits {', '.join(self.splits)}")
        return self.splits[split]

    def __iter__(self) -> Iterator[str]:
        return iter(self.splits)

    def __str__(self) -> str:
        counts = ", ".join(
            f"{len(rows):,} {name}" for name, rows in self.splits.items()
        )
        unit = f" ({self.unit})" if self.unit else ""
        return (
            f"{self.name}: {counts}{unit}; {self.bytes / 1e6:.1f} MB\n"
            f"source: {self.source}; licence: {self.licence}"
        )


def check_source(name: str, source: str, allowed: Sequence[str] = SOURCES) -> None:
    """Refuse a source that this data set doesn't have.

    Raises:
        ValueError: names those that it has.
    """
    if source not in allowed:
        raise ValueError(f"{name} comes from {' or '.join(allowed)}, not {source!r}")


def check_choice(argument: str, value: str, allowed: Sequence[str]) -> None:
    """Refuse a name that isn't among those there are.

    Raises:
        ValueError: names the argument, its value and what it may be.
    """
    if value not in allowed:
        raise ValueError(f"{argument} must be {' or '.join(allowed)}, was {value!r}")


def local_folder(name: str) -> Path:
    """The folder of a data set below the one that COURSE_DATA names.

    Raises:
        DataUnavailable: COURSE_DATA isn't set, or there is no such folder in it.
    """
    root = os.environ.get("COURSE_DATA")
    if not root:
        raise DataUnavailable(
            f"{name} from local files: set COURSE_DATA to the folder that holds {name}/"
        )
    folder = Path(root) / name
    if not folder.is_dir():
        raise DataUnavailable(f"{name}: there is no folder {folder}")
    return folder


def text_bytes(examples: Any) -> int:
    """Bytes in UTF-8 of all text in an example, or in any nest of them."""
    if isinstance(examples, str):
        return len(examples.encode())
    if isinstance(examples, Mapping):
        return sum(map(text_bytes, examples.values()))
    if isinstance(examples, (list, tuple)):
        return sum(map(text_bytes, examples))
    if dataclasses.is_dataclass(examples):
        return sum(
            text_bytes(getattr(examples, field.name))
            for field in dataclasses.fields(examples)
        )
    return 0
