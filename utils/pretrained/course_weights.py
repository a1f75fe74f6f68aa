"""The small models that the course has trained, by name: `load("shakespeare-gpt")`.

Each is a folder in `weights`: `model.safetensors` in float16, `card.json` (recipe,
data, licence, steps, seed, loss, checksum), and a tokenizer's files if it reads text.
"""

from __future__ import annotations

import difflib
import hashlib
import importlib
import json
from collections.abc import Collection, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn

    from utils.tokenizers.base import Tokenizer

FOLDER = Path(__file__).resolve().parent / "weights"
WEIGHTS, CARD = "model.safetensors", "card.json"


def names(folder: Path = FOLDER) -> list[str]:
    """What there is."""
    return sorted(card.parent.name for card in folder.glob(f"*/{CARD}"))


def card(name: str, folder: Path = FOLDER) -> dict[str, Any]:
    """How a model was trained, on what, under which licence.

    Raises:
        ValueError: there is none of that name.
    """
    path = folder / name / CARD
    if name not in (known := names(folder)):
        near = difflib.get_close_matches(name, known) or known
        raise ValueError(f"no weights {name!r}; there is {', '.join(near)}")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is damaged: {error}") from error


def load(name: str, folder: Path = FOLDER) -> tuple[nn.Module, Tokenizer | None]:
    """A trained model, float32 and in eval mode, and its tokenizer, if it reads text.

    Raises:
        ValueError: there is none of that name, or a file is damaged.
        FileNotFoundError: its weights are missing, or a model's that it is built on.
    """
    found = card(name, folder)
    state = _read(folder / name / WEIGHTS, found["sha256"])
    build, options = _named(found["model"]), found["options"]
    if found["config"] is None:
        model = build(**options)
    else:
        model = build(_named(found["config_class"])(**found["config"]), **options)
    missing, unexpected = model.load_state_dict(
        {key: tensor.float() for key, tensor in state.items()}, strict=False
    )
    # A model that is built with weights has those that aren't in the file.
    if unexpected or (missing and found["config"] is not None):
        wrong = ", ".join([*missing, *unexpected][:3])
        raise ValueError(f"{folder / name} is of another model than its card: {wrong}")
    tokenizer = None
    if found["tokenizer"] is not None:
        tokenizer = _named(found["tokenizer"]).load(folder / name)
    return model.eval(), tokenizer


def save(
    name: str,
    model: nn.Module,
    tokenizer: Tokenizer | None,
    facts: Mapping[str, Any],
    folder: Path = FOLDER,
    *,
    config: Any = None,
    build: str | None = None,
    keys: Collection[str] | None = None,
    **options: Any,
) -> None:
    """Write a folder that `load` reads.

    Args:
        facts: for the card: recipe, data, licence, steps, seed, final loss.
        config: what the model's class was called with, a dataclass; None where `build`
            is called with `options` only.
        build: the full name of what makes the model; its class's unless given.
        keys: of the state dict, those to be written; all unless given.
        options: what else is called with.
    """
    from safetensors.torch import save_file

    path = folder / name
    path.mkdir(parents=True, exist_ok=True)
    state = {
        key: tensor.detach().half().cpu().contiguous()
        for key, tensor in model.state_dict().items()
        if keys is None or key in keys
    }
    save_file(state, path / WEIGHTS)
    if tokenizer is not None:
        tokenizer.save(path)
    written = {
        "name": name,
        **facts,
        "numbers": sum(tensor.numel() for tensor in state.values()),
        "sha256": hashlib.sha256((path / WEIGHTS).read_bytes()).hexdigest(),
        "model": build or _name_of(type(model)),
        "config_class": None if config is None else _name_of(type(config)),
        "config": None if config is None else asdict(config),
        "options": options,
        "tokenizer": None if tokenizer is None else _name_of(type(tokenizer)),
    }
    text = json.dumps(written, indent=1, ensure_ascii=False)
    (path / CARD).write_text(text + "\n", encoding="utf-8")


def _read(path: Path, expected: str) -> dict[str, Tensor]:
    from safetensors.torch import load

    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: install the package anew")
    data = path.read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != expected:
        raise ValueError(
            f"{path} is damaged: its checksum is {found[:12]}…, expected "
            f"{expected[:12]}…: install the package anew"
        )
    return load(data)


def _name_of(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _named(name: str) -> Any:
    """A class or function of this package by its full name."""
    module, _, attribute = name.rpartition(".")
    if not module.startswith("utils."):
        raise ValueError(f"{name} isn't of this package")
    return getattr(importlib.import_module(module), attribute)
