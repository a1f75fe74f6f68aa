"""pytest plugin: nbval with the course's comparator, a cache and times.

    pytest --nbval --nbval-current-env -p utils.notebooks.nbval_plugin lessons

On top of nbval 0.11: outputs are compared by `utils.notebooks.compare` (a cell's
metadata ``"compare": {"rtol": …, "atol": …}`` set its own tolerance), a code cell that
was never run fails, a dead kernel is noticed at once, seconds a notebook are shown,
and ``--nbval-changed`` leaves out notebooks that passed before with the same content,
`utils` and requirements, and of the book's pages the same results.
"""

from __future__ import annotations

import hashlib
import sys
import time
from collections import defaultdict
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from nbval.kernel import RunningKernel
from nbval.plugin import IPyNbCell

from utils.notebooks import compare
from utils.notebooks.files import ROOT

CACHE = "course/nbval"
RESULTS = "benchmarks/results"


def compare_outputs(
    cell: IPyNbCell, new: list[Any], stored: list[Any], skip_compare: Any = None
) -> bool:
    """nbval's hook: whether a cell's outputs agree; the difference is kept on it."""
    tolerance = compare.Tolerance(**cell.cell.metadata.get("compare", {}))
    problem = compare.outputs(new, stored, tolerance)
    cell.comparison_traceback = [f"cell '{cell.cell.get('id')}': {problem}"]
    return problem is None


def await_reply(
    kernel: RunningKernel, msg_id: str, timeout: float | None = None
) -> None:
    """nbval's wait for a cell's reply, but for a dead kernel it doesn't wait."""
    end = time.monotonic() + (timeout or 1e9)
    while True:
        try:
            message = kernel.get_message("shell", timeout=0.5)
        except Empty:
            if not kernel.is_alive():
                raise RuntimeError("Kernel died") from None
            if time.monotonic() > end:
                raise
            continue
        if message["parent_header"].get("msg_id") == msg_id:
            if message["content"]["status"] == "aborted":
                raise RuntimeError("Kernel aborted execution request")
            return


_run_cell = IPyNbCell.runtest


def runtest(cell: IPyNbCell) -> None:
    """nbval's run of a cell, after a look whether there is anything to compare with."""
    if cell.cell.execution_count is None and cell.cell.source.strip():
        cell.raise_cell_error("This cell was never run: its stored output is unknown")
    _run_cell(cell)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("nbval").addoption(
        "--nbval-changed",
        action="store_true",
        help="leave out notebooks that passed before and did not change since",
    )


def pytest_configure(config: pytest.Config) -> None:
    IPyNbCell.compare_outputs = compare_outputs
    IPyNbCell.runtest = runtest
    RunningKernel.await_reply = await_reply
    config.pluginmanager.register(Notebooks(config), "course-notebooks")


class Notebooks:
    """What is known of each notebook in this run: seconds, passed cells, hash."""

    def __init__(self, config: pytest.Config):
        self.config = config
        self.seconds: dict[str, float] = defaultdict(float)
        self.passed: dict[str, int] = defaultdict(int)
        self.failed: set[str] = set()
        self.unchanged = 0
        self.hashes: dict[str, str] = {}

    @property
    def known(self) -> dict[str, str]:
        # pytest may run without its cache; then every notebook is run.
        return self.config.cache.get(CACHE, {}) if self._caches else {}

    @property
    def _caches(self) -> bool:
        return hasattr(self.config, "cache")

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        cells = [item for item in items if isinstance(item, IPyNbCell)]
        names = {self._name(cell) for cell in cells}
        if not names:
            return
        rest = _fingerprint()
        self.hashes = {name: self._hash(name, rest) for name in names}
        if not self.config.option.nbval_changed:
            return
        same = {name for name in names if self.known.get(name) == self.hashes[name]}
        self.unchanged = len(same)
        out = [cell for cell in cells if self._name(cell) in same]
        self.config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if item not in set(out)]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name = report.nodeid.partition("::")[0]
        if not name.endswith(".ipynb"):
            return
        self.seconds[name] += report.duration
        if report.outcome != "passed" or hasattr(report, "wasxfail"):
            self.failed.add(name)
        elif report.when == "call":
            self.passed[name] += 1

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if hasattr(self.config, "workeroutput"):  # one of pytest-xdist's workers
            self.config.workeroutput["unchanged"] = self.unchanged
            return
        if self.seconds and self._caches:
            from utils.notebooks.files import code_cells, read

            known, rest = self.known, _fingerprint()
            for name in self.seconds:
                known.pop(name, None)
                now = self._hash(name, rest)
                cells = len(code_cells(read(self.config.rootpath / name)))
                # A notebook or utils edited while it ran proves nothing.
                unedited = self.hashes.get(name, now) == now
                if name not in self.failed and self.passed[name] == cells and unedited:
                    known[name] = now
            self.config.cache.set(CACHE, known)
        if self.unchanged and exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
            session.exitstatus = pytest.ExitCode.OK

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        output = getattr(node, "workeroutput", {})
        self.unchanged = max(self.unchanged, output.get("unchanged", 0))

    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter
    ) -> None:
        if self.unchanged:
            word = "notebook" if self.unchanged == 1 else "notebooks"
            terminalreporter.write_line(
                f"{self.unchanged} {word} unchanged since passing, not run again"
            )
        if self.seconds:
            terminalreporter.section("seconds a notebook")
            for name, seconds in sorted(self.seconds.items()):
                terminalreporter.write_line(f"{seconds:7.1f}  {name}")

    def _name(self, item: pytest.Item) -> str:
        return item.nodeid.partition("::")[0]

    def _hash(self, name: str, rest: bytes) -> str:
        path = self.config.rootpath / name
        if path.parent.name == "book":  # pages that show what these files hold
            folder = self.config.rootpath / RESULTS
            files = [*folder.glob("*.json"), *folder.glob("*/*.json")]
            rest += b"".join(map(Path.read_bytes, sorted(files)))
        return hashlib.sha256(path.read_bytes() + rest).hexdigest()


def _fingerprint(root: Path = ROOT) -> bytes:
    """A hash of all that a notebook's outputs hang on besides the notebook."""
    files = [path for path in (root / "utils").rglob("*") if path.is_file()]
    files = [path for path in files if "__pycache__" not in path.parts]
    digest = hashlib.sha256(sys.version.encode())
    for path in [*sorted(files), root / "requirements.txt"]:
        if path.is_file():
            digest.update(str(path.relative_to(root)).encode() + path.read_bytes())
    return digest.digest()
