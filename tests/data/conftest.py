"""Small files of each source's form, and no network."""

import gzip
import hashlib
import socket
from pathlib import Path

import datasets
import pytest

from utils.data import local


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Writes files below a COURSE_DATA of its own, and what they must be."""
    known = {}
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    monkeypatch.setattr(local, "checksums", lambda: known)

    def write(files: dict[str, str | bytes]) -> Path:
        for file, content in files.items():
            packed = content if isinstance(content, bytes) else content.encode()
            if file.endswith(".gz"):
                packed = gzip.compress(packed)
            (tmp_path / file).parent.mkdir(exist_ok=True)
            (tmp_path / file).write_bytes(packed)
            known[file] = hashlib.sha256(packed).hexdigest()
        return tmp_path

    return write


@pytest.fixture
def no_network(tmp_path, monkeypatch):
    """Whoever asks for an address or connects learns that there is none."""

    def refuse(*_, **__):
        raise OSError("the network is off")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    cache = tmp_path / "cache"
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", cache)
    monkeypatch.setattr(datasets.config, "DOWNLOADED_DATASETS_PATH", cache / "files")
