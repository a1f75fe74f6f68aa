"""Data sets from the Hugging Face Hub, and an answer within seconds if it's far."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from utils.data.dataset import DataUnavailable

if TYPE_CHECKING:
    from datasets import DatasetDict

PATIENCE = 8.0  # seconds; the libraries below try again and again for minutes
CONVERTED = "refs/convert/parquet"
"""The branch on which the hub keeps Parquet copies of what only a script could load."""


def load(
    path: str,
    name: str | None = None,
    *,
    sources: Sequence[str] = ("hub",),
    **options: Any,
) -> DatasetDict:
    """`datasets.load_dataset`, with every split, once the hub has answered.

    Args:
        path, name: of the repository (or of a folder on this machine, or a format such
            as "text"), and of the configuration.
        sources: what the data set can be had from, for the message.
        options: as `load_dataset` takes them.

    Raises:
        DataUnavailable: there is no network, or the hub doesn't have it (any more) in
            this form. With HF_HUB_OFFLINE=1 the copies of earlier calls are read.
    """
    way_out = "set HF_HUB_OFFLINE=1 to read the copy of an earlier call"
    if others := [other for other in sources if other != "hub"]:
        way_out = f"use source={' or '.join(map(repr, others))}, or {way_out}"
    host = _host(path, options.get("data_files"))
    if host and not _offline() and not _answers(host):
        raise DataUnavailable(f"{path}: no network ({host} doesn't answer): {way_out}")

    import datasets

    try:
        return datasets.load_dataset(path, name, **options)
    except Exception as error:  # of the library, of its HTTP client, of the format
        raise DataUnavailable(
            f"{path} can't be had from the hub ({type(error).__name__}: {error}): "
            f"{way_out}"
        ) from error


def read_text(url: str, sources: Sequence[str] = ("hub",)) -> str:
    """A text file as it is; raises as `load` does."""
    files = {"train": url}
    data = load("text", data_files=files, sample_by="document", sources=sources)
    return data["train"][0]["text"]


def _host(path: str, data_files: Any) -> str | None:
    """Who has to answer: None if all is on this machine."""
    if Path(path).exists():
        return None
    first = next(iter(data_files.values())) if isinstance(data_files, dict) else ""
    parts = urlsplit(first)
    if parts.scheme in ("http", "https"):
        return f"{parts.scheme}://{parts.netloc}"
    if first and Path(first).exists():
        return None
    return os.environ.get("HF_ENDPOINT", "https://huggingface.co")


def _offline() -> bool:
    names = "HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "TRANSFORMERS_OFFLINE"
    return any(
        os.environ.get(name, "").upper() in ("1", "TRUE", "YES", "ON") for name in names
    )


def _answers(host: str) -> bool:
    """Whether anything comes back, whatever it is, within `PATIENCE`."""
    reached = []

    def ask() -> None:
        try:
            with urlopen(Request(host, method="HEAD"), timeout=PATIENCE):
                reached.append(True)
        except HTTPError:
            reached.append(True)
        except URLError as error:
            # A certificate that isn't known here: the libraries bring their own.
            if "CERTIFICATE" in str(error.reason):
                reached.append(True)
        except OSError:
            pass

    # A name that nobody resolves can take longer than the time that urlopen is given.
    thread = Thread(target=ask, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    return bool(reached)
