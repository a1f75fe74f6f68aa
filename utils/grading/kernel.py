"""The kernel of ``--engine nbval``: confined again once its own sockets are open.

``python -m utils.grading.kernel LEVEL FOLDER -f FILE``. It talks to pytest over this
machine's network, so `worker` cannot close that before a kernel has started. From its
first cell on it opens no socket and signals nobody, not even the worker.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ipykernel.kernelapp import IPKernelApp

from utils.grading import sandbox


def main() -> None:
    level, folder, *rest = sys.argv[1:]
    app = IPKernelApp.instance()
    app.initialize(rest)
    assert app.shell is not None
    events = app.shell.events

    def confine() -> None:
        events.unregister("pre_execute", confine)
        try:
            sandbox.isolate(Path(folder), level)
        except BaseException:
            os._exit(1)  # IPython would go on without it

    if sys.platform == "linux":
        events.register("pre_execute", confine)
    app.start()


if __name__ == "__main__":
    main()
