"""Prepare once, fork for each answer: the fast way to run exercises (Linux).

``python -m utils.grading.zygote FD...``: on the first descriptor comes what to do, with
the reference's own cells in stages, one for each place where exercises begin. After
each stage a process is forked off that waits on the stage's descriptor: for each
task it gets a socket, forks, and the child runs the cells that the grader sends over
it, confined. So imports and set-up are paid once, and a child knows of an exercise
only what it is sent: the hidden checks come after the answer has run.

Nothing here is trusted by the grader but that it started: values are compared there.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import select
import shutil
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NoReturn

from utils.grading import sandbox, wire
from utils.grading.check import SEED, VALUE_MIME

LONGEST_MESSAGE = 2000
STOP = b"x"
TICK = 0.05  # seconds between two looks at a running answer


def main() -> None:
    sandbox.private()
    first, *stages = (socket.socket(fileno=int(fd)) for fd in sys.argv[1:])
    task = wire.receive(first)
    if task is None:
        return
    shell = Shell()
    for cells, control in zip(task["stages"], stages, strict=True):
        for cell in cells:
            error = shell.run(cell["source"])[0]
            if error:
                why = f"the reference's own cell '{cell['id']}' failed: {error}"
                wire.send(first, {"problem": why})
                return
        if os.fork() == 0:
            sandbox.die_with_parent()
            sandbox.private()  # a fork does not adopt as its parent did
            for other in (first, *(s for s in stages if s is not control)):
                other.close()
            serve(shell, control, task["limits"])
            os._exit(0)
        control.close()
    wire.send(first, {"ready": True})
    first.settimeout(None)
    first.recv(1)  # until the grader goes away
    shutil.rmtree(os.getcwd(), ignore_errors=True)
    os._exit(0)


class Shell:
    """IPython as a notebook's kernel has it, without sockets, threads or history."""

    def __init__(self) -> None:
        from IPython.core.displaypub import DisplayPublisher
        from IPython.core.history import HistoryManager
        from IPython.core.interactiveshell import InteractiveShell

        values: list[Any] = []

        class Values(DisplayPublisher):
            """Keeps what `value` shows."""

            def publish(self, data: Any, *_: Any, **__: Any) -> None:
                if isinstance(data, dict) and VALUE_MIME in data:
                    values.append(data[VALUE_MIME])

        self.values = values
        HistoryManager.enabled = False  # type: ignore[assignment]
        InteractiveShell.display_pub_class = Values  # type: ignore[assignment]
        self.shell = InteractiveShell.instance()
        self.shell.colors = "nocolor"
        self.shell.showtraceback = lambda *_, **__: None  # type: ignore[method-assign]

    def run(self, source: str) -> tuple[str, list[Any]]:
        """Run a cell: the error's class and message ('' for none), the values."""
        self.values.clear()
        result = self.shell.run_cell(source, store_history=False)
        error = result.error_before_exec or result.error_in_exec
        if error is None:
            return "", list(self.values)
        return f"{type(error).__name__}: {error}"[:LONGEST_MESSAGE], list(self.values)


def serve(shell: Shell, control: socket.socket, limits: dict[str, Any]) -> None:
    """Fork a child for each task that comes, look after it, tell how it ended."""
    while True:
        control.settimeout(None)
        data, handles, _, _ = socket.recv_fds(control, 1 << 16, 1)
        if not data:
            return
        data = data.lstrip(STOP)  # one that came when the child had just ended
        if not data:
            continue
        task = json.loads(data)
        link = socket.socket(fileno=handles[0])
        if "import" in task:
            for name in (wire.receive(link, 60) or {}).get("modules", []):
                with contextlib.suppress(BaseException):
                    importlib.import_module(name)
            link.close()
            wire.send(control, {"imported": True})
            continue
        shown, show = os.pipe()
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            control.close()
            os.close(shown)
            run_child(shell, link, show, task, limits)
        link.close()
        os.close(show)
        why = watch(child, shown, control, Path(task["folder"]), limits)
        os.close(shown)
        sandbox.end_all()
        if why == "the grader is gone":
            return
        wire.send(control, {"ended": why})


def run_child(
    shell: Shell,
    link: socket.socket,
    show: int,
    task: dict[str, Any],
    limits: dict[str, Any],
) -> NoReturn:
    """The child: confined, it runs what is sent until nothing more is."""
    sandbox.die_with_parent()
    os.setsid()
    folder = Path(task["folder"])
    os.dup2(show, 1)
    os.dup2(show, 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    own = os.dup2(link.detach(), 3)
    os.closerange(4, 1 << 16)
    link = socket.socket(fileno=own)
    os.chdir(folder)
    for name in ("HOME", "TMPDIR", "TEMP", "IPYTHONDIR", "MPLCONFIGDIR"):
        os.environ[name] = str(folder)
    tempfile.tempdir = str(folder)  # as it was found out before the fork
    if task["seed"]:
        os.environ[SEED] = task["seed"]
    sandbox.confine(folder, limits["level"], limits["memory"], limits["cpu"])
    known = {*sys.modules}
    with contextlib.suppress(BaseException):
        while cell := wire.receive(link):
            if "modules" in cell:
                wire.send(link, {"modules": sorted({*sys.modules} - known)})
                continue
            error, values = shell.run(cell["source"])
            sys.stdout.flush()
            wire.send(link, {"error": error, "values": values})
    os._exit(0)


def watch(
    child: int, shown: int, control: socket.socket, folder: Path, limits: dict
) -> str:
    """Wait for the child's end or bring it about: '' where it ended by itself."""
    import psutil

    printed, looked, shared = 0, 0.0, own_memory(os.getpid())
    handle = os.pidfd_open(child)
    sources: list[Any] = [shown, control, handle]
    try:
        while True:
            ready, _, _ = select.select(sources, [], [], TICK)
            if control in ready:
                return "stopped" if control.recv(1 << 16) else "the grader is gone"
            if shown in ready:
                part = os.read(shown, 1 << 16)
                printed += len(part)
                if not part:  # all that could print are gone
                    sources.remove(shown)
                if printed > limits["output"]:
                    return "printed too much"
            if handle in ready:
                return ""
            if time.monotonic() - looked < TICK:
                continue
            looked = time.monotonic()
            with contextlib.suppress(OSError, ValueError, psutil.Error):
                family = psutil.Process().children(recursive=True)
                if len(family) > sandbox.PROCESSES:
                    return "started too many processes"
                # What a fork shares with this process is counted as its own too.
                memory = sum(own_memory(p.pid) - shared for p in family)
                if memory > limits["memory"]:
                    return "used too much memory"
            if size(folder) > sandbox.FILE_SIZE:
                return "wrote too much"
    finally:
        os.close(handle)


def own_memory(pid: int) -> int:
    """Bytes that a process holds, files aside."""
    fields = Path(f"/proc/{pid}/statm").read_text().split()
    return (int(fields[1]) - int(fields[2])) * os.sysconf("SC_PAGE_SIZE")


def size(folder: Path, most: int = 10_000) -> int:
    """Bytes in a folder; more than is allowed where it has too many files."""
    total, seen, folders = 0, 0, [os.fspath(folder)]
    while folders:
        with contextlib.suppress(OSError), os.scandir(folders.pop()) as entries:
            for entry in entries:
                seen += 1
                if seen > most:
                    return sandbox.FILE_SIZE + 1
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                else:
                    total += entry.stat(follow_symlinks=False).st_size
    return total


if __name__ == "__main__":
    main()
