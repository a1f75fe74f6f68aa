"""``python -m utils.notebooks``: run, release, repository, report, check."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from utils.notebooks.files import ROOT, notebooks


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser("python -m utils.notebooks", description=__doc__)
    parser.add_argument("--root", type=Path, default=ROOT, help="the repository")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verb = verbs.add_parser("run", help="execute notebooks in place")
    verb.add_argument("paths", nargs="+", type=Path)
    verb.add_argument("--timeout", type=float, default=600, help="seconds per cell")
    verbs.add_parser("release", help="regenerate exercises/ from solutions/")
    options = parser.parse_args(arguments)
    try:
        return globals()[f"_{options.verb}"](options)
    except (OSError, ValueError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 1


def _run(options) -> int:
    from utils.notebooks.execute import run

    for path in notebooks(*options.paths):
        print(f"{path} ", end="", flush=True)
        print(f"{run(path, options.timeout):.1f} s")
    return 0


def _release(options) -> int:
    from utils.notebooks.release import release

    for path in release(options.root):
        print(path.relative_to(options.root))
    return 0


if __name__ == "__main__":
    sys.exit(main())
