"""The same tasks on many machines: ``--cluster tcp://host:port`` of a dask scheduler.

Each worker needs this package at the same version. It starts a process of its own for
the answers, so none is run in the worker itself, and what a lost worker had is done by
another.
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Iterator
from dataclasses import replace

from utils.grading import sandbox
from utils.grading.batch import Batch, row_of
from utils.grading.grade import UNGRADED, Grader, Task, Verdict
from utils.grading.store import Row

graders: dict[tuple[str, int], Grader] = {}  # of a worker: by batch and thread
lock = threading.Lock()
PATIENCE = 20  # seconds for the scheduler to answer


def rows(address: str, batch: Batch, tasks: list[Task]) -> Iterator[Row]:
    """The rows of the tasks as they are done, one by one, wherever that is.

    Raises OSError where no scheduler answers, ValueError where a worker finds that the
    reference fails its own checks.
    """
    from dask.distributed import Client, as_completed

    with Client(address, timeout=PATIENCE, set_as_default=False) as client:
        print(f"cluster: {len(client.scheduler_info(-1)['workers'])} workers")
        name = f"{batch.reference.fingerprint()} {batch.limits} {batch.name}"
        shared = client.scatter(batch, broadcast=True)
        futures = {
            client.submit(work, name, shared, task, pure=False, retries=2): task
            for task in tasks
        }
        for future in as_completed(futures, loop=client.loop):
            error = future.exception()
            if isinstance(error, ValueError | sandbox.NoSandbox):
                raise error
            if error is None:
                yield future.result()
            else:
                why = f"no worker could do it: {type(error).__name__}: {error}"
                yield futures[future].row(Verdict(None, UNGRADED, why), batch, 0)


def work(name: str, batch: Batch, task: Task) -> Row:
    """One task, in a worker; the thread keeps its grader for the next one."""
    key = name, threading.get_ident()
    with lock:
        for old in [k for k in graders if k[1] == key[1] and k != key]:
            graders.pop(old).engine.close()
        if key not in graders:
            own = sandbox.probe(batch.sandbox.level).for_slot(len(graders))
            graders[key] = Grader(replace(batch, sandbox=own).start())
    grader = graders[key]
    grader.expected(task.exercise, "")
    return row_of(grader, task)


@atexit.register
def close() -> None:
    for grader in graders.values():
        grader.engine.close()
