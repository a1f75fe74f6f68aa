"""One run of ``pytest --nbval`` over a merged notebook, in a process of its own.

Argument: the one folder that can be written; ``work`` in it is where the kernel starts.
stdin: a JSON object with ``notebook``, ``cell_timeout`` (seconds), ``output_limit``
(characters a cell) and ``level`` (of isolation). stdout: a JSON line when a cell
begins, one when it ends, one with the kernel's process id, or one with the ``problem``
that kept the kernel from starting. The notebook stands in ``work`` only until nbval has
read it, so the kernel finds nothing there.

Values are compared here, outside the kernel, and only what `value` showed: verdicts
and prints of a learner's kernel count for nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections import deque
from collections.abc import Generator
from pathlib import Path
from typing import Any, NoReturn, TextIO

# jsonschema would load this for a format that notebooks don't have, and it compiles a
# grammar for a second: more than all else that a submission costs.
sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]  # so imports fail

import pytest  # noqa: E402
import zmq  # noqa: E402
from nbval.kernel import NbvalKernelspecManager, RunningKernel  # noqa: E402
from nbval.plugin import IPyNbCell  # noqa: E402

from utils.grading import engines, sandbox  # noqa: E402
from utils.grading.reference import values_of  # noqa: E402

LONGEST_MESSAGE = 2000


class Ended(RuntimeError):
    """The run cannot go on: out of time, kernel died, printed too much."""


class Report:
    """The pytest plugin: watches the kernel, compares values, writes the records."""

    def __init__(self, task: dict[str, Any], stream: TextIO, path: Path):
        self.task, self.stream, self.path = task, stream, path
        self.kernel: RunningKernel | None = None
        self.waiting: deque[dict] = deque()  # iopub messages not yet read by nbval
        self.printed = 0
        self.patience = 0.0  # seconds for the cell that runs
        IPyNbCell.compare_outputs = lambda cell, new, old, skip=None: same(
            cell, new, old
        )
        RunningKernel.await_reply = lambda kernel, msg_id, timeout=None: (
            self.await_reply(kernel, msg_id, timeout)
        )
        spec = NbvalKernelspecManager.get_kernel_spec

        def confined(manager: NbvalKernelspecManager, name: str) -> Any:
            found, own = spec(manager, name), [task["level"], str(path.parents[1])]
            module = [sys.executable, "-m", "utils.grading.kernel", *own]
            found.argv = [*module, "-f", "{connection_file}"]
            return found

        NbvalKernelspecManager.get_kernel_spec = confined
        self.read = RunningKernel.get_message
        RunningKernel.get_message = lambda kernel, stream, timeout=None: (
            self.get_message(kernel, stream, timeout)
        )

    def write(self, **record: Any) -> None:
        self.stream.write(json.dumps(record) + "\n")
        self.stream.flush()

    def await_reply(
        self, kernel: RunningKernel, msg_id: str, timeout: float | None
    ) -> None:
        """nbval's wait for a reply, with an eye on time, life and amount of output.

        nbval reads outputs when the cell is done; what floods must be seen before.
        """
        if kernel is not self.kernel:
            self.kernel = kernel
            self.write(kernel=kernel.km.provisioner.pid)
        end = time.monotonic() + self.patience
        channels = kernel.kc.iopub_channel, kernel.kc.shell_channel
        poller = zmq.Poller()
        for channel in channels:
            poller.register(channel.socket, zmq.POLLIN)
        iopub, shell = channels
        self.printed = 0
        while True:
            ready = dict(poller.poll(200))
            if iopub.socket in ready:
                self.waiting.append(self.count(iopub.get_msg(timeout=0)))
            if shell.socket in ready:
                message = shell.get_msg(timeout=0)
                if message["parent_header"].get("msg_id") == msg_id:
                    return
            if time.monotonic() > end:
                self.end("out of time")
            if not kernel.is_alive():
                self.end("kernel died")

    def get_message(
        self, kernel: RunningKernel, stream: str, timeout: float | None
    ) -> dict[str, Any]:
        """nbval's reading of a message, counted; those that waited come first."""
        if stream != "iopub":
            return self.read(kernel, stream, timeout)
        if self.waiting:
            return self.waiting.popleft()
        return self.count(self.read(kernel, stream, timeout))

    def count(self, message: dict[str, Any]) -> dict[str, Any]:
        self.printed += len(repr(message["content"]))
        if self.printed > self.task["output_limit"]:
            self.end("printed too much")
        return message

    def end(self, why: str) -> NoReturn:
        self.waiting.clear()
        if self.kernel is not None and self.kernel.is_alive():
            self.kernel.km.shutdown_kernel(now=True)
        raise Ended(why)

    def pytest_collection_finish(self) -> None:
        self.path.unlink()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: IPyNbCell) -> None:
        self.write(begin=item.cell["id"])
        # The reference's own imports may be slow on a busy machine; no learner waits.
        own = item.cell["metadata"]["own"]
        self.patience = max(self.task["cell_timeout"], 120.0 if own else 0.0)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: IPyNbCell, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        error = call.excinfo.value if call.excinfo else None
        if report.when == "setup" and report.failed:
            self.write(problem=f"the kernel did not start: {error}")
            item.session.shouldstop = "no kernel"
        elif report.when == "call" or report.failed:
            shown = [o for o in item.test_outputs or [] if o["output_type"] == "error"]
            message = f"{shown[-1]['ename']}: {shown[-1]['evalue']}" if shown else ""
            self.write(
                cell=item.cell["id"],
                passed=report.passed and not hasattr(report, "wasxfail"),
                phase=report.when,
                ended=str(error) if isinstance(error, Ended) else None,
                error=message[:LONGEST_MESSAGE],
                values=values_of({"outputs": item.test_outputs or []}),
            )
            if isinstance(error, Ended):
                item.session.shouldstop = str(error)
        return report


def same(cell: IPyNbCell, new: list[Any], stored: list[Any]) -> bool:
    """nbval's hook: whether a cell showed the values that the reference did."""
    cell.comparison_traceback = []
    if not cell.cell.metadata.get("compared"):
        return True
    return engines.same(cell.cell, values_of({"outputs": new}), values_of(cell.cell))


def main() -> int:
    task = json.load(sys.stdin)
    # The kernel inherits descriptor 1, so the records go through one that it doesn't.
    records = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sandbox.private()
    folder = Path(sys.argv[1])
    os.chdir(folder / "work")
    if sys.platform == "linux":
        # nbval and its kernel talk over the network of this machine.
        sandbox.confine(folder, task["level"], None, 10**6, network=True)
    path = Path.cwd() / "notebook.ipynb"
    path.write_text(json.dumps(task["notebook"]), "utf-8")
    options = ["--nbval", "--nbval-current-env", "-p", "nbval.plugin", "-q"]
    options += ["-p", "no:cacheprovider", f"--rootdir={path.parent}"]
    options += [f"--nbval-cell-timeout={task['cell_timeout']}"]
    status = pytest.main([*options, str(path)], plugins=[Report(task, records, path)])
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # there may be nobody left
            sandbox.end_all_confined(task["level"])
    return status


if __name__ == "__main__":
    sys.exit(main())
