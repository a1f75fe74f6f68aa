"""Messages between the grader and the processes that run answers: sized JSON."""

from __future__ import annotations

import json
import socket
import struct
import time
from typing import Any

LARGEST = 20_000_000  # bytes


class BadMessage(ValueError):
    """The other side sent what is no message: too large, not JSON, not an object."""


def send(to: socket.socket, message: dict[str, Any], timeout: float = 60) -> None:
    data = json.dumps(message).encode()
    to.settimeout(timeout)
    to.sendall(struct.pack(">I", len(data)) + data)


def receive(
    source: socket.socket, timeout: float | None = None
) -> dict[str, Any] | None:
    """The next message, None where the other side is gone.

    Raises TimeoutError after ``timeout`` seconds, BadMessage.
    """
    end = None if timeout is None else time.monotonic() + timeout
    header = _exactly(source, 4, end)
    if header is None:
        return None
    (size,) = struct.unpack(">I", header)
    if size > LARGEST:
        raise BadMessage(f"a message of {size:,} bytes")
    data = _exactly(source, size, end)
    if data is None:
        return None
    try:
        message = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadMessage(str(error)) from error
    if not isinstance(message, dict):
        raise BadMessage("no object")
    return message


def _exactly(source: socket.socket, size: int, end: float | None) -> bytes | None:
    data = bytearray()
    while len(data) < size:
        left = None if end is None else end - time.monotonic()
        if left is not None and left <= 0:
            raise TimeoutError
        source.settimeout(left)
        try:
            part = source.recv(min(size - len(data), 1 << 16))
        except ConnectionError:
            return None
        if not part:
            return None
        data += part
    return bytes(data)
