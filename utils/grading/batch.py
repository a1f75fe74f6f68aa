"""Many tasks on one machine: as many graders at work as there are jobs."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from utils.grading.engines import ENGINES, Engine, Limits
from utils.grading.grade import UNGRADED, Grader, Task, Verdict
from utils.grading.reference import Reference
from utils.grading.sandbox import Sandbox
from utils.grading.store import Row


@dataclass(frozen=True)
class Batch:
    """What all tasks of a run have in common."""

    reference: Reference
    name: str  # of the engine
    limits: Limits
    sandbox: Sandbox

    def start(self, slot: int = 0) -> Engine:
        kind = ENGINES[self.name]
        return kind(self.reference, self.limits, self.sandbox.for_slot(slot))


def rows(batch: Batch, tasks: list[Task], jobs: int) -> Iterator[Row]:
    """The rows of the tasks as they are done.

    Raises ValueError where the reference fails its own checks: then nobody is graded.
    """
    waiting: queue.SimpleQueue[Task] = queue.SimpleQueue()
    done: queue.SimpleQueue[Row | BaseException] = queue.SimpleQueue()
    for task in tasks:
        waiting.put(task)
    asked = {task.exercise.name: task.exercise for task in tasks}
    stop, proven = threading.Event(), threading.Event()

    def work(slot: int) -> None:
        engine = batch.start(slot)
        grader = Grader(engine)
        try:
            if slot == 0:
                for exercise in asked.values():
                    grader.expected(exercise, "")
                proven.set()
            proven.wait()
            while not stop.is_set():
                done.put(row_of(grader, waiting.get_nowait()))
        except queue.Empty:
            pass
        except BaseException as error:
            stop.set()
            done.put(error)
        finally:
            proven.set()
            engine.close()

    jobs = max(1, min(jobs, len(tasks)))
    threads = [threading.Thread(target=work, args=(n,)) for n in range(jobs)]
    if tasks:
        for thread in threads:
            thread.start()
    try:
        for _ in tasks:
            row = done.get()
            if isinstance(row, BaseException):
                raise row
            yield row
    finally:
        stop.set()
        for thread in threads:
            if thread.ident:
                thread.join()


def row_of(grader: Grader, task: Task) -> Row:
    """A task's row; whatever the grader itself fails at leaves it ungraded."""
    try:
        return grader.timed(task)
    except Exception as error:  # one file must never stop the others
        why = f"the grader failed: {type(error).__name__}: {error}"
        return task.row(Verdict(None, UNGRADED, why), grader.engine, 0)
