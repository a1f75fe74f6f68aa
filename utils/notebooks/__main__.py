"""``python -m utils.notebooks``: run, release, check, prove and more."""

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
    verb = verbs.add_parser("repository", help="write the repository's address")
    verb.add_argument("url", help="https://github.com/OWNER/NAME")
    verb = verbs.add_parser("report", help="print words and lengths of cells")
    verb.add_argument("paths", nargs="*", type=Path)
    verbs.add_parser("check", help="list what the course's rules find in notebooks")
    verb = verbs.add_parser("prove", help="run every mutant against its checks")
    verb.add_argument("paths", nargs="*", type=Path)
    options = parser.parse_args(arguments)
    try:
        return globals()[f"_{options.verb}"](options)
    except (OSError, ValueError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 1


def _run(options: argparse.Namespace) -> int:
    from utils.notebooks.execute import run

    for path in notebooks(*options.paths):
        print(f"{path} ", end="", flush=True)
        print(f"{run(path, options.timeout):.1f} s")
    return 0


def _release(options: argparse.Namespace) -> int:
    from utils.notebooks.release import release

    for path in release(options.root):
        print(path.relative_to(options.root))
    return 0


def _repository(options: argparse.Namespace) -> int:
    from utils.notebooks.repository import write_repository

    for path in write_repository(options.root, options.url):
        print(path.relative_to(options.root))
    return 0


def _report(options: argparse.Namespace) -> int:
    from utils.notebooks.lint import FOLDERS, report

    paths = options.paths or [options.root / folder for folder in FOLDERS]
    print(*report(notebooks(*paths)), sep="\n")
    return 0


def _check(options: argparse.Namespace) -> int:
    from utils.notebooks.lint import problems
    from utils.notebooks.repository import disagreements

    found = [*problems(options.root), *disagreements(options.root)]
    print(*found, sep="\n", end="\n" if found else "")
    return bool(found)


def _prove(options: argparse.Namespace) -> int:
    from utils.notebooks.files import read
    from utils.notebooks.prove import prove

    failed = False
    for path in notebooks(*(options.paths or [options.root / "solutions"])):
        found = prove(read(path))
        failed |= bool(found)
        print(
            f"{path.name}: {'problems' if found else 'checks proven'}",
            *found,
            sep="\n  ",
        )
    return failed


if __name__ == "__main__":
    sys.exit(main())
