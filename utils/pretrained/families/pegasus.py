"""Pegasus as transformers has it: all its names are BART's."""

from __future__ import annotations

from functools import partial
from typing import Any

from utils.models.pegasus import (
    PegasusConfig,
    PegasusForConditionalGeneration,
    PegasusModel,
)
from utils.pretrained.families import bart
from utils.pretrained.hugging_face import HFModel, builder


def config_from_hf(hf: Any) -> PegasusConfig:
    """Our configuration from a `transformers.PegasusConfig`.

    Raises:
        Unsupported: as for BART.
    """
    return PegasusConfig(**bart.sizes_from_hf(hf))


_build = partial(builder, config_from_hf)

HF_MODELS = {
    "PegasusModel": HFModel(_build(PegasusModel), bart.MODEL),
    "PegasusForConditionalGeneration": HFModel(
        _build(PegasusForConditionalGeneration), bart.GENERATION
    ),
}
