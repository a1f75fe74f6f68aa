"""Files below the folder that COURSE_DATA names, each read only if it is intact."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from utils.data.dataset import DataUnavailable, local_folder


@cache
def checksums() -> dict[str, str]:
    """SHA-256 by data set and file, kept as sha256sum reads and writes it."""
    lines = Path(__file__).with_name("sha256.txt").read_text().splitlines()
    return {file: digest for digest, file in map(str.split, lines)}


def read_bytes(name: str, file: str, sources: Sequence[str] = ("local",)) -> bytes:
    """A file of a data set, unpacked if it ends in .gz.

    Args:
        name, file: COURSE_DATA/name/file
        sources: what the data set can be had from, for the message.

    Raises:
        DataUnavailable: it isn't there, or it isn't the file that it should be (by its
            SHA-256); names it and the way out.
    """
    path = local_folder(name) / file
    others = [other for other in sources if other != "local"]
    way_out = f"copy {name}/{file} into COURSE_DATA again"
    if others:
        way_out += f" or use source={' or '.join(map(repr, others))}"
    if not path.is_file():
        raise DataUnavailable(f"{name}: {path} is missing: {way_out}")
    content = path.read_bytes()
    found, expected = hashlib.sha256(content).hexdigest(), checksums()[f"{name}/{file}"]
    if found != expected:
        raise DataUnavailable(
            f"{name}: {path} is damaged ({len(content):,} bytes, SHA-256 {found[:12]}… "
            f"instead of {expected[:12]}…): {way_out}"
        )
    return gzip.decompress(content) if file.endswith(".gz") else content


def read_text(name: str, file: str, sources: Sequence[str] = ("local",)) -> str:
    """As `read_bytes`, decoded; line ends stay as they are."""
    return read_bytes(name, file, sources).decode()


def read_lines(name: str, file: str, sources: Sequence[str] = ("local",)) -> list[str]:
    """As `read_text`, cut at line feeds only: text may hold other breaks of Unicode."""
    lines = read_text(name, file, sources).split("\n")
    return lines[:-1] if not lines[-1] else lines
