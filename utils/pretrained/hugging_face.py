"""Our models with the weights of transformers' models, from memory or from a folder."""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from utils.pretrained import families
from utils.pretrained.key_map import KeyMap, WrongKeys

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class Unsupported(ValueError):
    """A class or configuration that this package has no model for."""


@dataclass(frozen=True)
class HFModel:
    """How to make our model of a transformers class.

    Args:
        build: from a transformers configuration.
        keys: from its state dict to ours, or how to make that from a configuration.
        file_keys: the same for names as files have them, where these differ (ViT).
    """

    build: Callable[[Any], nn.Module]
    keys: KeyMap | Callable[[Any], KeyMap]
    file_keys: KeyMap | None = None

    def keys_of(self, hf_config: Any) -> KeyMap:
        """The map for a configuration."""
        return self.keys if isinstance(self.keys, KeyMap) else self.keys(hf_config)


def from_hf(source: PreTrainedModel | str | Path) -> nn.Module:
    """The course's own model with the same weights, in eval mode.

    Its forward takes the same tensors by the same names and returns an object with the
    original's output names.

    Args:
        source: a transformers model, or a folder that `save_pretrained` wrote.

    Raises:
        Unsupported: a class or configuration that this package has no model for.
        FileNotFoundError: there is no such folder, or it lacks its configuration or its
            weights.
        ValueError: a file of the folder is damaged.
        KeyError: the weights aren't those of the class and the configuration.
    """
    if isinstance(source, str | Path):
        return _from_folder(Path(source))
    name = type(source).__name__
    entry = supported(name)
    keys = entry.keys_of(source.config)
    return _load(entry.build(source.config), keys.apply(source.state_dict()))


def supported(name: str) -> HFModel:
    """Look a transformers class up by its name.

    Raises:
        Unsupported: naming what there is.
    """
    known: dict[str, HFModel] = {}
    for family in pkgutil.iter_modules(families.__path__, f"{families.__name__}."):
        known |= importlib.import_module(family.name).HF_MODELS
    if name not in known:
        raise Unsupported(
            f"no model for {name}; supported are {', '.join(sorted(known))}"
        )
    return known[name]


def builder(
    translate: Callable[[Any], Any],
    model: Callable[..., nn.Module],
    *,
    classes: bool = False,
    **required: Any,
) -> Callable[[Any], nn.Module]:
    """An `HFModel.build`: `model` of the configuration as `translate` reads it.

    Args:
        translate: from a transformers configuration to ours.
        model: one of our classes.
        classes: give it the number of labels too.
        required: attributes that the configuration must have, for `require`.
    """

    def build(hf: Any) -> nn.Module:
        require(hf, **required)
        config = translate(hf)
        return model(config, hf.num_labels) if classes else model(config)

    return build


def require(hf_config: Any, **values: Any) -> None:
    """Refuse a configuration whose attributes aren't as given.

    Raises:
        Unsupported: naming the attribute.
    """
    for name, value in values.items():
        found = getattr(hf_config, name, value)
        if found != value:
            raise Unsupported(
                f"{type(hf_config).__name__} with {name}={found!r}; "
                f"only {value!r} is supported"
            )


def activation(name: str) -> str:
    """Our name for transformers' name of an activation.

    Raises:
        Unsupported: naming what there is.
    """
    known = {
        "gelu": "gelu",
        "gelu_new": "gelu_tanh",
        "gelu_pytorch_tanh": "gelu_tanh",
        "relu": "relu",
        "tanh": "tanh",
    }
    if name not in known:
        raise Unsupported(f"no activation {name!r}; supported are {', '.join(known)}")
    return known[name]


def _from_folder(folder: Path) -> nn.Module:
    from transformers import AutoConfig

    if not folder.is_dir():
        raise FileNotFoundError(
            f"there is no folder {folder}; a model of the hub is loaded by "
            "transformers (from_pretrained) and then given to from_hf"
        )
    file = folder / "config.json"
    if not file.is_file():
        raise FileNotFoundError(f"{file} is missing")
    try:
        names = json.loads(file.read_text("utf8")).get("architectures")
    except (ValueError, AttributeError) as error:
        raise ValueError(f"{file} is damaged, fetch it again: {error}") from error
    if not names:
        raise Unsupported(f"{file} names no architecture")
    entry = supported(names[0])
    # Files leave out what equals transformers' default, so their class must fill it in.
    config = AutoConfig.from_pretrained(folder)
    keys = entry.file_keys or entry.keys_of(config)
    state = {_modern(k): v for k, v in _read(folder).items()}
    return _load(entry.build(config), keys.apply(state))


def _read(folder: Path) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise FileNotFoundError(f"no .safetensors file in {folder}")
    state: dict[str, Tensor] = {}
    for file in files:
        try:
            state |= load_file(file)
        except SafetensorError as error:
            raise ValueError(f"{file} is damaged, fetch it again: {error}") from error
    return state


def _modern(name: str) -> str:
    """The first BERT files call a LayerNorm's parameters gamma and beta."""
    name = name.replace("LayerNorm.gamma", "LayerNorm.weight")
    return name.replace("LayerNorm.beta", "LayerNorm.bias")


def _load(model: nn.Module, state: dict[str, Tensor]) -> nn.Module:
    wanted = model.state_dict()
    if more := sorted(state.keys() - wanted.keys()):
        raise WrongKeys(f"the weights have {more[0]}, the configuration doesn't")
    for name, expected in wanted.items():
        if name not in state:
            raise WrongKeys(
                f"the weights have no {name}, the configuration asks for it"
            )
        found = state[name]
        if found.shape != expected.shape:
            raise WrongKeys(
                f"the weights' {name} is {tuple(found.shape)}, the configuration asks "
                f"for {tuple(expected.shape)}"
            )
    dtype = next(t.dtype for t in state.values() if t.is_floating_point())
    model.to(dtype).load_state_dict(state, strict=True)
    return model.eval()
