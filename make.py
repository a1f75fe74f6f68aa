"""The project's commands, the same with and without make: `python make.py help`."""

import sys

if not (3, 11) <= sys.version_info[:2] <= (3, 13):
    here = f"{sys.executable} is {sys.version_info[0]}.{sys.version_info[1]}"
    sys.exit(
        f"Python 3.11, 3.12 or 3.13 is needed; {here}. "
        "Name another: make book PYTHON=python3.12"
    )

import errno
import hashlib
import os
import shutil
import subprocess
import time
import venv
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
BUILD = ROOT / "_build"
HTML = BUILD / "html"
FREE_GB_NEEDED = 5
# The site's links follow these, so a site built for one fork isn't taken for another's.
FORK_VARIABLES = ["COURSE_REPOSITORY", "COURSE_BRANCH", "GITHUB_REPOSITORY"]

PAGES = [
    "_config.yml",
    "_toc.yml",
    "genindex.md",
    "book",
    "lessons",
    "exercises",
    "solutions",
]
CODE = ["utils", "tests", "benchmarks", "make.py", "requirements.txt", "pyproject.toml"]
CODE += ["README.md", "CITATION.cff", ".github"]
STORED = ["lessons", "solutions", "book"]  # their notebooks keep their outputs

Command = list[str | Path]


def help(*_: str) -> None:
    """List the commands."""
    print("make COMMAND, or where there is no make: python make.py COMMAND\n")
    for name, command in COMMANDS.items():
        line = (command.__doc__ or "").split("\n")[0]
        print(f"  {name:12}{line}")


def environment(*_: str) -> None:
    """Make .venv with everything in requirements.txt and the package itself."""
    wanted = fingerprint(["requirements.txt", "pyproject.toml"], sys.version)
    stamp = VENV / "installed"
    if PYTHON.exists() and stamp.exists() and stamp.read_text() == wanted:
        return
    free = shutil.disk_usage(ROOT).free / 1e9
    if free < FREE_GB_NEEDED:
        sys.exit(
            f"The environment needs {FREE_GB_NEEDED} GB of disk; "
            f"{ROOT} has {free:.1f} GB left."
        )
    say("Installing into .venv (2 to 10 minutes the first time)")
    config = VENV / "pyvenv.cfg"
    version = ".".join(map(str, sys.version_info[:3]))
    if not (PYTHON.exists() and f"version = {version}" in config.read_text()):
        venv.create(VENV, with_pip=True, clear=True)
    pip: Command = [
        PYTHON,
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--progress-bar=off",
        "--use-pep517",  # seqeval's setup.py needs a build environment of its own
    ]
    run(
        [*pip, "-r", "requirements.txt"], "installing requirements.txt", quiet="pip.log"
    )
    run([*pip, "--no-deps", "-e", "."], "installing the package", quiet="pip.log")
    stamp.write_text(wanted)


def book(*_: str) -> None:
    """Build the static site into _build/html."""
    environment()
    forks = [os.environ.get(name, "") for name in FORK_VARIABLES]
    if unchanged("book", PAGES, *forks) and (HTML / "index.html").exists():
        say("The book is up to date")
    else:
        say("Building the book")
        # -W: a warning fails the build; -n: every reference must lead somewhere;
        # --all: a page that Sphinx kept would link to the fork built before.
        command: Command = [BIN / "jupyter-book", "build", ".", "--all"]
        command += ["-W", "-n", "--keep-going"]
        run(command, "building the book", quiet="book.log")
        remember("book", PAGES, *forks)
    print(HTML / "index.html")


def lint(*_: str) -> None:
    """Check the style of code and notebooks, and the types."""
    environment()
    run([BIN / "ruff", "check", "--quiet", "."], "ruff check")
    run([BIN / "ruff", "format", "--check", "--quiet", "."], "ruff format --check")
    run([BIN / "mypy", "--no-error-summary"], "mypy")


def test(*_: str) -> None:
    """Lint, run the tests, and compare every notebook's outputs with a new run."""
    book()
    say("Lint")
    lint()
    # Two processes at once, each with its share of the cores; a file stays in one.
    pytest: Command = [PYTHON, "-m", "pytest", "-q"]
    pytest += ["-n", "2", "--dist", "loadfile"]
    share = {"OMP_NUM_THREADS": str(max(1, (os.cpu_count() or 2) // 2))}
    # What the tests skip depends on these, so a skip is not taken for a pass.
    around = [os.environ.get("COURSE_DATA", ""), str(browser())]
    if unchanged("tests", PAGES + CODE, *around):
        say("Tests: nothing changed since they passed")
    else:
        say("Tests")
        run(pytest, "pytest", env=share)
        remember("tests", PAGES + CODE, *around)
    say("Notebooks: outputs stored and outputs now")
    nbval = ["--nbval", "--nbval-current-env", "-p", "utils.notebooks.nbval_plugin"]
    nbval += ["--nbval-changed", "--nbval-cell-timeout", "180"]
    run([*pytest, *nbval, *STORED], "nbval", env=share)


def notebooks(*paths: str) -> None:
    """Run lessons, solutions and results (or PATHS="…") and store their outputs."""
    environment()
    chosen = paths or [
        str(path) for folder in STORED for path in sorted(Path(folder).glob("*.ipynb"))
    ]
    run([PYTHON, "-m", "utils.notebooks", "run", *chosen], "running notebooks")


def exercises(*_: str) -> None:
    """Generate exercises/ from solutions/."""
    environment()
    run([PYTHON, "-m", "utils.notebooks", "release"], "generating exercises")


def repository(*url: str) -> None:
    """Write the repository's address (URL=…) wherever it must stand."""
    if len(url) != 1:
        sys.exit(
            "Which repository? make repository URL=https://github.com/you/your-fork"
        )
    environment()
    run([PYTHON, "-m", "utils.notebooks", "repository", *url], "writing the address")


def lab(*_: str) -> None:
    """Open the notebooks in JupyterLab."""
    environment()
    run([BIN / "jupyter-lab", "lessons"], "JupyterLab")


def serve(*_: str) -> None:
    """Build the site and serve it on http://localhost:8000."""
    book()
    print("http://localhost:8000 (Ctrl-C stops)")
    run(
        [
            PYTHON,
            "-m",
            "http.server",
            "8000",
            "--bind",
            "127.0.0.1",
            "--directory",
            HTML,
        ],
        "serving",
    )


def clean(*_: str) -> None:
    """Remove what was built; the environment stays."""
    shutil.rmtree(BUILD, ignore_errors=True)


COMMANDS: dict[str, Callable[..., None]] = {
    "help": help,
    "book": book,
    "test": test,
    "lab": lab,
    "serve": serve,
    "lint": lint,
    "notebooks": notebooks,
    "exercises": exercises,
    "repository": repository,
    "environment": environment,
    "clean": clean,
}


def say(text: str) -> None:
    print(f"== {text}", flush=True)


def browser() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    return next(filter(None, map(shutil.which, names)), None)


def run(
    command: Command,
    what: str,
    quiet: str | None = None,
    env: dict[str, str] | None = None,
) -> None:
    """Run a command in the project; on failure say which in one line and stop.

    With `quiet`, its output goes to _build/QUIET, whose end is shown if it fails.
    """
    began = time.monotonic()
    log = None
    if quiet:
        BUILD.mkdir(exist_ok=True)
        log = (BUILD / quiet).open("w", encoding="utf8")
    process = subprocess.Popen(
        [str(part) for part in command],
        cwd=ROOT,
        env={**os.environ, **(env or {})},
        stdout=log,
        stderr=log and subprocess.STDOUT,
    )
    try:
        # A line a while, so that a long quiet step is seen to live.
        while True:
            try:
                code = process.wait(30)
                break
            except subprocess.TimeoutExpired:
                if quiet:
                    print(f"   {what}: {time.monotonic() - began:.0f} s", flush=True)
    except BaseException:
        process.terminate()
        raise
    if code == 0:
        return
    if log:
        log.close()
        print("\n".join(Path(log.name).read_text("utf8").splitlines()[-40:]))
    if shutil.disk_usage(ROOT).free < 100e6:
        sys.exit(f"Failed: {what}: the disk of {ROOT} is full.")
    sys.exit(f"Failed: {what} (exit status {code}).")


def fingerprint(paths: Sequence[str], *extra: str) -> str:
    """Hash the files at and under `paths`, and `extra`."""
    digest = hashlib.sha256(repr(extra).encode())
    for top in map(ROOT.joinpath, paths):
        for path in [top] if top.is_file() else sorted(top.rglob("*")):
            parts = path.relative_to(ROOT).parts
            if path.is_file() and not {"__pycache__", ".ipynb_checkpoints"} & set(
                parts
            ):
                digest.update(repr(parts).encode() + path.read_bytes())
    return digest.hexdigest()


def unchanged(step: str, paths: Sequence[str], *extra: str) -> bool:
    stamp = BUILD / f"{step}.stamp"
    return stamp.exists() and stamp.read_text() == fingerprint(
        paths, "requirements.txt", *extra
    )


def remember(step: str, paths: Sequence[str], *extra: str) -> None:
    BUILD.mkdir(exist_ok=True)
    (BUILD / f"{step}.stamp").write_text(fingerprint(paths, "requirements.txt", *extra))


def main(name: str = "help", *arguments: str) -> None:
    if name not in COMMANDS:
        sys.exit(f"There is no command {name!r}; there are: {', '.join(COMMANDS)}.")
    os.chdir(ROOT)
    try:
        COMMANDS[name](*arguments)
    except KeyboardInterrupt:
        sys.exit("Stopped.")
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        sys.exit(f"The disk of {ROOT} is full.")


if __name__ == "__main__":
    main(*sys.argv[1:])
