"""``python -m utils.grading``: ``grade``, ``check-the-checks``, ``release``, …"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

from nbformat import NotebookNode

from utils.grading import (
    class_run,
    config,
    engines,
    handed_in,
    nbgrader,
    private,
    reports,
    sandbox,
)
from utils.grading.engines import Limits
from utils.grading.grade import UNGRADED
from utils.grading.pages import cell
from utils.grading.reference import Reference
from utils.grading.store import FILE, Store
from utils.notebooks import files, proofs


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 all graded, 1 nothing done, 3 some left ungraded, 130 stopped."""
    parser = argparse.ArgumentParser("python -m utils.grading")
    verbs = parser.add_subparsers(dest="verb", required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "reference", type=Path, help="a notebook in solutions/, or the folder of all"
    )
    common.add_argument("--out", type=Path, required=True, help="folder of the results")
    common.add_argument(
        "--config", type=Path, help="deadlines and columns; else grading.toml in --out"
    )
    verb = verbs.add_parser("grade", parents=[common], help="grade submissions")
    verb.add_argument("submissions", type=Path, nargs="+", help="files, folders, zips")
    verb.add_argument("--cell-timeout", type=float, default=60, help="seconds")
    verb.add_argument("--wall-limit", type=float, default=600, help="seconds a run")
    verb.add_argument("--memory-gb", type=float, default=4, help="of a kernel")
    verb.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    verb.add_argument("--engine", choices=engines.ENGINES, default=engines.default())
    verb.add_argument("--seed", help="of the hidden inputs; else one drawn for --out")
    verb.add_argument(
        "--course-key", help="a secret: with it each student gets a seed of their own"
    )
    verb.add_argument(
        "--require-sandbox",
        choices=sandbox.LEVELS[:2],
        help="grade nothing with less isolation than this",
    )
    verb.add_argument(
        "--cluster", metavar="ADDRESS", help="of a dask scheduler, as tcp://host:8786"
    )
    verbs.add_parser(
        "report", parents=[common], help="gradebook and pages again, after new marks"
    )
    verb = verbs.add_parser(
        "check-the-checks", help="mutants and stubs of all exercises"
    )
    verb.add_argument(
        "solutions", type=Path, nargs="*", default=[files.ROOT / "solutions"]
    )
    verb.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    verb.add_argument("--csv", action="store_true")
    verb.add_argument(
        "--seeds", type=int, default=0, help="how many drawn seeds to grade with too"
    )
    verb.add_argument("--seed", help="the first of them, to repeat; else it is drawn")
    verb = verbs.add_parser("release", help="a student repository without the answers")
    verb.add_argument("out", type=Path, help="a folder that is not there yet")
    verb = verbs.add_parser("to-nbgrader", help="a solution notebook for nbgrader")
    verb.add_argument("notebook", type=Path)
    verb.add_argument("out", type=Path)
    verb = verbs.add_parser(
        "from-nbgrader", help="a solution notebook out of nbgrader's"
    )
    verb.add_argument("notebook", type=Path)
    verb.add_argument("out", type=Path)
    options = parser.parse_args(arguments)
    does: dict[str, Callable[[argparse.Namespace], int]] = {
        "grade": _grade,
        "report": _report,
        "check-the-checks": _check_the_checks,
        "release": _release,
        "to-nbgrader": partial(_convert, nbgrader.to_nbgrader),
        "from-nbgrader": partial(_convert, nbgrader.from_nbgrader),
    }
    try:
        return does[options.verb](options)
    except (OSError, ValueError, sandbox.NoSandbox) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            "Stopped. What is graded is kept: the same command goes on.",
            file=sys.stderr,
        )
        return 130


def _grade(options: argparse.Namespace) -> int:
    began = time.monotonic()
    references = _references(options.reference)
    config.of_folder(options.out, options.config)  # a mistake in it is told now
    known = handed_in.known(references)
    found, refused = handed_in.find(options.submissions, known)
    aside = [(no.name, no.why) for no in refused]
    unknown = [one for one in found if one.notebook is None]
    aside += [(str(one.path), "answers none of these notebooks") for one in unknown]
    for file, why in aside:
        print(f"left aside, {cell(why)}: {cell(file)}")
    submissions = [one for one in found if one.notebook is not None]
    limits = Limits(
        options.cell_timeout, options.wall_limit, memory=int(options.memory_gb * 1e9)
    )
    own = sandbox.probe(options.require_sandbox or "limits")
    if not options.cluster:
        print(f"isolation: {own}")
        if own.level == "limits":
            print("An answer can read what you can read, and use the network.")
    how = class_run.How(
        options.engine,
        limits,
        own,
        options.jobs,
        options.seed,
        options.course_key,
        options.cluster,
    )
    started = time.monotonic()
    with Store(options.out) as store:
        store.put_aside(aside)
        failed: ValueError | None = None
        try:
            for line in class_run.grade_class(references, submissions, store, how):
                print(line, flush=True)
        except ValueError as error:  # of one reference: the others are graded
            failed = error
        asked = {(one.student, one.notebook) for one in submissions}
        exercises = {(r.name, e.name) for r in references for e in r.exercises}
        statuses = Counter(
            row.status
            for row in store.rows()
            if (row.student, row.notebook) in asked
            and (row.notebook, row.exercise) in exercises
        )
    graded = time.monotonic()
    if statuses or not failed:
        _report(options)
    if failed:
        raise failed
    counts = ", ".join(f"{count} {status}" for status, count in statuses.most_common())
    each = (graded - started) / max(1, len(submissions))
    print(
        f"{len(submissions)} submissions: {counts}. {time.monotonic() - began:.0f} s, "
        f"{each:.1f} s a submission. {options.out / 'index.html'}"
    )
    return 3 if UNGRADED in statuses else 0


def _report(options: argparse.Namespace) -> int:
    if not (options.out / FILE).exists():
        raise FileNotFoundError(f"nothing is graded in {options.out}")
    # All that are graded there, whichever of them this command is about.
    folder = options.reference
    folder = folder if folder.is_dir() else folder.parent
    with Store(options.out) as store:
        names = {row.notebook for row in store.rows()}
    paths = [path for path in files.notebooks(folder) if path.stem in names]
    found = config.of_folder(options.out, options.config)
    for line in reports.report(options.out, map(Reference, paths), found):
        print(cell(line))
    return 0


def _references(path: Path) -> list[Reference]:
    references = [Reference(own) for own in files.notebooks(path)]
    if not references:
        raise FileNotFoundError(f"no notebook in {path}")
    return references


def _check_the_checks(options: argparse.Namespace) -> int:
    paths = files.notebooks(*options.solutions)
    seeds = proofs.drawn(options.seeds or bool(options.seed), options.seed)
    if seeds:
        print(f"again: --seeds {len(seeds)} --seed {seeds[0]}", file=sys.stderr)
    lines = proofs.table(paths, options.jobs, progress=True, seeds=seeds)
    print(proofs.as_csv(lines) if options.csv else proofs.as_markdown(lines))
    return proofs.exit_status(lines)


def _release(options: argparse.Namespace) -> int:
    written = private.release(files.ROOT, options.out)
    print(f"{len(written)} files in {options.out}, searched: no answer is in them.")
    return 0


def _convert(
    convert: Callable[[NotebookNode], tuple[NotebookNode, list[str]]],
    options: argparse.Namespace,
) -> int:
    notebook, warnings = convert(files.read(options.notebook))
    for warning in warnings:
        print(warning)
    files.write(notebook, options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
