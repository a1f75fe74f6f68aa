"""Ours and the field's, side by side: python benchmarks/speed.py [CASE ...]

Both run in one process, on the same weights and inputs, in turns; the figure is the
median over the pairs of their time divided by ours. First the outputs must agree.
"""

from __future__ import annotations

import argparse
import datetime
import importlib
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
MODULES = ("decoders", "encoders", "recurrence", "text", "memory")
GPU_MODULES = ("gpu",)
PACKAGES = ("torch", "transformers", "tokenizers", "numpy")


def main(arguments: list[str] | None = None) -> int | str:
    """Run the cases, print a row for each, write the file; 1 where a target is missed.

    A tiny run misses none: its figures mean nothing.
    """
    options = parse(arguments)
    # Read by OpenMP and by the tokenizers library when they start.
    os.environ["OMP_NUM_THREADS"] = os.environ["RAYON_NUM_THREADS"] = str(
        options.threads
    )
    import torch

    torch.set_num_threads(options.threads)
    cases = {case.name: case for case in load_cases(options.gpu)}
    unknown = [name for name in options.case if name not in cases]
    if unknown or options.list:
        print(*(f"{name:24}{case.what}" for name, case in cases.items()), sep="\n")
        return f"no case {', '.join(unknown)}; see above" if unknown else 0

    record = context(options.threads) | {"tiny": options.tiny, "results": {}}
    if options.gpu:
        record["gpu"] = gpu()
    where = record.get("gpu") or f"{options.threads} of {record['cores']} cores"
    print(f"{record['processor']}, {where}\n")
    print(f"{'':24}{'value':>8}{'quartiles':>16}{'target':>9}   ours, theirs")
    for name in options.case or cases:
        torch.manual_seed(0)
        result = cases[name].run(options.pairs, options.tiny)
        record["results"][name] = {"what": cases[name].what} | result
        missed = not (result["reached"] or options.tiny)
        print(row(name, result), "  MISSED" * missed, flush=True)
        options.out.parent.mkdir(parents=True, exist_ok=True)
        # After each case, so that an interrupted run loses one.
        options.out.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    reached = [result["reached"] for result in record["results"].values()]
    print(f"\n{sum(reached)} of {len(reached)} targets reached; {options.out}")
    return 0 if options.tiny or all(reached) else 1


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", nargs="*", metavar="CASE", help="all unless given")
    parser.add_argument("--list", action="store_true", help="what cases there are")
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--gpu", action="store_true", help="the GPU's cases")
    parser.add_argument("--tiny", action="store_true", help="does it run at all?")
    parser.add_argument("--out", type=Path, help="in place of results/speed[-gpu].json")
    options = parser.parse_args(arguments)
    if options.out is None:
        options.out = HERE / "results" / f"speed{'-gpu' * options.gpu}.json"
    return options


def load_cases(gpu: bool = False) -> Iterator[Any]:
    """The cases of every module beside this one, a CPU's or a GPU's."""
    for name in GPU_MODULES if gpu else MODULES:
        yield from importlib.import_module(name).CASES


def row(name: str, result: dict[str, Any]) -> str:
    """A line of the table."""
    if "points" in result:
        (small, low), *_, (large, high) = result["points"]
        target = f"≤ {result['target']:.2f}"
        more = f"{low:.3g} at {small:,}, {high:.3g} at {large:,} {result['unit']}"
        spread = ""
    else:
        target = f"≥ {result['target']:.2f}"
        low, high = result["quartiles"]
        spread = f"{low:.2f} – {high:.2f}"
        (ours, theirs), unit = list(result["rate"].values())[1:], result["rate"]["unit"]
        more = f"{ours:,.4g}, {theirs:,.4g} {unit}"
    return f"{name:24}{result['value']:8.2f}{spread:>16}{target:>9}   {more}"


def context(threads: int) -> dict[str, Any]:
    """What produced the figures: machine, versions, commit, date."""
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "threads": threads,
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "system": platform.platform(),
        "versions": {"python": platform.python_version()}
        | {name: importlib.metadata.version(name) for name in PACKAGES},
    }


def gpu() -> str | None:
    """The GPU's name and its software; None where there is no GPU."""
    import torch

    if not torch.cuda.is_available():
        return None
    return f"{torch.cuda.get_device_name()}, CUDA {torch.version.cuda}"


def processor() -> str:
    """Its name, as the system gives it."""
    info = Path("/proc/cpuinfo")
    for line in info.read_text().splitlines() if info.exists() else ():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def commit() -> str | None:
    """The commit that ran, with a + where tracked files had changed since.

    A copy of the tree that has no git in it is told by COURSE_COMMIT.
    """

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(HERE), *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, check=True
        ).stdout.strip()

    try:
        changed = git("status", "--porcelain", "--untracked-files=no")
        return git("rev-parse", "HEAD") + ("+" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return os.environ.get("COURSE_COMMIT")


if __name__ == "__main__":
    sys.exit(main())
