"""Run a notebook in place, top to bottom in a fresh kernel, and store it normalised."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbval.kernel import CURRENT_ENV_KERNEL_NAME, NbvalKernelspecManager
from traitlets import default

from utils.notebooks.files import normalise, read, write

SECONDS_PER_CELL = 600


class _ThisInterpreter(AsyncKernelManager):
    """Starts the interpreter that runs now, whatever kernels are installed."""

    @default("kernel_spec_manager")
    def _kernel_spec_manager(self) -> NbvalKernelspecManager:
        return NbvalKernelspecManager()


class NotebookFailed(RuntimeError):
    """A notebook stopped before its end; the message names cell and cause."""


def run(path: str | Path, timeout: float = SECONDS_PER_CELL) -> float:
    """Execute the notebook at ``path`` and write it back; returns the seconds taken.

    The kernel is the interpreter that runs this function and starts in the
    notebook's folder. Only a cell tagged ``raises-exception`` may raise.

    Raises:
        NotebookFailed: a cell raised, took longer than ``timeout`` seconds or ended
            the kernel. The file is then left as it was.
    """
    path = Path(path)
    notebook = read(path)
    for cell in notebook.cells:  # nbclient keeps what an earlier run left otherwise
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    started = time.perf_counter()
    client = NotebookClient(
        notebook,
        kernel_name=CURRENT_ENV_KERNEL_NAME,
        kernel_manager_class=_ThisInterpreter,
        timeout=timeout,
        resources={"metadata": {"path": str(path.resolve().parent)}},
        record_timing=False,
    )
    begun: list[str] = []
    client.on_cell_execute = lambda cell, cell_index: begun.append(cell.id)
    try:
        client.execute(stderr=subprocess.DEVNULL)
    except CellExecutionError as error:
        raise NotebookFailed(f"{path}: {_where(begun)}\n{error.traceback}") from None
    except (CellTimeoutError, DeadKernelError) as error:
        raise NotebookFailed(f"{path}: {_where(begun)}: {error}") from None
    write(normalise(notebook), path)
    return time.perf_counter() - started


def _where(begun: list[str]) -> str:
    """Name the cell that was running. (A kernel that dies may not say its count.)"""
    return f"cell '{begun[-1]}' failed" if begun else "no cell had begun"
