"""The repository's address: where it is kept, and writing it wherever it must stand.

`_config.yml` holds it (``repository: url:`` and ``branch:``). The set-up cell of every
notebook, the pages and the package's metadata repeat it as ``OWNER/NAME``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import yaml

ADDRESS = re.compile(r"https://github\.com/([\w-][\w.-]*/[\w-][\w.-]*?)(?:\.git)?/?")
SUFFIXES = {".cff", ".html", ".ipynb", ".md", ".py", ".toml", ".yaml", ".yml"}
ELSEWHERE = {"node_modules", "__pycache__", "_build", "build", "dist"}

SETUP = """\
# @title Set-up {{display-mode: "form"}}
import sys

if "google.colab" in sys.modules:
    %pip install --quiet git+{url}@{branch}
import utils  # noqa: F401"""
DEVICE = """\
USE_GPU = False  # @param {type:"boolean"}
from utils import runtime

run = runtime.start(USE_GPU)"""


def repository(root: str | Path) -> tuple[str, str]:
    """The repository's URL and branch, as `_config.yml` under ``root`` has them."""
    config = yaml.safe_load(Path(root, "_config.yml").read_text("utf-8"))
    return config["repository"]["url"], config["repository"].get("branch", "main")


def setup_source(root: str | Path) -> str:
    """The source that the first code cell of every notebook must have."""
    url, branch = repository(root)
    return SETUP.format(url=url, branch=branch)


def write_repository(root: str | Path, url: str) -> list[Path]:
    """Replace the repository's address by ``url`` in every file; the files changed.

    Raises ValueError for an address that is not https://github.com/OWNER/NAME: Colab
    opens notebooks from there only.
    """
    given = ADDRESS.fullmatch(url)
    if not given:
        raise ValueError(
            f"the address must be https://github.com/OWNER/NAME, was {url}"
        )
    old, new = slug(repository(root)[0]), given[1]
    # The address of GitHub's pages is made of the same two names.
    pairs = [(old, new), (_pages(old), _pages(new))]
    changed = []
    for path in texts(root):
        text = content = path.read_text("utf-8")
        for before, after in pairs:
            text = _whole(before).sub(after, text)
        if text != content:
            path.write_text(text, "utf-8")
            changed.append(path)
    return changed


def disagreements(root: str | Path) -> list[str]:
    """Places that name this project's repository under another owner or name.

    Looked at: what Colab opens or installs, and GitHub addresses that end in the
    project's name.
    """
    own = slug(repository(root)[0])
    name = re.escape(own.split("/")[1])
    somewhere = re.compile(
        r"(?:git\+https://github\.com/|colab\.research\.google\.com/github/)"
        rf"([\w.-]+/[\w.-]+)|github\.com/([\w.-]+/{name})(?![\w-])"
    )
    found = []
    for path in texts(root):
        for match in somewhere.finditer(path.read_text("utf-8")):
            other = (match[1] or match[2]).rstrip(".").removesuffix(".git")
            if other != own:
                where = path.relative_to(root)
                found.append(f"{where}: {other} where _config.yml has {own}")
    return found


def slug(url: str) -> str:
    """OWNER/NAME of a GitHub address."""
    match = ADDRESS.fullmatch(url)
    if not match:
        raise ValueError(f"_config.yml: repository.url is no GitHub address: {url}")
    return match[1]


def texts(root: str | Path) -> Iterator[Path]:
    """The project's own text files that may name the repository; tests don't count."""
    for path in sorted(Path(root).rglob("*")):
        parts = path.relative_to(root).parts
        hidden = any(p.startswith(".") and p not in (".github", ".ci") for p in parts)
        if hidden or ELSEWHERE & set(parts) or parts[0] == "tests":
            continue
        if path.is_file() and path.suffix in SUFFIXES:
            yield path


def _pages(owner_and_name: str) -> str:
    return owner_and_name.replace("/", ".github.io/")


def _whole(name: str) -> re.Pattern:
    return re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w-])")
