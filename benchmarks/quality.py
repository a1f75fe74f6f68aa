"""What the models reach on real data: python benchmarks/quality.py RECIPE

A recipe trains and measures, once for each seed. Killed, it goes on where it was when
it is started again; the results file is written as they come.
"""

from __future__ import annotations

import argparse
import difflib
import importlib
import json
import os
import shutil
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results" / "quality"
RECIPES = (
    "shakespeare",
    "multi30k",
    "cifar10",
    "digits",
    "stories-gpt",
    "translator",
    "bart-denoiser",
    "minilm-mlm",
    "squad",
    "lambada",
    "crows-pairs",
    "sst2",
    "cola",
    "wnut17",
    "ag-news",
    "comparison",
)


def main(arguments: list[str] | None = None) -> int | str:
    """Run a recipe with each seed; a message where that can't be done."""
    options = parse(arguments)
    if options.list:
        for name in RECIPES:
            print(f"{name:16}{recipe(name).WHAT}")
        return 0
    if options.recipe not in RECIPES:
        near = difflib.get_close_matches(options.recipe or "", RECIPES) or RECIPES
        return f"no recipe {options.recipe!r}; there is {', '.join(near)}"
    module = recipe(options.recipe)
    if options.collect:
        collect(options.out, options.recipe, module.WHAT, options.collect)
        return 0
    os.environ["OMP_NUM_THREADS"] = str(options.threads)
    import torch
    from recipes.training import Run

    torch.set_num_threads(options.threads)
    device = chosen_device(options.device)
    name = options.preset or ("gpu" if device.type == "cuda" else "cpu")
    name = "tiny" if options.tiny else name
    if name not in module.PRESETS:
        presets = ", ".join(module.PRESETS)
        return f"{options.recipe} has no preset {name!r}; there is {presets}"

    runs = []
    for seed in options.seeds:
        record = produced_by(options.threads, device) | {
            "preset": name,
            "settings": module.PRESETS[name],
            "seed": seed,
            "minutes": options.minutes,
            "finished": False,
        }
        runs.append(record)
        work = options.work / options.recipe / f"{name}-{seed}"
        done = work / "result.json"
        if done.exists():
            record |= json.loads(done.read_text())
            continue

        def report(found: Mapping[str, Any], record: dict[str, Any] = record) -> None:
            record |= found
            write(options.out, options.recipe, module.WHAT, runs)

        start = time.monotonic()
        run = Run(
            options.recipe,
            seed,
            device,
            module.PRESETS[name],
            work,
            report,
            options.minutes,
            options.weights,
        )
        report(module.run(run))
        took = {"took_seconds": round(time.monotonic() - start, 1), "finished": True}
        report(took)
        done.write_text(json.dumps(record))
        print(f"{options.recipe} {name}, seed {seed}: {record['value']:.4g}")
    write(options.out, options.recipe, module.WHAT, runs)
    shutil.rmtree(options.work / options.recipe)
    print(options.out)
    return 0


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe", nargs="?", metavar="RECIPE")
    parser.add_argument("--list", action="store_true", help="what recipes there are")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--preset", help="sizes; those for the device unless given")
    parser.add_argument("--minutes", type=float, help="of training, for each seed")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--tiny", action="store_true", help="does it run at all?")
    parser.add_argument("--out", type=Path, help="results file")
    parser.add_argument("--weights", type=Path, help="folder for trained weights")
    parser.add_argument("--work", type=Path, help="folder for checkpoints")
    parser.add_argument(
        "--collect", type=Path, nargs="+", help="only put these results into one file"
    )
    options = parser.parse_args(arguments)
    options.out = options.out or RESULTS / f"{options.recipe}.json"
    options.work = options.work or options.out.with_suffix(".work")
    return options


def recipe(name: str) -> Any:
    """A recipe's module."""
    return importlib.import_module(f"recipes.{name.replace('-', '_')}")


def chosen_device(name: str) -> Any:
    """A GPU where there is one, unless told otherwise.

    Raises:
        SystemExit: a GPU is asked for and there is none.
    """
    import torch

    if name == "cuda" and not torch.cuda.is_available():
        raise SystemExit("--device cuda: PyTorch finds no GPU here")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def produced_by(threads: int, device: Any) -> dict[str, Any]:
    """The machine, its versions and the commit, as `speed.py` has them, and the GPU."""
    import torch
    from speed import context

    gpu = torch.cuda.get_device_name() if device.type == "cuda" else None
    return context(threads) | {"device": gpu or "CPU"}


def write(out: Path, name: str, what: str, runs: list[dict[str, Any]]) -> None:
    """The results file, whole or not at all."""
    out.parent.mkdir(parents=True, exist_ok=True)
    unfinished = out.with_name(f"{out.name}.unfinished")
    found = {"name": name, "what": what, "runs": runs}
    unfinished.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    os.replace(unfinished, out)


def collect(out: Path, name: str, what: str, files: list[Path]) -> None:
    """Put runs into one file; of one preset, device and seed the last is kept.

    Raises:
        SystemExit: a file is another recipe's.
    """
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for file in files:
        record = json.loads(file.read_text())
        if record["name"] != name:
            raise SystemExit(f"{file} is of {record['name']}, not of {name}")
        for run in record["runs"]:
            found[run["preset"], run["device"], run["seed"]] = run
    write(out, name, what, list(found.values()))


if __name__ == "__main__":
    sys.exit(main())
