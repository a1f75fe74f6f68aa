"""Data sets from the Hugging Face Hub, and an answer within seconds if it's far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    data_files: Mapping[str, str] | None = None,
    sources: Sequence[str] = ("hub",),
    **options: Any,
) -> DatasetDict:
    """`datasets.load_dataset`, with every split, once somebody has answered.

    Args:
        path, name: of the repository (or of a folder on this machine, or a format such
            as "text"), and of the configuration.
        data_files: of each split, where not those that the repository names.
        sources: what the data set can be had from, for the message.
        options: more that `load_dataset` takes.

    Raises:
        DataUnavailable: there is no network, or the hub doesn't have it (any more) in
            this form; the message says what to do instead.
    """
    import datasets

    others = [other for other in sources if other != "hub"]
    ways = [f"use source={' or '.join(map(repr, others))}"] if others else []
    if not data_files:  # which the library finds again only with a network
        ways.append("start again with HF_HUB_OFFLINE=1 to read an earlier call's copy")
    way_out = ", or ".join(ways or ["try again with a network"])
    first = next(iter(data_files.values())) if data_files else ""
    host = _host(path, first, datasets.config.HF_ENDPOINT)
    what = first if "://" in first else path
    if host and not datasets.config.HF_HUB_OFFLINE and not answers(host):
        raise DataUnavailable(f"{what}: no network ({host} doesn't answer): {way_out}")
    files = dict(data_files) if data_files else None
    try:
        return datasets.load_dataset(path, name, data_files=files, **options)
    except Exception as error:  # of the library, of its HTTP client, of the format
        raise DataUnavailable(
            f"{what} can't be had from the hub ({type(error).__name__}: {error}): "
            f"{way_out}"
        ) from error


def answers(host: str) -> bool:
    """Whether anything comes back from a URL, whatever it is, within `PATIENCE`."""
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


def _host(path: str, first_file: str, endpoint: str) -> str | None:
    """Who has to answer: none if all is on this machine."""
    parts = urlsplit(first_file)
    if parts.scheme in ("http", "https"):
        return f"{parts.scheme}://{parts.netloc}"
    here = Path(path).exists() or bool(first_file and Path(first_file).exists())
    return None if here else endpoint
