"""All that can be read in a file, also where it is packed or quoted."""

from __future__ import annotations

import bz2
import gzip
import html
import io
import json
import lzma
import os
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from utils.grading.check import VALUE_MIME
from utils.notebooks.release import DROPPED

DECOMPRESS = {".gz": gzip.decompress, ".bz2": bz2.decompress, ".xz": lzma.decompress}


@dataclass(frozen=True)
class Readable:
    name: str  # the file's, with the way into an archive
    text: str
    forbidden: dict[str, None]  # what no notebook of a student's may hold


def readable(name: str, data: bytes) -> Iterator[Readable]:
    """A file's text, or that of each file in an archive."""
    suffix = os.path.splitext(name)[1].lower()
    forbidden: dict[str, None] = {}
    try:
        if data[:4] == b"PK\x03\x04":
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                for member in archive.infolist():
                    inner = f"{name}!{member.filename}"
                    yield from readable(inner, archive.read(member))
            return
        if suffix in DECOMPRESS:
            yield from readable(name[: -len(suffix)], DECOMPRESS[suffix](data))
            return
    # What these raise on damage has no class in common.
    except Exception as error:
        yield Readable(name, "", {f"cannot be read: {error}": None})
        return
    text = _text(data, forbidden)
    yield Readable(name, text, forbidden)


def _text(data: bytes, found: dict[str, None]) -> str:
    """All that can be read in a file; ``found`` gets what a notebook may not hold."""
    if b"\0" in data:
        runs = re.findall(rb"[\t\n\r -~\x80-\xff]{12,}", data.replace(b"\0", b""))
        return b"\n".join(runs).decode("utf-8", "ignore")
    text = data.decode("utf-8", "replace")
    try:
        parsed = json.loads(text, parse_float=str)
    except (ValueError, RecursionError):
        texts = [text]
    else:
        texts = list(_strings(parsed, found))
    plain = "\n".join(texts)
    if "\\" in plain:  # source in a string in a source
        texts.append(plain.replace("\\n", "\n").replace('\\"', '"'))
    if "&" in plain:
        texts.append(html.unescape(plain))
    return "\n".join(texts)


def _strings(parsed: Any, found: dict[str, None]) -> Iterator[str]:
    """The strings and numbers of a JSON value, pictures left out."""
    if isinstance(parsed, str):
        yield parsed
    elif isinstance(parsed, list):
        if parsed and all(isinstance(item, str) for item in parsed):
            # A notebook's lines, each with its end; a list of numbers needs a blank.
            yield "".join(
                item if item.endswith("\n") else f"{item} " for item in parsed
            )
            return
        for item in parsed:
            yield from _strings(item, found)
    elif isinstance(parsed, dict):
        if parsed.get("role") in DROPPED:
            found[f"a cell that is {parsed['role']}"] = None
        for key, item in parsed.items():
            if key == VALUE_MIME:
                found["a value that is graded"] = None
            if not key.startswith("image/"):
                yield key
                yield from _strings(item, found)
