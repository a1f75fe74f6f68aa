"""Taking notebooks out of a zip that nobody vouches for."""

from __future__ import annotations

import os
import re
import stat
import tempfile
import time
import unicodedata
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from utils.grading.submission import LARGEST_FILE

LONGEST_NAME = 1000  # characters of a member's path
LARGEST_RATIO = 200  # of a notebook's size to what it takes in the archive
SMALL = 1_000_000  # bytes below which no ratio harms
MOST_REFUSALS = 100  # named for one archive; the rest is counted

ENCRYPTED = 0x1
UTF8 = 0x800


@dataclass(frozen=True)
class Bounds:
    """What one archive may hold: members, bytes in all, archives in archives."""

    members: int
    total: int
    depth: int
    size: int  # of the archive itself


CLASS = Bounds(members=100_000, total=20_000_000_000, depth=1, size=20_000_000_000)
STUDENT = Bounds(members=2_000, total=100_000_000, depth=0, size=20_000_000)


@dataclass(frozen=True)
class Refused:
    """A file left aside; ``name`` is as untrusted as what it names."""

    name: str
    why: str


@dataclass(frozen=True)
class Member:
    """A notebook taken out: where it stood in the archive and where it lies now."""

    parts: tuple[str, ...]  # its path in the archive
    path: Path
    modified: float | None  # seconds since the epoch
    inner: tuple[str, ...] = ()  # its path in the archive at `parts`


def unpack(
    archive: Path | IO[bytes], into: Path, name: str, bounds: Bounds = CLASS
) -> tuple[list[Member], list[Refused]]:
    """The notebooks of a zip, in files of ``into`` whose names are ours.

    No name of the archive becomes a path on this machine. Archives in it are opened
    down to ``bounds.depth``, within ``STUDENT``'s bounds. Raises nothing that the
    archive's content could bring about: what is wrong with it is among the refused.
    """
    found: list[Member] = []
    refused: list[Refused] = []
    try:
        _unpack(archive, into, name, bounds, found, refused)
    # On hostile bytes zipfile and zlib raise many kinds of errors.
    except Exception as error:
        refused.append(Refused(name, f"no zip that can be read: {_kind(error)}"))
    if len(refused) > MOST_REFUSALS:
        more = len(refused) - MOST_REFUSALS
        refused[MOST_REFUSALS:] = [Refused(name, f"{more} more were refused")]
    return found, refused


def _unpack(
    archive: Path | IO[bytes],
    into: Path,
    name: str,
    bounds: Bounds,
    found: list[Member],
    refused: list[Refused],
) -> None:
    if isinstance(archive, Path):
        status = archive.lstat()
        if not stat.S_ISREG(status.st_mode):
            raise zipfile.BadZipFile("not a regular file")
        if status.st_size > bounds.size:
            raise zipfile.BadZipFile(f"larger than {bounds.size / 1e6:.0f} MB")
    with zipfile.ZipFile(archive) as opened:
        infos = opened.infolist()
        if len(infos) > bounds.members:
            raise zipfile.BadZipFile(f"more than {bounds.members} files")
        seen: set[str] = set()
        left = bounds.total
        for info in infos:
            path = _name(info)
            shown = f"{name}: {path[:LONGEST_NAME]}"
            parts = tuple(part for part in re.split(r"[/\\]", path) if part != ".")
            if info.is_dir() or _hidden(parts):
                continue
            suffix = Path(parts[-1]).suffix.lower()
            why = _refusal(info, path, parts, suffix, seen)
            if why is None and suffix == ".zip" and not bounds.depth:
                why = "an archive in an archive in an archive"
            if why is None and left <= 0:
                why = f"over {bounds.total / 1e6:.0f} MB in the archive before it"
            if why is not None:
                refused.append(Refused(shown, why))
                continue
            try:
                content = _read(opened, info, min(LARGEST_FILE, left))
            except Exception as error:
                refused.append(Refused(shown, f"cannot be read: {_kind(error)}"))
                continue
            left -= len(content)
            file, path_of_it = tempfile.mkstemp(suffix, "", into)
            with os.fdopen(file, "wb") as stream:
                stream.write(content)
            own = Path(path_of_it)
            modified = _time(info)
            if modified is not None:
                os.utime(own, (modified, modified))
            if suffix == ".ipynb":
                found.append(Member(parts, own, modified))
                continue
            members, no = unpack(own, into, shown, STUDENT)
            own.unlink()
            left -= sum(member.path.stat().st_size for member in members)
            # An archive's time is the platform's, the times in it are the student's.
            for m in sorted(members, key=lambda member: member.modified or 0):
                if modified is not None:
                    os.utime(m.path, (modified, modified))
                found.append(Member(parts, m.path, modified, inner=m.parts))
            refused += no


def _refusal(
    info: zipfile.ZipInfo,
    path: str,
    parts: tuple[str, ...],
    suffix: str,
    seen: set[str],
) -> str | None:
    """Why a member is not to be taken out, None if it is."""
    mode = info.external_attr >> 16
    if len(path) > LONGEST_NAME:
        return f"a path of more than {LONGEST_NAME} characters"
    if "\0" in info.orig_filename:
        return "a NUL in its name"
    if path[:1] in ("/", "\\") or re.match(r"[A-Za-z]:", path):
        return "an absolute path"
    if ".." in parts:
        return "a path out of the archive"
    if stat.S_IFMT(mode) and not stat.S_ISREG(mode):
        return "a symbolic link" if stat.S_ISLNK(mode) else "not a regular file"
    if suffix not in (".ipynb", ".zip"):
        return "not .ipynb"
    key = "/".join(unicodedata.normalize("NFC", part).casefold() for part in parts)
    if key in seen:
        return "the name of another file in the archive, letters' case aside"
    seen.add(key)
    if info.flag_bits & ENCRYPTED:
        return "encrypted"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "compressed by another method than deflate"
    if info.file_size > LARGEST_FILE:
        return f"larger than {LARGEST_FILE / 1e6:.0f} MB"
    if info.file_size > max(SMALL, LARGEST_RATIO * info.compress_size):
        return f"compressed by more than {LARGEST_RATIO} to one"
    return None


def _read(opened: zipfile.ZipFile, info: zipfile.ZipInfo, limit: int) -> bytes:
    """A member's bytes. Raises ValueError where there are more than ``limit``."""
    with opened.open(info) as stream:
        content = stream.read(limit + 1)
    if len(content) > limit:
        raise ValueError("more than the archive says or may hold")
    return content


def _name(info: zipfile.ZipInfo) -> str:
    """A member's path; tools that write UTF-8 often don't say so."""
    # As it stands in the archive: zipfile cuts a name at a NUL.
    name = info.orig_filename
    if not info.flag_bits & UTF8:
        try:
            return name.encode("cp437").decode("utf-8")
        except UnicodeError:
            pass
    return name


def _hidden(parts: tuple[str, ...]) -> bool:
    """Whether a file is an editor's or a system's own (and no way up, as ``..``)."""
    if not parts or not parts[-1]:
        return True
    return any(
        part == "__MACOSX" or part.startswith(".") and part != ".." for part in parts
    )


def _time(info: zipfile.ZipInfo) -> float | None:
    """When a member was written: an archive keeps local time, to two seconds."""
    try:
        return time.mktime((*info.date_time, 0, 0, -1))
    except (ValueError, OverflowError):
        return None


def _kind(error: BaseException) -> str:
    return str(error)[:200] or type(error).__name__
